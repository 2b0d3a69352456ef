//! Ways into what a name holds that lead nowhere.

use std::{collections::HashSet, ops::Range};

use crate::{
    agent::{
        Reference,
        program::{Source as From, Step},
    },
    diagnostic::Diagnostic,
    expression::Expression,
};

use super::{Findings, Wired, reads::Read, shape::Shapes};

/// A way that a step, or an output of the workflow, goes into what a name holds.
struct Path<'a> {
    reference: &'a Reference,
    /// Where, in the expression that goes it.
    span: Option<Range<usize>>,
    gone: Gone,
}

/// Whether a way is gone.
#[derive(Clone, Copy, PartialEq)]
enum Gone {
    Surely,
    Maybe,
    /// With another value at hand, should it lead nowhere.
    Tried,
}

/// Reports each that surely fails where `runs` says that it is reached; and warns, where the look is to be
/// thorough, of those that probably do.
pub fn check(wired: &Wired<'_>, shapes: &Shapes<'_, '_>, runs: &[bool], thorough: bool, found: &mut Findings) {
    let is_shown = |finding: &Diagnostic| thorough || finding.is_error();
    for step in (0..wired.steps.len()).filter(|step| runs[*step]) {
        let inputs = wired.steps[step].inputs.len();
        for (position, path) in of_step(&wired.steps[step]) {
            let finding = leads_nowhere(shapes, &path, position > inputs);
            if let Some(finding) = finding.filter(is_shown) {
                let read = Read::needed(&path.reference.name, path.span);
                found.push(finding.at_place(&wired.read_place(step, (position, &read))));
            }
        }
    }
    for (name, from) in wired.outputs.iter().filter(|_| runs[wired.steps.len()]) {
        for path in of(from) {
            if let Some(finding) = leads_nowhere(shapes, &path, false).filter(is_shown) {
                found.push(finding.at_place(&wired.place(from, &wired.output_place(name), path.span.as_ref())));
            }
        }
    }
}

/// The ways that a step goes into what names hold, beside its own constants: by which of its inputs; behind
/// these come `for_each`, and the `when` of `retry`.
fn of_step(step: &Step) -> Vec<(usize, Path<'_>)> {
    let constants = step.inputs.iter().filter(|(_, from)| matches!(from, From::Constant(_)));
    let own: HashSet<_> = constants.map(|(name, _)| name).collect();
    let items = step.each.iter().map(|each| &each.items);
    let wires = step.inputs.iter().map(|(_, from)| from).chain(items);
    let when = step.retry.as_ref().and_then(|retry| retry.only_if.as_ref()).into_iter().flat_map(of_expression);
    let paths = wires.enumerate().flat_map(|(position, from)| of(from).into_iter().map(move |path| (position, path)));
    let paths = paths.chain(when.map(|path| (step.inputs.len() + 1, path)));
    paths.filter(|(_, path)| !own.contains(&path.reference.name)).collect()
}

/// What is said of a way that leads nowhere.
fn leads_nowhere(shapes: &Shapes<'_, '_>, path: &Path<'_>, is_when: bool) -> Option<Diagnostic> {
    let Path { reference, gone, .. } = path;
    let shape = shapes.of_name(&reference.name, is_when)?;
    let why = shape.leads_nowhere(reference)?;
    let message = format!("`{reference}` leads nowhere: {why}");
    Some(match gone {
        Gone::Tried => Diagnostic::warning("undefined-name", format!("{message}; so it always is the default")),
        Gone::Surely if shape.is_sure() => Diagnostic::error("unset-name", message).label("this fails each time"),
        _ => Diagnostic::warning("probably-unset", message),
    })
}

/// The ways that `from` goes.
fn of(from: &From) -> Vec<Path<'_>> {
    let whole = |reference, gone| vec![Path { reference, span: None, gone }];
    match from {
        From::Reference(reference) => whole(reference, Gone::Surely),
        From::Default { from, .. } => whole(from, Gone::Tried),
        From::Expression(expression) => of_expression(expression).collect(),
        From::Constant(_) | From::Template { .. } => Vec::new(),
    }
}

fn of_expression(expression: &Expression) -> impl Iterator<Item = Path<'_>> {
    let gone = |sure| if sure { Gone::Surely } else { Gone::Maybe };
    expression.paths().map(move |(reference, span, sure)| Path { reference, span: Some(span), gone: gone(sure) })
}
