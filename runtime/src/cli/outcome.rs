//! How a run ended, as JSON.

use serde::{Serialize, Serializer};

use crate::{Failure, Outcome, agent::Manifest, policy::Denial, source::Place};

/// The outputs as one JSON object, without those that are internal; or the one that is wanted, alone.
pub struct Outputs<'a> {
    pub manifest: &'a Manifest,
    pub outcome: &'a Outcome,
    pub wanted: Option<&'a str>,
}

impl Serialize for Outputs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_shown = |name: &str| match self.wanted {
            Some(wanted) => name == wanted,
            None => self.manifest.output(name).is_none_or(|output| !output.internal),
        };
        let shown = self.outcome.outputs.iter().filter(|(name, _)| is_shown(name));
        serializer.collect_map(shown.map(|(name, value)| (name, value)))
    }
}

/// Why it failed.
#[derive(Serialize)]
pub struct Failed<'a> {
    code: &'static str,
    message: &'a str,
    step: &'a str,
    trace: &'a str,
    help: Option<&'a str>,
}

impl<'a> Failed<'a> {
    pub fn of(failure: &'a Failure) -> Self {
        Self {
            code: failure.code.name(),
            message: &failure.message,
            step: &failure.step,
            trace: &failure.trace,
            help: failure.help.as_deref(),
        }
    }
}

/// What was denied.
#[derive(Serialize)]
pub struct Denied<'a> {
    code: &'static str,
    request: &'a str,
    line: Option<String>,
    help: &'a str,
}

impl<'a> Denied<'a> {
    pub fn all(outcome: &'a Outcome) -> Vec<Self> {
        outcome.denials.iter().map(Self::of).collect()
    }

    fn of(denial: &'a Denial) -> Self {
        Self {
            code: denial.code,
            request: &denial.request,
            line: denial.place.as_ref().map(Place::line),
            help: &denial.help,
        }
    }
}
