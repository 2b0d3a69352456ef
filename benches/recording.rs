//! What it costs to keep a run: a loop of 100,000 steps with the store and without, in turn; and whether the gap
//! between steps is as long at the end as at the beginning.
//!
//! The promise: at most 15 % more, and flat. `cargo bench --profile dev --bench recording`; `RECORDING_STEPS` says
//! how many steps.

#[path = "support/binary.rs"]
mod binary;
#[path = "support/command.rs"]
mod command;

use std::{fs, path::Path};

use command::{Failed, run};
use rusqlite::Connection;

/// How many steps the run has, where nobody says otherwise.
const STEPS: u64 = 100_000;

/// How often each side runs.
const ROUNDS: usize = 5;

/// What is promised of both figures.
const MOST: f64 = 1.15;

const AGENT: &str = r#"
kind = "workflow"
help = "Count, and look at each number"

[inputs.limit]
type = "integer"
[outputs.count]
from = "$i"

[[steps]]
agent = "loop_start"
inputs = { limit = "$limit" }
outputs = { start = "loop", index = "i" }

[[steps]]
agent = "word_count"
inputs = { text = "{{ i }} is a number" }
outputs = { words = "words" }

[[steps]]
agent = "loop_end"
inputs = { start = "$loop", index = "$i", limit = "$limit" }
outputs = { index = "i" }
"#;

/// The steps, and the time that they take, are the operator's to bound.
const POLICY: &str = "version = 1\n[limits]\ntime = \"1h\"\nsteps = 1_000_000\n";

fn main() -> Result<(), Failed> {
    let steps = std::env::var("RECORDING_STEPS").ok().map_or(Ok(STEPS), |steps| steps.parse())?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-recording");
    fs::create_dir_all(folder.join("agents/count"))?;
    fs::write(folder.join("agents/count/agent.toml"), AGENT)?;
    fs::write(folder.join("policy.toml"), POLICY)?;
    let binary = binary::turingbox()?;
    let command = |limit: u64, store: &str| format!("turingbox run count --limit {limit} --policy policy.toml {store}");
    // Compiles the agents, if that is still to do.
    run(&binary, &folder, &command(1, "--no-store"))?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(run(&binary, &folder, &command(steps / 2, "--no-store"))?.0.as_secs_f64());
        with.push(run(&binary, &folder, &command(steps / 2, "--store kept"))?.0.as_secs_f64());
    }
    let ratio = median(&mut with) / median(&mut without);
    println!("kept: {ratio:.2} times as long, {:.1} µs a step", median(&mut with) / steps as f64 * 1e6);
    let flat = flatness(&Connection::open(folder.join("kept"))?)?;
    println!("the last tenth of the steps: {flat:.2} times as long as the first");
    fs::remove_dir_all(&folder)?;
    if steps == STEPS {
        assert!(ratio < MOST, "to keep a run takes {ratio:.2} times as long");
        assert!(flat < MOST, "the last steps take {flat:.2} times as long as the first");
    }
    Ok(())
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// How long the last tenth of the last run's steps took, in the time of the first.
fn flatness(store: &Connection) -> Result<f64, Failed> {
    let began = "SELECT began FROM cells WHERE run = (SELECT max(key) FROM runs) AND path <> '' ORDER BY number";
    let mut began = store.prepare(began)?;
    let began = began.query_map([], |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?;
    let tenth = began.len() / 10;
    let first = began[tenth] - began[0];
    let last = began[began.len() - 1] - began[began.len() - 1 - tenth];
    Ok(last as f64 / first as f64)
}
