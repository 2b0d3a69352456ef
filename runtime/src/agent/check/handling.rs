//! Whether what a step says of how it is run makes sense.

use std::collections::HashMap;

use crate::{
    agent::{OnFail, STATUS, STEP_INDEX, manifest::Manifest, workflow::StepSpec},
    diagnostic::Diagnostic,
};

use super::Findings;

/// Checks how the step at a position is run.
pub fn check_handling(
    (position, step): (usize, &StepSpec),
    callee: &Manifest,
    labels: &HashMap<String, usize>,
    found: &mut Findings,
) {
    if let Some((id, place)) = &step.handling.on_error {
        let wrong = match labels.get(id) {
            None => {
                let help = found.suggestion(id, labels.keys().map(String::as_str));
                Some(Diagnostic::error("bad-jump", format!("no step has the id `{id}`")).maybe_help(help))
            }
            Some(target) if *target == position => {
                let message = "a step that fails can't be its own way out: it would fail for ever";
                Some(Diagnostic::error("bad-jump", message).help("`retry` tries a step again"))
            }
            Some(_) => None,
        };
        let wrong = wrong.map(|wrong| wrong.label("`on_error` is the id of another step").at_place(place));
        wrong.into_iter().for_each(|wrong| found.push(wrong));
    }
    check_each(step, callee, found);
}

fn check_each(step: &StepSpec, callee: &Manifest, found: &mut Findings) {
    let Some(each) = &step.handling.each else { return };
    let mut wrong = |message: String, help: &str| {
        found.push(Diagnostic::error("bad-for-each", message).at_place(&each.place).help(help));
    };
    if callee.output(STEP_INDEX).is_some() {
        let message = format!("`{}` moves the head, and can't run for many items", callee.name);
        wrong(message, "use an agent that moves no head; the agent `for_each` runs steps for one item after the other");
    }
    if callee.open_outputs && step.outputs.is_none() {
        let message = format!("which outputs `{}` gives is known only when it has run", callee.name);
        wrong(message, "say in `outputs` which ones become lists");
    }
    let keeps = |output: &str| step.outputs.iter().flatten().any(|(name, _, _)| name == output);
    if each.on_fail == OnFail::Continue && !keeps(STATUS) {
        let message = "which items fail would be lost: nothing keeps their statuses".to_owned();
        wrong(message, "add `status = \"statuses\"` to `outputs`");
    }
}

/// The warning for a step that is tried again and may do twice what it does.
pub fn risky_retry(step: &StepSpec, callee: &Manifest) -> Diagnostic {
    let place = step.handling.retry.as_ref().map_or(&step.place, |retry| &retry.key);
    Diagnostic::warning("retry-with-effects", format!("`{}` may do twice what it does", callee.name))
        .at_place(place)
        .label("an attempt that failed may have had effects")
        .help("if it may be called again, say `idempotent = true` in its manifest")
}
