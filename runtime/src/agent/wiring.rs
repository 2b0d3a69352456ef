//! Whether a workflow's steps fit the agents that they use.

use std::{collections::HashSet, sync::Arc};

use crate::{
    agent::{
        STATUS, STEP_INDEX, STEP_MAX,
        manifest::Manifest,
        program::{Source as From, Step},
        workflow::{StepSpec, WorkflowSpec},
    },
    diagnostic::{Diagnostic, Report, suggestion},
    source::{Place, Source},
    template::TemplateError,
};

/// Checks one step against its agent.
pub(super) fn check_step(step: &StepSpec, callee: &Manifest, report: &mut Report) {
    for (name, _, place) in &step.inputs {
        if callee.input(name).is_none() {
            let known: Vec<_> = callee.inputs.iter().map(|input| input.name.as_str()).collect();
            report.push(unknown("unknown-input", "input", name, callee, &known, place));
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
        if !supplied && step.inputs.iter().all(|(name, ..)| *name != input.name) {
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

/// Checks that every name a workflow reads is one that something in it can set.
pub(super) fn check_names(
    manifest: &Manifest,
    spec: &WorkflowSpec,
    steps: &[Step],
    outputs: &[(String, From)],
    report: &mut Report,
) {
    // What an open step sets is known only when it has run, and of one whose agent isn't there, never.
    if steps.len() < spec.steps.len() || steps.iter().any(|step| step.open) {
        return;
    }
    let mut known: HashSet<&str> = [STEP_INDEX, STEP_MAX, STATUS].into();
    known.extend(manifest.inputs.iter().map(|input| input.name.as_str()));
    known.extend(steps.iter().flat_map(|step| &step.outputs).map(|(_, name)| name.as_str()));
    let mut check = |from: &From, place: &Place, siblings: &[(String, From)]| {
        let names: &[String] = match from {
            From::Constant(_) => &[],
            From::Reference(from) | From::Default { from, .. } => std::slice::from_ref(&from.name),
            From::Expression(expression) => expression.free_variables(),
            From::Template { uses, .. } => uses,
        };
        for name in names {
            let sibling = siblings.iter().any(|(own, from)| own == name && matches!(from, From::Constant(_)));
            if !known.contains(name.as_str()) && !sibling {
                let message = format!("nothing in this workflow sets `{name}`");
                report.push(
                    Diagnostic::error("unset-name", message)
                        .at(&place.source, place.span.clone())
                        .maybe_help(minus(name, &known).or_else(|| suggestion(name, known.iter().copied()))),
                );
            }
        }
    };
    for (step, spec) in steps.iter().zip(&spec.steps) {
        for ((_, from), (_, _, place)) in step.inputs.iter().zip(&spec.inputs) {
            check(from, place, &step.inputs);
        }
    }
    let whole = Place { source: manifest.source.clone(), span: 0..0 };
    for (_, from) in outputs {
        check(from, &whole, &[]);
    }
}

/// A `-` belongs to the name that it stands in, unless this is said to be an expression.
fn minus(name: &str, known: &HashSet<&str>) -> Option<String> {
    let (before, after) = name.split_once('-')?;
    known.contains(before).then(|| format!("write {{ expr = \"${before} - {after}\" }} for a minus"))
}

/// Checks a template agent's template against its inputs.
pub(super) fn check_template(manifest: &Manifest, source: &Arc<Source>, uses: &[String], report: &mut Report) {
    for name in uses {
        if manifest.input(name).is_none() {
            let known: Vec<_> = manifest.inputs.iter().map(|input| input.name.as_str()).collect();
            let span = source.text.find(name.as_str()).map_or(0..0, |at| at..at + name.len());
            report.push(
                Diagnostic::error(
                    "unset-name",
                    format!("the template uses `{name}`, which is not an input of `{}`", manifest.name),
                )
                .at(source, span)
                .maybe_help(suggestion(name, known.iter().copied())),
            );
        }
    }
}

/// The error for a text that is not a template.
pub(super) fn bad_template(source: &Arc<Source>, error: &TemplateError) -> Diagnostic {
    let start = source.text.split_inclusive('\n').take(error.line.saturating_sub(1)).map(str::len).sum::<usize>();
    let end = source.text[start..].find('\n').map_or(source.text.len(), |at| start + at);
    Diagnostic::error("template", format!("this is not a template: {}", error.message)).at(source, start..end)
}
