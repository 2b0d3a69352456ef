//! A folder of a library on disk, searched for agents.

use std::{
    ffi::{OsStr, OsString},
    fmt, io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use cap_std::fs::{Dir, MetadataExt};

use crate::{
    agent::{
        folder::Folder,
        library::{Library, MANIFEST, slot::FolderId, unreadable},
        manifest::Manifest,
    },
    diagnostic::Diagnostic,
};

/// How deep folders are searched: a link that leads back up ends here.
const MAX_DEPTH: usize = 16;

/// What is the same for all folders of one library.
pub(super) struct Search<'a> {
    pub(super) root: Arc<Dir>,
    pub(super) on_disk: &'a Path,
    pub(super) name: String,
}

impl Search<'_> {
    /// The path by which an agent is known: in its library, or the library's own name where the
    /// library is the agent.
    fn path(&self, below: &Path) -> String {
        let parts = below.components().filter_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        });
        let parts: Vec<_> = parts.collect();
        if parts.is_empty() { self.name.clone() } else { parts.join("/") }
    }
}

impl Library {
    /// Looks for agents in `dir`, which is `below` the library's folder; a folder with a manifest is
    /// one, and so may its subfolders be.
    pub(super) fn search(&mut self, search: &Search<'_>, dir: &Dir, below: &Path, depth: usize) {
        let on_disk: PathBuf = search.on_disk.join(below).components().collect();
        match dir.symlink_metadata(MANIFEST) {
            Ok(found) if found.is_file() || found.is_symlink() => self.found(search, dir, below, &on_disk),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return self.not_searched(&on_disk, error),
            _ => {}
        }
        if depth == MAX_DEPTH {
            return;
        }
        let folders = match folders(dir) {
            Ok(folders) => folders,
            Err(error) => return self.not_searched(&on_disk, error),
        };
        for name in folders {
            match (dir.open_dir(&name), name.to_str()) {
                (Ok(inner), Some(name)) => self.search(search, &inner, &below.join(name), depth + 1),
                (Ok(_), None) => self.not_searched(&on_disk.join(&name), "its name is not UTF-8"),
                // A link to a file.
                (Err(error), _) if error.kind() == io::ErrorKind::NotADirectory => {}
                (Err(error), _) => self.not_searched(&on_disk.join(&name), error),
            }
        }
    }

    /// Adds the agent in `dir`.
    fn found(&mut self, search: &Search<'_>, dir: &Dir, below: &Path, on_disk: &Path) {
        let (path, id) = (search.path(below), id(dir));
        let below = below.to_path_buf();
        let folder = Folder::Disk { root: search.root.clone(), below, path: on_disk.display().to_string() };
        let manifest = match folder.source(MANIFEST) {
            Ok(source) => Manifest::read(&source, folder, &path),
            Err(error) => Err(unreadable(&on_disk.join(MANIFEST), &error)),
        };
        self.insert(manifest, &path, id);
    }

    /// An agent may be there that nobody sees.
    fn not_searched(&mut self, folder: &Path, why: impl fmt::Display) {
        let message = format!("`{}` is not searched for agents: {why}", folder.display());
        self.conflicts.push(Diagnostic::warning("unreadable", message));
    }
}

fn id(dir: &Dir) -> Option<FolderId> {
    let found = dir.dir_metadata().ok()?;
    Some((found.dev(), found.ino()))
}

/// Whether a folder of this name may hold agents. Cases are tests.
pub(crate) fn is_searched(name: &OsStr) -> bool {
    name != "cases" && !name.as_encoded_bytes().starts_with(b".")
}

/// The subfolders of `dir` that may hold agents, sorted: the order of a library never depends on
/// the file system.
fn folders(dir: &Dir) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in dir.entries()? {
        let entry = entry?;
        // Where the kind is unknown, opening it tells.
        let may_be = entry.file_type().map_or(true, |kind| kind.is_dir() || kind.is_symlink());
        let name = entry.file_name();
        if may_be && name != MANIFEST && is_searched(&name) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
