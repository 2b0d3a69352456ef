//! Values that are not what an input's type says.

use std::collections::HashSet;

use crate::{
    Value,
    agent::{Bounds, Hint, Input, manifest::Manifest, program::Source as From},
    diagnostic::Diagnostic,
    expression::Kinds,
};

use super::{Findings, Wired};

/// Warns of constants, and of inputs handed on, that can't be what the agent's input is to be. Types
/// are hints, and an agent may well make sense of more: so this is never an error.
pub fn check(wired: &Wired<'_>, found: &mut Findings) {
    for (step, callee) in wired.callees.iter().enumerate() {
        for ((name, from), written) in wired.steps[step].inputs.iter().zip(&wired.spec.steps[step].inputs) {
            let Some(input) = callee.input(name) else { continue };
            let finding = match from {
                From::Constant(value) => constant(input, value),
                From::Expression(expression) if !expression.free_variables().is_empty() => {
                    computed(input, expression.kinds())
                }
                From::Reference(reference) if reference.path.is_empty() => {
                    wired.manifest.input(&reference.name).and_then(|own| handed_on(own, input))
                }
                _ => None,
            };
            if let Some(finding) = finding {
                found.push(warning(finding, input, callee).at_place(&written.place));
            }
        }
    }
}

/// The warning for what a step gives an input of its agent.
pub fn warning((message, help): Finding, input: &Input, callee: &Manifest) -> Diagnostic {
    let label = format!("for `{}` of `{}`", input.name, callee.name);
    Diagnostic::warning("type-mismatch", message).label(label).maybe_help(help)
}

/// What is said of a value, and how to mend it.
pub type Finding = (String, Option<String>);

/// What is said where a value is not what an input is to be.
pub fn constant(input: &Input, value: &Value) -> Option<Finding> {
    let lenient = match (&input.hint, value) {
        // Where nothing is said it is text, and a step has a check of its own.
        (Hint::Text | Hint::Step | Hint::Secret, _) | (_, Value::Secret(_)) => true,
        // An agent may read a document or bytes from text.
        (Hint::Json | Hint::Bytes, Value::Text(_)) => true,
        // Left out in so many words.
        (_, Value::Json(json)) => !input.is_required() && json.as_str() == "null",
        _ => false,
    };
    if lenient {
        return None;
    }
    let message = input.hint.check(value.clone()).err()?;
    let bare = match (&input.hint, value) {
        (Hint::Number(_) | Hint::Integer(_) | Hint::Boolean, Value::Text(text)) => {
            let read = input.hint.read(text.as_bytes().to_vec()).ok();
            read.map(|_| format!("write {text} without quotes"))
        }
        (Hint::Choice(choices), Value::Text(text)) => {
            let nearest = crate::diagnostic::nearest(text, choices.iter().map(String::as_str));
            nearest.map(|choice| format!("did you mean `{choice}`?"))
        }
        _ => None,
    };
    Some((message, bare))
}

/// What is said where no result of an expression can be what an input is to be.
fn computed(input: &Input, kinds: Kinds) -> Option<Finding> {
    let left_out = if input.is_required() { Kinds::NOTHING } else { Kinds::NONE };
    let (wanted, function) = match input.hint {
        Hint::Text | Hint::Step | Hint::Secret | Hint::Json => return None,
        Hint::Number(_) => (Kinds::NUMBER, Some("float")),
        Hint::Integer(_) => (Kinds::INT, Some("int")),
        Hint::Boolean => (Kinds::BOOL, Some("bool")),
        Hint::Bytes => (Kinds::BYTES | Kinds::TEXT, None),
        Hint::File | Hint::Date | Hint::Choice(_) => (Kinds::TEXT, None),
    };
    // What has no result at all fails, and its message says why.
    if kinds == Kinds::NOTHING || kinds.has(wanted | left_out) {
        return None;
    }
    let takes = Kinds::TEXT | Kinds::NUMBER | Kinds::BOOL;
    let help = function.filter(|function| *function == "bool" || kinds.has(takes));
    let message = format!("expected {}: this expression always gives {kinds}", input.hint.wanted());
    Some((message, help.map(|function| format!("write {function}(…) around it"))))
}

/// What is said where no value can be both what the workflow takes and what the agent wants.
fn handed_on(own: &Input, input: &Input) -> Option<Finding> {
    let fits = match (&own.hint, &input.hint) {
        (Hint::Text | Hint::Json | Hint::Step | Hint::Secret | Hint::Bytes, _) => true,
        (_, Hint::Text | Hint::Json | Hint::Step | Hint::Secret | Hint::Bytes) => true,
        (Hint::Number(own), Hint::Number(wanted) | Hint::Integer(wanted))
        | (Hint::Integer(own), Hint::Number(wanted) | Hint::Integer(wanted)) => overlap(*own, *wanted),
        (Hint::Choice(own), Hint::Choice(wanted)) => {
            let wanted: HashSet<_> = wanted.iter().collect();
            own.iter().any(|choice| wanted.contains(choice))
        }
        (Hint::Choice(own), wanted) => own.iter().any(|choice| wanted.check(Value::text(choice.as_str())).is_ok()),
        (own, Hint::Choice(wanted)) => wanted.iter().any(|choice| own.check(Value::text(choice.as_str())).is_ok()),
        (Hint::File | Hint::Date, Hint::File | Hint::Date) => true,
        (own, wanted) => own.word() == wanted.word(),
    };
    let (own_word, word) = (own.hint.word(), input.hint.word());
    (!fits).then(|| {
        let said =
            if own_word == word { "have no value in common".into() } else { format!("are {own_word} and {word}") };
        (format!("no value fits both `{}` of this workflow and this input: they {said}", own.name), None)
    })
}

fn overlap(own: Bounds, wanted: Bounds) -> bool {
    let below = |least: Option<f64>, most: Option<f64>| least.zip(most).is_none_or(|(least, most)| least <= most);
    below(own.min, wanted.max) && below(wanted.min, own.max)
}
