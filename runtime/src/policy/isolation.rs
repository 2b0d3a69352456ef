//! What an instance of an agent serves.

use crate::{diagnostic::Diagnostic, document::Item};

/// How long one instance of an agent's code serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isolation {
    /// One call: each begins in a fresh instance.
    #[default]
    Call,
    /// The calls of one run, one after the other: what a call leaves in memory, the next one finds.
    Run,
}

impl Isolation {
    const WORDS: [(&'static str, Self); 2] = [("call", Self::Call), ("run", Self::Run)];

    /// The word in a policy.
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(_, known)| *known == self).map_or("", |(word, _)| word)
    }

    /// Reads `isolation = "call"`.
    pub(super) fn read(item: Item<'_>) -> Result<Self, Diagnostic> {
        item.choice(&Self::WORDS)
    }
}
