//! Workflows that call themselves whatever happens.

use crate::diagnostic::Diagnostic;

use super::{Findings, Wired, flow::Flow, set::reached};

/// Warns where each way to the end leads through a step that is the workflow itself.
pub fn check(wired: &Wired<'_>, likely: &Flow, found: &mut Findings) {
    let is_itself = |step: usize| wired.callees.get(step).is_some_and(|callee| callee.name == wired.manifest.name);
    // The ways that call it not even once.
    let others = |(step, next): (usize, &Vec<usize>)| if is_itself(step) { Vec::new() } else { next.clone() };
    let without: Vec<_> = likely.next.iter().enumerate().map(others).collect();
    let reached = reached(&without, &[0]);
    let Some(step) = (0..wired.steps.len()).find(|&step| is_itself(step) && reached[step]) else { return };
    if !reached[likely.exit] {
        found.push(
            Diagnostic::warning("endless-recursion", "this workflow calls itself each time")
                .at_place(&wired.spec.steps[step].place)
                .label("no path leads past this step")
                .help("let a `jump_if` before it lead to the end; a run ends at `limits.depth` of the policy at the latest"),
        );
    }
}
