//! What the engine takes for a step beyond its agent's own call: a loop's steps and the same calls made by the
//! sandbox alone, in turn; and whether the last tenth of a million steps is as fast as the first.
//!
//! Asked for are at most 2 µs; the promise is that it stays flat. `cargo bench --profile dev --bench engine_step`; `ENGINE_STEPS` says how many
//! steps are held to be flat.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::runtime::Runtime;
use turingbox::{
    Engine, Library, Policy, Program, Sandbox, Setup, Value,
    agent::Body,
    capability::{
        call::Nobody,
        files::{Mounts, Protected},
        gate::{Gate, Subject},
        log,
    },
    engine::{Cell, Silent, Tape},
    plan::Effects,
    sandbox::{Cache, Call, CallLimits, Ready},
    wall::Compiler,
};

#[path = "support/binary.rs"]
mod binary;

type Failed = Box<dyn Error>;

/// How often the sides take turns, and how many steps or calls each makes in its turn.
const TURNS: usize = 15;
const RUNS: u64 = 20_000;

/// How many steps are held to be flat, where nobody says otherwise.
const STEPS: u64 = 1_000_000;

/// What the last steps may take, as a multiple of the first.
const FLAT: f64 = 1.15;

const LOOP: &str = r#"
kind = "workflow"
help = "Count to a limit"
[inputs.limit]
type = "integer"
[outputs.count]
from = "$i"

[[steps]]
agent = "loop_start"
inputs = { limit = "$limit" }
outputs = { start = "loop", index = "i" }

[[steps]]
agent = "loop_end"
inputs = { start = "$loop", index = "$i", limit = "$limit" }
outputs = { index = "i" }
"#;

/// The steps, and the time that they take, are the operator's to bound.
const POLICY: &str = "version = 1\n[limits]\ntime = \"1h\"\nsteps = 10_000_000\n";

fn main() -> Result<(), Failed> {
    let bench = Bench::open()?;
    bench.count(RUNS, Arc::new(Silent))?;
    let (mut steps, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        steps.push(bench.count(RUNS, Arc::new(Silent))? / RUNS as u32);
        calls.push(bench.calls(RUNS)? / RUNS as u32);
    }
    let (step, call) = (median(&mut steps), median(&mut calls));
    let beyond = step.saturating_sub(call);
    println!("a step: {step:.2?}; its call by the sandbox alone: {call:.2?}; beyond it: {beyond:.2?}");
    let flat = bench.flatness(std::env::var("ENGINE_STEPS").ok().map_or(Ok(STEPS), |steps| steps.parse())?)?;
    println!("the last tenth of the steps: {flat:.2} times as long as the first");
    assert!(flat <= FLAT, "the last steps take {flat:.2} times as long as the first");
    Ok(())
}

struct Bench {
    library: Arc<Library>,
    sandbox: Sandbox,
    policy: Arc<Policy>,
    runtime: Runtime,
}

impl Bench {
    fn open() -> Result<Self, Failed> {
        let folder = scratch("engine-step");
        fs::create_dir_all(folder.join("count"))?;
        fs::write(folder.join("count/agent.toml"), LOOP)?;
        let mut library = Library::default();
        library.add_folder(&folder)?;
        library.add_builtin();
        let cache = Cache::open(&scratch("cache"), &scratch("state"))?;
        let sandbox = Sandbox::new(Some(cache), Box::new(|_| Box::new(())))?;
        Ok(Self {
            library: Arc::new(library),
            sandbox: sandbox.compiled_by(Compiler::new(binary::turingbox()?)),
            policy: Arc::new(Policy::parse("policy.toml", POLICY)?),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        })
    }

    /// How long a loop of so many steps takes.
    fn count(&self, steps: u64, tape: Arc<dyn Tape>) -> Result<Duration, Failed> {
        let (program, _) = Program::load(&self.library, "count")?;
        let setup = Setup::new(self.library.clone(), self.sandbox.clone());
        let setup = Setup { policy: self.policy.clone(), tape, ..setup };
        let engine = Engine::new(Arc::new(program), setup).map_err(|error| error.message)?;
        let inputs = vec![("limit".to_owned(), number(steps - 1))];
        let began = Instant::now();
        let outcome = self.runtime.block_on(engine.run(inputs));
        let took = began.elapsed();
        assert!(outcome.failure.is_none() && outcome.usage.steps == steps, "{outcome:?}");
        Ok(took)
    }

    /// How long so many calls of the agent that closes the loop take.
    fn calls(&self, runs: u64) -> Result<Duration, Failed> {
        let (program, _) = Program::load(&self.library, "loop_end")?;
        let agent = &program[program.root()];
        let Body::Proc(code) = &agent.body else { return Err("it is code".into()) };
        let authority = Arc::new(self.policy.authority("loop_end", "control/loop_end"));
        let mounts = Mounts::open(&[], &[], &Protected::default(), None).map_err(|error| error.message)?;
        let (mounts, ready) = (Arc::new(mounts), Ready::default());
        let inputs = ["start", "index", "limit"].map(|name| (name.to_owned(), number(runs)));
        let limits = CallLimits {
            memory: 128 << 20,
            fuel: 20_000_000_000,
            deadline: Instant::now() + Duration::from_secs(3600),
            output: 16 << 20,
            bytes: 0,
            calls: 0,
        };
        let call = || Call {
            manifest: &agent.manifest,
            code,
            ready: &ready,
            inputs: &inputs,
            limits: limits.clone(),
            mounts: mounts.clone(),
            databases: Arc::default(),
            gate: Gate::new(authority.clone(), Subject::default(), None, Effects::Real, Arc::default()),
            env: Arc::default(),
            callees: Arc::new(Nobody),
            log: log::silent(),
            moment: None,
            kept: None,
        };
        let began = Instant::now();
        self.runtime.block_on(async {
            for _ in 0..runs {
                let called = self.sandbox.call(call()).await;
                assert!(called.result.is_ok(), "{:?}", called.result);
            }
        });
        Ok(began.elapsed())
    }

    /// How long the last tenth of so many steps takes, in the time of the first.
    fn flatness(&self, steps: u64) -> Result<f64, Failed> {
        let tenth = steps / 10;
        let clock = Arc::new(Clock { steps: AtomicU64::new(0), every: tenth, looks: Mutex::default() });
        clock.look();
        self.count(tenth * 10, clock.clone())?;
        let looks = clock.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let tenths: Vec<_> = looks.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        match (tenths.first(), tenths.last()) {
            (Some(first), Some(last)) if tenths.len() == 10 => Ok(last / first),
            _ => Err(format!("{} tenths of the steps were seen", tenths.len()).into()),
        }
    }
}

/// Looks at the time, once in so many steps.
struct Clock {
    steps: AtomicU64,
    every: u64,
    looks: Mutex<Vec<Instant>>,
}

impl Clock {
    fn look(&self) {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
    }
}

impl Tape for Clock {
    fn append(&self, _: &Cell<'_>) {
        if (self.steps.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(self.every) {
            self.look();
        }
    }
}

fn number(number: u64) -> Value {
    Value::Json(serde_json::json!(number).into())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench").join(name)
}
