//! Steps that no path leads to.

use crate::diagnostic::Diagnostic;

use super::{Findings, Wired};

/// Warns of each first step of those in a row that no path leads to, as `reached` says.
pub fn check(wired: &Wired<'_>, reached: &[bool], found: &mut Findings) {
    for step in 1..wired.steps.len() {
        if !reached[step] && reached[step - 1] {
            let rest = (step..wired.steps.len()).take_while(|step| !reached[*step]).count();
            let message = match rest {
                1 => "no path leads to this step".to_owned(),
                _ => format!("no path leads to this step and the {} behind it", rest - 1),
            };
            found.push(
                Diagnostic::warning("dead-step", message)
                    .at_place(&wired.spec.steps[step].place)
                    .label(format!("step {step}"))
                    .help(format!("step {} (`{}`) always goes elsewhere", step - 1, wired.callees[step - 1].name)),
            );
        }
    }
}
