//! Folders: listed, walked and copied.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

/// What is in `folder`, sorted.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut entries: Vec<_> = read.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

/// Every file below `folder`, sorted; hidden ones and what was built are left out.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let visible = entries(folder).into_iter().filter(|path| !is_hidden(path) && !path.ends_with("target"));
    visible.flat_map(|path| if path.is_dir() && !path.is_symlink() { files(&path) } else { vec![path] }).collect()
}

/// Copies what is in `from`, links as links, but nothing that was built.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for path in entries(from) {
        let target = to.join(path.file_name().unwrap());
        if path.is_symlink() {
            symlink(fs::read_link(&path).unwrap(), target).unwrap();
        } else if path.is_file() {
            fs::copy(&path, target).unwrap();
        } else if !path.ends_with("target") && !path.ends_with(".git") {
            copy(&path, &target);
        }
    }
}

/// The file's or folder's own name.
pub fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn is_hidden(path: &Path) -> bool {
    name(path).starts_with('.')
}
