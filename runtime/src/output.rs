//! Files that are written whole, or not at all.

use std::{
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io::{self, BufWriter, Read, Write},
    os::{
        fd::AsFd,
        unix::fs::{MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// The most links that lead from one to the next, as the kernel counts them.
const MAX_LINKS: usize = 40;

/// What a new file lets others do: as with any other that is made, the user's mask decides.
const OPEN: u32 = 0o666;

/// A file that is about to be written. That it can be is known before it is known what goes into it.
#[derive(Debug)]
pub struct Output {
    place: PathBuf,
    to: To,
}

#[derive(Debug)]
enum To {
    /// A file beside its place, until it is whole.
    Beside(NamedTempFile),
    /// What is no file, a device or a pipe: nothing else can take its place.
    Itself(File),
}

impl Output {
    /// Opens what somebody named to be written: a file or a new one, to which links may lead; or a device or a pipe.
    ///
    /// # Errors
    ///
    /// When it can't be written, or is a folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        let found = match path.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::beside(target(path)?),
            found => found?,
        };
        if found.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        let itself = match own_stream(&found) {
            None if found.is_file() => return Self::beside(target(path)?),
            None => OpenOptions::new().write(true).open(path)?,
            Some(own) => own,
        };
        Ok(Self { place: path.to_owned(), to: To::Itself(itself) })
    }

    /// Opens a file beside `place`, which it is to replace. A link that is there is replaced itself.
    fn beside(place: PathBuf) -> io::Result<Self> {
        let folder = folder(&place);
        if !folder.is_dir() {
            let why = format!("there is no folder `{}`", folder.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        let mut file = tempfile::Builder::new();
        let file = file.prefix(".turingbox-").permissions(Permissions::from_mode(OPEN)).tempfile_in(folder);
        // The error's own words have the name of a file that nobody asked for.
        let file = file.map_err(|error| io::Error::from(error.kind()))?;
        // What is there already stays as open as it was.
        if let Ok(found) = place.symlink_metadata().and_then(regular) {
            file.as_file().set_permissions(found.permissions())?;
        }
        Ok(Self { place, to: To::Beside(file) })
    }

    /// An unnamed file for what is there before the rest is.
    ///
    /// # Errors
    ///
    /// When there can be none.
    pub fn aside(&self) -> io::Result<File> {
        match &self.to {
            To::Beside(_) => tempfile::tempfile_in(folder(&self.place)),
            To::Itself(_) => tempfile::tempfile(),
        }
    }

    /// The files that nobody else may change meanwhile.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let beside = match &self.to {
            To::Beside(file) => Some(file.path()),
            To::Itself(_) => None,
        };
        [self.place.as_path()].into_iter().chain(beside)
    }

    /// Writes it, and puts it in its place when it is whole.
    ///
    /// # Errors
    ///
    /// When it can't be written.
    pub fn fill(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        match self.to {
            To::Beside(file) => {
                let file = filled(file, write)?;
                file.persist(&self.place).map(drop).map_err(|error| error.error)
            }
            To::Itself(file) => filled(file, write).map(drop),
        }
    }
}

fn filled<W: Write>(to: W, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<W> {
    let mut out = BufWriter::new(to);
    write(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)
}

/// Writes a file that somebody named, as [`Output::open`] takes it, unless it is as it should be already.
///
/// # Errors
///
/// When it can't be written.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    unless_there(path, bytes, Output::open)
}

/// The same for a file of an agent or of a library. Whoever made the folder may have put a link there: it is
/// replaced, and what it leads to stays.
///
/// # Errors
///
/// When it can't be written.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    unless_there(path, bytes, |path| Output::beside(path.to_owned()))
}

fn unless_there(path: &Path, bytes: &[u8], open: impl FnOnce(&Path) -> io::Result<Output>) -> io::Result<bool> {
    if holds(path, bytes) {
        return Ok(false);
    }
    open(path)?.fill(|out| out.write_all(bytes))?;
    Ok(true)
}

/// Whether a file is there that holds these bytes. Of what isn't a file nothing is read: it may have no end.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    let length = bytes.len() as u64;
    let read = || {
        let found = regular(path.metadata()?)?;
        let mut old = Vec::new();
        if found.len() == length {
            File::open(path)?.take(length + 1).read_to_end(&mut old)?;
        }
        Ok::<_, io::Error>(old == bytes)
    };
    read().unwrap_or_default()
}

fn regular(found: Metadata) -> io::Result<Metadata> {
    if found.is_file() { Ok(found) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// Whether two names are of one file.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| path.metadata().map(|found| (found.dev(), found.ino()));
    identity(one).is_ok_and(|one| identity(other).is_ok_and(|other| one == other))
}

/// The folder that a file is in.
pub fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Where a file is that `path` names: links may lead there, whether it is there already or not.
pub fn target(path: &Path) -> io::Result<PathBuf> {
    let mut place = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&place) {
            Ok(target) => place = folder(&place).join(target),
            Err(_) => return Ok(place),
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "too many links lead from one to the next"))
}

/// The stream of this process that was found, if it is one, as `/dev/stdout` names it. What is said there already
/// stays: another handle would begin at the start of a file.
fn own_stream(found: &Metadata) -> Option<File> {
    let (out, err) = (io::stdout(), io::stderr());
    let streams = [out.as_fd(), err.as_fd()].map(|stream| stream.try_clone_to_owned().map(File::from));
    let is_found =
        |file: &File| file.metadata().is_ok_and(|stream| (stream.dev(), stream.ino()) == (found.dev(), found.ino()));
    streams.into_iter().flatten().find(is_found)
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::fs::{FileTypeExt, symlink},
        thread,
    };

    use super::*;

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced() {
        let here = tempfile::tempdir().unwrap();
        let at = |name: &str| here.path().join(name);
        fs::create_dir(at("far")).unwrap();
        fs::write(at("far/old"), "old").unwrap();
        fs::set_permissions(at("far/old"), Permissions::from_mode(0o640)).unwrap();
        symlink("far/old", at("link")).unwrap();
        symlink("link", at("to_link")).unwrap();
        symlink("far/new", at("to_new")).unwrap();
        assert!(write(&at("to_link"), b"new").unwrap() && write(&at("to_new"), b"new").unwrap());
        assert!(!write(&at("to_link"), b"new").unwrap());
        for link in ["link", "to_link", "to_new"] {
            assert!(at(link).symlink_metadata().unwrap().is_symlink(), "{link}");
            assert_eq!(fs::read_to_string(at(link)).unwrap(), "new");
        }
        assert_eq!(at("far/old").metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(at("far")).unwrap().count(), 2);
        // One of an agent's folder leads nowhere.
        assert!(replace(&at("link"), b"other").unwrap());
        assert!(!at("link").symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_to_string(at("far/old")).unwrap(), "new");
    }

    #[test]
    fn a_pipe_is_written_to_and_stays() {
        let here = tempfile::tempdir().unwrap();
        let pipe = here.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let reader = thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe).unwrap()
        });
        assert!(write(&pipe, b"whole").unwrap());
        assert_eq!(reader.join().unwrap(), "whole");
        assert!(pipe.symlink_metadata().unwrap().file_type().is_fifo());
    }

    #[test]
    fn what_can_not_be_written_is_known_before() {
        let here = tempfile::tempdir().unwrap();
        symlink("round", here.path().join("round")).unwrap();
        for (path, why) in [("", "it is a folder"), ("none/file", "there is no folder"), ("round", "symbolic links")] {
            let error = Output::open(&here.path().join(path)).unwrap_err().to_string();
            assert!(error.contains(why), "{path}: {error}");
        }
        assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1);
    }

    #[test]
    fn half_a_file_is_none() {
        let here = tempfile::tempdir().unwrap();
        let file = here.path().join("file");
        fs::write(&file, "old").unwrap();
        let output = Output::open(&file).unwrap();
        assert_eq!(output.files().count(), 2);
        output.fill(|out| out.write_all(b"ne").and_then(|()| Err(io::ErrorKind::Other.into()))).unwrap_err();
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1);
    }
}
