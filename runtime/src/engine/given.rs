//! What an agent is given that nothing is wired to.

use std::sync::Arc;

use crate::{
    Hint, Json, Value,
    agent::{DRY_RUN, Manifest},
    engine::{Engine, Inputs},
    plan::Effects,
};

impl Engine {
    /// Fills in what an agent isn't given: in a dry run that it is one, if it asks, and defaults.
    pub(super) fn fill_in(&self, manifest: &Manifest, inputs: &mut Inputs) {
        for input in &manifest.inputs {
            let asks = input.name == DRY_RUN && input.hint == Hint::Boolean && !input.is_required();
            let planned = asks && matches!(self.shared.setup.effects, Effects::Planned(_));
            let value = if planned {
                Some(Value::Json(Json::from(serde_json::Value::Bool(true))))
            } else {
                input.default.clone()
            };
            if let (Some(value), true) = (value, inputs.iter().all(|(name, _)| *name != input.name)) {
                Arc::make_mut(inputs).push((input.name.clone(), value));
            }
        }
    }
}
