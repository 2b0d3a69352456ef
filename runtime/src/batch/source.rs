//! Where items come from: lines of JSON, a table, or the files of a folder.

use std::{
    fs::File,
    io::{self, BufReader, Chain, Cursor, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    vec,
};

use cap_std::{ambient_authority, fs::Dir};

use crate::{
    Failure, Json,
    batch::{
        Item, Shape,
        item::wrong,
        lines::{Line, Lines},
        table::Table,
    },
};

/// The longest item, in bytes: about what an agent can be handed.
pub const MAX_ITEM: usize = 16 << 20;

/// The most files of one folder: their names are held, to be sorted.
pub const MAX_FILES: usize = 1_000_000;

/// What some programs put before UTF-8.
const MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Bytes that are read at a time.
const BUFFER: usize = 64 << 10;

/// What items come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Lines of JSON.
    Lines(PathBuf),
    /// A table with a header, its cells parted by this byte.
    Table(PathBuf, u8),
    /// Each file is one.
    Folder(PathBuf),
}

impl Source {
    /// What `path` is, by what it is called: `.csv`, `.tsv`, a folder, or else lines of JSON. `-` is the
    /// standard input.
    pub fn of(path: &Path) -> Self {
        let is = |extension| path.extension().is_some_and(|own| own.eq_ignore_ascii_case(extension));
        match path.to_owned() {
            path if path.is_dir() => Self::Folder(path),
            path if is("csv") => Self::Table(path, b','),
            path if is("tsv") => Self::Table(path, b'\t'),
            path => Self::Lines(path),
        }
    }

    /// Whether it is a `.json` file that begins like one list: its entries were probably meant to be the items, and
    /// they aren't. Lines that are lists each have an end of their own.
    pub fn is_like_list(&self) -> bool {
        let Self::Lines(path) = self else { return false };
        let is_document = path.extension().is_some_and(|own| own.eq_ignore_ascii_case("json")) && path.is_file();
        let mut begins = Vec::new();
        let read =
            is_document.then(|| File::open(path).and_then(|file| file.take(BUFFER as u64).read_to_end(&mut begins)));
        let Some(Ok(_)) = read else { return false };
        let begins = String::from_utf8_lossy(begins.strip_prefix(MARK).unwrap_or(&begins)).into_owned();
        let (line, rest) = begins.trim_ascii_start().split_once('\n').unwrap_or((&begins, ""));
        let is_one_of_many = Json::parse(line).is_ok() && !rest.trim_ascii().is_empty();
        line.trim_ascii_start().starts_with('[') && !is_one_of_many
    }
}

/// Items, one after the other.
pub struct Items {
    reader: Reader,
    shape: Arc<Shape>,
    read: Arc<AtomicU64>,
    total: Option<u64>,
}

enum Reader {
    Lines { lines: Lines<Input>, number: u64 },
    Table(Table<Input>),
    Folder { dir: Dir, names: vec::IntoIter<String>, number: u64 },
}

/// What is read, with its bytes counted.
type Input = BufReader<Unmarked<Counted>>;

/// A text behind the mark that it may have.
type Unmarked<R> = Chain<Cursor<Vec<u8>>, R>;

impl Items {
    /// Opens `source`.
    ///
    /// # Ambient Authority
    ///
    /// Opens the path of `source`.
    ///
    /// # Errors
    ///
    /// What is wrong with all of it: it can't be opened, is UTF-16, has no column that the agent needs.
    pub fn open(source: &Source, shape: Arc<Shape>) -> Result<Self, Failure> {
        let read = Arc::new(AtomicU64::new(0));
        let (path, reader, total) = match source {
            Source::Lines(path) => {
                let (input, total) = open(path, &read)?;
                (path, Reader::Lines { lines: Lines::new(input, MAX_ITEM), number: 0 }, total)
            }
            Source::Table(path, delimiter) => {
                let (input, total) = open(path, &read)?;
                (path, Reader::Table(Table::open(input, *delimiter, &shape)?), total)
            }
            Source::Folder(path) => {
                let (dir, names) = files(path).map_err(|error| unreadable(path, &error))?;
                let total = Some(names.len() as u64);
                (path, Reader::Folder { dir, names: names.into_iter(), number: 0 }, total)
            }
        };
        if let (Some(_), Reader::Lines { .. } | Reader::Folder { .. }) = (shape.key(), &reader)
            && path.is_dir()
        {
            return Err(wrong("files have no fields, so none has a key"));
        }
        Ok(Self { reader, shape, read, total })
    }

    /// How far it is read, and how far there is to read: in bytes or files. A pipe has no end that is known.
    pub fn progress(&self) -> (Arc<AtomicU64>, Option<u64>) {
        (self.read.clone(), self.total)
    }
}

impl Iterator for Items {
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<io::Result<Item>> {
        match &mut self.reader {
            Reader::Lines { lines, number } => line(lines, number, &self.shape).transpose(),
            Reader::Table(table) => table.row(&self.shape).transpose(),
            Reader::Folder { dir, names, number } => {
                let name = names.next()?;
                *number += 1;
                self.read.fetch_add(1, Relaxed);
                Some(Ok(file(dir, name, *number, &self.shape)))
            }
        }
    }
}

/// The next line that isn't blank.
fn line(lines: &mut Lines<Input>, number: &mut u64, shape: &Shape) -> io::Result<Option<Item>> {
    loop {
        let Some(line) = lines.next()? else { return Ok(None) };
        *number += 1;
        let (digest, size, (key, inputs)) = match line {
            Line::TooLong => (shape.digest(b""), 0, (None, Err(too_long()))),
            Line::Whole(bytes) if bytes.trim_ascii().is_empty() => continue,
            Line::Whole(bytes) => {
                let read = match std::str::from_utf8(bytes) {
                    Ok(text) => shape.of_json(text),
                    Err(error) => (None, Err(wrong(format!("it isn't UTF-8 (byte {} is wrong)", error.valid_up_to())))),
                };
                (shape.digest(bytes), bytes.len(), read)
            }
        };
        return Ok(Some(Item { number: *number, name: None, digest, key, inputs, size }));
    }
}

fn file(dir: &Dir, name: String, number: u64, shape: &Shape) -> Item {
    let mut bytes = Vec::new();
    let read = dir.open(&name).and_then(|file| file.take(MAX_ITEM as u64 + 1).read_to_end(&mut bytes));
    let (digest, size) = (shape.digest(&bytes), bytes.len());
    let inputs = match read {
        Err(error) => Err(unread(dir, &name, &error)),
        Ok(length) if length > MAX_ITEM => Err(too_long()),
        Ok(_) => shape.of_bytes(bytes),
    };
    Item { number, name: Some(name), digest, key: None, inputs, size }
}

/// Why a file of a folder can't be read.
fn unread(dir: &Dir, name: &str, error: &io::Error) -> Failure {
    match leads_nowhere(dir, name) {
        true => wrong("it is a link that leads out of the folder, or nowhere").help("put the file itself in its place"),
        false => wrong(format!("it can't be read: {error}")),
    }
}

/// Whether a file is a link that can't be followed within the folder.
fn leads_nowhere(dir: &Dir, name: &str) -> bool {
    dir.symlink_metadata(name).is_ok_and(|found| found.is_symlink()) && dir.metadata(name).is_err()
}

fn too_long() -> Failure {
    wrong(format!("it is longer than {} MiB", MAX_ITEM >> 20))
}

/// The names of a folder's files, in the order of their bytes; hidden ones are left out. A link that can't be followed
/// may be meant as one, and isn't left out in silence.
fn files(path: &Path) -> io::Result<(Dir, Vec<String>)> {
    let dir = Dir::open_ambient_dir(path, ambient_authority())?;
    let mut names = Vec::new();
    for entry in dir.entries()? {
        let entry = entry?;
        let name = entry
            .file_name()
            .into_string()
            .map_err(|name| io::Error::new(io::ErrorKind::InvalidData, format!("the name {name:?} is not UTF-8")))?;
        let is_file = || dir.metadata(&name).is_ok_and(|found| found.is_file()) || leads_nowhere(&dir, &name);
        if !name.starts_with('.') && is_file() {
            names.push(name);
        }
        if names.len() > MAX_FILES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {MAX_FILES} files")));
        }
    }
    names.sort_unstable();
    Ok((dir, names))
}

/// Opens a file, or the standard input, and looks at its first bytes.
fn open(path: &Path, read: &Arc<AtomicU64>) -> Result<(Input, Option<u64>), Failure> {
    let (from, total): (Box<dyn Read + Send>, _) = if path.as_os_str() == "-" {
        (Box::new(io::stdin()), None)
    } else {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let found = file.metadata().map_err(|error| unreadable(path, &error))?;
        (Box::new(file), found.is_file().then_some(found.len()))
    };
    let counted = Counted { from, read: read.clone() };
    let input = unmarked(counted).map_err(|error| unreadable(path, &error))?;
    let input = input.ok_or_else(|| {
        let message = format!("`{}` is UTF-16, and items are UTF-8", path.display());
        wrong(message).help("convert it: iconv -f UTF-16 -t UTF-8")
    })?;
    Ok((BufReader::with_capacity(BUFFER, input), total))
}

/// The text without the mark that some programs put before UTF-8; nothing where it is UTF-16. A pipe may give its
/// first bytes one by one.
fn unmarked<R: Read>(mut from: R) -> io::Result<Option<Unmarked<R>>> {
    let mut first = Vec::new();
    // Nobody is made to wait for a third byte that isn't asked for.
    for most in [2, MARK.len()] {
        if first.len() < 2 || first == MARK[..2] {
            from.by_ref().take((most - first.len()) as u64).read_to_end(&mut first)?;
        }
    }
    let first = match first[..] {
        // The marks of UTF-16; or no mark, and a character that takes one byte in UTF-8.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 1..=255, ..] | [1..=255, 0, ..] => return Ok(None),
        [..] if first == MARK => Vec::new(),
        [..] => first,
    };
    Ok(Some(Cursor::new(first).chain(from)))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    wrong(format!("the items `{}` can't be read: {error}", path.display()))
}

/// Counts what is read.
pub struct Counted {
    from: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.from.read(buffer)?;
        self.read.fetch_add(length as u64, Relaxed);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Dripping<'b>(&'b [u8]);

    impl Read for Dripping<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(1);
            self.0.read(&mut buffer[..length])
        }
    }

    #[test]
    fn a_mark_is_known_however_it_comes() {
        let read = |bytes: &[u8]| {
            let mut text = Vec::new();
            let whole = unmarked(bytes).unwrap().is_some();
            let unmarked = unmarked(Dripping(bytes)).unwrap();
            assert_eq!(unmarked.is_some(), whole);
            unmarked.map(|mut unmarked| unmarked.read_to_end(&mut text).unwrap())?;
            Some(text)
        };
        assert_eq!(read(b"\xef\xbb\xbf\"Ada\"\n").unwrap(), b"\"Ada\"\n");
        assert_eq!(read(b"\xef\xbb\xbf").unwrap(), b"");
        for text in [&b""[..], b"7", b"7\n", b"\xef\xbb", b"\xef\xbbx", b"\"Ada\"\n", "\u{e9}\n".as_bytes()] {
            assert_eq!(read(text).unwrap(), text);
        }
        for wide in [&b"\xff\xfe7\0"[..], b"\xfe\xff\0\x37", b"7\0\n\0", b"\0\x37\0\n"] {
            assert_eq!(read(wide), None);
        }
    }

    #[test]
    fn nobody_waits_for_a_third_byte() {
        let (mut writer, reader) = std::os::unix::net::UnixStream::pair().unwrap();
        io::Write::write_all(&mut writer, b"7\n").unwrap();
        let mut line = String::new();
        let input = unmarked(reader).unwrap().unwrap();
        io::BufRead::read_line(&mut BufReader::new(input), &mut line).unwrap();
        assert_eq!(line, "7\n");
        drop(writer);
    }
}
