//! Names of the original system, which may be any text, as names that can be said here.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use crate::agent::{STATUS, STEP_INDEX};

/// Words that a template reads as something else than a name.
const WORDS: [&str; 14] =
    ["and", "else", "false", "False", "if", "in", "is", "none", "None", "not", "or", "self", "true", "True"];

/// The longest name, in bytes: some are made longer, so that no two are alike.
const LONGEST: usize = 90;

/// The name of an input or a result. It depends on nothing but the old name: `legacy.py` in the
/// Python guest makes the same of what a function returns.
pub fn clean(name: &str) -> Cow<'_, str> {
    let name = name.trim_matches([' ', '\t', '\r', '\n']);
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let first = name.chars().next();
    let plain = first.is_some_and(|c| letter(c) && !c.is_ascii_digit()) && name.chars().all(letter);
    if plain && name.len() <= LONGEST {
        return if WORDS.contains(&name) { format!("{name}_").into() } else { name.into() };
    }
    let mut cleaned: String = name.chars().take(LONGEST).map(|c| if letter(c) { c } else { '_' }).collect();
    if cleaned.is_empty() || cleaned.starts_with(|c: char| c.is_ascii_digit()) {
        cleaned.insert(0, '_');
    }
    cleaned.into()
}

/// Whether a name is the engine's own: how a step went, and where the head is. No result has it.
pub fn is_special(name: &str) -> bool {
    [STATUS, STEP_INDEX].contains(&name)
}

/// What the agents of a library are called, by their old names: each has a name of its own.
#[derive(Debug, Default)]
pub struct AgentNames {
    names: HashMap<Box<str>, String>,
    taken: HashSet<String>,
    /// How often each name was wanted: the next number to try.
    wanted: HashMap<String, u64>,
}

impl AgentNames {
    /// Names for agents that were called like this. Those that can be said keep theirs.
    pub fn of<'n>(all: impl Iterator<Item = &'n str> + Clone) -> Self {
        let mut names = Self::default();
        all.clone().filter(|old| short(old) == **old).for_each(|old| names.add(old));
        all.for_each(|old| names.add(old));
        names
    }

    fn add(&mut self, old: &str) {
        if !self.names.contains_key(old) {
            let new = self.free(old);
            self.taken.insert(new.clone());
            self.names.insert(old.into(), new);
        }
    }

    /// The name of the agent that was called `old`; for one that isn't there, one that no other has.
    pub fn get<'a>(&'a self, old: &'a str) -> Cow<'a, str> {
        if let Some(name) = self.names.get(old) {
            return name.as_str().into();
        }
        let mut name = short(old);
        while self.taken.contains(&name) {
            name.push('_');
        }
        name.into()
    }

    fn free(&mut self, old: &str) -> String {
        let name = short(old);
        let mut numbered = name.clone();
        let number = self.wanted.entry(name.clone()).or_insert(1);
        while self.taken.contains(&numbered) {
            *number += 1;
            numbered = format!("{name}_{number}");
        }
        numbered
    }
}

fn short(old: &str) -> String {
    // An agent is named in no template, so its dashes may stay.
    let mut name = if crate::agent::is_name(old) { old.to_owned() } else { clean(old).into_owned() };
    name.truncate(LONGEST);
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::is_name;

    #[test]
    fn names_can_be_said_in_a_template() {
        for (old, new) in [
            ("topic", "topic"),
            ("negative_prompt ", "negative_prompt"),
            ("new paragraphs", "new_paragraphs"),
            ("2nd", "_2nd"),
            ("a-b.c", "a_b_c"),
            ("", "_"),
            ("ä\u{202e}", "__"),
            ("true", "true_"),
            (&"ä".repeat(200), &"_".repeat(90)),
        ] {
            assert_eq!(clean(old), new);
            assert!(is_name(&clean(old)));
        }
    }

    #[test]
    fn agents_keep_names_of_their_own() {
        let old = ["a b", "a_b", "a-b", "a b", "a.b", "a_b_2"];
        let names = AgentNames::of(old.into_iter());
        assert_eq!(old.map(|old| names.get(old).into_owned()), ["a_b_3", "a_b", "a-b", "a_b_3", "a_b_4", "a_b_2"]);
        assert_eq!((&*names.get("a b "), &*names.get("c d")), ("a_b_", "c_d"));
        let long = "x".repeat(200);
        assert!(is_name(&AgentNames::of([long.as_str()].into_iter()).get(&long)));
    }
}
