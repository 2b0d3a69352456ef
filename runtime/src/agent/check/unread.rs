//! Outputs that a step keeps and nothing reads.

use crate::{
    agent::{STEP_INDEX, STEP_MAX},
    diagnostic::{Diagnostic, Report},
};

use super::{
    Wired,
    flow::Flow,
    set::{Set, spread, turned},
};

/// The most results that are followed back to each step, in bits of memory.
const MAX_FOLLOWED: usize = 1 << 28;

/// Warns of each output that a step names, and that nothing reads afterwards.
pub fn check(wired: &Wired<'_>, flow: &Flow, report: &mut Report) {
    let results = wired.results();
    if results.len().saturating_mul(flow.next.len()) > MAX_FOLLOWED {
        return;
    }
    let set = |names: &[&str]| {
        let mut set = Set::none(results.len());
        let names = names.iter().filter(|name| wired.is_result(name)).filter_map(|name| results.get(name));
        names.for_each(|&name| set.insert(name));
        set
    };
    let mut read: Vec<_> = (0..wired.steps.len())
        .map(|step| {
            let mut names: Vec<_> = wired.step_reads(step).into_iter().map(|(_, read)| read.name).collect();
            names.extend([STEP_INDEX, STEP_MAX].into_iter().filter(|name| wired.is_supplied(step, name)));
            set(&names)
        })
        .collect();
    let at_the_end: Vec<_> = wired.outputs.iter().flat_map(|(_, from)| wired.reads(from)).collect();
    read.push(set(&at_the_end.iter().map(|read| read.name).collect::<Vec<_>>()));
    // From what reads a name back to all that may run before it.
    let before = turned(&flow.next);
    let all: Vec<_> = (0..flow.next.len()).collect();
    let live = spread(&before, &all, &read);
    for (step, spec) in wired.spec.steps.iter().enumerate() {
        for (output, name, place) in spec.outputs.iter().flatten() {
            let read =
                results.get(name.as_str()).zip(live[step].as_ref()).is_some_and(|(&name, live)| live.contains(name));
            if !read {
                let why = match wired.manifest.input(name) {
                    Some(_) if !wired.is_result(name) => {
                        format!("`{name}` is an input of the workflow, which comes first")
                    }
                    _ => format!("take `{output}` out of `outputs`"),
                };
                let message = format!("nothing reads `{name}` after this step");
                report.push(Diagnostic::warning("unread-output", message).at_place(place).help(why));
            }
        }
    }
}
