//! Where runs are kept, and keeping one.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf, absolute},
    sync::Arc,
};

use clap::Args;

use crate::{
    Failure, Outcome, Program, Setup, Value,
    cli::{Globals, Stop, WallChoice, render, setup},
    engine,
    failure::Code,
    store::{Change, Command, Hold, NewRun, Opening, Origin, Recorder, Setting, Store, StoreError, Writer},
};

/// The file's name in the state folder.
const FILE: &str = "runs.sqlite";

// (No doc comment: clap would show it as the command's help.)
#[derive(Args, Clone, Debug, Default)]
pub struct StoreArgs {
    /// Keep the run in FILE [default: what `TURINGBOX_STORE` says, or `runs.sqlite` in the user's state
    /// folder]
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// Keep no record of the run
    #[arg(long, conflicts_with = "store")]
    no_store: bool,
}

// For what looks at runs.
#[derive(Args, Clone, Debug, Default)]
pub struct StoreFile {
    /// The store of runs [default: what `TURINGBOX_STORE` says, or `runs.sqlite` in the user's state
    /// folder]
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
}

impl StoreFile {
    /// The file.
    pub fn path(&self) -> Result<PathBuf, Stop> {
        self.store
            .clone()
            .or_else(named)
            .or_else(usual)
            .ok_or_else(|| Stop::Usage("there is no home folder: name a `--store`".into()))
    }

    /// The store, opened.
    pub fn open(&self) -> Result<Store, Stop> {
        let path = self.path()?;
        if self.store.is_none() && !path.exists() {
            return Err(Stop::Usage("no run was kept yet: `turingbox run AGENT` keeps one".into()));
        }
        Store::open(&path).map_err(unusable)
    }
}

fn named() -> Option<PathBuf> {
    std::env::var_os("TURINGBOX_STORE").filter(|file| !file.is_empty()).map(PathBuf::from)
}

fn usual() -> Option<PathBuf> {
    Some(setup::state()?.join(FILE))
}

/// What is wrong with a store.
pub fn unusable(error: StoreError) -> Stop {
    match error {
        StoreError::Locked | StoreError::Sqlite(_) => Stop::Host(Failure::host(error)),
        error => Stop::Usage(error.to_string()),
    }
}

/// A store that is written to.
pub struct Keeping {
    writer: Arc<Writer>,
}

impl StoreArgs {
    /// What was said before the agent's name and what was said behind it, together.
    pub fn and(self, later: Self) -> Self {
        Self { store: later.store.or(self.store), no_store: later.no_store || self.no_store }
    }

    /// The files of the store, if the run is to be kept.
    pub fn files(&self, globals: &Globals) -> Vec<PathBuf> {
        let path = self.store.clone().or_else(named).or_else(usual);
        path.filter(|_| self.is_kept(globals)).map(|path| files(&path).into()).unwrap_or_default()
    }

    fn is_kept(&self, globals: &Globals) -> bool {
        !self.no_store && !globals.dry_run
    }

    /// Begins to open the store, if the run is to be kept.
    pub fn opening(&self, globals: &Globals) -> Awaited {
        if !self.is_kept(globals) {
            return Awaited::Unkept;
        }
        if let Some(path) = self.store.clone().or_else(named) {
            return Awaited::Named(Writer::opening(&path));
        }
        let Some(path) = usual() else { return Awaited::Unkept };
        let made = path.parent().map_or(Ok(()), setup::make_private);
        let unopened = |error| StoreError::Unopened { path: path.clone(), error };
        Awaited::Usual(made.map_err(unopened).and_then(|()| Writer::opening(&path)))
    }
}

/// A store that is being opened.
pub enum Awaited {
    /// None: the run isn't to be kept.
    Unkept,
    /// One that was asked for.
    Named(Result<Opening, StoreError>),
    /// The user's. It is done without where it can't be had.
    Usual(Result<Opening, StoreError>),
}

impl Awaited {
    /// Waits until it is open, if there is one.
    pub fn opened(self) -> Result<Option<Keeping>, Stop> {
        let keeping = |opening: Result<Opening, StoreError>| Ok(Keeping::of(opening?.opened()?));
        match self {
            Self::Unkept => Ok(None),
            Self::Named(opening) => keeping(opening).map(Some).map_err(unusable),
            Self::Usual(opening) => Ok(keeping(opening).inspect_err(isnt_kept).ok()),
        }
    }
}

fn isnt_kept(why: &StoreError) {
    render::warning(&format!("the run isn't kept, so it can't be resumed or replayed: {why}"));
}

impl Keeping {
    /// Opens the store at `path`, and makes it where there is none.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Writer::open(path).map(Self::of)
    }

    fn of(writer: Writer) -> Self {
        Self { writer: Arc::new(writer) }
    }

    /// Who writes to it.
    pub fn writer(&self) -> Arc<Writer> {
        self.writer.clone()
    }

    /// Begins to keep a new run of `program`, which is made with `made`.
    pub fn begin(
        self,
        (command, program): (Command, &Program),
        inputs: &[(String, Value)],
        (globals, origin): (&Globals, Option<(Origin, Vec<Change>)>),
        made: &mut Setup,
    ) -> Result<Kept, Stop> {
        let seed = made.seed.map_or_else(engine::fresh_seed, Ok).map_err(Stop::Host)?;
        let hold = self.hold(&made.run)?;
        let (origin, changes) = origin.map_or((None, Vec::new()), |(origin, changes)| (Some(origin), changes));
        let run = NewRun {
            id: made.run.clone(),
            command,
            agent: program[program.root()].manifest.name.clone(),
            inputs: inputs.to_vec(),
            setting: Setting { changes, ..setting(globals, program) },
            seed,
            origin,
        };
        made.seed = Some(seed);
        self.protect(made);
        let recorder = Recorder::new(self.writer, run, made.tape.clone());
        Ok(Kept { recorder: Arc::new(recorder), _hold: hold })
    }

    /// Keeps the rest of a run that is held and goes on by `recorder`.
    pub fn go_on(self, (recorder, hold): (Recorder, Hold), made: &mut Setup) -> Kept {
        self.protect(made);
        Kept { recorder: Arc::new(recorder), _hold: hold }
    }

    /// Says that this process works on a run.
    pub fn hold(&self, run: &str) -> Result<Hold, Stop> {
        let hold = Hold::take(self.writer.path(), run);
        let hold = hold.map_err(|error| Stop::Host(Failure::host(format!("the run can't be held: {error}"))))?;
        hold.ok_or_else(|| Stop::Usage(format!("the run {run} isn't over: another process works on it")))
    }

    /// Keeps the store out of agents' reach: what others were given is in it.
    fn protect(&self, made: &mut Setup) {
        for file in files(self.writer.path()) {
            made.protected.fix(&file);
            made.protected.hidden.extend(file.canonicalize());
        }
    }
}

/// The file of a store, and those that SQLite has beside it.
fn files(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|more| {
        let mut file = path.to_owned().into_os_string();
        file.push(more);
        file.into()
    })
}

/// A run that is kept, for as long as this process works on it.
pub struct Kept {
    /// Its tape.
    pub recorder: Arc<Recorder>,
    _hold: Hold,
}

impl Kept {
    /// Writes down how the run ended, and has the store closed. One that waits for a decision isn't over.
    pub fn finish(&self, outcome: &Outcome) -> Result<(), Failure> {
        let finished = match &outcome.failure {
            Some(failure) if failure.code == Code::Tape => self.recorder.pause(),
            failure => self.recorder.finish(outcome.exit_code(), failure.clone()),
        };
        self.recorder.close_store();
        finished
    }
}

fn setting(globals: &Globals, program: &Program) -> Setting {
    let full = |path: &PathBuf| absolute(path).unwrap_or_else(|_| path.clone());
    Setting {
        agents: setup::folders_of_agents(&globals.agents).iter().map(full).collect(),
        policy: globals.policy.as_ref().map(full),
        wall: globals.wall == Some(WallChoice::Process),
        digests: digests(program),
        changes: Vec::new(),
    }
}

/// What each agent of a program is made of.
pub fn digests(program: &Program) -> BTreeMap<String, String> {
    let agents = program.agents().map(|(_, agent)| (agent.manifest.name.clone(), agent.digest().to_owned()));
    agents.collect()
}
