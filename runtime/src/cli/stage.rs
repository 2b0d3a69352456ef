//! Cases of agents, set up to run: for `turingbox test` and `turingbox bench` alike.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;

use crate::{
    Engine, Failure, Library, Program, Sandbox, Setup, Value,
    agent::{Entry, Folder, Manifest},
    capability::network::Network,
    cli::{
        Globals, Stop,
        cases::{self, Case},
        inputs, setup,
    },
    secret::Secrets,
    wall::Wall,
};

/// What cases are set up with.
pub struct Stage<'a> {
    pub library: &'a Arc<Library>,
    pub sandbox: &'a Sandbox,
    pub wall: &'a Wall,
    pub globals: &'a Globals,
}

/// A case that only has to be run.
pub struct Staged {
    pub engine: Engine,
    pub inputs: Vec<(String, Value)>,
    /// The copy of the case's folder: where the run's files are.
    pub copy: TempDir,
}

impl Stage<'_> {
    /// Sets up `program` for one of its cases, in a copy of the case's folder. `more` says what else the run is made
    /// with.
    pub fn set(&self, program: Arc<Program>, case: &Case, more: impl FnOnce(&mut Setup)) -> Result<Staged, Stop> {
        let host = |error: std::io::Error| Stop::Host(Failure::host(error));
        let copy = tempfile::tempdir().map_err(host)?;
        cases::copy(&case.folder, copy.path()).map_err(host)?;
        let (mut policy, mut sandbox) = (setup::policy(self.globals)?, self.sandbox.clone());
        let mut protected = setup::protected(&policy);
        if let Some(own) = case.policy(copy.path()) {
            // It comes with the agent, so it grants what the case brings along and nothing else: no folder of
            // this machine's, no variable, and no network.
            let own = Globals { policy: Some(own), ..Globals::default() };
            policy = setup::policy(&own)?.under(policy);
            protected.within = Some(copy.path().canonicalize().map_err(host)?);
            sandbox = sandbox.over(Network::closed());
        }
        let mut inputs = case.inputs.clone();
        let secrets = inputs::hide(&program[program.root()].manifest, &mut inputs, Secrets::default());
        let mut made = Setup {
            policy: Arc::new(policy),
            protected,
            secrets,
            wall: self.wall.clone(),
            ..Setup::new(self.library.clone(), sandbox)
        };
        more(&mut made);
        let engine = Engine::new(program, made).map_err(setup::mount_error)?;
        Ok(Staged { engine, inputs, copy })
    }
}

/// The agents that are on disk, and where.
pub fn all(library: &Library) -> Vec<(Arc<Manifest>, PathBuf)> {
    let all = library.iter().filter_map(|(_, entry)| match entry {
        Entry::Valid(manifest) => Some((manifest.clone(), on_disk(manifest)?)),
        Entry::Broken(_) => None,
    });
    all.collect()
}

/// Where an agent is on disk. One that is built in is not, and its cases are nowhere.
pub fn on_disk(manifest: &Manifest) -> Option<PathBuf> {
    match &manifest.folder {
        Folder::Disk { path, .. } => Some(PathBuf::from(path)),
        Folder::Builtin(_) | Folder::Memory { .. } | Folder::Packed { .. } => None,
    }
}

/// The cases of the agent in `folder`.
pub fn cases(folder: &Path) -> Result<Vec<PathBuf>, Stop> {
    cases::find(folder).map_err(|error| Stop::Usage(format!("{}: {error}", folder.display())))
}

/// What a case in `folder` is called.
pub fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
