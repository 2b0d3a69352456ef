//! Whether a step fits the agent that it uses.

use std::collections::HashSet;

use crate::{
    agent::{STATUS, STEP_INDEX, STEP_MAX, manifest::Manifest, workflow::StepSpec},
    diagnostic::Diagnostic,
    source::Place,
};

use super::Findings;

/// Checks one step against its agent.
pub fn check_step(step: &StepSpec, callee: &Manifest, found: &mut Findings) {
    for input in step.inputs.iter().filter(|input| callee.input(&input.name).is_none()) {
        let help = found.suggestion(&input.name, callee.inputs.iter().map(|input| input.name.as_str()));
        found.push(unknown("unknown-input", "input", &input.name, callee, &input.key).maybe_help(help));
    }
    let gives = |name: &str| callee.may_give(name) || name == STATUS;
    for (name, _, place) in step.outputs.iter().flatten().filter(|(name, _, _)| !gives(name)) {
        let help = found.suggestion(name, callee.outputs.iter().map(|output| output.name.as_str()));
        found.push(unknown("unknown-output", "output", name, callee, place).maybe_help(help));
    }
    let wired: HashSet<_> = step.inputs.iter().map(|input| input.name.as_str()).collect();
    for input in callee.inputs.iter().filter(|input| input.is_required()) {
        let supplied = [STEP_INDEX, STEP_MAX].contains(&input.name.as_str());
        if found.is_full() {
            return;
        }
        if !supplied && !wired.contains(input.name.as_str()) {
            let message = format!("this step leaves the input `{}` of `{}` unwired", input.name, callee.name);
            found.push(
                Diagnostic::error("unwired-input", message)
                    .at_place(&step.place)
                    .label(if input.help.is_empty() { "the input has no default".into() } else { input.help.clone() })
                    .help(format!("add `inputs = {{ {} = … }}`", input.name)),
            );
        }
    }
}

fn unknown(code: &'static str, what: &str, name: &str, callee: &Manifest, place: &Place) -> Diagnostic {
    Diagnostic::error(code, format!("`{}` has no {what} called `{name}`", callee.name)).at_place(place)
}
