//! The folder that one call of a program has to itself: what it is given as files is there, and what it leaves
//! there can be outputs. Nobody else sees it, and it goes with the call.

use std::{
    fs::Permissions,
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use cap_std::{ambient_authority, fs::Dir as CapDir};
use tempfile::TempDir;
use wasmtime_wasi::filesystem::{Dir, FsPerms, OpenMode};

use super::copies;
use crate::{capability::meter::Meter, policy::is_below};

/// Where a program sees its own folder.
pub(crate) const MOUNT: &str = "/call";

/// The most that a call writes into its folder, in bytes, whatever it overwrites or deletes: what a disk for
/// temporary files can spare to a call.
const MAX_BYTES: u64 = 1 << 30;

/// The most changes of names in it: files made, renamed, deleted. What is removed with the call is not much more.
const MAX_NAMES: u64 = 10_000;

/// A folder of one call. It is removed when this is dropped.
pub(crate) struct Private {
    path: PathBuf,
    host: CapDir,
    guest: Dir,
    bytes: Meter,
    names: Meter,
}

impl Private {
    /// Makes a folder in `scratch` that its owner alone can enter.
    ///
    /// # Ambient Authority
    ///
    /// Writes in `scratch`, which no mount may reach.
    pub(crate) fn new(scratch: &Path) -> io::Result<Self> {
        let made =
            tempfile::Builder::new().prefix("call-").permissions(Permissions::from_mode(0o700)).tempdir_in(scratch);
        let path = made.map(TempDir::keep)?;
        let open = || CapDir::open_ambient_dir(&path, ambient_authority());
        let opened = open().and_then(|host| Ok((host, open()?.into_std_file())));
        let (host, guest) = opened.inspect_err(|_| copies::remove(&path))?;
        let guest = Dir::new(guest, FsPerms::ReadWrite, OpenMode::READ | OpenMode::WRITE, false);
        Ok(Self { path, host, guest, bytes: Meter::new(MAX_BYTES), names: Meter::new(MAX_NAMES) })
    }

    /// Puts a file there, before the program runs.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if let Some((folder, _)) = name.rsplit_once('/') {
            self.host.create_dir_all(folder)?;
        }
        self.host.write(name, bytes)
    }

    /// What the program left in a file, if it is one and there; an error where that is more than `most` bytes.
    /// No link leads out of the folder.
    pub(crate) fn take(&self, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        let file = match self.host.open(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        let mut bytes = Vec::new();
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// The folder as the guest opens it.
    pub(super) fn guest(&self) -> Dir {
        self.guest.clone()
    }

    /// Whether `path`, as the guest sees it, is in the folder.
    pub(super) fn holds(path: &str) -> bool {
        is_below(path, MOUNT)
    }

    /// What may still be written.
    pub(super) fn bytes(&self) -> &Meter {
        &self.bytes
    }

    /// Takes something off what may still be written and renamed. Where that is too much, nothing is taken: the
    /// program hears that the disk is full, and may do with less.
    pub(super) fn spend(&self, bytes: u64, names: u64) -> io::Result<()> {
        self.bytes.try_spend(bytes).map_err(|_| full())?;
        self.names.try_spend(names).map_err(|_| {
            self.bytes.give_back(bytes);
            full()
        })
    }
}

/// What a program is told when it has no room left.
pub(super) fn full() -> io::Error {
    io::Error::from(rustix::io::Errno::NOSPC)
}

impl Drop for Private {
    fn drop(&mut self) {
        copies::remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_goes_with_the_call() {
        let scratch = tempfile::tempdir().unwrap();
        let private = Private::new(scratch.path()).unwrap();
        private.put("a/b/c.txt", b"text").unwrap();
        assert_eq!(private.take("a/b/c.txt", 10).unwrap().as_deref(), Some(&b"text"[..]));
        assert_eq!(std::fs::metadata(&private.path).unwrap().permissions().mode() & 0o777, 0o700);
        drop(private);
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_taken_is_a_file_of_the_folder_and_bounded() {
        let scratch = tempfile::tempdir().unwrap();
        std::fs::write(scratch.path().join("outside"), "secret").unwrap();
        let private = Private::new(scratch.path()).unwrap();
        std::os::unix::fs::symlink("../outside", private.path.join("link")).unwrap();
        private.put("folder/a", &[b'x'; 100]).unwrap();
        assert!(private.take("link", 10).is_err());
        assert!(private.take("folder", 10).is_err());
        assert!(private.take("nothing", 10).unwrap().is_none());
        assert_eq!(private.take("folder/a", 10).unwrap().unwrap().len(), 11, "one too many says that it is too much");
    }

    #[test]
    fn there_is_so_much_room() {
        let scratch = tempfile::tempdir().unwrap();
        let private = Private::new(scratch.path()).unwrap();
        // What is refused takes nothing.
        assert!(private.spend(u64::MAX, 0).is_err() && private.spend(MAX_BYTES, MAX_NAMES + 1).is_err());
        assert!(private.spend(MAX_BYTES, MAX_NAMES).is_ok());
        assert_eq!(private.spend(1, 0).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(private.spend(0, 1).is_err());
    }
}
