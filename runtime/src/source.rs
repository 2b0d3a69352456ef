//! A text file that messages can point into.

use std::{
    fs::{self, File},
    io::{self, Read},
    ops::Range,
    path::Path,
    sync::{Arc, OnceLock},
};

use lines::Lines;

mod lines;

/// The largest manifest, policy or source file that is read, in bytes. A hundred times what a
/// person writes, and small enough that a library of thousands is read in memory.
pub const MAX_SOURCE: u64 = 8 << 20;

/// A file's bytes, if it is one and has at most `most`.
///
/// # Errors
///
/// When it can't be read, is larger, or is no file.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // A pipe would block the open itself, so the kind of file is asked first.
    if !fs::metadata(path)?.is_file() {
        return Err(no_file());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {most} bytes")));
    }
    Ok(bytes)
}

/// What is said of a device, a pipe or a folder.
pub(crate) fn no_file() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a file")
}

/// The path and the text of one file.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file's path, as messages show it.
    pub path: String,
    /// What the file holds.
    pub text: String,
    /// Where its lines are, once that was asked.
    lines: OnceLock<Lines>,
}

/// By what it says: where its lines are is only asked sooner or later.
impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.text == other.text
    }
}

impl Eq for Source {}

impl Source {
    /// A source that several messages can share.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into(), lines: OnceLock::new() })
    }

    /// The line that holds the byte `offset`; the first line is 1.
    pub fn line(&self, offset: usize) -> usize {
        self.lines().line(offset)
    }

    /// The bytes of the lines from that of `span`'s start to that of its end, without the last one's end.
    pub fn lines_of(&self, span: &Range<usize>) -> Range<usize> {
        let (first, last) = (self.lines().line(span.start), self.lines().line(span.end.max(span.start)));
        self.lines().start(first)..self.lines().end(last, self.text.len())
    }

    /// The line and the column of the byte `offset`.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.line(offset);
        let column = 1 + self.lines().characters(&self.text, self.lines().start(line)..offset);
        Position { line, column }
    }

    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::of(&self.text))
    }
}

/// A line and a column, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// A place in a source: what a policy line or a manifest key is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes that are meant.
    pub span: Range<usize>,
}

impl Place {
    /// The place of what stands in no file.
    pub(crate) fn nowhere() -> Self {
        Self { source: Source::new("", ""), span: 0..0 }
    }

    /// Whether its file is in the folder `base`.
    pub(crate) fn is_in(&self, base: &Path) -> bool {
        Path::new(&self.source.path).parent().unwrap_or(Path::new("")) == base
    }

    /// What stands there.
    pub fn text(&self) -> &str {
        self.source.text.get(self.span.clone()).unwrap_or_default()
    }

    /// `path:line`, as tools and people write it.
    pub fn line(&self) -> String {
        format!("{}:{}", self.source.path, self.source.line(self.span.start))
    }

    /// Whether this is the file as a whole.
    pub fn is_whole(&self) -> bool {
        self.span.is_empty() && self.span.start == 0
    }

    /// Where it begins, and where what follows it does.
    pub fn lines(&self) -> (Position, Position) {
        (self.source.position(self.span.start), self.source.position(self.span.end))
    }

    /// Where the `text` begins that a TOML string here means, if it is written without escapes.
    pub fn inside(&self, text: &str) -> Option<usize> {
        let written = self.text();
        let quotes = ["\"\"\"\n", "'''\n", "\"\"\"\r\n", "'''\r\n", "\"\"\"", "'''", "\"", "'"];
        let open = quotes.into_iter().find(|open| {
            let inside = written.strip_prefix(open).and_then(|rest| rest.strip_suffix(open.trim_end()));
            inside == Some(text)
        });
        open.map(|open| self.span.start + open.len())
    }

    /// What stands there, on one line.
    pub fn words(&self) -> String {
        self.text().split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters() {
        let place = Place { source: Source::new("a", "ä b\r\nc"), span: 3..7 };
        let (start, end) = place.lines();
        assert_eq!((start.line, start.column, end.line, end.column), (1, 3, 2, 2));
    }

    #[test]
    fn a_part_is_where_the_string_is_plain() {
        for (written, text, expected) in [
            ("\"a {{ b }}\"", "a {{ b }}", "b"),
            ("'''\na {{ b }}'''", "a {{ b }}", "b"),
            ("\"a\\u0020{{ b }}\"", "a {{ b }}", "\"a\\u0020{{ b }}\""),
        ] {
            let place = Place { source: Source::new("a", written), span: 0..written.len() };
            let found = place.inside(text).map_or(place.span.clone(), |start| start + 5..start + 6);
            assert_eq!(&written[found], expected, "{written}");
        }
    }
}
