//! Where a jump leads: for the engine that makes it, and for the check that foresees it.

use std::collections::HashMap;

use crate::Value;

/// The steps of a workflow, as far as a jump needs to know them.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    /// How many there are.
    pub count: usize,
    /// The positions of those that have an id.
    pub labels: &'a HashMap<String, usize>,
    /// Whether a jump may go out of them: before the first one, or behind the last.
    pub open_ends: bool,
}

impl Steps<'_> {
    /// The step that runs next after a jump to what a value of `step_index` means, a position or an id: the one
    /// behind that. Behind the last, it is their number.
    pub fn after(&self, value: &Value) -> Option<usize> {
        let position = match value {
            Value::Text(id) => match self.labels.get(id.as_ref()) {
                Some(position) => return Some(position + 1),
                None => id.trim().parse().ok()?,
            },
            Value::Json(json) => json.to_integer()?,
            Value::Data(_) | Value::Secret(_) => return None,
        };
        match usize::try_from(position) {
            Ok(position) if position < self.count => Some(position + 1),
            Ok(_) if self.open_ends => Some(self.count),
            Err(_) if self.open_ends && position == -1 => Some(0),
            _ => None,
        }
    }
}
