//! What a compiled agent's call costs, side by side with wasmtime's own for the same component; and what it
//! costs to compile it in a process of its own, side by side with compiling it in this one.
//!
//! Both sides run in turn, some at a time, so that a machine which is busy with something else slows both; the
//! ratio of the medians is what counts. The promise: a call takes no more than twice as long as wasmtime's own,
//! which has the same pool of instances, and neither metering, deadline nor policy.
//! `cargo bench --profile dev --bench component_call`

#[path = "support/binary.rs"]
mod binary;
#[path = "support/host.rs"]
mod host;

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use turingbox::{
    Engine, Library, Program, Sandbox, Setup, Value,
    sandbox::Cache,
    wall::{Compiler, Wall},
};
use wasmtime::{
    Config, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    component::{Component, HasSelf, Linker},
};

use host::Host;

/// How often the sides take turns, and how often each runs in its turn.
const TURNS: usize = 20;
const RUNS: usize = 200;

/// The same for compiling.
const COMPILE_TURNS: usize = 10;

/// The most that a call may take, as a multiple of wasmtime's own.
const PROMISED: f64 = 2.0;

const TEXT: &str = "Three short words,\nand a second line.";

type Failed = Box<dyn Error>;

fn main() -> Result<(), Failed> {
    let bytes = std::fs::read(root().join("agents/text/word_count/word_count.wasm"))?;
    println!("word_count, {} bytes; {TURNS} turns of {RUNS} calls each, medians", bytes.len());
    let ours = ours()?;
    let pooled = theirs(&bytes, InstanceAllocationStrategy::Pooling(PoolingAllocationConfig::default()))?;
    let plain = theirs(&bytes, InstanceAllocationStrategy::OnDemand)?;
    side_by_side("a call; wasmtime as it comes", (TURNS, RUNS), &ours, &plain);
    let ratio = side_by_side("a call; wasmtime with a pool", (TURNS, RUNS), &ours, &pooled);
    compiling(&bytes)?;
    assert!(ratio <= PROMISED, "a call takes {ratio:.2} times as long as wasmtime's own, more than {PROMISED}");
    Ok(())
}

/// A call by the engine, as a run makes it: a fresh instance under the empty policy, thrown away afterwards.
fn ours() -> Result<impl Fn(), Failed> {
    let mut library = Library::default();
    library.add_folder(&root().join("agents"))?;
    let (program, _) = Program::load(&library, "word_count")?;
    let cache = Cache::open(&scratch("cache"), &scratch("state"))?;
    let sandbox =
        Sandbox::new(Some(cache), Box::new(|_| Box::new(())))?.compiled_by(Compiler::new(binary::turingbox()?));
    let setup = Setup { wall: Wall::None, ..Setup::new(Arc::new(library), sandbox) };
    let engine = Engine::new(Arc::new(program), setup).map_err(|error| error.message)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(move || {
        let outcome = runtime.block_on(engine.run(vec![("text".into(), Value::text(TEXT))]));
        assert!(outcome.failure.is_none() && outcome.outputs.len() == 4, "{outcome:?}");
    })
}

mod contract {
    wasmtime::component::bindgen!({ path: "guest-sdk/wit", world: "proc" });
}

use contract::turingbox::agent::{call, http, log, sql, types};

// Nothing of the contract is granted.
impl types::Host for Host {}

impl log::Host for Host {
    fn write(&mut self, _: log::Level, _: String) {}
}

impl http::Host for Host {
    fn send(&mut self, _: http::Request) -> Result<http::Response, http::Error> {
        Err(http::Error::Denied(String::new()))
    }
}

impl call::Host for Host {
    fn run(&mut self, _: String, _: Vec<types::Field>) -> Result<Vec<types::Field>, call::Error> {
        Err(call::Error::Denied(String::new()))
    }
}

impl sql::Host for Host {
    fn query(&mut self, _: String, _: String, _: Vec<sql::Cell>) -> Result<sql::Rows, sql::Error> {
        Err(sql::Error::Denied(String::new()))
    }
}

/// The same call by wasmtime alone: a store, an instance in it, the function called, all thrown away.
fn theirs(bytes: &[u8], allocation: InstanceAllocationStrategy) -> Result<impl Fn(), Failed> {
    let engine = wasmtime::Engine::new(Config::new().allocation_strategy(allocation))?;
    let component = Component::new(&engine, bytes)?;
    let mut linker = Linker::<Host>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    contract::Proc::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host)?;
    let ready = contract::ProcPre::new(linker.instantiate_pre(&component)?)?;
    let field = |name: &str, value| contract::Field { name: name.into(), value };
    let inputs = [field("text", types::Value::Text(TEXT.into())), field("min_length", types::Value::Json("1".into()))];
    Ok(move || {
        let host = Host::new();
        let mut store = Store::new(&engine, host);
        let outputs = ready.instantiate(&mut store).and_then(|instance| instance.call_run(&mut store, &inputs));
        assert!(matches!(&outputs, Ok(Ok(outputs)) if outputs.len() == 4), "{outputs:?}");
    })
}

/// `turingbox run` for which the component has to be compiled, less one for which it hasn't; and wasmtime's compiler.
fn compiling(bytes: &[u8]) -> Result<(), Failed> {
    let (binary, cache) = (binary::turingbox()?, scratch("cold"));
    let run = || {
        let mut command = Command::new(&binary);
        command.args(["run", "word_count", "--text", TEXT]).current_dir(root());
        command.env("TURINGBOX_CACHE", &cache).env("TURINGBOX_STATE", scratch("state")).output()
    };
    let cold = || {
        for entry in std::fs::read_dir(&cache).into_iter().flatten().flatten() {
            drop(std::fs::remove_file(entry.path()));
        }
        assert!(run().is_ok_and(|output| output.status.success()));
    };
    let warm = || assert!(run().is_ok_and(|output| output.status.success()));
    let engine = wasmtime::Engine::new(Config::new().consume_fuel(true))?;
    let here = || assert!(engine.precompile_component(bytes).is_ok());
    cold();
    let (mut colds, mut warms, mut heres) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..COMPILE_TURNS {
        colds.push(timed(cold));
        warms.push(timed(warm));
        heres.push(timed(here));
    }
    let (cold, warm, here) = (median(&mut colds), median(&mut warms), median(&mut heres));
    let process = cold.saturating_sub(warm);
    let ratio = process.as_secs_f64() / here.as_secs_f64();
    println!("compiling, in a process of its own: {process:.2?}; in this one: {here:.2?}; ratio {ratio:.3}");
    Ok(())
}

/// Runs both in turn, and prints the medians and their ratio.
fn side_by_side(what: &str, (turns, runs): (usize, usize), ours: &dyn Fn(), theirs: &dyn Fn()) -> f64 {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    ours();
    theirs();
    for _ in 0..turns {
        left.extend((0..runs).map(|_| timed(ours)));
        right.extend((0..runs).map(|_| timed(theirs)));
    }
    let (left, right) = (median(&mut left), median(&mut right));
    let ratio = left.as_secs_f64() / right.as_secs_f64();
    println!("{what}: {left:.2?}; wasmtime: {right:.2?}; ratio {ratio:.3}");
    ratio
}

fn timed(work: impl Fn()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench").join(name)
}
