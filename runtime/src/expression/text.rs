//! Text by code points, as Python counts it.

use std::ops::Range;

/// Whether Python takes a character for white space: Unicode's, and four separators of ASCII's.
pub fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// Without white space around it.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// How many code points there are.
pub fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// Where the code point at a position begins, in bytes; the end, where there is none.
pub fn offset(text: &str, position: usize) -> usize {
    if text.is_ascii() {
        return position.min(text.len());
    }
    text.char_indices().nth(position).map_or(text.len(), |(at, _)| at)
}

/// The bytes of the code points in a range.
pub fn span(text: &str, positions: Range<usize>) -> Range<usize> {
    let start = offset(text, positions.start);
    let length = positions.end.saturating_sub(positions.start);
    start..start + offset(&text[start..], length)
}

/// Where a slice begins and ends in something of `length`: from its end where negative, and never
/// beyond either.
pub fn clamped(position: i64, length: usize) -> usize {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let at = if position < 0 { position.saturating_add(length).max(0) } else { position.min(length) };
    usize::try_from(at).unwrap_or_default()
}
