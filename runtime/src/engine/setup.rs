//! What a run is made with, all of it: the engine has nothing else.

use std::sync::Arc;

use crate::{
    agent::Library,
    audit::Audit,
    capability::files::Protected,
    engine::{Silent, Tape, identity::run_id},
    plan::Effects,
    policy::Policy,
    sandbox::Sandbox,
    secret::Secrets,
    wall::Wall,
};

/// What a run is made with.
#[derive(Clone)]
pub struct Setup {
    /// Every agent that can be called.
    pub library: Arc<Library>,
    /// What runs code.
    pub sandbox: Sandbox,
    /// What the operator grants.
    pub policy: Arc<Policy>,
    /// What no mount may give away.
    pub protected: Protected,
    /// Where cells and log lines go.
    pub tape: Arc<dyn Tape>,
    /// Where decisions are written down, if they are.
    pub audit: Option<Arc<dyn Audit>>,
    /// The values of variables and secret inputs.
    pub secrets: Secrets,
    /// Where guests run.
    pub wall: Wall,
    /// Whether effects happen, or are only planned.
    pub effects: Effects,
    /// Whether nothing is stopped for taking long: what is made again has shown that it ends.
    pub is_patient: bool,
    /// A name that no other run has.
    pub run: Arc<str>,
    /// What the randomness of pure calls is made of; the system's, where nothing is said.
    pub seed: Option<[u8; 32]>,
}

impl Setup {
    /// A run under the empty policy, that knows no secret and leaves no trace.
    pub fn new(library: Arc<Library>, sandbox: Sandbox) -> Self {
        Self {
            library,
            sandbox,
            policy: Arc::default(),
            protected: Protected::default(),
            tape: Arc::new(Silent),
            audit: None,
            secrets: Secrets::default(),
            wall: Wall::None,
            effects: Effects::Real,
            is_patient: false,
            run: run_id(),
            seed: None,
        }
    }
}
