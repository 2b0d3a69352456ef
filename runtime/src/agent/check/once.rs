//! Loops whose body runs once though there is nothing to do.

use crate::{
    Value,
    agent::{Hint, program::Source as From},
    diagnostic::Diagnostic,
};

use super::{Findings, Wired, flow::jumps};

/// The wires of an agent that begins a loop: how often the body runs, and where the loop ends.
const LIMIT: &str = "limit";
const END: &str = "end";

/// Warns of each loop that may have nothing to do and isn't told where it ends: a loop tests at its end.
pub fn check(wired: &Wired<'_>, found: &mut Findings) {
    for ((step, spec), callee) in wired.steps.iter().zip(&wired.spec.steps).zip(wired.callees) {
        let can_skip = jumps(callee) && callee.input(END).is_some_and(|end| end.hint == Hint::Step);
        let wire = |name: &str| step.inputs.iter().position(|(own, _)| own == name);
        let (Some(limit), None, true) = (wire(LIMIT), wire(END), can_skip) else { continue };
        if !is_some(wired, &step.inputs[limit].1) {
            let message = "the body of this loop runs once even if there is nothing to do";
            found.push(
                Diagnostic::warning("loop-runs-once", message)
                    .at_place(&spec.inputs[limit].place)
                    .label("this may be 0")
                    .help("add `end = …`, the id or the position of the loop's last step"),
            );
        }
    }
}

/// Whether a number is surely 1 or more.
fn is_some(wired: &Wired<'_>, from: &From) -> bool {
    match from {
        From::Constant(Value::Json(json)) => json.to_integer().is_none_or(|number| number > 0),
        From::Constant(Value::Text(text)) => text.trim().parse().is_ok_and(|number: i64| number > 0),
        From::Reference(reference) if reference.path.is_empty() => {
            let input = wired.manifest.input(&reference.name);
            input.is_some_and(|input| match input.hint {
                Hint::Integer(bounds) | Hint::Number(bounds) => bounds.min.is_some_and(|least| least > 0.0),
                _ => false,
            })
        }
        _ => false,
    }
}
