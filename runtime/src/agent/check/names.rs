//! Names that no step can have set before they are read.

use crate::diagnostic::{Diagnostic, Report, counted, suggestion};

use super::{
    Wired,
    flow::Flow,
    reads::{Read, is_always_there},
    set::{Set, spread},
};

/// The most results that are followed to each step, in bits of memory. Of a workflow beyond that it
/// is only asked whether anything sets a name at all.
const MAX_FOLLOWED: usize = 1 << 28;

/// The most that are reported: for each, all names are gone through.
const MAX_TOLD: usize = 100;

/// Reports each name that is read where nothing can have set it.
pub fn check(wired: &Wired<'_>, flow: &Flow, report: &mut Report) {
    let results = wired.results();
    let made: Vec<_> = wired
        .steps
        .iter()
        .map(|step| {
            let mut made = Set::none(results.len());
            step.outputs.iter().filter_map(|(_, name)| results.get(name.as_str())).for_each(|&name| made.insert(name));
            made
        })
        .collect();
    let follow = results.len().saturating_mul(flow.next.len()) <= MAX_FOLLOWED;
    let reaching = if follow { spread(&flow.next, &[0], &made) } else { Vec::new() };
    let is_open = wired.steps.iter().any(|step| step.open);
    let missing = &|node: usize, read: &Read<'_>| {
        if !read.needed || is_always_there(read.name) || wired.manifest.input(read.name).is_some() {
            return false;
        }
        match (results.get(read.name), reaching.get(node)) {
            // Which names such a step sets is known only when it has run.
            _ if is_open => false,
            (None, _) => true,
            (Some(&name), Some(Some(reaching))) => !reaching.contains(name),
            // What no path leads to reads nothing.
            (Some(_), _) => false,
        }
    };
    let of_steps = (0..wired.steps.len()).flat_map(|step| {
        let reads = wired.step_reads(step).into_iter().filter(move |(_, read)| missing(step, read));
        reads.map(move |(input, read)| {
            let (from, written) = (&wired.steps[step].inputs[input].1, &wired.spec.steps[step].inputs[input]);
            (read.name, wired.place(from, &written.place, read.span.as_ref()))
        })
    });
    let of_outputs = wired.outputs.iter().flat_map(|(output, from)| {
        let reads = wired.reads(from).into_iter().filter(|read| missing(flow.exit, read));
        reads.map(move |read| (read.name, wired.place(from, &wired.output_place(output), read.span.as_ref())))
    });
    let told = of_steps.chain(of_outputs).take(MAX_TOLD);
    report.0.extend(told.map(|(name, place)| unset(wired, name).at_place(&place)));
}

fn unset(wired: &Wired<'_>, name: &str) -> Diagnostic {
    let sets = |step: &usize| wired.steps[*step].outputs.iter().any(|(_, result)| result == name);
    let setters: Vec<_> = (0..wired.steps.len()).filter(sets).collect();
    match setters.as_slice() {
        [] => {
            let inputs = wired.manifest.inputs.iter().map(|input| input.name.as_str());
            let results = wired.steps.iter().flat_map(|step| &step.outputs).map(|(_, name)| name.as_str());
            Diagnostic::error("unset-name", format!("nothing in this workflow sets `{name}`"))
                .maybe_help(minus(wired, name).or_else(|| suggestion(name, inputs.chain(results))))
        }
        [first, more @ ..] => {
            let agent = &wired.callees[*first].name;
            let others = if more.is_empty() { String::new() } else { format!(" and {}", counted(more.len(), "other")) };
            Diagnostic::error("unset-name", format!("nothing that runs before this sets `{name}`"))
                .help(format!("step {first} (`{agent}`){others} sets it, and runs later"))
        }
    }
}

/// A `-` belongs to the name that it stands in, unless this is said to be an expression.
fn minus(wired: &Wired<'_>, name: &str) -> Option<String> {
    let (before, after) = name.split_once('-')?;
    let is_known = wired.manifest.input(before).is_some() || wired.results().contains_key(before);
    is_known.then(|| format!("write {{ expr = \"${before} - {after}\" }} for a minus"))
}
