//! What a step is given: values in scope, and what templates and expressions make of them.

use crate::{
    Json, Value,
    agent::{Manifest, STATUS, STEP_INDEX, STEP_MAX, Source, Step},
    engine::frame::{Frame, names::Names},
    failure::{Code, Failure},
};

impl<'a> Frame<'a> {
    pub(super) fn resolve_inputs(&self, step: &'a Step, callee: &Manifest) -> Result<Vec<(String, Value)>, Failure> {
        let mut inputs = Vec::with_capacity(callee.inputs.len());
        let mut left = self.budget.memory.saturating_sub(self.held);
        for (name, source) in &step.inputs {
            let optional = callee.input(name).is_some_and(|input| !input.is_required());
            match self.make(source, Some(step), &mut left)? {
                Some(value) => inputs.push((name.clone(), value)),
                // The workflow's caller left its optional input out, and so does the workflow.
                None if optional && self.is_input(source) => {}
                None => return Err(self.unset(source)),
            }
        }
        for name in [STEP_INDEX, STEP_MAX] {
            if callee.input(name).is_some() && inputs.iter().all(|(wired, _)| wired != name) {
                inputs.extend(self.lookup(name, None).map(|value| (name.to_owned(), value)));
            }
        }
        Ok(inputs)
    }

    /// The value that `source` stands for, like [`Frame::resolve`]. What is made for it is new memory, and comes off what
    /// is `left`; everything else is shared with what is there, and to take that takes no time.
    pub(super) fn make(
        &self,
        source: &Source,
        step: Option<&'a Step>,
        left: &mut u64,
    ) -> Result<Option<Value>, Failure> {
        if !makes(source) {
            return self.resolve(source, step, *left);
        }
        if let Some(failure) = self.overdue() {
            return Err(failure);
        }
        let made = self.resolve(source, step, *left)?;
        let size = made.as_ref().map_or(0, Value::len) as u64;
        *left = left.checked_sub(size).ok_or_else(|| self.out_of_memory())?;
        Ok(made)
    }

    /// The value that `source` stands for; none where the name that it refers to is not set.
    /// A template or an expression may make `room` bytes.
    pub(super) fn resolve(&self, source: &Source, step: Option<&'a Step>, room: u64) -> Result<Option<Value>, Failure> {
        match source {
            Source::Constant(value) => Ok(Some(value.clone())),
            Source::Reference(reference) => match self.lookup(&reference.name, step) {
                Some(value) => match reference.follow(&value) {
                    Some(part) => Ok(Some(part)),
                    None => Err(Failure::new(Code::Unset, format!("`{reference}` leads nowhere in {value:?}"))),
                },
                None => Ok(None),
            },
            Source::Default { from, default } => {
                let part = self.lookup(&from.name, step).and_then(|value| from.follow(&value));
                Ok(Some(part.unwrap_or_else(|| default.clone())))
            }
            Source::Expression(expression) => expression.evaluate(&Names { frame: self, step }, room).map(Some),
            Source::Template { name, uses } => {
                let scope = uses.iter().filter_map(|name| Some((name.as_str(), self.lookup(name, step)?)));
                self.workflow.templates.render(name, scope, room).map(|text| Some(Value::text(text)))
            }
        }
    }

    /// The value of `name` in scope, nearest first: the item that the step runs for, a constant of the step itself,
    /// the workflow's inputs, results, and what is always there.
    pub(super) fn lookup(&self, name: &str, step: Option<&'a Step>) -> Option<Value> {
        let own = self.of_item(name).or_else(|| own_constant(name, step));
        if let Some(value) = own.or_else(|| self.input(name)).or_else(|| self.results.get(name)) {
            return Some(value.clone());
        }
        match name {
            STATUS => Some(self.status_value()),
            STEP_INDEX => Some(number(self.head)),
            STEP_MAX => Some(number(self.workflow.steps.len())),
            _ => None,
        }
    }

    /// What `name` means for the item that runs, if one does.
    pub(super) fn of_item(&self, name: &str) -> Option<&Value> {
        self.lane.as_ref()?.value(name)
    }

    /// What the workflow was given as its input `name`.
    pub(super) fn input(&self, name: &str) -> Option<&Value> {
        self.inputs.iter().find(|(input, _)| input == name).map(|(_, value)| value)
    }

    fn is_input(&self, source: &Source) -> bool {
        matches!(source, Source::Reference(reference) if self.manifest.input(&reference.name).is_some())
    }

    pub(super) fn unset(&self, source: &Source) -> Failure {
        let Source::Reference(reference) = source else { return Failure::host("a constant has no value") };
        Failure::new(Code::Unset, format!("`{reference}` is not set: no step before this one has set it"))
    }
}

/// Whether a wire makes a value that wasn't there: looking for a part of one reads the whole.
fn makes(source: &Source) -> bool {
    match source {
        Source::Constant(_) => false,
        Source::Reference(from) | Source::Default { from, .. } => !from.path.is_empty(),
        Source::Expression(_) | Source::Template { .. } => true,
    }
}

/// The constant that a step has for its own input `name`.
pub(super) fn own_constant<'a>(name: &str, step: Option<&'a Step>) -> Option<&'a Value> {
    step.into_iter().flat_map(|step| &step.inputs).find_map(|(own, source)| match source {
        Source::Constant(value) if own == name => Some(value),
        _ => None,
    })
}

pub(super) fn number(position: usize) -> Value {
    Value::Json(Json::from(serde_json::Value::from(position)))
}
