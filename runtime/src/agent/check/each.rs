//! Whether what a step runs for can be a list.

use crate::{
    Value,
    agent::{
        Reference,
        program::{Source as From, Step},
    },
    diagnostic::Diagnostic,
    expression::{Expression, Kinds},
    source::Place,
};

use super::{Findings, Wired, constants::failing, shape::Shapes};

/// What a step runs for in words, where it is no list.
const WANTED: &str = "`for_each` takes a list";

/// Reports each `for_each` that is surely no list, where `runs` says that the step is reached; and warns, where
/// the look is to be thorough, of inputs of the workflow that are not to be one.
pub fn check(
    wired: &Wired<'_>,
    shapes: &Shapes<'_, '_>,
    (runs, thorough): (&[bool], bool),
    budget: &mut u64,
    found: &mut Findings,
) {
    for (position, step) in wired.steps.iter().enumerate().filter(|(position, _)| runs[*position]) {
        let written = &wired.spec.steps[position].handling.each;
        let Some((each, written)) = step.each.as_ref().zip(written.as_ref()) else { continue };
        let finding = match &each.items {
            From::Constant(value) => no_list(value),
            From::Template { .. } => Some(wrong("a template gives text").help("write \"$name\" for a list in scope")),
            From::Expression(expression) => computed(expression, &written.place, budget),
            From::Reference(reference) => {
                named(shapes, step, reference).filter(|finding| thorough || finding.is_error())
            }
            From::Default { .. } => None,
        };
        if let Some(finding) = finding {
            let place = finding.place.clone().unwrap_or_else(|| written.place.clone());
            found.push(finding.at_place(&place));
        }
    }
}

fn wrong(why: &str) -> Diagnostic {
    Diagnostic::error("bad-for-each", format!("{WANTED}: {why}"))
}

/// What is said of a value that is no list.
fn no_list(value: &Value) -> Option<Diagnostic> {
    match value {
        Value::Json(json) if json.as_str().trim_start().starts_with('[') => None,
        Value::Text(text) if text.trim_start().starts_with('[') => {
            let help = "take the quotes away for a list of TOML, or write { expr = \"[…]\" } for an expression";
            Some(wrong("this is text").help(help))
        }
        Value::Text(_) => Some(wrong("this is text").help("write \"$name\" for a list in scope")),
        Value::Json(_) => Some(wrong(&format!("this is {value:?}")).help("write [ … ] around it")),
        Value::Data(_) | Value::Secret(_) => Some(wrong(&format!("this is {}", value.kind()))),
    }
}

/// What is said of an expression that gives no list; at its part that fails, if it does.
fn computed(expression: &Expression, place: &Place, budget: &mut u64) -> Option<Diagnostic> {
    match expression.constant(budget) {
        Some(Err(error)) => return Some(failing(expression, error, place)),
        Some(Ok(value)) => return no_list(&value),
        None => {}
    }
    match expression.kinds() {
        kinds if kinds.has(Kinds::LIST) => None,
        Kinds::NOTHING => Some(wrong("this never has a result").help("write list(…) around what is only walked over")),
        kinds => Some(wrong(&format!("this expression always gives {kinds}"))),
    }
}

/// What is said of a name that holds no list, or is not to.
fn named(shapes: &Shapes<'_, '_>, step: &Step, reference: &Reference) -> Option<Diagnostic> {
    let name = &reference.name;
    let is_own = step.inputs.iter().any(|(own, from)| own == name && matches!(from, From::Constant(_)));
    let shape = shapes.of_name(name, false).filter(|_| !is_own && reference.path.is_empty())?;
    let why = shape.is_no_list(name)?;
    if shape.is_sure() {
        return Some(wrong(&why));
    }
    let warning = Diagnostic::warning("type-mismatch", format!("{WANTED}, and {why}"));
    Some(warning.help(format!("say `type = \"json\"` in [inputs.{name}]")))
}
