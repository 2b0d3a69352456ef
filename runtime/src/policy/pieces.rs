//! Finds patterns by a text that all has in it which they are about: so that a decision costs the same
//! however many patterns there are, and wherever their stars stand.

use std::{cmp::Reverse, collections::HashMap};

use aho_corasick::AhoCorasick;

use crate::{diagnostic::Diagnostic, source::Place};

/// So few patterns are tried one after the other, in less time than it takes to find the right ones.
pub(super) const FEW: usize = 8;

/// The most patterns that may have nothing but the same texts between their stars: one name can make a
/// decision try all of them.
pub(super) const MAX_ALIKE: usize = 8;

/// Patterns by the rarest of the texts between their stars. What is found are places.
#[derive(Clone, Debug, Default)]
pub struct Pieces {
    automaton: Option<AhoCorasick>,
    /// For each text, the patterns that are filed under it.
    places: Vec<Vec<usize>>,
    /// Those that have no text, and those that are few.
    rest: Vec<usize>,
}

impl Pieces {
    /// Files patterns: the place of each, and the texts between its stars.
    pub(super) fn new(patterns: &[(usize, Vec<&str>)]) -> Self {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let known = |piece: &&&str| !piece.is_empty();
        for piece in patterns.iter().flat_map(|(_, pieces)| pieces).filter(known) {
            *counts.entry(piece).or_default() += 1;
        }
        let mut found = Self::default();
        let mut texts: Vec<&str> = Vec::new();
        let mut filed: HashMap<&str, usize> = HashMap::new();
        for (place, pieces) in patterns {
            let rarest = pieces.iter().filter(known).min_by_key(|piece| (counts[**piece], Reverse(piece.len())));
            match rarest.filter(|_| patterns.len() > FEW) {
                Some(piece) => {
                    let at = *filed.entry(piece).or_insert(texts.len());
                    if at == texts.len() {
                        texts.push(piece);
                        found.places.push(Vec::new());
                    }
                    found.places[at].push(*place);
                }
                None => found.rest.push(*place),
            }
        }
        // Where they are too many for an automaton, which no file has room for, all are tried.
        if !texts.is_empty() {
            match AhoCorasick::new(&texts) {
                Ok(automaton) => found.automaton = Some(automaton),
                Err(_) => found.rest.extend(std::mem::take(&mut found.places).into_iter().flatten()),
            }
        }
        found
    }

    /// The places of all patterns that `text` could fit; it fits no other. A place may come twice.
    pub(super) fn candidates<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let matches = self.automaton.iter().flat_map(move |automaton| automaton.find_overlapping_iter(text));
        let found = matches.flat_map(|found| &self.places[found.pattern().as_usize()]);
        self.rest.iter().chain(found).copied()
    }

    /// The place of a pattern that has too many like it.
    pub(super) fn crowded(&self) -> Option<usize> {
        let all = self.places.iter().chain([&self.rest]);
        all.filter_map(|places| places.get(MAX_ALIKE)).min().copied()
    }
}

/// What is said of a pattern that has too many like it.
pub(super) fn too_many_alike(place: &Place) -> Diagnostic {
    Diagnostic::error(
        "too-many-alike",
        format!("more than {MAX_ALIKE} patterns have only the same texts between their stars"),
    )
    .at(&place.source, place.span.clone())
    .label("a decision would have to try all of them")
    .help("write one wider pattern, or more of what they are about")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_found_by_what_is_rare_in_them() {
        let texts: Vec<_> = (0..100).map(|n| format!("_{n:04}")).collect();
        let patterns: Vec<_> = texts.iter().enumerate().map(|(n, text)| (n, vec!["a", text, ""])).collect();
        let pieces = Pieces::new(&patterns);
        assert_eq!(pieces.candidates(b"xa_0042y").collect::<Vec<_>>(), [42]);
        assert_eq!(pieces.candidates(b"xa_00").count(), 0);
        assert_eq!(pieces.crowded(), None);
    }

    #[test]
    fn many_alike_are_noticed() {
        let patterns: Vec<_> = (0..=MAX_ALIKE).map(|place| (place, vec!["a", "b"])).collect();
        assert_eq!(Pieces::new(&patterns).crowded(), Some(MAX_ALIKE));
        assert_eq!(Pieces::new(&patterns[..MAX_ALIKE]).crowded(), None);
        let open: Vec<_> = (0..=MAX_ALIKE).map(|place| (place, vec!["", ""])).collect();
        assert_eq!(Pieces::new(&open).crowded(), Some(MAX_ALIKE));
    }

    #[test]
    fn few_are_tried_all() {
        let pieces = Pieces::new(&[(0, vec!["a"]), (1, vec!["b"])]);
        assert_eq!(pieces.candidates(b"x").collect::<Vec<_>>(), [0, 1]);
    }
}
