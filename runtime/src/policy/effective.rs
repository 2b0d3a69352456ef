//! What is left of an agent's grants under the ceilings of its callers, grant by grant.
//!
//! Decisions ask each list by itself; this is for people, who want one. Where two patterns overlap and
//! neither holds all of the other, no pattern says what both allow: then the grant is shown as the
//! policy has it, and that a ceiling leaves a part of it.

use crate::{
    policy::{
        Authority, CallGrant, Ceiling, DatabaseGrant, EnvGrant, FileGrant, Grants, HttpGrant, PathPattern, Pattern,
        TcpGrant,
    },
    source::Place,
};

mod grants;

/// One thing that an agent holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Holding {
    /// The policy's key.
    pub key: &'static str,
    /// What is held, as a policy writes it.
    pub text: String,
    /// The line that grants it.
    pub place: Place,
    /// The ceilings that made it narrower.
    pub narrowed: Vec<Place>,
    /// The ceilings that leave some of it, which no pattern can say.
    pub part_of: Vec<Place>,
}

/// What two grants allow together.
pub(super) enum Common<T> {
    /// Nothing.
    Nothing,
    /// This.
    All(T),
    /// No more than this, and perhaps less.
    AtMost(T),
}

/// A grant that can be compared with one of a ceiling.
pub(super) trait Overlap: Clone + PartialEq + ToString {
    /// The policy's key.
    const KEY: &'static str;

    /// All such grants; none where nothing is said.
    fn of(grants: &Grants) -> Option<Vec<&Self>>;

    /// What this and the ceiling's `most` allow together, with what else this one says.
    fn common(&self, most: &Self) -> Common<Self>;

    /// The policy line.
    fn place(&self) -> &Place;

    /// What is granted, in words or in TOML.
    fn words(&self) -> String {
        self.to_string()
    }
}

/// A grant on its way down through the ceilings.
struct Left<T> {
    grant: T,
    narrowed: Vec<Place>,
    part_of: Vec<Place>,
}

impl Authority {
    /// What the agent holds under its callers' ceilings.
    pub fn holdings(&self) -> Vec<Holding> {
        let mut held = self.left::<FileGrant>();
        held.extend(self.left::<HttpGrant>());
        held.extend(self.left::<TcpGrant>());
        held.extend(self.left::<DatabaseGrant>());
        held.extend(self.left::<EnvGrant>());
        held.extend(self.left::<CallGrant>());
        held.extend(self.rules());
        held
    }

    /// Each of the agent's own grants, under every ceiling that says something about such grants.
    fn left<T: Overlap>(&self) -> Vec<Holding> {
        let new = |grant: &&T| Left { grant: T::clone(grant), narrowed: Vec::new(), part_of: Vec::new() };
        let mut left: Vec<_> = T::of(&self.grants).iter().flatten().map(new).collect();
        for ceiling in self.ceilings.iter() {
            if let Some(most) = T::of(&ceiling.grants) {
                left = left.iter().flat_map(|one| one.under(&most, ceiling)).collect();
            }
        }
        let holding = |left: Left<T>| Holding {
            key: T::KEY,
            text: left.grant.words(),
            place: left.grant.place().clone(),
            narrowed: left.narrowed,
            part_of: left.part_of,
        };
        left.into_iter().map(holding).collect()
    }

    /// What is said about imports and jumps: all of it holds together.
    fn rules(&self) -> Vec<Holding> {
        let plain = |key, text, place: &Place| Holding {
            key,
            text,
            place: place.clone(),
            narrowed: Vec::new(),
            part_of: Vec::new(),
        };
        let said = || std::iter::once(&self.grants).chain(self.ceilings.iter().map(|ceiling| &ceiling.grants));
        let imports = said().filter_map(|grants| grants.imports.as_ref());
        let jump = said().filter_map(|grants| grants.jump.as_ref()).min_by_key(|(allowed, _)| *allowed);
        let imports = imports.map(|rules| plain("imports", rules.to_string(), &rules.place));
        imports.chain(jump.map(|(allowed, place)| plain("jump", allowed.to_string(), place))).collect()
    }
}

impl<T: Overlap> Left<T> {
    fn under(&self, most: &[&T], ceiling: &Ceiling) -> Vec<Self> {
        let common: Vec<_> = most.iter().map(|most| self.grant.common(most)).collect();
        // Where one leaves all of it, what the others leave is in that.
        if common.iter().any(|common| matches!(common, Common::All(all) if *all == self.grant)) {
            return vec![Self {
                grant: self.grant.clone(),
                narrowed: self.narrowed.clone(),
                part_of: self.part_of.clone(),
            }];
        }
        let (mut narrowed, mut part_of) = (self.narrowed.clone(), self.part_of.clone());
        narrowed.push(ceiling.place.clone());
        part_of.push(ceiling.place.clone());
        let left = common.into_iter().filter_map(|common| match common {
            Common::Nothing => None,
            Common::All(grant) => Some(Self { grant, narrowed: narrowed.clone(), part_of: self.part_of.clone() }),
            Common::AtMost(grant) => Some(Self { grant, narrowed: self.narrowed.clone(), part_of: part_of.clone() }),
        });
        let mut known: Vec<Self> = Vec::new();
        for one in left {
            if !known.iter().any(|other| other.grant == one.grant && other.part_of == one.part_of) {
                known.push(one);
            }
        }
        known
    }
}

/// What two patterns of names are about together.
pub(super) fn names(own: &Pattern, most: &Pattern) -> Common<Pattern> {
    let begins = (own.begins(), most.begins());
    let apart = !begins.0.starts_with(begins.1) && !begins.1.starts_with(begins.0);
    let comparable = own.as_str().contains('/') == most.as_str().contains('/');
    match () {
        () if most.covers(own) => Common::All(own.clone()),
        () if own.covers(most) => Common::All(most.clone()),
        () if comparable && (apart || !own.is_glob() || !most.is_glob()) => Common::Nothing,
        () => Common::AtMost(own.clone()),
    }
}

/// What two patterns of paths are about together.
pub(super) fn paths(own: &PathPattern, most: &PathPattern) -> Common<PathPattern> {
    match () {
        () if most.covers(own) => Common::All(own.clone()),
        () if own.covers(most) => Common::All(most.clone()),
        () if own.is_apart(most) => Common::Nothing,
        () => Common::AtMost(own.clone()),
    }
}

#[cfg(test)]
mod tests;
