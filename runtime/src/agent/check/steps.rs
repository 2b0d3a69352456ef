//! Whether a step fits the agent that it uses.

use crate::{
    agent::{STATUS, STEP_INDEX, STEP_MAX, manifest::Manifest, workflow::StepSpec},
    diagnostic::{Diagnostic, Report, suggestion},
    source::Place,
};

/// Checks one step against its agent.
pub fn check_step(step: &StepSpec, callee: &Manifest, report: &mut Report) {
    for input in &step.inputs {
        if callee.input(&input.name).is_none() {
            let known: Vec<_> = callee.inputs.iter().map(|input| input.name.as_str()).collect();
            report.push(unknown("unknown-input", "input", &input.name, callee, &known, &input.key));
        }
    }
    for (name, _, place) in step.outputs.iter().flatten() {
        if !callee.may_give(name) && name != STATUS {
            let known: Vec<_> = callee.outputs.iter().map(|output| output.name.as_str()).collect();
            report.push(unknown("unknown-output", "output", name, callee, &known, place));
        }
    }
    for input in callee.inputs.iter().filter(|input| input.is_required()) {
        let supplied = [STEP_INDEX, STEP_MAX].contains(&input.name.as_str());
        if !supplied && step.inputs.iter().all(|wired| wired.name != input.name) {
            let message = format!("this step leaves the input `{}` of `{}` unwired", input.name, callee.name);
            report.push(
                Diagnostic::error("unwired-input", message)
                    .at(&step.place.source, step.place.span.clone())
                    .label(if input.help.is_empty() { "the input has no default".into() } else { input.help.clone() })
                    .help(format!("add `inputs = {{ {} = … }}`", input.name)),
            );
        }
    }
}

fn unknown(code: &'static str, what: &str, name: &str, callee: &Manifest, known: &[&str], place: &Place) -> Diagnostic {
    Diagnostic::error(code, format!("`{}` has no {what} called `{name}`", callee.name))
        .at(&place.source, place.span.clone())
        .maybe_help(suggestion(name, known.iter().copied()))
}
