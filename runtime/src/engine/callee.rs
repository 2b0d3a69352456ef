//! Agents that a guest calls: they run like the steps of a workflow, under the caller's ceilings and
//! on what it has left.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::{
    Value,
    agent::{AgentId, Entry, Library, Manifest, Program},
    capability::{
        call::{Answer, Callees, Left, Refusal},
        gate::Logged,
        log::{Level, Lines},
    },
    engine::{Budget, Call, Cell, Engine, Outcome, semaphores::Places},
    policy::{Ceilings, Denials},
    sandbox::Usage,
    telemetry::Open,
};

/// What one proc call needs to call others, and to have its lines on the tape.
pub(super) struct Caller {
    pub engine: Engine,
    pub agent: AgentId,
    pub ceilings: Ceilings,
    pub budget: Budget,
    pub path: String,
    /// The semaphores that it, or who called it, has places of.
    pub places: Places,
    /// How many calls were made, and how many steps they took.
    pub made: AtomicU64,
    pub steps: AtomicU64,
}

impl Caller {
    /// What a callee may use: what the guest has left of its budget.
    fn budget(&self, left: Left) -> Budget {
        let steps = self.budget.steps.saturating_sub(self.steps.load(Ordering::Relaxed));
        Budget {
            fuel: self.budget.fuel.min(left.fuel),
            bytes: left.bytes,
            calls: left.calls,
            steps,
            depth: self.budget.depth.saturating_sub(1),
            ..self.budget.clone()
        }
    }
}

impl Lines for Caller {
    fn line(&self, level: Level, line: &str) {
        let agent = &self.engine.program()[self.agent].manifest.name;
        let log = |level, line: &str| self.engine.setup().tape.log(&self.path, agent, level, line);
        match self.engine.tally().log(line.len()) {
            Logged::Kept => log(level, line),
            Logged::First => {
                log(Level::Warn, "the agents of this run log too much: the rest of what they log is dropped")
            }
            Logged::Dropped => {}
        }
    }
}

impl Callees for Caller {
    fn path(&self, agent: &str) -> Option<String> {
        match self.engine.setup().library.get(agent) {
            Some(Entry::Valid(manifest)) => Some(manifest.path.clone()),
            _ => None,
        }
    }

    fn call<'a>(
        &'a self,
        agent: &'a str,
        inputs: Vec<(String, Value)>,
        left: Left,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>> {
        Box::pin(async move {
            let budget = self.budget(left);
            if budget.depth == 0 {
                return refused(Refusal::Limit(
                    "agents call each other too deep: raise `limits.depth` in the policy".into(),
                ));
            }
            let engine = match self.engine.with(agent) {
                Ok(engine) => engine,
                Err(wrong) => return refused(Refusal::Invalid(wrong)),
            };
            let root = &engine.program()[engine.program().root()];
            if let Err(wrong) = fits(&root.manifest, &inputs) {
                return refused(Refusal::Invalid(wrong));
            }
            let made = self.made.fetch_add(1, Ordering::Relaxed);
            let dot = if self.path.is_empty() { "" } else { "." };
            let path = format!("{}{dot}{agent}[{made}]", self.path);
            let (open, inputs) = (Open::call(root, &path, &inputs), Arc::new(inputs));
            let call = Call {
                agent: engine.program().root(),
                inputs: inputs.clone(),
                budget,
                path: path.clone(),
                ceilings: self.ceilings.clone(),
                places: self.places.clone(),
                span: open.span().clone(),
            };
            let outcome = engine.run_call(call).await;
            open.end(&outcome);
            self.steps.fetch_add(outcome.usage.steps, Ordering::Relaxed);
            let digest = root.digest();
            self.engine.setup().tape.append(&Cell { path: &path, agent, digest, inputs: &inputs, outcome: &outcome });
            let Outcome { outputs, failure, denials, usage, .. } = outcome;
            let result = match failure {
                Some(failure) => Err(Refusal::Failed(failure)),
                None => Ok(outputs),
            };
            Answer { result, denials, usage: Usage { time: Duration::ZERO, ..usage } }
        })
    }
}

fn refused(refusal: Refusal) -> Answer {
    Answer { result: Err(refusal), denials: Denials::default(), usage: Usage::default() }
}

/// Whether the inputs are the agent's: none that it doesn't have, and all that it needs.
fn fits(manifest: &Manifest, inputs: &[(String, Value)]) -> Result<(), String> {
    if let Some((name, _)) = inputs.iter().find(|(name, _)| manifest.input(name).is_none()) {
        return Err(format!("`{}` has no input `{}`", manifest.name, name.escape_debug()));
    }
    let missing =
        manifest.inputs.iter().find(|input| input.is_required() && inputs.iter().all(|(name, _)| *name != input.name));
    match missing {
        Some(input) => Err(format!("`{}` needs its input `{}`", manifest.name, input.name)),
        None => Ok(()),
    }
}

/// The program of one agent of a library.
pub(super) fn load(library: &Library, agent: &str) -> Result<Arc<Program>, String> {
    if library.get(agent).is_none() {
        let hint = crate::diagnostic::suggestion(agent, library.names()).map(|hint| format!(": {hint}"));
        return Err(format!("there is no agent called `{}`{}", agent.escape_debug(), hint.unwrap_or_default()));
    }
    match Program::load(library, agent) {
        Ok((program, _)) => Ok(Arc::new(program)),
        Err(report) => {
            Err(format!("`{agent}` can't be loaded: {}", report.0.first().map_or("", |first| &first.message)))
        }
    }
}
