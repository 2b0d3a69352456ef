//! Expressions without a name in them: what they give, or that they fail, is known before a run.

use crate::{
    agent::program::Source as From,
    diagnostic::Diagnostic,
    expression::{Expression, ExpressionError, MAX_WORK},
    source::Place,
};

use super::{Findings, Wired, reads::part_of, types};

/// The work that such expressions may take in one look, together, be it at one agent or at all that a run
/// can reach: twice what one of them takes at most. Those beyond it are left to the run, so that looking at
/// thousands takes no longer.
pub const MAX_LOOKED: u64 = 2 * MAX_WORK;

/// Reports each such expression that fails, as far as `budget` has the work for it; and, where the look is
/// to be thorough, those that give what the agent's input is not to be. `runs` says which nodes are reached.
pub fn check(wired: &Wired<'_>, runs: &[bool], thorough: bool, budget: &mut u64, found: &mut Findings) {
    for (step, callee) in wired.callees.iter().enumerate().filter(|(step, _)| runs[*step]) {
        for ((name, from), written) in wired.steps[step].inputs.iter().zip(&wired.spec.steps[step].inputs) {
            let From::Expression(expression) = from else { continue };
            match (expression.constant(budget), callee.input(name)) {
                (Some(Err(error)), _) => found.push(failing(expression, error, &written.place)),
                (Some(Ok(value)), Some(input)) if thorough => {
                    let finding = types::constant(input, &value);
                    let warnings = finding.map(|finding| types::warning(finding, input, callee));
                    warnings.into_iter().for_each(|warning| found.push(warning.at_place(&written.place)));
                }
                _ => {}
            }
        }
        check_when(wired, step, thorough, budget, found);
    }
    for (name, from) in wired.outputs.iter().filter(|_| runs[wired.steps.len()]) {
        let From::Expression(expression) = from else { continue };
        if let Some(Err(error)) = expression.constant(budget) {
            found.push(failing(expression, error, &wired.output_place(name)));
        }
    }
}

/// Looks at the `when` of a step: it is to tell failures apart.
fn check_when(wired: &Wired<'_>, step: usize, thorough: bool, budget: &mut u64, found: &mut Findings) {
    let when = wired.steps[step].retry.as_ref().and_then(|retry| retry.only_if.as_ref());
    let place = wired.spec.steps[step].handling.retry.as_ref().and_then(|retry| retry.when.as_ref());
    let Some((when, place)) = when.zip(place) else { return };
    match when.constant(budget) {
        Some(Err(error)) => found.push(failing(when, error, place)),
        // To try again whatever it was is something to say.
        Some(Ok(value)) if thorough && value.bytes() != b"true" => {
            let message = "this says the same of every failure";
            let finding = Diagnostic::warning("constant-when", message).at_place(place);
            found.push(finding.help("compare something: $status.code == 503; `True` is for all failures"));
        }
        _ => {}
    }
}

/// The error for an expression that stands at `place`.
pub fn failing(expression: &Expression, error: ExpressionError, place: &Place) -> Diagnostic {
    // A result that can't be one is all of the expression.
    let part = Some(&error.span).filter(|span| span.end <= expression.source().len());
    Diagnostic::error("expression", error.message)
        .at_place(&part.map_or_else(|| place.clone(), |part| part_of(expression, place, part)))
        .label("this fails each time")
        .maybe_help(error.help)
}
