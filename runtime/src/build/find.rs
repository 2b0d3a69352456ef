//! Finding what there is to build.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::packages;

/// How deep below a folder crates are looked for.
const MAX_DEPTH: usize = 16;

/// What there is to build.
#[derive(Debug, Default)]
pub struct Found {
    /// Folders that are crates.
    pub crates: Vec<PathBuf>,
    /// Folders of agents that ask for packages.
    pub packages: Vec<PathBuf>,
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
    found.crates.sort();
    found.packages.sort();
    Ok(found)
}

fn look(folder: &Path, depth: usize, found: &mut Found) -> io::Result<()> {
    if is_package(&folder.join("Cargo.toml")) {
        found.crates.push(folder.to_owned());
        return Ok(());
    }
    if packages::asks(folder) {
        found.packages.push(folder.to_owned());
    }
    if depth == MAX_DEPTH {
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

/// Whether it is the manifest of a crate, and not only of a workspace.
fn is_package(path: &Path) -> bool {
    let table = fs::read_to_string(path).ok().and_then(|text| toml::from_str::<toml::Table>(&text).ok());
    table.is_some_and(|table| table.contains_key("package"))
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
        ] {
            fs::create_dir_all(root.join(path).parent().unwrap_or(root))?;
            fs::write(root.join(path), text)?;
        }
        let all = found(root)?;
        assert_eq!(all.crates, [root.join("a/d"), root.join("b")]);
        assert_eq!(all.packages, [root.join("h/i")]);
        assert_eq!(found(&root.join("b/c"))?.crates, [root.join("b/c")]);
        Ok(())
    }
}
