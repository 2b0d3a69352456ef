//! Outputs that a step keeps and nothing reads.

use std::collections::HashMap;

use crate::{
    agent::{STEP_INDEX, STEP_MAX},
    diagnostic::Diagnostic,
};

use super::{
    Findings, Wired,
    flow::Flow,
    set::{Set, Spread, parts, turned},
};

/// Warns of each output that a step names, and that nothing reads afterwards.
pub fn check(wired: &Wired<'_>, flow: &Flow, found: &mut Findings) {
    let results = wired.results();
    let named: Vec<Vec<_>> = wired
        .spec
        .steps
        .iter()
        .map(|step| step.outputs.iter().flatten().map(|(_, name, _)| results.get(name.as_str()).copied()).collect())
        .collect();
    let mut unread = Vec::new();
    let read = read(wired, &results);
    // From what reads a name back to all that may run before it.
    let before = turned(&flow.next);
    let all: Vec<_> = (0..flow.next.len()).collect();
    for part in parts(results.len(), flow.next.len()) {
        let sets: Vec<_> = read.iter().map(|numbers| Set::of(numbers, &part)).collect();
        let live = Spread::of(&before, &all, &sets);
        for (step, numbers) in named.iter().enumerate() {
            let own = numbers.iter().enumerate().filter_map(|(output, number)| Some((output, (*number)?)));
            let is_read = |number: usize| live.at(step).is_some_and(|live| live.contains(number - part.start));
            let own = own.filter(|(_, number)| part.contains(number) && !is_read(*number));
            unread.extend(own.map(|(output, _)| (step, output)));
        }
    }
    unread.sort_unstable();
    for (step, output) in unread {
        let (output, name, place) = &wired.spec.steps[step].outputs.as_deref().unwrap_or_default()[output];
        let why = match wired.manifest.input(name) {
            Some(_) if !wired.is_result(name) => format!("`{name}` is an input of the workflow, which comes first"),
            _ => format!("take `{output}` out of `outputs`"),
        };
        let message = format!("nothing reads `{name}` after this step");
        found.push(Diagnostic::warning("unread-output", message).at_place(place).help(why));
        if found.is_full() {
            return;
        }
    }
}

/// The numbers of the names that each step reads, and last those that the workflow's outputs read.
fn read(wired: &Wired<'_>, results: &HashMap<&str, usize>) -> Vec<Vec<usize>> {
    let number = |name: &str| results.get(name).copied().filter(|_| wired.is_result(name));
    let mut read: Vec<Vec<_>> = (0..wired.steps.len())
        .map(|step| {
            let supplied = [STEP_INDEX, STEP_MAX].into_iter().filter(|name| wired.is_supplied(step, name));
            let names = wired.step_reads(step).into_iter().map(|(_, read)| read.name).chain(supplied);
            names.filter_map(number).collect()
        })
        .collect();
    read.push(
        wired.outputs.iter().flat_map(|(_, from)| wired.reads(from)).filter_map(|read| number(read.name)).collect(),
    );
    read
}
