//! Calls, made again and again, and watched.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    Engine, Failure, Outcome, Program, Setup, Value,
    agent::Body,
    cli::{
        Stop,
        bench::{
            figures::{Cost, Figures},
            options::Rounds,
        },
        cases::Case,
        render,
        stage::{Stage, Staged},
    },
    engine::{Beginning, Cell, Tape, Turn},
    failure::Code,
    sandbox::{Phases, PhasesSink},
};

/// When each call is made, in nanoseconds since 1970: at the beginning of 2026. With the same time and the same
/// randomness, a call that reaches nothing outside burns the same each time.
const MOMENT: u64 = 1_767_225_600_000_000_000;

/// What the randomness of each call is made of.
const SEED: [u8; 32] = [0; 32];

/// What is called.
pub enum Subject<'a> {
    /// An agent, by one of its cases: set up anew for each call. It may not change the file that is `fixed`.
    Case { stage: &'a Stage<'a>, program: Arc<Program>, case: Case, fixed: Option<PathBuf> },
    /// An agent, with inputs that somebody gave.
    Given { engine: Engine, inputs: Vec<(String, Value)> },
}

/// Calls subjects.
pub struct Caller {
    rounds: Rounds,
    phases: Arc<Mutex<Option<Phases>>>,
    interrupt: Signal,
}

/// One call that only has to be made. A case has a copy of its folder for it.
struct Ready {
    engine: Engine,
    inputs: Vec<(String, Value)>,
    copy: Option<TempDir>,
}

/// How one call went.
struct Called {
    outcome: Outcome,
    took: Duration,
    phases: Phases,
    timed_out: bool,
    differences: Vec<String>,
}

impl Caller {
    /// Has to be made within a runtime, and before anything is that an interrupt would leave behind.
    pub fn new(rounds: Rounds) -> Result<Self, Stop> {
        let interrupt = signal(SignalKind::interrupt()).map_err(|error| Stop::Host(Failure::host(error)))?;
        Ok(Self { rounds, phases: Arc::default(), interrupt })
    }

    /// Where a sandbox says how long the parts of a call took.
    pub fn sink(&self) -> PhasesSink {
        let phases = self.phases.clone();
        Arc::new(move |told| *phases.lock().unwrap_or_else(PoisonError::into_inner) = Some(told))
    }

    /// Calls it as often as it is to be; gives what was measured, or what is wrong with what it gave.
    pub async fn measure(&mut self, subject: &Subject<'_>) -> Result<Result<Figures, Vec<String>>, Stop> {
        let (mut figures, mut is_first, began) = (Figures::default(), true, Instant::now());
        // When those calls began that count: once caches are warm.
        let mut warm = None;
        loop {
            let called = self.call(subject, is_first).await?;
            is_first = false;
            if !called.differences.is_empty() {
                return Ok(Err(called.differences));
            }
            if let (Rounds::Many { warm_up, .. }, None) = (self.rounds, warm) {
                warm = (began.elapsed() >= warm_up).then(Instant::now);
                continue;
            }
            figures.cost(cost(subject, &called));
            let Rounds::Many { most, time, .. } = self.rounds else { break };
            figures.time(called.took, called.phases);
            let rounds = figures.times.as_ref().map_or(0, |times| times.rounds());
            if rounds >= most || warm.is_some_and(|warm| warm.elapsed() >= time) {
                break;
            }
        }
        Ok(Ok(figures.finish()))
    }

    /// Calls it once. What was denied is said of the first call alone.
    async fn call(&mut self, subject: &Subject<'_>, is_first: bool) -> Result<Called, Stop> {
        let still = Arc::new(Still::default());
        let Ready { engine, inputs, copy } = subject.ready(&still)?;
        self.phases.lock().unwrap_or_else(PoisonError::into_inner).take();
        let began = Instant::now();
        let outcome = tokio::select! {
            biased;
            _ = self.interrupt.recv() => {
                render::note("interrupted");
                return Err(Stop::Said(130));
            }
            outcome = engine.run(inputs) => outcome,
        };
        let took = began.elapsed();
        let told = self.phases.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Of a workflow they are those of its last step: nobody asked for these.
        let phases = if is_proc(engine.program()) { told.unwrap_or_default() } else { Phases::default() };
        let differences = subject.differences(&outcome, copy.as_ref(), is_first)?;
        Ok(Called { outcome, took, phases, timed_out: still.timed_out.load(Ordering::Relaxed), differences })
    }
}

impl Subject<'_> {
    /// What it is made of.
    pub fn program(&self) -> &Program {
        match self {
            Self::Case { program, .. } => program,
            Self::Given { engine, .. } => engine.program(),
        }
    }

    /// One call of it, that only has to be made.
    fn ready(&self, still: &Arc<Still>) -> Result<Ready, Stop> {
        match self {
            Self::Case { stage, program, case, fixed } => {
                let Staged { engine, inputs, copy } = stage.set(program.clone(), case, |made| {
                    seeded(made);
                    made.tape = still.clone();
                    fixed.iter().for_each(|file| made.protected.fix(file));
                })?;
                Ok(Ready { engine, inputs, copy: Some(copy) })
            }
            Self::Given { engine, inputs } => {
                Ok(Ready { engine: engine.again("", Some(still.clone())), inputs: inputs.clone(), copy: None })
            }
        }
    }

    /// What is wrong with what a case gave. Inputs that somebody gave have to give something.
    fn differences(&self, outcome: &Outcome, copy: Option<&TempDir>, is_first: bool) -> Result<Vec<String>, Stop> {
        if let Self::Case { case, .. } = self {
            return Ok(case.differences(outcome, copy.map_or(Path::new(""), TempDir::path)));
        }
        if is_first || outcome.failure.is_some() {
            let root = &self.program()[self.program().root()];
            render::outcome(&root.manifest.name, outcome);
        }
        match outcome.exit_code() {
            0 => Ok(Vec::new()),
            code => Err(Stop::Said(code)),
        }
    }
}

/// Makes the randomness of pure calls the same each time.
pub fn seeded(made: &mut Setup) {
    made.seed = Some(SEED);
}

/// What a call cost, if that says anything: a template burns no fuel, and what runs out of time burns as much as the
/// machine can.
fn cost(subject: &Subject<'_>, called: &Called) -> Option<Cost> {
    let program = subject.program();
    if called.timed_out || matches!(program[program.root()].body, Body::Template(_)) {
        return None;
    }
    Some(Cost { fuel: called.outcome.usage.fuel, memory: called.outcome.usage.memory })
}

fn is_proc(program: &Program) -> bool {
    matches!(program[program.root()].body, Body::Proc(_))
}

/// A tape on which each call is made at the same moment, and which sees whether one ran out of time.
#[derive(Default)]
struct Still {
    timed_out: AtomicBool,
}

impl Still {
    fn look(&self, cell: &Cell<'_>) {
        let code = cell.outcome.failure.as_ref().map(|failure| failure.code);
        if matches!(code, Some(Code::Time | Code::Timeout)) {
            self.timed_out.store(true, Ordering::Relaxed);
        }
    }
}

impl Tape for Still {
    fn begins(&self, _: &Beginning<'_>) -> Result<Turn, Failure> {
        Ok(Turn::Make { at: MOMENT, inputs: Vec::new() })
    }

    fn append(&self, cell: &Cell<'_>) {
        self.look(cell);
    }

    fn ends(&self, cell: &Cell<'_>) {
        self.look(cell);
    }
}
