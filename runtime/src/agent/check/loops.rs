//! Jumps back that are taken for ever once they are taken.

use std::collections::{HashMap, HashSet};

use crate::{
    agent::{Hint, Kind, STATUS, program::Source as From},
    diagnostic::Diagnostic,
};

use super::{
    Findings, Wired,
    components::Components,
    flow::{Flow, jumps},
};

/// Warns of each jump back that nothing in between can change the decision of.
pub fn check(wired: &Wired<'_>, possible: &Flow, likely: &Flow, found: &mut Findings) {
    let components = Components::of(&likely.next);
    let mut bodies = HashMap::new();
    for step in 0..wired.steps.len() {
        let back = likely.next[step].iter().copied().filter(|&after| after <= step).min();
        let Some(back) = back.filter(|_| decides_alone(wired, step)) else { continue };
        // All that runs between a step and where it jumps back to lies in a loop with it.
        let body = components.of[step];
        let body = bodies.entry(body).or_insert_with(|| Body::of(wired, possible, &components, body));
        let deciding = deciding(wired, step);
        if body.may_end_without(step) || deciding.iter().any(|name| body.changes(name)) {
            continue;
        }
        let message = "this jump back is taken for ever once it is taken";
        found.push(
            Diagnostic::warning("endless-loop", message)
                .at_place(&wired.spec.steps[step].place)
                .label(why(&deciding, back))
                .help(
                    "let a step in between set what decides; a run ends at `limits.steps` of the policy at the latest",
                ),
        );
    }
}

/// The steps of a loop.
struct Body<'a> {
    /// The names that they set.
    changed: HashSet<&'a str>,
    /// Those from which a way leads out: the first two.
    leaving: Vec<usize>,
    /// Whether one sets names that are known only when it has run.
    is_open: bool,
}

impl<'a> Body<'a> {
    fn of(wired: &Wired<'a>, possible: &Flow, components: &Components, component: usize) -> Self {
        let is_step = |node: &usize| *node < wired.steps.len();
        let steps = || components.nodes[component].iter().copied().filter(is_step);
        let inside = |node: &usize| is_step(node) && components.of[*node] == component;
        let leaves = |step: &usize| !possible.next[*step].iter().all(inside);
        let results = steps().flat_map(|step| &wired.steps[step].outputs).map(|(_, name)| name.as_str());
        Self {
            changed: results.filter(|name| wired.is_result(name)).collect(),
            leaving: steps().filter(leaves).take(2).collect(),
            is_open: steps().any(|step| wired.steps[step].open),
        }
    }

    /// Whether the loop may end though `step` always goes back.
    fn may_end_without(&self, step: usize) -> bool {
        self.is_open || self.leaving.iter().any(|leaving| *leaving != step)
    }

    /// Whether a step of the loop may change `name`.
    fn changes(&self, name: &str) -> bool {
        name == STATUS || self.changed.contains(name)
    }
}

fn why(deciding: &[&str], back: usize) -> String {
    match deciding {
        [] => format!("its decision is always the same; it goes back to step {back}"),
        names => format!("no step from {back} on sets {}", crate::diagnostic::list(names)),
    }
}

/// Whether the agent of a step decides by its inputs alone, as far as its manifest says.
fn decides_alone(wired: &Wired<'_>, step: usize) -> bool {
    let callee = &wired.callees[step];
    jumps(callee) && callee.kind() == Kind::Proc && callee.needs.is_empty()
}

/// The names by which a step decides whether to jump.
fn deciding<'a>(wired: &Wired<'a>, step: usize) -> Vec<&'a str> {
    let inputs = wired.steps[step].inputs.iter();
    let names_step = |name: &str| wired.callees[step].input(name).is_some_and(|input| input.hint == Hint::Step);
    let constant = |(name, from): &'a (String, From)| matches!(from, From::Constant(_)).then_some(name.as_str());
    let own: HashSet<_> = wired.steps[step].inputs.iter().filter_map(constant).collect();
    let reads = inputs.filter(|(name, _)| !names_step(name)).flat_map(|(_, from)| wired.reads(from));
    let mut names: Vec<_> = reads.map(|read| read.name).filter(|name| !own.contains(name)).collect();
    names.sort_unstable();
    names.dedup();
    names
}
