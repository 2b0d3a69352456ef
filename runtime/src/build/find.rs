//! Finding what there is to build.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{MANIFEST, packages};

/// How deep below a folder crates are looked for.
const MAX_DEPTH: usize = 16;

/// What there is to build.
#[derive(Debug, Default)]
pub struct Found {
    /// Folders that are crates.
    pub crates: Vec<PathBuf>,
    /// Folders of agents that ask for packages.
    pub packages: Vec<PathBuf>,
    /// Folders of agents whose component or program is made with other tools.
    pub made: Vec<PathBuf>,
}

impl Found {
    /// Adds what was found elsewhere, and not here.
    pub fn extend(&mut self, other: Self) {
        for (here, there) in self.lists().into_iter().zip([other.crates, other.packages, other.made]) {
            let new: Vec<_> = there.into_iter().filter(|folder| !here.contains(folder)).collect();
            here.extend(new);
        }
    }

    /// All folders.
    pub fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.crates.iter().chain(&self.packages).chain(&self.made)
    }

    fn lists(&mut self) -> [&mut Vec<PathBuf>; 3] {
        [&mut self.crates, &mut self.packages, &mut self.made]
    }
}

/// The folders at and below `folder` that have something to build, in order. What cargo builds into is left out,
/// and so are cases.
///
/// # Errors
///
/// When a folder can't be read.
pub fn found(folder: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    look(folder, 0, &mut found)?;
    found.lists().into_iter().for_each(|list| list.sort());
    Ok(found)
}

fn look(folder: &Path, depth: usize, found: &mut Found) -> io::Result<()> {
    let manifest = table(&folder.join(MANIFEST)).unwrap_or_default();
    let names = |key: &str| manifest.contains_key(key);
    let is_crate = is_package(&folder.join("Cargo.toml"), names("component"));
    // cargo makes components here, and programs where their authors have it do so.
    if is_crate && !names("command") {
        found.crates.push(folder.to_owned());
    } else if packages::asks(&manifest) {
        found.packages.push(folder.to_owned());
    } else if names("component") || names("command") {
        found.made.push(folder.to_owned());
    }
    if is_crate || depth == MAX_DEPTH {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let skipped = name == "target" || name == "cases" || name.as_encoded_bytes().starts_with(b".");
        // A link may lead round in a circle.
        if entry.file_type()?.is_dir() && !skipped {
            look(&entry.path(), depth + 1, found)?;
        }
    }
    Ok(())
}

/// Whether a file is the Cargo.toml of a package, and not only of a workspace. What is wrong with that of an agent,
/// which may have no manifest yet, cargo says.
fn is_package(path: &Path, is_agent: bool) -> bool {
    let Ok(text) = fs::read_to_string(path) else { return is_agent && path.is_file() };
    match toml::from_str::<toml::Table>(&text) {
        Ok(cargo) => cargo.contains_key("package"),
        Err(_) => is_agent || text.lines().any(|line| line.trim() == "[package]"),
    }
}

/// What is in a file of TOML, if it is one.
fn table(path: &Path) -> Option<toml::Table> {
    toml::from_str(&fs::read_to_string(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_to_build_is_found_below_a_folder() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let root = folder.path();
        for (path, text) in [
            ("Cargo.toml", "[workspace]\n"),
            ("b/Cargo.toml", "[package]\n"),
            ("b/c/Cargo.toml", "[package]\n"),
            ("a/d/Cargo.toml", "[package]\n"),
            ("target/e/Cargo.toml", "[package]\n"),
            (".f/Cargo.toml", "[package]\n"),
            ("g/Cargo.toml", "no toml"),
            ("h/agent.toml", "python = \"main.py\"\npackages = []\n"),
            ("h/i/agent.toml", "python = \"main.py\"\npackages = [\"a==1\"]\n"),
            ("h/j/agent.toml", "python = \"main.py\"\n"),
            ("h/cases/k/agent.toml", "python = \"main.py\"\npackages = [\"a==1\"]\n"),
            ("l/agent.toml", "component = \"l.wasm\"\n"),
            ("l/m/agent.toml", "command = \"m.wasm\"\n"),
            ("n/agent.toml", "command = \"n.wasm\"\n"),
            ("n/Cargo.toml", "[package]\n"),
            ("n/o/agent.toml", "command = \"o.wasm\"\n"),
            ("b/agent.toml", "component = \"b.wasm\"\n"),
            ("p/agent.toml", "component = \"p.wasm\"\n"),
            ("p/Cargo.toml", "no toml"),
            ("q/Cargo.toml", "[package]\nname = \"q\"\n[dep"),
        ] {
            fs::create_dir_all(root.join(path).parent().unwrap_or(root))?;
            fs::write(root.join(path), text)?;
        }
        let all = found(root)?;
        assert_eq!(all.crates, [root.join("a/d"), root.join("b"), root.join("p"), root.join("q")]);
        assert_eq!(all.packages, [root.join("h/i")]);
        assert_eq!(all.made, [root.join("l"), root.join("l/m"), root.join("n")]);
        assert_eq!(found(&root.join("b/c"))?.crates, [root.join("b/c")]);
        Ok(())
    }
}
