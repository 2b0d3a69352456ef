//! Who works on a run: one process, for as long as it lives.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// How often a lock is asked for, and how long is waited in between: who only looks whether a run is held has it for
/// a moment, too.
const TRIES: usize = 10;
const PAUSE: Duration = Duration::from_millis(5);

/// Says that this process works on a run. It is over when the process is, however that ends.
pub struct Hold {
    path: PathBuf,
    #[expect(dead_code, reason = "its lock goes when it does")]
    file: File,
}

impl Hold {
    /// Takes a run of the store at `store`; nothing where another process works on it.
    ///
    /// # Errors
    ///
    /// When there can be no file for it.
    pub fn take(store: &Path, run: &str) -> io::Result<Option<Self>> {
        let path = file(store, run);
        for attempt in 0..TRIES {
            if attempt > 0 {
                thread::sleep(PAUSE);
            }
            let file = OpenOptions::new().append(true).create(true).open(&path)?;
            match file.try_lock() {
                // Whoever held it may have removed the file that was opened here.
                Ok(()) if is_at(&file, &path) => return Ok(Some(Self { path, file })),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Whether a process works on a run.
    pub(super) fn is_held(store: &Path, run: &str) -> bool {
        let file = OpenOptions::new().read(true).open(file(store, run));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // It is locked still. Where it can't be removed, it is an empty file that says nothing.
        drop(fs::remove_file(&self.path));
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let same = |(one, other): (fs::Metadata, fs::Metadata)| (one.dev(), one.ino()) == (other.dev(), other.ino());
    file.metadata().ok().zip(fs::metadata(path).ok()).is_some_and(same)
}

fn file(store: &Path, run: &str) -> PathBuf {
    let mut name = store.file_name().unwrap_or_default().to_os_string();
    name.push(format!("-{run}"));
    store.with_file_name(name)
}
