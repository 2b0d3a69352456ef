//! What a capability knows about policies: the fewest lines that a run needs, and lines that say
//! more than they have to. One `impl Advise` for each capability, in its own file.

pub(crate) use crate::document::quoted;
use crate::{
    policy::{
        Asked, Authority, Decision, Denial, Grants, Request, calls::Calls, env::Env, files::Files, grants::Role,
        http::Http, imports::Imports, jump::Jump, sql::Sql, tcp::Tcp,
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

    /// The least change of `held` under which `request` is allowed, which these grants deny with `denial`.
    /// None where no line can allow it.
    fn widen(&self, _held: &Grants, _: Role, _request: &Request<'_>, denial: &Denial) -> Option<Wider> {
        Wider::of_help(self, denial)
    }

    /// Grants that allow nothing which another of the same list doesn't: the narrower, the wider.
    fn covered(&self, _grants: &Grants) -> Vec<(Place, Place)> {
        Vec::new()
    }

    /// Where the grant at `place` allows more than `used`, all that it was ever used for.
    fn wide(&self, _held: &Authority, _place: &Place, _used: &[Request<'_>]) -> Option<Wide> {
        None
    }

    /// Whether `held` allows all that a manifest asks for with `wanted`; what the text doesn't say may be
    /// anything. An error is how it has to be written.
    fn met(&self, wanted: &str, held: &Grants, _: &Find<'_>) -> Result<bool, &'static str> {
        let text = format!("{} {wanted}", self.word());
        let request = Request::parse(&text).map_err(|_| "as a request is")?;
        Ok(matches!(held.decide(&request), Some(Decision::Allowed(_))))
    }
}

/// Finds the name and the path of the agent that a name means.
pub(super) type Find<'f> = dyn Fn(&str) -> Option<(String, String)> + 'f;

/// What would allow something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wider {
    /// An element for the key's list, or the key's value.
    pub toml: String,
    /// The elements whose place it takes.
    pub instead: Vec<Place>,
    /// What to know about it; may be empty.
    pub note: &'static str,
}

impl Wider {
    /// Another value of the key.
    pub fn value(toml: String) -> Self {
        Self { toml, instead: Vec::new(), note: "" }
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

/// The most things that are better named one by one than by a pattern.
pub(super) const MAX_NAMED: usize = 3;

/// A grant that allows more than was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wide {
    /// How, in one sentence.
    pub message: String,
    /// What would be enough.
    pub help: String,
}

/// The advice of the capability that has the policy's key `key`.
pub(super) fn of_key(key: &str) -> Option<&'static dyn Advise> {
    ALL.into_iter().find(|advice| advice.key() == key)
}

/// The advice of the capability called `word`.
pub(super) fn of(word: &str) -> Option<&'static dyn Advise> {
    ALL.into_iter().find(|advice| advice.word() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capability_gives_advice() {
        let words: Vec<_> = ALL.iter().map(|advice| advice.word()).collect();
        assert_eq!(words, Request::WORDS);
    }
}
