//! The CPythons of this machine.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{debian, install::succeed};

/// The version series of our guest.
const GUEST: (u32, u32) = (3, 14);

/// The oldest that is looked for.
const OLDEST: u32 = 10;

/// An interpreter.
#[derive(Clone)]
pub struct Python {
    /// The command that it is, with the arguments that it begins with.
    command: Vec<String>,
    pub version: String,
}

/// What is measured against, and what the peers' packages are installed with.
pub struct Pythons {
    pub natives: Vec<Python>,
    pub host: Option<PathBuf>,
}

impl Pythons {
    /// Measured against is one of our guest's series: the one that `PEERS_PYTHON` names, the machine's, or Debian's.
    /// Where there is none it is the nearest that there is, and the system's own, which may be built better.
    pub fn find() -> Self {
        let nearest = candidates().iter().find_map(|path| look(vec![path.clone()]));
        let host = nearest.as_ref().and_then(|python| python.command.first()).map(PathBuf::from);
        let named = env::var("PEERS_PYTHON").ok().and_then(|path| look(vec![path]));
        let ours = named.or_else(|| nearest.clone().filter(Python::is_of_our_series)).or_else(|| {
            let found = debian::python().map(look);
            found.unwrap_or_else(|why| {
                println!("there is no CPython of our guest's series: {why}");
                None
            })
        });
        let mut natives: Vec<_> = ours.clone().or(nearest).into_iter().collect();
        if ours.is_none() {
            let system = look(vec!["/usr/bin/python3".to_owned()]);
            natives.extend(system.filter(|system| natives.iter().all(|known| known.version != system.version)));
        }
        Self { natives, host }
    }
}

impl Python {
    /// Its column in the table.
    pub fn name(&self) -> String {
        format!("CPython {}", self.version)
    }

    /// The interpreter, which can be given its arguments.
    pub fn command(&self) -> Command {
        start(&self.command)
    }

    fn is_of_our_series(&self) -> bool {
        self.version.starts_with(&format!("{}.{}.", GUEST.0, GUEST.1))
    }
}

fn start(command: &[String]) -> Command {
    let mut started = Command::new(command.first().map_or("", String::as_str));
    started.args(command.iter().skip(1));
    started
}

/// Where interpreters may be, the best first.
fn candidates() -> Vec<String> {
    let home = || env::var_os("HOME").map(|home| Path::new(&home).join(".pyenv"));
    let pyenv = env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(home).unwrap_or_default().join("versions");
    let versions: Vec<_> = fs::read_dir(pyenv).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let of_series = |minor: u32| {
        let name = format!("python{}.{minor}", GUEST.0);
        let mut found: Vec<_> = versions.iter().map(|folder| folder.join("bin").join(&name)).collect();
        found.retain(|path| path.exists());
        found.sort();
        found.insert(0, PathBuf::from(name));
        found.into_iter().map(|path| path.display().to_string())
    };
    let mut all: Vec<_> = (OLDEST..=GUEST.1).rev().flat_map(of_series).collect();
    all.push("python3".into());
    all
}

/// The interpreter itself, if it is one: a command may be a script that looks for it.
fn look(command: Vec<String>) -> Option<Python> {
    let ask = "import platform, sys; print(sys.executable, platform.python_version())";
    let said = succeed(start(&command).args(["-I", "-c", ask])).ok()?;
    let (path, version) = said.rsplit_once(' ')?;
    let command = if command.len() == 1 { vec![path.to_owned()] } else { command };
    Some(Python { command, version: version.to_owned() })
}
