//! Whether a call is made, or was made before: the tape says so.

use std::sync::Arc;

use crate::{
    agent::{Agent, Body},
    engine::{Beginning, Call, Engine, Outcome, Turn, held::Held},
    policy::Purity,
    telemetry,
};

impl Engine {
    /// When a call is made; its outcome, where it isn't.
    pub(super) fn turn(&self, agent: &Agent, held: &Held, call: &mut Call) -> Result<u64, Box<Outcome>> {
        let purity = match &agent.body {
            Body::Workflow(_) => None,
            Body::Template(_) => Some(Purity::Pure),
            Body::Proc(_) => Some(held.purity),
        };
        let (path, inputs) = (call.path.as_str(), call.inputs.as_slice());
        // Of a workflow, one of its steps may.
        let kept = if purity.is_some() { held.kept.is_some() } else { self.holdings.keep_instances() };
        let beginning = Beginning { path, agent, purity, authority: &held.authority, kept, inputs };
        match self.shared.setup.tape.begins(&beginning).map_err(|failure| Box::new(Outcome::failed(failure)))? {
            Turn::Made(outcome) => {
                telemetry::recorded(&call.span);
                Err(outcome)
            }
            Turn::Make { at, inputs } => {
                for (name, value) in inputs {
                    let given = Arc::make_mut(&mut call.inputs);
                    given.retain(|(known, _)| *known != name);
                    given.push((name, value));
                }
                Ok(at)
            }
        }
    }
}
