//! Which agents a policy section is about.

use std::fmt;

use crate::policy::ByName;

/// An agent's name, or a glob: `*` stands for any run of characters but `/`, `**` for any at all.
/// A pattern with a `/` is about the agent's path in its library, any other about its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern as a policy writes it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The pattern as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the pattern is about the agent called `name` at `path`.
    pub fn matches(&self, name: &str, path: &str) -> bool {
        let text = if self.0.contains('/') { path } else { name };
        // Most that don't fit are seen not to by their ends.
        let ends = self.0.rsplit('*').next().unwrap_or_default();
        text.starts_with(self.begins()) && text.ends_with(ends) && matches(self.0.as_bytes(), text.as_bytes())
    }

    /// What every name begins with that it is about.
    pub(super) fn begins(&self) -> &str {
        self.0.split('*').next().unwrap_or_default()
    }

    /// Whether it stands for more than one name.
    pub fn is_glob(&self) -> bool {
        self.0.contains('*')
    }

    /// Whether every agent that `other` is about is one that this is about. Where that can't be seen
    /// from the patterns alone, it is not.
    pub fn covers(&self, other: &Self) -> bool {
        if self.0.contains('/') != other.0.contains('/') {
            // One is about names and the other about paths, and a name may be another than its folder's.
            return self.0 == "*" || self.0 == "**";
        }
        // A character that no pattern has is met by this one's stars alone, and a star that meets it
        // meets all that the other's star stands for. `**` stands for more than one part, too.
        let filled = |any: &str| other.0.replace("**", "\u{2}").replace('*', "\u{1}").replace('\u{2}', any);
        ["\u{1}", "\u{1}/\u{1}/\u{1}"].iter().all(|any| matches(self.0.as_bytes(), filled(any).as_bytes()))
    }

    /// How specific it is: a plain name before every glob, then by the characters it fixes.
    pub fn specificity(&self) -> (bool, usize) {
        (!self.0.contains('*'), self.0.bytes().filter(|byte| *byte != b'*').count())
    }
}

/// Matches from the left and, where that fails, lets the last star take one byte more. Each star is
/// gone back to only while no later one has been reached, so the work is at most pattern × text.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    // Where to go on if the match fails: of the last `*`, and of the last `**`.
    let mut star: Option<(usize, usize)> = None;
    let mut double: Option<(usize, usize)> = None;
    loop {
        if pattern[at..].starts_with(b"**") {
            (double, star) = (Some((at + 2, read)), None);
            at += 2;
        } else if pattern.get(at) == Some(&b'*') {
            star = Some((at + 1, read));
            at += 1;
        } else if at < pattern.len() && pattern.get(at) == text.get(read) {
            (at, read) = (at + 1, read + 1);
        } else if at == pattern.len() && read == text.len() {
            return true;
        } else if let Some((after, taken)) =
            star.filter(|(_, taken)| text.get(*taken).is_some_and(|byte| *byte != b'/'))
        {
            star = Some((after, taken + 1));
            (at, read) = (after, taken + 1);
        } else if let Some((after, taken)) = double.filter(|(_, taken)| *taken < text.len()) {
            (double, star) = (Some((after, taken + 1)), None);
            (at, read) = (after, taken + 1);
        } else {
            return false;
        }
    }
}

impl ByName for Pattern {
    fn pattern(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn names_and_paths() {
        for (pattern, name, path, expected) in [
            ("split", "split", "text/split", true),
            ("split", "splits", "text/splits", false),
            ("*", "split", "text/split", true),
            ("s*t", "split", "x", true),
            ("s*x", "split", "x", false),
            ("text/*", "split", "text/split", true),
            ("text/*", "split", "text/a/split", false),
            ("text/**", "split", "text/a/split", true),
            ("**/split", "split", "text/a/split", true),
            ("text*", "split", "text/split", false),
            ("*a*b*c", "xxaxxbxxc", "x", true),
            ("*a*b*c", "xxaxxcxxb", "x", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(name, path), expected, "{pattern} {name} {path}");
        }
    }

    #[test]
    fn wide_patterns_cover_narrow_ones() {
        for (wide, narrow, expected) in [
            ("text/*", "text/split", true),
            ("text/split", "text/*", false),
            ("text/**", "text/*", true),
            ("text/*", "text/**", false),
            ("text/*/*/*", "text/**", false),
            ("**/b", "a/*/b", true),
            ("s*", "split", true),
            ("s*", "s*t", true),
            ("s*t", "s*", false),
            ("*", "text/split", true),
            ("split", "text/split", false),
            ("text/split", "split", false),
            ("a", "a", true),
        ] {
            assert_eq!(Pattern::new(wide).covers(&Pattern::new(narrow)), expected, "{wide} {narrow}");
        }
    }

    #[test]
    fn a_hostile_pattern_ends() {
        let pattern = Pattern::new("*a".repeat(1000) + "b");
        assert!(!pattern.matches(&"a".repeat(10_000), "x"));
    }

    #[test]
    fn plain_names_are_the_most_specific() {
        let specificity = |text: &str| Pattern::new(text).specificity();
        assert!(specificity("a") > specificity("a_very_long_name_*"));
        assert!(specificity("http_*") > specificity("*"));
    }
}
