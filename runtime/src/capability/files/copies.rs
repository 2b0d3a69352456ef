//! Copies of the folders that agents may write, for a run whose effects are only planned: what is changed
//! is changed in them, and later steps read it there.

mod copying;

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::policy::{Access, FileGrant, size_text};

/// The most bytes that a run copies and writes into copies: what a disk for temporary files can spare.
const MAX_BYTES: u64 = 1 << 30;

/// The most files and folders that a run copies, and names that it changes in copies.
const MAX_FILES: u64 = 100_000;

/// How often it is tried to remove the copies: a process that was killed may be at its last change.
const TRIES: u32 = 10;

/// The copies of one run. They are made when an agent that reaches them is about to run, and go away with
/// this.
pub struct Copies {
    /// What is copied as a whole: folders that somebody may write, by their canonical paths; none lies in
    /// another.
    roots: Vec<PathBuf>,
    made: Mutex<Vec<(PathBuf, PathBuf)>>,
    room: Room,
    folder: Option<TempDir>,
}

/// What may still be copied, written and changed.
pub(super) struct Room {
    bytes: AtomicU64,
    files: AtomicU64,
}

/// There is no room left.
#[derive(Debug)]
pub(crate) struct Full;

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let most = size_text(MAX_BYTES);
        write!(f, "a dry run works on copies of folders, of at most {most} and {MAX_FILES} files, with all changes")
    }
}

impl std::error::Error for Full {}

impl Room {
    /// Takes something off what is left.
    pub fn spend(&self, bytes: u64, files: u64) -> Result<(), Full> {
        let less = |left: &AtomicU64, by: u64| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(by)).is_ok()
        };
        if less(&self.bytes, bytes) && less(&self.files, files) { Ok(()) } else { Err(Full) }
    }
}

/// The copies that another process works on as well.
#[derive(Serialize, Deserialize)]
pub(crate) struct Copied {
    folders: Vec<(PathBuf, PathBuf)>,
    bytes: u64,
    files: u64,
}

impl Copies {
    /// The copies for a run under a policy that grants `folders` to whomever. None is made yet.
    ///
    /// # Ambient Authority
    ///
    /// Makes a folder for them, which its owner alone can enter, where this machine keeps temporary files.
    ///
    /// # Errors
    ///
    /// When it can't be made.
    pub fn new<'a>(folders: impl Iterator<Item = &'a FileGrant>) -> io::Result<Self> {
        let written = folders.filter(|grant| grant.access == Access::Write);
        let mut roots: Vec<_> = written.filter_map(|grant| grant.folder().canonicalize().ok()).collect();
        // What lies in a folder comes right after it.
        roots.sort();
        roots.dedup_by(|inner, outer| inner.starts_with(outer));
        let folder =
            tempfile::Builder::new().prefix("turingbox-").permissions(Permissions::from_mode(0o700)).tempdir()?;
        let room = Room { bytes: AtomicU64::new(MAX_BYTES), files: AtomicU64::new(MAX_FILES) };
        Ok(Self { roots, made: Mutex::default(), room, folder: Some(folder) })
    }

    /// Where the folder `host`, a canonical path, has its copy; none where nobody may write it.
    pub(super) fn place(&self, host: &Path) -> io::Result<Option<PathBuf>> {
        let Some(root) = self.roots.iter().find(|root| host.starts_with(root)) else { return Ok(None) };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let known = made.iter().find(|(folder, _)| folder == root).map(|(_, copy)| copy.clone());
        let copy = match (known, &self.folder) {
            (Some(copy), _) => copy,
            (None, None) => return Err(io::Error::other("it has no copy")),
            (None, Some(folder)) => {
                let copy = folder.path().join(made.len().to_string());
                let copied = copying::copy(root, &copy, &folder.path().canonicalize()?, &self.room);
                copied.inspect_err(|_| remove(&copy))?;
                made.push((root.clone(), copy.clone()));
                copy
            }
        };
        let inside = host.strip_prefix(root).unwrap_or(Path::new(""));
        Ok(Some(if inside.as_os_str().is_empty() { copy } else { copy.join(inside) }))
    }

    /// What is left of the bounds.
    pub(super) fn room(&self) -> &Room {
        &self.room
    }

    /// The copies that there are, for a process that makes none.
    pub(crate) fn copied(&self) -> Copied {
        let folders = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let left = |left: &AtomicU64| left.load(Ordering::Relaxed);
        Copied { folders, bytes: left(&self.room.bytes), files: left(&self.room.files) }
    }
}

impl From<Copied> for Arc<Copies> {
    fn from(Copied { folders, bytes, files }: Copied) -> Self {
        let room = Room { bytes: AtomicU64::new(bytes), files: AtomicU64::new(files) };
        let roots = folders.iter().map(|(root, _)| root.clone()).collect();
        Self::new(Copies { roots, made: Mutex::new(folders), room, folder: None })
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        if let Some(folder) = self.folder.take().map(TempDir::keep) {
            remove(&folder);
        }
    }
}

/// Removes a folder with all that is in it.
pub(super) fn remove(folder: &Path) {
    for _ in 0..TRIES {
        if fs::remove_dir_all(folder).is_ok() {
            return;
        }
        open_up(folder);
        thread::sleep(Duration::from_millis(20));
    }
}

/// Lets us remove what is in folders that were copied with their permissions.
fn open_up(folder: &Path) {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        // What can't be changed or read can't be removed either, and nothing better can be done.
        drop(fs::set_permissions(&folder, Permissions::from_mode(0o700)));
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        folders.extend(
            entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    /// What a run under a policy with these folders, some with `write`, copies.
    fn copies(here: &Path, folders: &[(&str, &str)]) -> Copies {
        let line = |(index, (path, access)): (usize, &(&str, &str))| {
            let path = here.join(path);
            fs::create_dir_all(&path).unwrap();
            format!("[agents.a{index}]\nfiles = [{{ path = {path:?}, mount = \"/m\", access = \"{access}\" }}]\n")
        };
        let lines: String = folders.iter().enumerate().map(line).collect();
        let policy = Policy::parse("policy.toml", &format!("version = 1\n{lines}")).unwrap();
        Copies::new(policy.folders()).unwrap()
    }

    #[test]
    fn what_somebody_may_write_is_copied_once() {
        let here = tempfile::tempdir().unwrap();
        let root = here.path().canonicalize().unwrap();
        let copies =
            copies(&root, &[("out/inner", "write"), ("out", "write"), ("out/inner/most", "read"), ("in", "read")]);
        fs::write(root.join("out/inner/most/file"), "kept").unwrap();
        let copy = copies.place(&root.join("out/inner/most")).unwrap().unwrap();
        assert_eq!(fs::read_to_string(copy.join("file")).unwrap(), "kept");
        let outer = copies.place(&root.join("out")).unwrap().unwrap();
        assert_eq!(outer.join("inner/most"), copy);
        assert_eq!(copies.place(&root.join("in")).unwrap(), None);
        assert_eq!(fs::metadata(outer.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        // Another process finds the same.
        let other: Arc<Copies> = copies.copied().into();
        assert_eq!(other.place(&root.join("out/inner/most")).unwrap().unwrap(), copy);
        drop(other);
        assert!(copy.exists());
        fs::set_permissions(&copy, Permissions::from_mode(0o500)).unwrap();
        drop(copies);
        assert!(!outer.parent().unwrap().exists());
    }

    #[test]
    fn copies_are_bounded() {
        let here = tempfile::tempdir().unwrap();
        let copies = copies(&here.path().canonicalize().unwrap(), &[("out", "write")]);
        let file = fs::File::create(here.path().join("out/large")).unwrap();
        file.set_len(MAX_BYTES + 1).unwrap();
        let error = copies.place(&here.path().canonicalize().unwrap().join("out")).unwrap_err();
        assert!(error.to_string().contains("at most 1 GiB"), "{error}");
        let room = Room { bytes: AtomicU64::new(5), files: AtomicU64::new(2) };
        assert!(room.spend(5, 1).is_ok() && room.spend(1, 0).is_err() && room.spend(0, 1).is_ok());
        assert!(room.spend(0, 1).is_err());
    }
}
