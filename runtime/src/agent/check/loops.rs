//! Jumps back that are taken for ever once they are taken.

use std::collections::HashSet;

use crate::{
    agent::{Hint, Kind, STATUS, program::Source as From},
    diagnostic::{Diagnostic, Report},
};

use super::{
    Wired,
    flow::{Flow, jumps},
    set::{reached, turned},
};

/// The most jumps back that are looked at: for each, all steps are.
const MAX_LOOPS: usize = 500;

/// Warns of each jump back that nothing in between can change the decision of.
pub fn check(wired: &Wired<'_>, possible: &Flow, likely: &Flow, report: &mut Report) {
    let before = turned(&likely.next);
    let mut looked_at = 0;
    for step in 0..wired.steps.len() {
        let back = likely.next[step].iter().copied().filter(|&after| after <= step).min();
        let Some(back) = back.filter(|_| decides_alone(wired, step)) else { continue };
        looked_at += 1;
        if looked_at > MAX_LOOPS {
            return;
        }
        let behind = reached(&likely.next, back);
        let ahead = reached(&before, step);
        let inside = |node: usize| node < wired.steps.len() && behind[node] && ahead[node];
        let body: Vec<_> = (0..wired.steps.len()).filter(|&step| inside(step)).collect();
        let leaves = |&other: &usize| other != step && possible.next[other].iter().any(|&after| !inside(after));
        // What an open step sets is known only when it has run.
        if body.iter().any(leaves) || body.iter().any(|&step| wired.steps[step].open) {
            continue;
        }
        let results = body.iter().flat_map(|&step| &wired.steps[step].outputs).map(|(_, name)| name.as_str());
        let changed: HashSet<_> = results.filter(|name| wired.is_result(name)).collect();
        let deciding = deciding(wired, step);
        if deciding.iter().any(|name| *name == STATUS || changed.contains(name)) {
            continue;
        }
        let message = "this jump back is taken for ever once it is taken";
        report.push(
            Diagnostic::warning("endless-loop", message)
                .at_place(&wired.spec.steps[step].place)
                .label(why(&deciding, back))
                .help(
                    "let a step in between set what decides; a run ends at `limits.steps` of the policy at the latest",
                ),
        );
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
    let own = |name: &str| {
        let constant = |from: &From| matches!(from, From::Constant(_));
        wired.steps[step].inputs.iter().any(|(own, from)| own == name && constant(from))
    };
    let reads = inputs.filter(|(name, _)| !names_step(name)).flat_map(|(_, from)| wired.reads(from));
    let mut names: Vec<_> = reads.map(|read| read.name).filter(|name| !own(name)).collect();
    names.sort_unstable();
    names.dedup();
    names
}
