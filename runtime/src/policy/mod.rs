//! What the operator grants. Pure: nothing here touches a file, a socket or a guest.
//!
//! A [`Policy`] is one file with the files it extends. For one agent it comes down to an
//! [`Authority`]: limits, and what may be touched. No policy is the empty policy, and that grants
//! nothing.

mod address;
mod advice;
mod altered;
mod asked;
mod authority;
mod by_host;
mod calls;
mod codes;
mod decision;
mod denials;
mod effective;
mod env;
mod expectation;
mod explain;
mod files;
mod grants;
mod host;
mod http;
mod imports;
mod isolation;
mod jump;
mod limits;
mod lint;
mod listed;
mod paths;
mod pattern;
mod pieces;
mod purity;
mod read;
mod request;
mod semaphores;
mod siblings;
mod signed_by;
mod sql;
mod suggest;
mod summary;
mod tcp;
mod twins;
mod url;
mod widen;
mod written;

pub use address::Addresses;
pub use altered::Altered;
use asked::Asked;
pub use asked::Recorded;
pub use authority::{Authority, Ceiling, Ceilings, Met, need_form};
pub use by_host::{ByHost, OfHost};
pub use calls::CallGrant;
pub(crate) use codes::known as known_code;
pub use codes::{CODES, Finds};
use decision::{CUT, MAX_REQUEST};
pub use decision::{Decision, Denial};
pub use denials::Denials;
pub use effective::Holding;
pub use env::EnvGrant;
pub(crate) use env::is_variable;
pub use expectation::Expectation;
use expectation::named_by;
pub use explain::{Key, Named, Part, Said};
pub use files::{Access, FileGrant};
pub(crate) use files::{is_below, join};
pub use grants::Grants;
pub use host::{Host, HostPattern};
pub use http::HttpGrant;
pub(crate) use http::{MAX_METHOD, NEVER};
pub(crate) use imports::is_module;
pub use imports::{ImportRules, Standing};
pub use isolation::Isolation;
pub use limits::{Limits, duration, size_text};
pub(crate) use limits::{TIMES, quantity, time_text};
pub use listed::{ByName, Listed};
pub use paths::PathPattern;
pub use pattern::Pattern;
pub use purity::Purity;
pub use request::Request;
pub use siblings::Asking;
pub use signed_by::{Proof, SignedBy};
pub use sql::{DatabaseGrant, DatabaseUrl, HiddenColumns, SqlAction, TableAccess, TableGrant, TablePattern};
pub(crate) use sql::{is_safe_function, is_safe_type};
pub use suggest::{Ground, Suggestion};
pub use tcp::TcpGrant;
pub use url::{MAX_URL, Scheme, Url};
pub use written::Written;

use std::{path::PathBuf, sync::Arc};

use crate::{
    policy::limits::LimitKeys,
    source::{Place, Source},
};

/// What an operator grants to which agents. The default grants nothing to anyone.
///
/// # Examples
///
/// ```
/// use turingbox::policy::Policy;
///
/// let text = "version = 1\n[agents.\"text/*\"]\nlimits = { memory = \"64MiB\" }\n";
/// let policy = Policy::parse("policy.toml", text)?;
/// assert_eq!(policy.authority("split", "text/split").limits.memory, 64 << 20);
/// assert_eq!(policy.authority("hash", "encoding/hash").limits.memory, 128 << 20);
/// # Ok::<(), turingbox::Report>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Policy {
    ceiling: Option<Box<Self>>,
    files: Vec<PathBuf>,
    sources: Vec<Arc<Source>>,
    altered: Altered,
    limits: LimitKeys,
    limit_keys: Vec<Key>,
    sections: Vec<Section>,
    semaphores: semaphores::Semaphores,
    tests: Vec<Expectation>,
}

/// What one `[agents."…"]` says.
#[derive(Clone, Debug)]
struct Section {
    pattern: Pattern,
    place: Place,
    limits: LimitKeys,
    grants: Grants,
    within: Option<Arc<Ceiling>>,
    isolation: Option<Isolation>,
    signed_by: Option<Arc<SignedBy>>,
    keys: Vec<Key>,
}

impl Policy {
    /// The authority of the agent called `name`, at `path` in its library. The most specific
    /// section wins, key by key; of two equally specific ones, the later.
    pub fn authority(&self, name: &str, path: &str) -> Authority {
        let (mut limits, mut grants) = (self.limits.clone(), Grants::default());
        let (mut within, mut isolation, mut signed_by) = (None, None, None);
        for section in self.about(name, path) {
            limits.narrow_to(&section.limits);
            grants.narrow_to(&section.grants);
            within = section.within.clone().or(within);
            isolation = section.isolation.or(isolation);
            signed_by = section.signed_by.clone().or(signed_by);
        }
        let mut limits = limits.resolve();
        if let Some(ceiling) = &self.ceiling {
            let most = ceiling.authority(name, path);
            limits = limits.at_most(&most.limits);
            signed_by = most.signed_by.or(signed_by);
        }
        Authority::new(limits, grants, within, isolation.unwrap_or_default()).signed_by(signed_by)
    }

    /// The same policy, with limits that are never above those of `ceiling`, and with its keys for whom they
    /// are asked for.
    #[must_use]
    pub fn under(self, ceiling: Self) -> Self {
        Self { ceiling: Some(Box::new(ceiling)), ..self }
    }

    /// Every database that it grants to anyone.
    pub fn databases(&self) -> impl Iterator<Item = &DatabaseGrant> {
        self.sections.iter().filter_map(|section| section.grants.databases.as_deref()).flat_map(|grants| grants.iter())
    }

    /// Every folder that it grants to anyone.
    pub fn folders(&self) -> impl Iterator<Item = &FileGrant> {
        self.sections.iter().filter_map(|section| section.grants.files.as_deref()).flatten()
    }

    /// The files that the policy was read from: its own, and those that it extends.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// What those files held, in the order in which they were read: read again in this order, they
    /// are the same policy, line by line, but for its [alterations](Policy::alterations).
    pub fn sources(&self) -> &[Arc<Source>] {
        &self.sources
    }

    /// The ceiling whose `within` begins at the byte `start` of the file `path`.
    pub fn ceiling_at(&self, path: &str, start: usize) -> Option<Arc<Ceiling>> {
        let there = |within: &&Arc<Ceiling>| within.place.source.path == path && within.place.span.start == start;
        self.sections.iter().filter_map(|section| section.within.as_ref()).find(there).cloned()
    }

    /// The sections that match none of `agents` (name and path): probably a typing mistake.
    pub fn unmatched<'a>(&self, agents: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Vec<(String, Place)> {
        let unmatched = |section: &&Section| !agents.clone().any(|(name, path)| section.pattern.matches(name, path));
        self.sections
            .iter()
            .filter(unmatched)
            .map(|section| (section.pattern.to_string(), section.place.clone()))
            .collect()
    }
}
