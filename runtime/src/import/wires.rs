//! What a step's inputs refer to, as the original resolves them: one after the other, each seeing
//! those before it.

use std::{borrow::Cow, collections::HashMap};

use crate::{
    agent::STEP_INDEX,
    import::{
        flow::{Facts, Flow, Standing, referred},
        json::{Node, Text},
        names::clean,
        toml::{constant, literal, quoted},
    },
};

/// What the original takes for a variable's name, where a value begins so.
const VARIABLE: &str = "ENV_";

/// What one input stands for.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// A name of the workflow's, and the text that refers to it.
    Outer(Cow<'a, str>, &'a str),
    /// This constant.
    Constant(&'a Node),
    /// This text: it refers to something in a way that is not carried over.
    Indirect(&'a str),
}

/// The inputs of one step.
pub struct Scope<'a> {
    facts: &'a Facts,
    own: HashMap<Cow<'a, str>, Value<'a>>,
}

impl<'a> Scope<'a> {
    /// Resolves `params`, in their order.
    pub fn new(params: &'a [(Text, Node)], facts: &'a Facts) -> Self {
        let mut scope = Self { facts, own: HashMap::with_capacity(params.len()) };
        for (name, value) in params {
            let value = scope.resolve(value);
            scope.own.insert(clean(&name.text), value);
        }
        // The head's position is the engine's, whatever a step calls its inputs.
        scope.own.remove(STEP_INDEX);
        scope
    }

    /// What `value` stands for.
    pub fn resolve(&self, value: &'a Node) -> Value<'a> {
        let Some(text) = value.text().filter(|text| text.starts_with('$')) else { return Value::Constant(value) };
        if text.starts_with("$$") {
            return Value::Indirect(text);
        }
        match referred(text, self.facts) {
            Some(name) => self.own.get(&name).cloned().unwrap_or(Value::Outer(name, text)),
            None => Value::Constant(value),
        }
    }

    /// What the step itself says that `name` is.
    pub fn own(&self, name: &str) -> Option<&Value<'a>> {
        self.own.get(name)
    }
}

impl Value<'_> {
    /// The value as it is written in a step.
    pub fn write(&self, flow: &Flow<'_>) -> String {
        match self {
            Self::Outer(name, text) => match flow.standing(name) {
                Standing::Sure => quoted(&format!("${name}")),
                Standing::Maybe => or(name, text),
                Standing::Never => literal(text),
            },
            Self::Constant(node) => constant(node),
            Self::Indirect(text) => literal(text),
        }
    }

    /// The variable of the host whose value is meant.
    pub fn variable(&self) -> Option<&str> {
        let Self::Constant(node) = self else { return None };
        let name = node.text()?.strip_prefix(VARIABLE)?;
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_name = name.chars().all(letter) && !name.starts_with(|c: char| c.is_ascii_digit());
        (is_name && crate::agent::is_name(name)).then_some(name)
    }
}

/// The value of a name, or a text where nothing has set it.
pub fn or(name: &str, default: &str) -> String {
    format!("{{ from = \"${name}\", default = {} }}", quoted(default))
}
