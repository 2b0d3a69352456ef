//! What can be known of workflows and templates without running them, one file for each question.
//!
//! Errors are what surely fails: where it isn't known what an agent does, it may do anything; and a step that
//! usually isn't reached is no error. Warnings may assume what is usual.

mod components;
mod constants;
mod dead;
mod dollars;
mod each;
mod findings;
mod flow;
mod handling;
mod hyphens;
mod jumps;
mod loops;
mod names;
mod once;
mod paths;
mod reads;
mod recursion;
mod set;
mod shape;
mod steps;
mod template;
mod twice;
mod types;
mod unread;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::agent::{
    Steps,
    manifest::Manifest,
    program::{Source as From, Step},
    workflow::WorkflowSpec,
};
use flow::Flow;
use shape::Shapes;

pub(super) use constants::MAX_LOOKED;
pub(super) use findings::Findings;
pub(super) use handling::{check_handling, risky_retry};
pub(super) use steps::check_step;
pub(super) use template::{Template, Text, check_template, wrong_template};

/// A workflow whose steps are linked, with all that is known of it.
pub(super) struct Wired<'a> {
    /// The workflow.
    pub manifest: &'a Manifest,
    /// Its steps as they are written.
    pub spec: &'a WorkflowSpec,
    /// Its steps as they run.
    pub steps: &'a [Step],
    /// The positions of those that have an id.
    pub labels: &'a HashMap<String, usize>,
    /// The agent of each step.
    pub callees: &'a [Arc<Manifest>],
    /// Where its outputs come from.
    pub outputs: &'a [(String, From)],
    /// Its templates, by their names.
    pub templates: &'a BTreeMap<String, Template>,
}

impl Wired<'_> {
    /// Where jumps can lead.
    fn targets(&self) -> Steps<'_> {
        Steps { count: self.steps.len(), labels: self.labels, open_ends: self.spec.open_ends }
    }
}

/// Finds what surely fails in a workflow; and, where the look is to be thorough, what is worth one.
/// Expressions are evaluated as far as `budget` goes, which begins as [`MAX_LOOKED`].
pub(super) fn check_workflow(wired: &Wired<'_>, thorough: bool, budget: &mut u64, found: &mut Findings) {
    for template in wired.templates.values() {
        template::check_tools(template, found);
        template::no_includes(template, found);
    }
    // Where the head goes is known only when all steps are.
    if wired.steps.len() != wired.spec.steps.len() {
        return;
    }
    jumps::check(wired, found);
    dollars::check(wired, found);
    let (possible, likely) = (Flow::possible(wired), Flow::likely(wired));
    // What is usually never done fails no run.
    let runs = set::reached(&likely.next, &[0]);
    constants::check(wired, &runs, thorough, budget, found);
    let shapes = Shapes::of(wired);
    each::check(wired, &shapes, (&runs, thorough), budget, found);
    paths::check(wired, &shapes, &runs, thorough, found);
    names::check(wired, (&possible, &likely), &runs, thorough, found);
    if thorough {
        types::check(wired, found);
        twice::check(wired, found);
        unread::check(wired, &possible, found);
        dead::check(wired, &runs, found);
        loops::check(wired, &possible, &likely, found);
        once::check(wired, found);
        recursion::check(wired, &likely, found);
    }
}

#[cfg(test)]
mod tests;
