//! What is in a folder, read a few entries at a time: a guest may hold many listings open, of folders with many files,
//! and none of them takes more than its few.

use std::{collections::VecDeque, fs::File, io, sync::Arc};

use cap_std::fs::{Dir, DirEntry, FileTypeExt, ReadDir};
use wasmtime_wasi::p2::{
    FsError, FsResult,
    bindings::filesystem::types::{DescriptorType, DirectoryEntry, ErrorCode},
};

/// How many entries are read at a time, each of some 300 bytes.
const AT_A_TIME: usize = 128;

/// A listing that is open.
pub struct Listing {
    /// What is read already.
    ready: VecDeque<FsResult<DirectoryEntry>>,
    /// The rest, unless it was read to its end.
    rest: Option<ReadDir>,
}

impl Listing {
    /// The entries of a folder that is open.
    pub async fn open(folder: &Arc<File>) -> FsResult<Self> {
        let folder = folder.clone();
        let opened = blocking(move || Dir::from_std_file(folder.try_clone()?).entries()).await?;
        Ok(Self { ready: VecDeque::new(), rest: Some(opened) })
    }

    /// The next one.
    pub async fn next(&mut self) -> FsResult<Option<DirectoryEntry>> {
        if self.ready.is_empty()
            && let Some(mut rest) = self.rest.take()
        {
            let (read, rest) = blocking(move || {
                let read: Vec<_> = rest.by_ref().take(AT_A_TIME).map(|entry| entry.map_err(FsError::from)).collect();
                Ok((read.into_iter().map(|read| read.and_then(|entry| described(&entry))).collect(), rest))
            })
            .await?;
            self.ready = read;
            self.rest = Some(rest).filter(|_| self.ready.len() == AT_A_TIME);
        }
        self.ready.pop_front().transpose()
    }
}

fn described(entry: &DirEntry) -> FsResult<DirectoryEntry> {
    let kind = entry.metadata()?.file_type();
    let type_ = match () {
        () if kind.is_dir() => DescriptorType::Directory,
        () if kind.is_file() => DescriptorType::RegularFile,
        () if kind.is_symlink() => DescriptorType::SymbolicLink,
        () if kind.is_block_device() => DescriptorType::BlockDevice,
        () if kind.is_char_device() => DescriptorType::CharacterDevice,
        () => DescriptorType::Unknown,
    };
    let name = entry.file_name().into_string().map_err(|_| FsError::from(ErrorCode::IllegalByteSequence))?;
    Ok(DirectoryEntry { type_, name })
}

/// What may wait for a disk, away from those who wait for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> FsResult<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| FsError::trap(wasmtime::Error::new(error)))?.map_err(FsError::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listing_holds_a_few_of_many_entries() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..3 * AT_A_TIME + 1 {
            std::fs::write(folder.path().join(format!("{number}")), "").unwrap();
        }
        std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
        let mut listing = Listing::open(&Arc::new(File::open(folder.path()).unwrap())).await.unwrap();
        let mut names = std::collections::BTreeMap::new();
        while let Some(entry) = listing.next().await.unwrap() {
            assert!(listing.ready.len() < AT_A_TIME);
            assert!(names.insert(entry.name, entry.type_).is_none());
        }
        assert_eq!(names.len(), 3 * AT_A_TIME + 2);
        assert_eq!((names["7"], names["link"]), (DescriptorType::RegularFile, DescriptorType::SymbolicLink));
        assert!(listing.next().await.unwrap().is_none());
    }
}
