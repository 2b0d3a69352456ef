//! What an instance takes that has served a call and is idle: resident, and not shared with others.

use std::{
    fs,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::LocalSet;
use turingbox::engine::{Cell, Tape};

use crate::{
    World,
    calls::call,
    command::Failed,
    ours::{AGENT, ANSWER, IDLE, NAME, Ours},
    peer::{Peer, Request, serve},
    table::{Row, Unit},
};

/// How many instances there are. Ours has a pool of 128.
const INSTANCES: usize = 100;

/// How many a sandbox's process holds before the first look, so that what they share is there.
const BEFORE: usize = 2;

/// The argument that makes this program a process that holds our instances.
pub const HOLD: &str = "hold";

/// Each side in a process of its own: what it takes with [`INSTANCES`] more, less what it took, a part each.
pub fn run(world: &mut World) -> Result<(), Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    let mut ours = Peer::start(NAME, command.arg(HOLD))?;
    let mut sides = vec![(NAME.to_owned(), Ok(more(&mut ours)?))];
    // A process that has a namespace is no instance; CPython's is a process.
    for (native, process) in world.natives.iter().zip(&world.processes) {
        let script = crate::ours::folder("python/peer.py");
        let mut fresh = Peer::script("CPython", &native.path, &script)?;
        fresh.hold(&Request { runs: 1, ..call("live") })?;
        sides.push((process.name.clone(), Ok(private(fresh.id())? as f64)));
    }
    sides.extend(world.sandboxes.iter_mut().map(|peer| (peer.name.clone(), more(peer))));
    let job = format!("an idle Python instance's memory, of {INSTANCES}");
    world.table.add(Row::new(&job, Unit::Bytes, sides));
    Ok(())
}

/// The process that holds ours.
pub fn hold() -> Result<(), Failed> {
    let ours = Ours::open()?;
    let tasks = LocalSet::new();
    serve(|runs| Ok((idle(&ours, &tasks, runs)?, ANSWER.to_owned())))
}

fn more(peer: &mut Peer) -> Result<f64, String> {
    let mut hold = |runs| match peer.hold(&Request { runs, ..call("live") })? {
        answer if answer == ANSWER => private(peer.id()),
        answer => Err(format!("gave {answer:?}, not {ANSWER:?}")),
    };
    let before = hold(BEFORE)?;
    Ok(hold(INSTANCES)?.saturating_sub(before) as f64 / INSTANCES as f64)
}

/// Counts the calls that are over.
#[derive(Default)]
struct Calls(AtomicUsize);

impl Tape for Calls {
    fn append(&self, cell: &Cell<'_>) {
        let is_call = cell.agent == AGENT && cell.outcome.failure.is_none();
        self.0.fetch_add(usize::from(is_call), Ordering::Relaxed);
    }
}

/// Begins so many runs that make a call and then wait, and returns when all of them wait.
fn idle(ours: &Ours, tasks: &LocalSet, runs: usize) -> Result<(), Failed> {
    let calls = Arc::new(Calls::default());
    let policy = format!("[limits]\ntime = \"10h\"\n[agents.{AGENT}]\nisolation = \"run\"\n");
    let engine = Arc::new(ours.recorded(IDLE, &policy, calls.clone())?);
    let started: Vec<_> = (0..runs)
        .map(|_| {
            let engine = engine.clone();
            tasks.spawn_local(async move { engine.run(Vec::new()).await })
        })
        .collect();
    let all = async {
        while calls.0.load(Ordering::Relaxed) < runs && !started.iter().any(|run| run.is_finished()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The last ones fail, and wait.
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    ours.runtime.block_on(tasks.run_until(all));
    match started.iter().filter(|run| run.is_finished()).count() {
        0 => Ok(()),
        ended => Err(format!("{ended} of {runs} runs didn't wait").into()),
    }
}

/// The bytes that this process and those below it have for themselves.
fn private(process: u32) -> Result<u64, String> {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).map_err(|error| error.to_string())?;
    let figure = |line: &str| line.split_whitespace().nth(1)?.parse::<u64>().ok();
    let own: u64 = rollup.lines().filter(|line| line.starts_with("Private_")).filter_map(figure).sum();
    let mut sum = own * 1024;
    for task in fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
            sum += private(child)?;
        }
    }
    Ok(sum)
}
