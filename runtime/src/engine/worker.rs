//! The workers of a run that is behind a wall.

use crate::{
    agent::{Agent, Body},
    capability::log::Level,
    engine::{Engine, held::Held},
    failure::Failure,
    wall::{Order, Worker},
};

impl Engine {
    /// The worker that a proc is called in, where there is a wall.
    pub(super) async fn worker(&self, agent: &Agent, held: &Held, step: &str) -> Result<Option<Worker>, Failure> {
        let (Body::Proc(code), Some(workers)) = (&agent.body, &self.shared.workers) else { return Ok(None) };
        let setup = &self.shared.setup;
        // What is wrong with the code is no worker's to find.
        let compiled = setup.sandbox.to_hand_over(code)?;
        let told = |in_force: &str| {
            setup.tape.log(step, &agent.manifest.name, Level::Debug, &format!("a worker is confined by {in_force}"));
        };
        let order = Order {
            manifest: &agent.manifest,
            code,
            compiled: compiled.as_deref(),
            policy: &setup.policy,
            authority: &held.authority,
            protected: &setup.protected,
            cache: setup.sandbox.cache(),
            secrets: &setup.secrets,
            audited: self.shared.audit.is_some(),
            copies: self.shared.copies.as_deref(),
            network: setup.sandbox.has_network(),
            told: &told,
        };
        workers.ready(&order).await.map(Some)
    }
}
