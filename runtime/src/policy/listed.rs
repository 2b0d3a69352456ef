//! Entries of a list that are about names, found by what is in the names, so that a decision costs the
//! same however many there are.

use std::{collections::HashMap, ops::Deref};

use crate::policy::pieces::Pieces;

/// An entry that is about names.
pub trait ByName {
    /// The name; or a pattern, in which `*` stands for any characters.
    fn pattern(&self) -> &str;
}

/// Entries, in the order of the policy.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    entries: Vec<T>,
    /// The places of those without a star, by their names.
    names: HashMap<String, Vec<usize>>,
    /// The others.
    patterns: Pieces,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), names: HashMap::new(), patterns: Pieces::default() }
    }
}

impl<T: PartialEq> PartialEq for Listed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<T> Deref for Listed<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.entries
    }
}

impl<T: ByName> FromIterator<T> for Listed<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        let entries: Vec<_> = entries.into_iter().collect();
        let mut names: HashMap<String, Vec<usize>> = HashMap::new();
        let mut patterns: Vec<(usize, Vec<&str>)> = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            match entry.pattern() {
                name if !name.contains('*') => names.entry(name.to_owned()).or_default().push(place),
                pattern => patterns.push((place, pattern.split('*').collect())),
            }
        }
        let patterns = Pieces::new(&patterns);
        Self { entries, names, patterns }
    }
}

impl<T> Listed<T> {
    /// The places of all entries that `name` could fit; it fits no other. A place may come twice.
    pub(super) fn candidates<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.names.get(name).into_iter().flatten().copied().chain(self.patterns.candidates(name.as_bytes()))
    }

    /// The first entry of which there are too many alike: they would have to be tried one by one.
    pub(super) fn crowded(&self) -> Option<&T> {
        self.entries.get(self.patterns.crowded()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Pattern;

    #[test]
    fn whatever_fits_is_a_candidate() {
        let mut patterns: Vec<String> =
            ["a", "ab*", "*b", "ä*", "a*c*", "**", "abc", "*b*b*", "*", "x/**", "**/y", "x/*/y"]
                .map(String::from)
                .into();
        patterns.extend((0..50).map(|n| format!("*_{n:02}*")));
        let listed: Listed<_> = patterns.iter().map(Pattern::new).collect();
        for name in ["", "a", "ab", "abc", "ä", "äb", "b", "xyz", "abcabc", "q_07", "q_07_49r", "x/y", "x/z/y", "x/"]
        {
            let candidates: Vec<_> = listed.candidates(name).collect();
            for (place, pattern) in listed.iter().enumerate() {
                assert!(!pattern.matches(name, name) || candidates.contains(&place), "{pattern} {name}");
            }
        }
        assert!(listed.candidates("xyz").count() <= 3);
    }
}
