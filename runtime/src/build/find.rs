//! Finding the crates of agents.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// How deep below a folder crates are looked for.
const MAX_DEPTH: usize = 16;

/// The folders at and below `folder` that are crates, in order. What cargo builds into is left out.
///
/// # Errors
///
/// When a folder can't be read.
pub fn crates(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    look(folder, 0, &mut found)?;
    found.sort();
    Ok(found)
}

fn look(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if is_package(&folder.join("Cargo.toml")) {
        found.push(folder.to_owned());
        return Ok(());
    }
    if depth == MAX_DEPTH {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let skipped = name == "target" || name.as_encoded_bytes().starts_with(b".");
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
    fn crates_are_found_below_a_folder() -> io::Result<()> {
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
        ] {
            fs::create_dir_all(root.join(path).parent().unwrap_or(root))?;
            fs::write(root.join(path), text)?;
        }
        assert_eq!(crates(root)?, [root.join("a/d"), root.join("b")]);
        assert_eq!(crates(&root.join("b/c"))?, [root.join("b/c")]);
        Ok(())
    }
}
