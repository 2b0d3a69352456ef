//! Which names a step, or an output of the workflow, takes from scope.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use crate::{
    agent::{
        INDEX, ITEM, STATUS, STEP_INDEX, STEP_MAX,
        program::{Source as From, Step},
    },
    expression::Expression,
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
    /// Whether something else is done when nothing has.
    pub asked: bool,
    /// Where, in the template or the expression that takes it.
    pub span: Option<Range<usize>>,
}

impl<'a> Read<'a> {
    /// A name that is an error when nothing has set it.
    pub fn needed(name: &'a str, span: Option<Range<usize>>) -> Self {
        Self { name, needed: true, asked: false, span }
    }
}

impl<'a> Wired<'a> {
    /// What `from` takes from scope.
    pub fn reads(&self, from: &'a From) -> Vec<Read<'a>> {
        match from {
            From::Constant(_) => Vec::new(),
            From::Reference(reference) => vec![Read::needed(&reference.name, None)],
            From::Default { from, .. } => vec![Read { needed: false, asked: true, ..Read::needed(&from.name, None) }],
            From::Expression(expression) => {
                expression.name_places().map(|(name, span)| Read::needed(name, Some(span))).collect()
            }
            From::Template { name, .. } => {
                let names = self.templates.get(name).map_or(&[][..], |template| &template.uses.names);
                let asked: HashSet<_> = names.iter().filter(|name| !name.needed).map(|name| &name.name).collect();
                let read = |name: &'a crate::template::Name| {
                    let asked = !name.maybe_set && asked.contains(&name.name);
                    let needed = !name.maybe_set && !asked;
                    Read { needed, asked, ..Read::needed(&name.name, Some(name.span.clone())) }
                };
                names.iter().map(read).collect()
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
        let each = self.steps[step].each.as_ref();
        let items = each.into_iter().flat_map(|each| self.reads(&each.items)).map(|read| (inputs.len(), read));
        let when = self.steps[step].retry.as_ref().and_then(|retry| retry.only_if.as_ref());
        let when = when.into_iter().flat_map(Expression::name_places);
        let when = when.map(|(name, span)| (inputs.len() + 1, Read::needed(name, Some(span))));
        let of_items = |(index, read): &(usize, Read<'_>)| {
            each.is_some() && *index != inputs.len() && [ITEM, INDEX].contains(&read.name)
        };
        let reads = reads.chain(when).filter(|read| !of_items(read)).chain(items);
        reads.filter(|(_, read)| !own.contains(read.name)).collect()
    }

    /// Where what a step takes from scope by one of its inputs is written; behind these come `for_each`, and
    /// the `when` of `retry`.
    pub fn read_place(&self, step: usize, (position, read): (usize, &Read<'_>)) -> Place {
        let (linked, spec) = (&self.steps[step], &self.spec.steps[step]);
        let part = read.span.as_ref();
        match position.checked_sub(linked.inputs.len()) {
            None => self.place(&linked.inputs[position].1, &spec.inputs[position].place, part),
            Some(0) => match (&linked.each, &spec.handling.each) {
                (Some(each), Some(written)) => self.place(&each.items, &written.place, part),
                _ => spec.place.clone(),
            },
            Some(_) => {
                let place = spec.handling.retry.as_ref().and_then(|retry| retry.when.as_ref()).unwrap_or(&spec.place);
                let when = linked.retry.as_ref().and_then(|retry| retry.only_if.as_ref());
                when.zip(part).map_or_else(|| place.clone(), |(when, part)| part_of(when, place, part))
            }
        }
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
            (From::Expression(expression), Some(part)) => Some(part_of(expression, place, part)),
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

/// Where a part of `expression` is written, which stands at `place`.
pub fn part_of(expression: &Expression, place: &Place, part: &Range<usize>) -> Place {
    let start = place.inside(expression.source());
    let inside = |start| Place { source: place.source.clone(), span: start + part.start..start + part.end };
    start.map_or_else(|| place.clone(), inside)
}

/// What is there in every workflow.
pub fn is_always_there(name: &str) -> bool {
    [STATUS, STEP_INDEX, STEP_MAX].contains(&name)
}
