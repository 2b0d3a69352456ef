//! Where the lines of a text are, so that a place in it is found without going through all of it: a
//! file may have as many findings as lines, and be one long line.

use std::ops::Range;

/// How many bytes are counted together.
const BLOCK: usize = 4096;

/// The lines of one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// Where each line begins.
    starts: Vec<usize>,
    /// The characters before each block.
    characters: Vec<usize>,
}

impl Lines {
    /// Finds the lines of `text`.
    pub fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let mut characters = vec![0];
        for block in text.as_bytes().chunks(BLOCK) {
            characters.push(characters.last().copied().unwrap_or_default() + count(block));
        }
        Self { starts: std::iter::once(0).chain(ends).collect(), characters }
    }

    /// The line that holds the byte `offset`; the first line is 1.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    /// Where a line begins.
    pub fn start(&self, line: usize) -> usize {
        self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Where a line ends, before its `\n`, in a text of `length` bytes.
    pub fn end(&self, line: usize, length: usize) -> usize {
        self.starts.get(line).map_or(length, |next| next - 1)
    }

    /// How many characters of `text`, whose lines these are, begin in `part`.
    pub fn characters(&self, text: &str, part: Range<usize>) -> usize {
        let before = |offset: usize| {
            let block = offset / BLOCK;
            let rest = text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
            self.characters.get(block).copied().unwrap_or_default() + count(rest)
        };
        before(part.end) - before(part.start)
    }
}

/// The characters that begin in `bytes`.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !(0x80..0xc0).contains(*byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_is_found_as_by_going_through_all() {
        let text = format!("ä\n\n{}\r\nend", "xé€😀\n".repeat(2 * BLOCK));
        let lines = Lines::of(&text);
        let offsets = (0..=text.len()).filter(|offset| text.is_char_boundary(*offset));
        for offset in offsets.filter(|offset| *offset < 50 || *offset + 50 > text.len() || offset % 97 == 0) {
            let before = &text[..offset];
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let line = 1 + before.matches('\n').count();
            assert_eq!((lines.line(offset), lines.start(line)), (line, start), "{offset}");
            assert_eq!(lines.characters(&text, start..offset), before[start..].chars().count(), "{offset}");
            let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
            assert_eq!(lines.end(line, text.len()), end, "{offset}");
        }
    }

    #[test]
    fn a_text_of_whole_blocks_has_an_end() {
        let text = "x".repeat(BLOCK);
        assert_eq!(Lines::of(&text).characters(&text, 0..BLOCK), BLOCK);
        assert_eq!(Lines::of("").characters("", 0..0), 0);
    }
}
