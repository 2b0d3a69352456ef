//! Grants found by the host that they are about, and those of one host by what else a request says, so
//! that a decision costs the same however many there are.

use std::{collections::HashMap, fmt};

use crate::policy::{Host, HostPattern};

/// What is granted for a host.
pub trait OfHost: Sized {
    /// Finds one among the grants of a host. What it holds are places in the order of the policy.
    type Index: Clone + fmt::Debug + Default + PartialEq;

    /// The host.
    fn host(&self) -> &HostPattern;

    /// Notes that this grant is at `place`.
    fn note(&self, place: usize, index: &mut Self::Index);

    /// Takes notice that all are noted.
    fn finish(_: &mut Self::Index) {}
}

/// Grants, in the order of the policy, with an index of their hosts.
#[derive(Clone, Debug, PartialEq)]
pub struct ByHost<T: OfHost> {
    grants: Vec<T>,
    exact: HashMap<Host, OneHost<T>>,
    below: HashMap<String, OneHost<T>>,
    /// The most parts of a name in `below`: of a longer name's endings, no other is looked up.
    parts: usize,
}

/// The grants of one host.
#[derive(Clone, Debug, PartialEq)]
pub struct OneHost<T: OfHost> {
    /// All of them, in the order of the policy; there is at least one.
    pub(super) all: Vec<usize>,
    /// What finds some of them.
    pub(super) index: T::Index,
}

impl<T: OfHost> Default for OneHost<T> {
    fn default() -> Self {
        Self { all: Vec::new(), index: T::Index::default() }
    }
}

impl<T: OfHost> Default for ByHost<T> {
    fn default() -> Self {
        Self { grants: Vec::new(), exact: HashMap::new(), below: HashMap::new(), parts: 0 }
    }
}

impl<T: OfHost> ByHost<T> {
    /// The grants, indexed.
    pub(super) fn new(grants: Vec<T>) -> Self {
        let mut indexed = Self::default();
        for (place, grant) in grants.iter().enumerate() {
            let host = match grant.host() {
                HostPattern::Exact(host) => indexed.exact.entry(host.clone()).or_default(),
                HostPattern::Below(name) => {
                    indexed.parts = indexed.parts.max(name.split('.').count());
                    indexed.below.entry(name.clone()).or_default()
                }
            };
            host.all.push(place);
            grant.note(place, &mut host.index);
        }
        indexed.exact.values_mut().chain(indexed.below.values_mut()).for_each(|host| T::finish(&mut host.index));
        Self { grants, ..indexed }
    }

    /// All grants, in the order of the policy.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.grants.iter()
    }

    /// What finds the grants of each host.
    pub(super) fn indices(&self) -> impl Iterator<Item = &T::Index> {
        self.exact.values().chain(self.below.values()).map(|host| &host.index)
    }

    /// The grant at a place.
    pub(super) fn at(&self, place: usize) -> &T {
        &self.grants[place]
    }

    /// Those that are about `host`, for each name that they give it: the host itself first, then those
    /// above it, the shortest name first.
    pub(super) fn names(&self, host: &Host) -> impl Iterator<Item = &OneHost<T>> {
        let name = match host {
            Host::Name(name) => name.as_str(),
            Host::Address(_) => "",
        };
        let endings = name.rmatch_indices('.').map(|(at, _)| &name[at + 1..]).take(self.parts);
        self.exact.get(host).into_iter().chain(endings.filter_map(|ending| self.below.get(ending)))
    }

    /// Those that are about `host`, in the same order.
    pub(super) fn about(&self, host: &Host) -> impl Iterator<Item = &T> {
        self.names(host).flat_map(|host| &host.all).map(|place| self.at(*place))
    }
}
