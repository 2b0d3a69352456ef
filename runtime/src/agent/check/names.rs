//! Names that no step can have set before they are read.

use std::collections::HashMap;

use crate::{
    diagnostic::{Diagnostic, counted},
    source::Place,
};

use super::{
    Findings, Wired,
    flow::Flow,
    reads::{Read, is_always_there},
    set::{Set, Spread, parts},
};

/// Reports each name that is read where nothing can have set it.
pub fn check(wired: &Wired<'_>, flow: &Flow, found: &mut Findings) {
    let results = wired.results();
    let mut reads = reads(wired, flow, &results);
    let set: Vec<Vec<_>> = wired.steps.iter().map(|step| wired.set_by(step, &results)).collect();
    for part in parts(results.len(), flow.next.len()) {
        let made: Vec<_> = set.iter().map(|numbers| Set::of(numbers, &part)).collect();
        let reaching = Spread::of(&flow.next, &[0], &made);
        for read in &mut reads {
            let number = read.number.filter(|number| part.contains(number)).map(|number| number - part.start);
            // What no path leads to reads nothing.
            read.is_missing |=
                number.zip(reaching.at(read.node)).is_some_and(|(number, reaching)| !reaching.contains(number));
        }
    }
    let setters = Setters::of(wired);
    for read in reads.iter().filter(|read| read.is_missing) {
        if found.is_full() {
            return;
        }
        setters.report(read.read.name, &read.place(wired), found);
    }
}

/// A name that is read, and must have been set.
struct Reader<'a> {
    read: Read<'a>,
    /// The node of the step; that of the end for an output of the workflow.
    node: usize,
    /// Which input of the step, or which output of the workflow, reads it.
    position: usize,
    /// The name's number, if any step sets it.
    number: Option<usize>,
    is_missing: bool,
}

/// All names that must have been set where they are read.
fn reads<'a>(wired: &'a Wired<'a>, flow: &Flow, results: &HashMap<&str, usize>) -> Vec<Reader<'a>> {
    // Which names an open step sets is known only when it has run.
    if wired.steps.iter().any(|step| step.open) {
        return Vec::new();
    }
    let of_steps = (0..wired.steps.len())
        .flat_map(|step| wired.step_reads(step).into_iter().map(move |(position, read)| (step, position, read)));
    let of_outputs =
        wired.outputs.iter().enumerate().flat_map(|(position, (_, from))| {
            wired.reads(from).into_iter().map(move |read| (flow.exit, position, read))
        });
    let is_needed =
        |read: &Read<'_>| read.needed && !is_always_there(read.name) && wired.manifest.input(read.name).is_none();
    let reader = |(node, position, read): (usize, usize, Read<'a>)| {
        let number = results.get(read.name).copied();
        Reader { read, node, position, number, is_missing: number.is_none() }
    };
    of_steps.chain(of_outputs).filter(|(_, _, read)| is_needed(read)).map(reader).collect()
}

impl Reader<'_> {
    /// Where the name is written.
    fn place(&self, wired: &Wired<'_>) -> Place {
        let (from, place) = match wired.steps.get(self.node) {
            Some(step) => {
                (&step.inputs[self.position].1, wired.spec.steps[self.node].inputs[self.position].place.clone())
            }
            None => {
                let (output, from) = &wired.outputs[self.position];
                (from, wired.output_place(output))
            }
        };
        wired.place(from, &place, self.read.span.as_ref())
    }
}

/// Which steps set each name: the first, and how many others.
struct Setters<'w, 'a> {
    wired: &'w Wired<'a>,
    steps: HashMap<&'a str, (usize, usize)>,
}

impl<'w, 'a> Setters<'w, 'a> {
    fn of(wired: &'w Wired<'a>) -> Self {
        let mut steps: HashMap<&str, (usize, usize)> = HashMap::new();
        let names = wired.steps.iter().enumerate().flat_map(|(at, step)| step.outputs.iter().map(move |set| (at, set)));
        for (at, (_, name)) in names {
            steps.entry(name).and_modify(|(_, others)| *others += 1).or_insert((at, 0));
        }
        Self { wired, steps }
    }

    /// Reports that nothing has set `name` at `place`.
    fn report(&self, name: &str, place: &Place, found: &mut Findings) {
        let finding = match self.steps.get(name) {
            None => {
                let help = self.minus(name).or_else(|| found.suggestion(name, self.known()));
                Diagnostic::error("unset-name", format!("nothing in this workflow sets `{name}`")).maybe_help(help)
            }
            Some(&(first, others)) => {
                let agent = &self.wired.callees[first].name;
                let others = if others == 0 { String::new() } else { format!(" and {}", counted(others, "other")) };
                Diagnostic::error("unset-name", format!("nothing that runs before this sets `{name}`"))
                    .help(format!("step {first} (`{agent}`){others} sets it, and runs later"))
            }
        };
        found.push(finding.at_place(place));
    }

    /// The names that could be meant.
    fn known(&self) -> impl Iterator<Item = &str> + Clone {
        let inputs = self.wired.manifest.inputs.iter().map(|input| input.name.as_str());
        let results = self.wired.steps.iter().flat_map(|step| &step.outputs).map(|(_, name)| name.as_str());
        inputs.chain(results)
    }

    /// A `-` belongs to the name that it stands in, unless this is said to be an expression.
    fn minus(&self, name: &str) -> Option<String> {
        let (before, after) = name.split_once('-')?;
        let is_known = self.wired.manifest.input(before).is_some() || self.steps.contains_key(before);
        is_known.then(|| format!("write {{ expr = \"${before} - {after}\" }} for a minus"))
    }
}
