//! What is known of what a name holds before a run.

use crate::agent::{Hint, Input, Reference, STATUS, STEP_INDEX, STEP_MAX};

use super::Wired;

/// The parts of a status, the last of which not every workflow knows.
const STATUS_PARTS: [&str; 3] = ["value", "reason", "code"];

/// What a name holds.
#[derive(Clone, Copy)]
pub enum Shape<'a> {
    /// How a step went, with these parts, none of which has any.
    Status(&'static [&'static str]),
    /// A whole number.
    Position,
    /// What the workflow is given as this input.
    Given(&'a Input),
}

/// What the names of a workflow hold.
pub struct Shapes<'w, 'a> {
    wired: &'w Wired<'a>,
    /// The names that are always there and that no step sets anew.
    untouched: Vec<&'static str>,
}

impl<'w, 'a> Shapes<'w, 'a> {
    pub fn of(wired: &'w Wired<'a>) -> Self {
        let mut untouched = vec![STATUS, STEP_INDEX, STEP_MAX];
        for step in wired.steps {
            untouched.retain(|name| !step.open && step.outputs.iter().all(|(_, result)| result != name));
        }
        Self { wired, untouched }
    }

    /// What `name` holds for a step that has no constant of its own of that name; `is_when` says whether it is read by
    /// the `when` of `retry`.
    pub fn of_name(&self, name: &str, is_when: bool) -> Option<Shape<'a>> {
        if name == STATUS && is_when {
            return Some(Shape::Status(&STATUS_PARTS));
        }
        if let Some(input) = self.wired.manifest.input(name) {
            // In place of one that is left out there may be a result.
            return (!self.wired.is_result(name)).then_some(Shape::Given(input));
        }
        match name {
            _ if !self.untouched.contains(&name) => None,
            STATUS if self.wired.spec.plain_status => Some(Shape::Status(&STATUS_PARTS[..2])),
            STATUS => Some(Shape::Status(&STATUS_PARTS)),
            _ => Some(Shape::Position),
        }
    }
}

impl Shape<'_> {
    /// Whether it is surely so: types of inputs are hints.
    pub fn is_sure(self) -> bool {
        !matches!(self, Self::Given(_))
    }

    /// Why a path leads nowhere in it, if it does. Where nothing is said of an input it is text, so of one that is
    /// text nothing is known.
    pub fn leads_nowhere(self, reference: &Reference) -> Option<String> {
        let (name, key) = (&reference.name, reference.path.first()?);
        match self {
            Self::Status(parts) if !parts.contains(&key.as_str()) => {
                Some(format!("a status has {}", crate::diagnostic::list(parts)))
            }
            Self::Status(_) => (reference.path.len() > 1).then(|| format!("`${name}.{key}` has no parts")),
            Self::Position => Some(format!("`{name}` is a whole number")),
            Self::Given(input) => match input.hint {
                Hint::Text | Hint::Step | Hint::Json => None,
                _ => Some(format!("the input `{name}` is of type {}", input.hint.word())),
            },
        }
    }

    /// What it is in place of a list, if it is none.
    pub fn is_no_list(self, name: &str) -> Option<String> {
        match self {
            Self::Status(_) => Some("a status is none".into()),
            Self::Position => Some(format!("`{name}` is a whole number")),
            Self::Given(input) => {
                let word = input.hint.word();
                (input.hint != Hint::Json).then(|| format!("the input `{name}` is of type {word}"))
            }
        }
    }
}
