//! Counts what a text is made of.

use turingbox_sdk::{Outputs, agent};

/// Count the words, lines and characters of a text
#[agent]
fn word_count(
    /// The text
    text: String,
    /// Words with fewer characters don't count
    #[input(default = 1, min = 1)]
    min_length: u32,
) -> Counts {
    let words = text.split_whitespace().filter(|word| word.chars().count() >= min_length as usize);
    Counts {
        words: words.count() as u64,
        lines: text.lines().count() as u64,
        characters: text.chars().count() as u64,
        bytes: text.len() as u64,
    }
}

#[derive(Debug, Outputs, PartialEq)]
struct Counts {
    /// How many words there are: what stands between white space
    words: u64,
    /// How many lines
    lines: u64,
    /// How many characters: code points of Unicode
    characters: u64,
    /// How many bytes as UTF-8
    bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_not_bytes() {
        let expected = Counts { words: 2, lines: 2, characters: 8, bytes: 9 };
        assert_eq!(word_count("naïve\nto".into(), 1), expected);
        assert_eq!(word_count("naïve\nto".into(), 3), Counts { words: 1, ..expected });
    }
}
