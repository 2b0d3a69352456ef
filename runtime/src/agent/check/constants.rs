//! Expressions without a name in them: what they give, or that they fail, is known before a run.

use crate::{
    agent::program::Source as From,
    diagnostic::Diagnostic,
    expression::{Expression, ExpressionError, MAX_WORK},
    source::Place,
};

use super::{Findings, Wired, types};

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
                (Some(Err(error)), _) => found.push(failing(wired, from, expression, error, &written.place)),
                (Some(Ok(value)), Some(input)) if thorough => {
                    let finding = types::constant(input, &value);
                    let warnings = finding.map(|finding| types::warning(finding, input, callee));
                    warnings.into_iter().for_each(|warning| found.push(warning.at_place(&written.place)));
                }
                _ => {}
            }
        }
    }
    for (name, from) in wired.outputs.iter().filter(|_| runs[wired.steps.len()]) {
        let From::Expression(expression) = from else { continue };
        if let Some(Err(error)) = expression.constant(budget) {
            found.push(failing(wired, from, expression, error, &wired.output_place(name)));
        }
    }
}

fn failing(
    wired: &Wired<'_>,
    from: &From,
    expression: &Expression,
    error: ExpressionError,
    place: &Place,
) -> Diagnostic {
    // A result that can't be one is all of the expression.
    let part = Some(&error.span).filter(|span| span.end <= expression.source().len());
    Diagnostic::error("expression", error.message)
        .at_place(&wired.place(from, place, part))
        .label("this fails each time")
        .maybe_help(error.help)
}
