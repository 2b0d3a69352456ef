//! Entries of a list that are about names, found by what the names begin with, so that a decision
//! costs the same however many there are.

use std::{collections::HashMap, ops::Deref};

/// An entry that is about names.
pub trait ByName {
    /// What all of them begin with.
    fn begins(&self) -> &str;
}

/// Entries, in the order of the policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed<T> {
    entries: Vec<T>,
    /// Their places, by what their names begin with.
    begins: HashMap<String, Vec<usize>>,
    /// The most bytes of that.
    longest: usize,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), begins: HashMap::new(), longest: 0 }
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
        let mut listed = Self { entries: entries.into_iter().collect(), ..Self::default() };
        for (place, entry) in listed.entries.iter().enumerate() {
            let begins = entry.begins();
            listed.longest = listed.longest.max(begins.len());
            listed.begins.entry(begins.to_owned()).or_default().push(place);
        }
        listed
    }
}

impl<T> Listed<T> {
    /// The places of all entries that `name` could fit; it fits no other.
    pub(super) fn candidates(&self, name: &str) -> impl Iterator<Item = usize> {
        let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]).take_while(|end| *end <= self.longest);
        ends.filter_map(|end| self.begins.get(&name[..end])).flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Pattern;

    impl ByName for Pattern {
        fn begins(&self) -> &str {
            self.begins()
        }
    }

    #[test]
    fn whatever_fits_is_a_candidate() {
        let patterns = ["a", "ab*", "*b", "ä*", "a*c*", "**", "abc"];
        let listed: Listed<_> = patterns.iter().map(|pattern| Pattern::new(*pattern)).collect();
        for name in ["", "a", "ab", "abc", "ä", "äb", "b", "xyz", "abcabc"] {
            let candidates: Vec<_> = listed.candidates(name).collect();
            for (place, pattern) in listed.iter().enumerate() {
                assert!(!pattern.matches(name, name) || candidates.contains(&place), "{pattern} {name}");
            }
        }
        assert!(listed.candidates("xyz").all(|place| patterns[place].starts_with('*')));
    }
}
