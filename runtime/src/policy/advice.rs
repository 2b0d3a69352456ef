//! What a capability knows about policies: the fewest lines that a run needs, and lines that say
//! more than they have to. One `impl Advise` for each capability, in its own file.

use crate::{
    policy::{
        Asked, Authority, Decision, Grants, Request, calls::Calls, env::Env, files::Files, http::Http,
        imports::Imports, jump::Jump, sql::Sql, tcp::Tcp,
    },
    source::Place,
};

/// Every capability, in the order of a suggested section.
pub(super) const ALL: [&dyn Advise; 8] = [&Files, &Http, &Tcp, &Sql, &Env, &Calls, &Imports, &Jump];

/// The advice of one capability.
pub(super) trait Advise: Sync {
    /// The capability's word.
    fn word(&self) -> &'static str;

    /// The policy's key.
    fn key(&self) -> &'static str {
        self.word()
    }

    /// Whether the key holds a list of grants; else it holds one value.
    fn is_list(&self) -> bool {
        true
    }

    /// Codes of denials that no policy line lifts: only the host saw what they are about.
    fn beyond(&self) -> &'static [&'static str] {
        &[]
    }

    /// The fewest and narrowest grants that allow all of `asked`, which are requests of this
    /// capability; what no grant can be made for is in none of them. `held` is what the agent had.
    fn least(&self, asked: &[Asked<'_>], held: &Authority) -> Vec<Least>;

    /// Grants that allow nothing which another of the same list doesn't: the narrower, the wider.
    fn covered(&self, _grants: &Grants) -> Vec<(Place, Place)> {
        Vec::new()
    }

    /// Where the grant at `place` allows more than `used`, all that it was ever used for.
    fn wide(&self, _held: &Authority, _place: &Place, _used: &[Request<'_>]) -> Option<Wide> {
        None
    }

    /// Whether the authority has what a manifest's `needs` ask for.
    fn met(&self, wanted: &str, held: &Authority) -> bool {
        let text = format!("{} {wanted}", self.word());
        Request::parse(&text).is_ok_and(|request| matches!(held.decide(&request), Decision::Allowed(_)))
    }
}

/// One grant of a suggested policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Least {
    /// The grant in TOML: an element of the key's list, or the key's value.
    pub toml: String,
    /// The positions of the requests that it is for.
    pub of: Vec<usize>,
    /// What to know about it; may be empty.
    pub note: String,
}

impl Least {
    /// A grant for one request.
    pub fn new(toml: String, of: usize) -> Self {
        Self { toml, of: vec![of], note: String::new() }
    }

    /// One grant for each text, for all requests that need it.
    pub fn each(grants: impl IntoIterator<Item = (usize, String)>) -> Vec<Self> {
        let mut least: Vec<Self> = Vec::new();
        for (of, toml) in grants {
            match least.iter_mut().find(|known| known.toml == toml) {
                Some(known) => known.of.push(of),
                None => least.push(Self::new(toml, of)),
            }
        }
        least.sort_by(|one, other| one.toml.cmp(&other.toml));
        least
    }
}

/// A grant that allows more than was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wide {
    /// How, in one sentence.
    pub message: String,
    /// What would be enough.
    pub help: String,
}

/// The advice of the capability called `word`.
pub(super) fn of(word: &str) -> Option<&'static dyn Advise> {
    ALL.into_iter().find(|advice| advice.word() == word)
}

/// `text` as a string in TOML.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if character.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_gives_advice() {
        let words: Vec<_> = ALL.iter().map(|advice| advice.word()).collect();
        assert_eq!(words, Request::WORDS);
    }

    #[test]
    fn texts_survive_being_quoted() {
        for text in ["a\"b\\c", "tab\tnul\0del\u{7f}\u{9b}", "Grüße", "\r\n", ""] {
            let read: toml::Table = toml::from_str(&format!("x = {}", quoted(text))).unwrap();
            assert_eq!(read["x"].as_str(), Some(text));
        }
    }
}
