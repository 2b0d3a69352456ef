//! The names of a frame, as an expression sees them.

use super::{Frame, inputs::own_constant};
use crate::{Hint, Value, agent::Step, expression::Scope};

impl Frame<'_> {
    /// How the last step went, as a value.
    pub fn status_value(&self) -> Value {
        if self.workflow.plain_status { self.status.without_code() } else { self.status.to_value() }
    }
}

/// What names mean to the inputs of a step, or to the workflow's outputs.
pub struct Names<'f, 'a> {
    pub frame: &'f Frame<'a>,
    pub step: Option<&'a Step>,
}

impl Scope for Names<'_, '_> {
    fn value(&self, name: &str) -> Option<Value> {
        self.frame.lookup(name, self.step)
    }

    /// What the workflow says of its input: nothing, where the name means something nearer.
    fn hint(&self, name: &str) -> Option<&Hint> {
        let is_nearer = self.frame.of_item(name).is_some() || own_constant(name, self.step).is_some();
        let is_input = !is_nearer && self.frame.input(name).is_some();
        self.frame.manifest.input(name).filter(|_| is_input).map(|input| &input.hint)
    }
}
