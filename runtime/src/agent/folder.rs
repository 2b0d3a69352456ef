//! Where an agent's files are: a folder on disk, or the library in the binary.

use std::{collections::BTreeMap, io, path::PathBuf, sync::Arc};

use cap_std::fs::Dir;

use crate::{
    share::Pack,
    source::{MAX_SOURCE, Source},
};

/// An agent's own folder. Nothing outside it can be read through it.
#[derive(Clone, Debug)]
pub enum Folder {
    /// A folder on disk.
    Disk {
        /// The library's folder, held open. The agent's own is opened below it when it is read: a
        /// library may have more agents than a process may have open files.
        root: Arc<Dir>,
        /// The agent's folder in the library's.
        below: PathBuf,
        /// The folder's path, for messages.
        path: String,
    },
    /// A folder of the built-in library: its path there.
    Builtin(&'static str),
    /// No folder yet, but one file of it.
    Packed {
        /// The files.
        pack: Arc<Pack>,
        /// Where the folder would be, for messages.
        path: String,
    },
    /// No folder, but texts that were made of something else.
    Memory {
        /// The files: names and texts.
        files: Arc<BTreeMap<String, String>>,
        /// What they were made of, for messages.
        path: String,
    },
}

/// The files of the built-in library: path and contents, sorted by path.
pub(crate) static BUILTIN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

impl Folder {
    /// The path of the folder's file `name`, for messages.
    pub fn path_of(&self, name: &str) -> String {
        match self {
            Self::Disk { path, .. } | Self::Memory { path, .. } | Self::Packed { path, .. } => format!("{path}/{name}"),
            Self::Builtin(path) => format!("<built-in>/{path}/{name}"),
        }
    }

    /// The bytes of the folder's file `name`.
    ///
    /// # Errors
    ///
    /// When there is no such file in the folder, a link leads out of it, or it is larger than
    /// `limit` bytes.
    pub fn read(&self, name: &str, limit: u64) -> io::Result<Vec<u8>> {
        match self {
            Self::Disk { root, below, .. } => read_file(&root.open_dir(below)?, name, limit),
            Self::Builtin(path) => {
                let wanted = format!("{path}/{name}");
                let found = BUILTIN.binary_search_by_key(&wanted.as_str(), |(path, _)| path);
                found.map(|index| BUILTIN[index].1.to_vec()).map_err(|_| io::ErrorKind::NotFound.into())
            }
            Self::Packed { pack, .. } => match pack.file(name) {
                Some(bytes) if bytes.len() as u64 <= limit => Ok(bytes.to_vec()),
                Some(_) => Err(too_large(limit)),
                None => Err(io::ErrorKind::NotFound.into()),
            },
            Self::Memory { files, .. } => match files.get(name) {
                Some(text) if text.len() as u64 <= limit => Ok(text.as_bytes().to_vec()),
                Some(_) => Err(too_large(limit)),
                None => Err(io::ErrorKind::NotFound.into()),
            },
        }
    }

    /// The agent's path in its library, and the bytes of the library's own file `name`, if it is there. Only a
    /// library on disk has any.
    ///
    /// # Errors
    ///
    /// As [`Folder::read`], where the file is there.
    pub fn of_library(&self, name: &str, limit: u64) -> io::Result<Option<(String, Vec<u8>)>> {
        let Self::Disk { root, below, .. } = self else { return Ok(None) };
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).filter(|part| part != ".").collect();
        let path = if parts.is_empty() { ".".into() } else { parts.join("/") };
        match read_file(root, name, limit) {
            Ok(bytes) => Ok(Some((path, bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The text of the folder's file `name`, without a mark that some editors put before it.
    ///
    /// # Errors
    ///
    /// As [`Folder::read`], and when it is not UTF-8.
    pub fn text(&self, name: &str, limit: u64) -> io::Result<String> {
        let mut text = String::from_utf8(self.read(name, limit)?)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the file is not UTF-8"))?;
        let mark = text.len() - without_mark(text.as_bytes()).len();
        text.drain(..mark);
        Ok(text)
    }

    /// The text file `name` as a source.
    ///
    /// # Errors
    ///
    /// As [`Folder::text`].
    pub fn source(&self, name: &str) -> io::Result<Arc<Source>> {
        Ok(Source::new(self.path_of(name), self.text(name, MAX_SOURCE)?))
    }
}

/// A text without the byte order mark that it may begin with. It says that the text is UTF-8, which it is, and is
/// none of its characters.
pub(crate) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Reads a file of `dir` that is a regular one of at most `limit` bytes.
pub(crate) fn read_file(dir: &Dir, name: &str, limit: u64) -> io::Result<Vec<u8>> {
    use io::Read;
    // A FIFO would block the open itself, so the kind of file is asked first.
    let found = dir.metadata(name)?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    if found.len() > limit {
        return Err(too_large(limit));
    }
    let mut bytes = Vec::new();
    // It may grow meanwhile.
    dir.open(name)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(limit));
    }
    Ok(bytes)
}

fn too_large(limit: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {limit} bytes"))
}
