//! Which names a step, or an output of the workflow, takes from scope.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use crate::{
    agent::{
        STATUS, STEP_INDEX, STEP_MAX,
        program::{Source as From, Step},
    },
    source::Place,
};

use super::Wired;

/// One name that is taken from scope.
#[derive(Clone, Debug)]
pub struct Read<'a> {
    /// The name.
    pub name: &'a str,
    /// Whether it is an error when nothing has set it.
    pub needed: bool,
    /// Where, in the template or the expression that takes it.
    pub span: Option<Range<usize>>,
}

impl<'a> Wired<'a> {
    /// What `from` takes from scope.
    pub fn reads(&self, from: &'a From) -> Vec<Read<'a>> {
        match from {
            From::Constant(_) => Vec::new(),
            From::Reference(reference) => vec![Read { name: &reference.name, needed: true, span: None }],
            From::Default { from, .. } => vec![Read { name: &from.name, needed: false, span: None }],
            From::Expression(expression) => {
                let read = |(name, span): (&'a str, _)| Read { name, needed: true, span: Some(span) };
                expression.name_places().map(read).collect()
            }
            From::Template { name, .. } => {
                let names = self.templates.get(name).into_iter().flat_map(|template| &template.uses.names);
                let read = |name: &'a crate::template::Name| Read {
                    name: &name.name,
                    needed: name.needed && !name.maybe_set,
                    span: Some(name.span.clone()),
                };
                names.map(read).collect()
            }
        }
    }

    /// What a step takes from scope, beside its own constants: by which of its inputs.
    pub fn step_reads(&self, step: usize) -> Vec<(usize, Read<'a>)> {
        let inputs = &self.steps[step].inputs;
        let constant = |(name, from): &'a (String, From)| matches!(from, From::Constant(_)).then_some(name.as_str());
        let own: HashSet<_> = inputs.iter().filter_map(constant).collect();
        let reads = inputs
            .iter()
            .enumerate()
            .flat_map(|(index, (_, from))| self.reads(from).into_iter().map(move |read| (index, read)));
        reads.filter(|(_, read)| !own.contains(read.name)).collect()
    }

    /// Whether a name that is read comes from results, unless it is always there.
    pub fn is_result(&self, name: &str) -> bool {
        self.manifest.input(name).is_none_or(|input| input.optional && input.default.is_none())
    }

    /// Whether the engine gives the step what it isn't told: `step_index`, say.
    pub fn is_supplied(&self, step: usize, name: &str) -> bool {
        [STEP_INDEX, STEP_MAX].contains(&name)
            && self.callees[step].input(name).is_some()
            && self.steps[step].inputs.iter().all(|(wired, _)| wired != name)
    }

    /// A number for each name that some step keeps a result under.
    pub fn results(&self) -> HashMap<&'a str, usize> {
        let mut numbers = HashMap::new();
        for (_, name) in self.steps.iter().flat_map(|step| &step.outputs) {
            let next = numbers.len();
            numbers.entry(name.as_str()).or_insert(next);
        }
        numbers
    }

    /// The numbers of the names that a step keeps results under.
    pub fn set_by(&self, step: &Step, results: &HashMap<&str, usize>) -> Vec<usize> {
        step.outputs.iter().filter_map(|(_, name)| results.get(name.as_str()).copied()).collect()
    }

    /// Where `from` is written, which stands at `place`; or the part of its template or expression.
    pub fn place(&self, from: &From, place: &Place, part: Option<&Range<usize>>) -> Place {
        match (from, part) {
            (From::Template { name, .. }, Some(part)) => {
                self.templates.get(name).map(|template| template.text.at(part))
            }
            (From::Expression(expression), Some(part)) => place
                .inside(expression.source())
                .map(|start| Place { source: place.source.clone(), span: start + part.start..start + part.end }),
            _ => None,
        }
        .unwrap_or_else(|| place.clone())
    }

    /// Where an output of the workflow is written.
    pub fn output_place(&self, name: &str) -> Place {
        let place = self.manifest.output(name).and_then(|output| output.place.clone());
        place.unwrap_or_else(|| self.manifest.place())
    }
}

/// What is there in every workflow.
pub fn is_always_there(name: &str) -> bool {
    [STATUS, STEP_INDEX, STEP_MAX].contains(&name)
}
