//! Grants found by the host that they are about, so that a decision costs the same however many
//! there are.

use std::collections::HashMap;

use crate::policy::{Host, HostPattern};

/// What is granted for a host.
pub trait OfHost {
    /// The host.
    fn host(&self) -> &HostPattern;
}

/// Grants, in the order of the policy, with an index of their hosts.
#[derive(Clone, Debug, PartialEq)]
pub struct ByHost<T> {
    grants: Vec<T>,
    exact: HashMap<Host, Vec<usize>>,
    below: HashMap<String, Vec<usize>>,
    /// The most parts of a name in `below`: of a longer name's endings, no other is looked up.
    parts: usize,
}

impl<T> Default for ByHost<T> {
    fn default() -> Self {
        Self { grants: Vec::new(), exact: HashMap::new(), below: HashMap::new(), parts: 0 }
    }
}

impl<T: OfHost> ByHost<T> {
    /// The grants, indexed.
    pub(super) fn new(grants: Vec<T>) -> Self {
        let mut indexed = Self::default();
        for (at, grant) in grants.iter().enumerate() {
            match grant.host() {
                HostPattern::Exact(host) => indexed.exact.entry(host.clone()).or_default().push(at),
                HostPattern::Below(name) => {
                    indexed.parts = indexed.parts.max(name.split('.').count());
                    indexed.below.entry(name.clone()).or_default().push(at);
                }
            }
        }
        Self { grants, ..indexed }
    }

    /// All grants, in the order of the policy.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.grants.iter()
    }

    /// Those that are about `host`: of the host itself first, then of those above it, the shortest
    /// name first.
    pub(super) fn about(&self, host: &Host) -> impl Iterator<Item = &T> {
        let name = match host {
            Host::Name(name) => name.as_str(),
            Host::Address(_) => "",
        };
        let endings = name.rmatch_indices('.').map(|(at, _)| &name[at + 1..]).take(self.parts);
        let below = endings.filter_map(|ending| self.below.get(ending));
        self.exact.get(host).into_iter().chain(below).flatten().map(|at| &self.grants[*at])
    }
}
