//! The CPythons of this machine.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::install::succeed;

/// The version series of our guest.
const GUEST: (u32, u32) = (3, 14);

/// The oldest that is looked for.
const OLDEST: u32 = 10;

/// An interpreter, as the machine runs it.
#[derive(Clone)]
pub struct Python {
    pub path: PathBuf,
    /// `3.14.0`, and how it was built where that is less than the best.
    pub version: String,
}

/// What is measured against: the nearest to our guest's version; and the system's own, which may be built better.
/// `PEERS_PYTHON` names one in place of the first.
pub fn natives() -> Vec<Python> {
    let mut found: Vec<_> = match env::var_os("PEERS_PYTHON") {
        Some(path) => look(Path::new(&path)).into_iter().collect(),
        None => candidates().iter().find_map(|path| look(path)).into_iter().collect(),
    };
    let system = look(Path::new("/usr/bin/python3"));
    found.extend(system.filter(|system| found.iter().all(|known| known.version != system.version)));
    found
}

/// Whether it is of our guest's series.
pub fn is_of_our_series(python: &Python) -> bool {
    python.version.starts_with(&format!("{}.{}.", GUEST.0, GUEST.1))
}

/// Where interpreters may be, the best first.
fn candidates() -> Vec<PathBuf> {
    let home = || env::var_os("HOME").map(|home| Path::new(&home).join(".pyenv"));
    let pyenv = env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(home).unwrap_or_default().join("versions");
    let versions: Vec<_> = fs::read_dir(pyenv).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let of_series = |minor: u32| {
        let name = format!("python{}.{minor}", GUEST.0);
        let mut found: Vec<_> = versions.iter().map(|folder| folder.join("bin").join(&name)).collect();
        found.retain(|path| path.exists());
        found.sort();
        found.insert(0, PathBuf::from(name));
        found
    };
    let mut all: Vec<_> = (OLDEST..=GUEST.1).rev().flat_map(of_series).collect();
    all.push("python3".into());
    all
}

/// The interpreter itself, if it is one: a command may be a script that looks for it.
fn look(path: &Path) -> Option<Python> {
    let ask = "import platform, sys; print(sys.executable, platform.python_version())";
    let said = succeed(Command::new(path).args(["-I", "-c", ask])).ok()?;
    let (path, version) = said.rsplit_once(' ')?;
    Some(Python { path: path.into(), version: version.to_owned() })
}
