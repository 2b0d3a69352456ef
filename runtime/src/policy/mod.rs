//! What the operator grants. Pure: nothing here touches a file, a socket or a guest.
//!
//! A [`Policy`] is one file with the files it extends. For one agent it comes down to an
//! [`Authority`]: limits, and what may be touched. No policy is the empty policy, and that grants
//! nothing.

mod decision;
mod files;
mod limits;
mod pattern;
mod read;

pub use decision::{Decision, Denial};
pub(crate) use files::is_below;
pub use files::{Access, FileGrant, decide as decide_files};
pub use limits::{Limits, size_text};
pub use pattern::Pattern;

use std::path::PathBuf;

use crate::{policy::limits::LimitKeys, source::Place};

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
    limits: LimitKeys,
    sections: Vec<Section>,
}

/// What one `[agents."…"]` says.
#[derive(Clone, Debug)]
struct Section {
    pattern: Pattern,
    place: Place,
    limits: LimitKeys,
    files: Option<Vec<FileGrant>>,
    jump: Option<Jump>,
}

/// What one agent may use and touch.
#[derive(Clone, Debug, PartialEq)]
pub struct Authority {
    /// The most that a call may use.
    pub limits: Limits,
    /// The folders that it may reach.
    pub files: Vec<FileGrant>,
    /// Whether it may move the head; where the policy says so.
    pub jump: Jump,
}

/// Whether an agent that declares `step_index` may move the head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Jump {
    /// It may. Moving the head is control flow, not authority over anything outside.
    #[default]
    Allowed,
    /// It may not, says this line.
    Denied(Place),
}

impl Policy {
    /// The authority of the agent called `name`, at `path` in its library. The most specific
    /// section wins, key by key; of two equally specific ones, the later.
    pub fn authority(&self, name: &str, path: &str) -> Authority {
        let mut sections: Vec<_> = self.sections.iter().filter(|section| section.pattern.matches(name, path)).collect();
        sections.sort_by_key(|section| section.pattern.specificity());
        let mut limits = self.limits.clone();
        let (mut files, mut jump) = (Vec::new(), Jump::Allowed);
        for section in sections {
            limits.narrow_to(&section.limits);
            if let Some(granted) = &section.files {
                files.clone_from(granted);
            }
            if let Some(said) = &section.jump {
                jump.clone_from(said);
            }
        }
        let mut limits = limits.resolve();
        if let Some(ceiling) = &self.ceiling {
            limits = limits.at_most(&ceiling.authority(name, path).limits);
        }
        Authority { limits, files, jump }
    }

    /// The same policy, with limits that are never above those of `ceiling`.
    #[must_use]
    pub fn under(self, ceiling: Self) -> Self {
        Self { ceiling: Some(Box::new(ceiling)), ..self }
    }

    /// The files that the policy was read from: its own, and those that it extends.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
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
