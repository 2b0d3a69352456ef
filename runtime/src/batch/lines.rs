//! Lines of bounded length, and which line a place is on.

use std::io::{self, BufRead};

/// A line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'l> {
    /// All of it.
    Whole(&'l [u8]),
    /// More than the bound. The rest of it was passed by.
    TooLong,
}

/// Reads lines; none longer than the bound is ever held.
pub struct Lines<R> {
    from: R,
    line: Vec<u8>,
    bound: usize,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `from`, of up to `bound` bytes.
    pub fn new(from: R, bound: usize) -> Self {
        Self { from, line: Vec::new(), bound }
    }

    /// The next line, if there is one.
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let (mut begun, mut too_long) = (false, false);
        loop {
            let chunk = match self.from.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            if chunk.is_empty() {
                break;
            }
            begun = true;
            let end = memchr::memchr(b'\n', chunk);
            let part = &chunk[..end.unwrap_or(chunk.len())];
            too_long |= self.line.len() + part.len() > self.bound;
            if !too_long {
                self.line.extend_from_slice(part);
            }
            let taken = part.len() + usize::from(end.is_some());
            self.from.consume(taken);
            if end.is_some() {
                break;
            }
        }
        Ok(match (begun, too_long) {
            (false, _) => None,
            (true, true) => Some(Line::TooLong),
            (true, false) => Some(Line::Whole(self.line.strip_suffix(b"\r").unwrap_or(&self.line))),
        })
    }
}

/// Counts the ends of lines: `\n`, `\r\n`, or `\r` alone.
#[derive(Default)]
pub struct LineEnds {
    count: u64,
    /// Whether the latest byte is the first of an end that may go on.
    within: bool,
}

impl LineEnds {
    /// How many there are in `bytes`.
    pub fn of(bytes: &[u8]) -> u64 {
        let mut ends = Self::default();
        ends.pass(bytes);
        ends.count
    }

    fn pass(&mut self, bytes: &[u8]) {
        for at in memchr::memchr2_iter(b'\r', b'\n', bytes) {
            let within = at.checked_sub(1).map_or(self.within, |before| bytes[before] == b'\r');
            self.count += u64::from(bytes[at] == b'\r' || !within);
        }
        self.within = bytes.last().map_or(self.within, |last| *last == b'\r');
    }
}

/// Knows on which line a place is in what is read, a chunk at a time. Every byte is looked at once, so places are
/// asked for in their order.
#[derive(Default)]
pub struct Places {
    /// The latest chunk, and where it begins.
    chunk: Vec<u8>,
    begins: u64,
    /// How many bytes of it are counted.
    counted: usize,
    ends: LineEnds,
}

impl Places {
    /// Takes the next chunk.
    pub fn read(&mut self, chunk: &[u8]) {
        self.count(self.chunk.len());
        self.begins += self.chunk.len() as u64;
        self.counted = 0;
        self.chunk.clear();
        self.chunk.extend_from_slice(chunk);
    }

    /// How many lines end before the byte at `place`, which is of the latest chunk, or the one behind it.
    pub fn ends_before(&mut self, place: u64) -> u64 {
        self.count(usize::try_from(place.saturating_sub(self.begins)).unwrap_or(usize::MAX));
        self.ends.count
    }

    fn count(&mut self, to: usize) {
        let to = to.clamp(self.counted, self.chunk.len());
        self.ends.pass(&self.chunk[self.counted..to]);
        self.counted = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_lines_are_counted_however_they_come() {
        let text = b"one\r\n\r\rtwo\n\n\r\nthree\n\r";
        let naive = |text: &[u8]| {
            String::from_utf8_lossy(text).replace("\r\n", "\n").replace('\r', "\n").matches('\n').count() as u64
        };
        assert_eq!((LineEnds::of(text), naive(text)), (8, 8));
        for size in 1..=text.len() {
            let mut places = Places::default();
            let mut place = 0;
            for chunk in text.chunks(size) {
                places.read(chunk);
                for _ in chunk {
                    place += 1;
                    assert_eq!(
                        places.ends_before(place),
                        naive(&text[..usize::try_from(place).unwrap()]),
                        "{size} {place}"
                    );
                }
            }
        }
    }

    #[test]
    fn lines_are_bounded() {
        let text: &[u8] = b"one\r\n\ntoo long by far\ntwo\nend";
        let mut lines = Lines::new(io::BufReader::with_capacity(3, text), 5);
        assert_eq!(lines.next().unwrap(), Some(Line::Whole(b"one")));
        assert_eq!(lines.next().unwrap(), Some(Line::Whole(b"")));
        assert_eq!(lines.next().unwrap(), Some(Line::TooLong));
        assert_eq!(lines.next().unwrap(), Some(Line::Whole(b"two")));
        assert_eq!(lines.next().unwrap(), Some(Line::Whole(b"end")));
        assert_eq!(lines.next().unwrap(), None);
    }
}
