//! Agents that steps use and nobody has written: each gets a stub, which fails, so that the workflow
//! goes on as with any step that can't be run.

use std::{collections::HashMap, sync::Arc};

use crate::{
    diagnostic::{Diagnostic, Report},
    import::{
        json::Text,
        read::{Agent, Body, Legacy, MAX_AGENTS, Step},
    },
    source::Source,
};

/// The folder of the stubs: what is in it is still to be written.
pub const FOLDER: &str = "missing";

/// What a stub says of itself.
pub const HELP: &str = "Stands in for an agent that the library doesn't have, and fails each time";

/// Why a stub can't run.
pub const WHY: &str = "the library has no agent of this name";

/// Adds a stub for each agent that steps use and `legacy` doesn't have.
///
/// # Errors
///
/// When there would be too many agents.
pub fn add_stubs(source: &Arc<Source>, legacy: &mut Legacy) -> Result<(), Report> {
    let stubs = stubs(legacy);
    let (there, missing) = (legacy.agents.len(), stubs.len());
    if let (true, Some(stub)) = (there + missing > MAX_AGENTS, stubs.last()) {
        let message =
            format!("{there} agents, and {missing} that steps use and aren't there, are more than {MAX_AGENTS}");
        let too_large = Diagnostic::error("too-large", message).at(source, stub.name.span.clone());
        return Err(too_large.help("split the library: each part is one of its own").into());
    }
    legacy.agents.extend(stubs);
    Ok(())
}

/// The stubs, in the order in which they are used first.
fn stubs(legacy: &Legacy) -> Vec<Agent> {
    let mut places: HashMap<&str, Option<usize>> =
        legacy.agents.iter().map(|agent| (&*agent.name.text, None)).collect();
    let mut stubs: Vec<Agent> = Vec::new();
    for step in legacy.agents.iter().flat_map(Agent::steps) {
        match places.get(&*step.agent.text) {
            Some(None) => {}
            Some(Some(place)) => {
                // Results are named by their positions, so the step that wants most names them all.
                if stubs[*place].outputs.len() < step.outputs.len() {
                    stubs[*place].outputs.clone_from(&step.outputs);
                }
            }
            None => {
                places.insert(&step.agent.text, Some(stubs.len()));
                stubs.push(stub(step));
            }
        }
    }
    stubs
}

fn stub(step: &Step) -> Agent {
    Agent {
        name: Text { text: step.agent.text.clone(), span: step.agent.span.clone() },
        help: HELP.into(),
        inputs: Vec::new(),
        optional: Vec::new(),
        outputs: step.outputs.clone(),
        defaults: Vec::new(),
        body: Body::Missing,
        dropped: Vec::new(),
    }
}
