//! Names that no step can have set before they are read.

use std::collections::{HashMap, HashSet};

use crate::{
    agent::program::Source as From,
    diagnostic::{Diagnostic, counted},
    source::Place,
};

use super::{
    Findings, Template, Wired,
    flow::Flow,
    hyphens::Hyphenated,
    reads::{Read, is_always_there},
    set::{Set, Spread, parts, reached, turned},
};

/// Reports each name that is read where nothing can have set it, as far as `runs` says that it is reached; and
/// warns, where the look is to be thorough, of each that nothing sets on the likely ways.
pub fn check(
    wired: &Wired<'_>,
    (possible, likely): (&Flow, &Flow),
    runs: &[bool],
    thorough: bool,
    found: &mut Findings,
) {
    let results = wired.results();
    let reads = reads(wired, possible, &results);
    let (mut reads, others): (Vec<_>, Vec<_>) = reads.into_iter().partition(|reader| reader.read.needed);
    let set: Vec<Vec<_>> = wired.steps.iter().map(|step| wired.set_by(step, &results)).collect();
    let setters = Setters::of(wired, possible);
    mark(&mut reads, &set, results.len(), possible);
    let mut hyphenated = HashSet::new();
    for read in reads.iter().filter(|read| read.is_missing && runs[read.node]) {
        if found.is_full() {
            return;
        }
        match setters.hyphenated(read) {
            None => setters.report(read, found),
            Some(whole) if !hyphenated.insert((read.node, read.position, whole.start)) => {}
            Some(whole) => {
                let help = "wire \"$NAME\" to an input of another name, of a template agent, or call it `PLAIN`";
                found.push(whole.error(help.replace("NAME", whole.name).replace("PLAIN", &whole.plain())));
            }
        }
    }
    if !thorough {
        return;
    }
    setters.check_asked(&others, found);
    reads.retain(|read| !read.is_missing);
    mark(&mut reads, &set, results.len(), likely);
    for read in reads.iter().filter(|read| read.is_missing) {
        found.push(setters.warning(read));
    }
}

/// Marks those of `reads` that no way of `flow` leads to on which their name is set.
fn mark(reads: &mut [Reader<'_>], set: &[Vec<usize>], results: usize, flow: &Flow) {
    for part in parts(results, flow.next.len()) {
        let made: Vec<_> = set.iter().map(|numbers| Set::of(numbers, &part)).collect();
        let reaching = Spread::of(&flow.next, &[0], &made);
        for read in &mut *reads {
            let number = read.number.filter(|number| part.contains(number)).map(|number| number - part.start);
            // What no path leads to reads nothing.
            read.is_missing |=
                number.zip(reaching.at(read.node)).is_some_and(|(number, reaching)| !reaching.contains(number));
        }
    }
}

/// A name that is read, and is to have been set.
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

/// All names that are to have been set by a step where they are read.
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
    let is_a_steps = |read: &Read<'_>| !is_always_there(read.name) && wired.manifest.input(read.name).is_none();
    let reader = |(node, position, read): (usize, usize, Read<'a>)| {
        let number = results.get(read.name).copied();
        Reader { read, node, position, number, is_missing: number.is_none() }
    };
    of_steps.chain(of_outputs).filter(|(_, _, read)| is_a_steps(read)).map(reader).collect()
}

impl Reader<'_> {
    /// The template that reads it, if one does.
    fn template<'w>(&self, wired: &'w Wired<'_>) -> Option<&'w Template> {
        let from = match wired.steps.get(self.node) {
            Some(step) => step.inputs.get(self.position).map(|(_, from)| from),
            None => wired.outputs.get(self.position).map(|(_, from)| from),
        };
        let Some(From::Template { name, .. }) = from else { return None };
        wired.templates.get(name)
    }

    /// Where the name is written.
    fn place(&self, wired: &Wired<'_>) -> Place {
        if self.node < wired.steps.len() {
            return wired.read_place(self.node, (self.position, &self.read));
        }
        let (output, from) = &wired.outputs[self.position];
        wired.place(from, &wired.output_place(output), self.read.span.as_ref())
    }
}

/// Which steps set each name: the first, and how many others.
struct Setters<'w, 'a> {
    wired: &'w Wired<'a>,
    /// The ways that the head can go, turned around.
    before: Vec<Vec<usize>>,
    steps: HashMap<&'a str, (usize, usize)>,
}

impl<'w, 'a> Setters<'w, 'a> {
    fn of(wired: &'w Wired<'a>, flow: &Flow) -> Self {
        let mut steps: HashMap<&str, (usize, usize)> = HashMap::new();
        let names = wired.steps.iter().enumerate().flat_map(|(at, step)| step.outputs.iter().map(move |set| (at, set)));
        for (at, (_, name)) in names {
            steps.entry(name).and_modify(|(_, others)| *others += 1).or_insert((at, 0));
        }
        Self { wired, before: turned(&flow.next), steps }
    }

    /// Reports that nothing has set the name of `read`.
    fn report(&self, read: &Reader<'_>, found: &mut Findings) {
        let name = read.read.name;
        let finding = match self.set_by(name) {
            None => {
                let help = self.minus(name).or_else(|| self.suggestion(read, found));
                Diagnostic::error("unset-name", format!("nothing in this workflow sets `{name}`")).maybe_help(help)
            }
            Some(steps) => Diagnostic::error("unset-name", format!("nothing that runs before this sets `{name}`"))
                .help(format!("{steps} sets it, and runs later")),
        };
        found.push(finding.at_place(&read.place(self.wired)));
    }

    /// Warns of names that are asked for, and that no step sets: of each once in an input, or in an output.
    fn check_asked(&self, reads: &[Reader<'_>], found: &mut Findings) {
        let mut told = HashSet::new();
        for read in reads.iter().filter(|reader| reader.read.asked && reader.number.is_none()) {
            let name = read.read.name;
            let is_told = !told.insert((read.node, read.position, name));
            if found.is_full() || is_told || self.hyphenated(read).is_some() {
                continue;
            }
            let help = self.suggestion(read, found);
            let message = format!("nothing in this workflow sets `{name}`, so it never is defined");
            let finding = Diagnostic::warning("undefined-name", message);
            found.push(finding.at_place(&read.place(self.wired)).maybe_help(help));
        }
    }

    /// The name with a `-` that a template takes `read` out of.
    fn hyphenated(&self, read: &Reader<'_>) -> Option<Hyphenated<'w>> {
        let is_known = |name: &str| self.wired.manifest.input(name).is_some() || self.steps.contains_key(name);
        Hyphenated::around(read.template(self.wired)?, read.read.span.as_ref()?, is_known)
    }

    /// What may have been meant by the name of `read`.
    fn suggestion(&self, read: &Reader<'_>, found: &mut Findings) -> Option<String> {
        let known = found.may_suggest().then(|| self.known(read.node));
        known.and_then(|known| found.suggestion(read.read.name, known.iter().copied()))
    }

    /// The warning that nothing sets the name of `read` on the likely ways.
    fn warning(&self, read: &Reader<'_>) -> Diagnostic {
        let name = read.read.name;
        let message = format!("no path that leads here passes a step that sets `{name}`");
        let behind = "after a jump, the step behind its target runs next";
        let help = self.set_by(name).map(|steps| format!("{steps} sets it; {behind}"));
        Diagnostic::warning("probably-unset", message).at_place(&read.place(self.wired)).maybe_help(help)
    }

    /// The steps that set `name`, in words, if there is one.
    fn set_by(&self, name: &str) -> Option<String> {
        let &(first, others) = self.steps.get(name)?;
        let agent = &self.wired.callees[first].name;
        let others = if others == 0 { String::new() } else { format!(" and {}", counted(others, "other")) };
        Some(format!("step {first} (`{agent}`){others}"))
    }

    /// The names that could be meant at `node`: inputs, and what a step sets that can run before.
    fn known(&self, node: usize) -> Vec<&str> {
        let runs_before = reached(&self.before, &self.before[node]);
        let inputs = self.wired.manifest.inputs.iter().map(|input| input.name.as_str());
        let steps = self.wired.steps.iter().zip(runs_before).filter(|(_, before)| *before);
        inputs.chain(steps.flat_map(|(step, _)| &step.outputs).map(|(_, name)| name.as_str())).collect()
    }

    /// A `-` belongs to the name that it stands in, unless this is said to be an expression.
    fn minus(&self, name: &str) -> Option<String> {
        let (before, after) = name.split_once('-')?;
        let is_known = self.wired.manifest.input(before).is_some() || self.steps.contains_key(before);
        is_known.then(|| format!("write {{ expr = \"${before} - {after}\" }} for a minus"))
    }
}
