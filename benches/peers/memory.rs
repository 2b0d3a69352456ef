//! What an idle instance takes: resident, and not shared with others.
//!
//! Ours is idle in the middle of a call, so that it is sure to be there; a peer's has served one and is kept.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::task::LocalSet;
use turingbox::{
    capability::log::Level,
    engine::{Cell, Tape},
};

use crate::{
    World,
    calls::call,
    command::Failed,
    ours::{ANSWER, CALL, IDLE, NAME, Ours, SOURCE, inputs},
    peer::{Peer, Request, serve},
    python::Python,
    table::{Row, Unit},
};

/// How many instances of ours there are, and of a peer.
const INSTANCES: usize = 1000;
const THEIRS: usize = 100;

/// How many a sandbox's process holds before the first look, so that what they share is there.
const BEFORE: usize = 2;

/// How many processes of CPython there are.
const PROCESSES: usize = 10;

/// The argument that makes this program a process that holds our instances.
pub const HOLD: &str = "hold";

/// Each side in a process of its own: what it takes with so many more, less what it took, a part each.
pub fn run(world: &mut World) -> Result<(), Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    let mut ours = Peer::start(NAME, command.arg(HOLD))?;
    let mut sides = vec![(NAME.to_owned(), Ok(more(&mut ours, INSTANCES)?))];
    for native in &world.natives {
        sides.push((native.name(), processes(native)));
    }
    sides.extend(world.sandboxes.iter_mut().map(|peer| (peer.name.clone(), more(peer, THEIRS))));
    let job = format!("an idle Python instance's memory, of {INSTANCES}, a peer's of {THEIRS}");
    world.table.add(Row::new(&job, Unit::Bytes, sides));
    Ok(())
}

/// The process that holds ours.
pub fn hold() -> Result<(), Failed> {
    let ours = Ours::with_room((BEFORE + INSTANCES) as u32)?;
    let tasks = LocalSet::new();
    serve(|runs| Ok((idle(&ours, &tasks, runs)?, ANSWER.to_owned())))
}

fn more(peer: &mut Peer, instances: usize) -> Result<f64, String> {
    let mut hold = |runs| match peer.hold(&Request { runs, ..call("live") })? {
        answer if answer == ANSWER => private(peer.id()),
        answer => Err(format!("gave {answer:?}, not {ANSWER:?}")),
    };
    let before = hold(BEFORE)?;
    Ok(hold(instances)?.saturating_sub(before) as f64 / instances as f64)
}

/// What a process of CPython takes that has made the call, of several: they share what they can.
fn processes(native: &Python) -> Result<f64, String> {
    let program = format!("{SOURCE}\nprint({CALL}, flush=True)\ninput()");
    let mut held = Vec::new();
    for _ in 0..PROCESSES {
        let mut command = native.command();
        command.args(["-I", "-S", "-c", &program]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().map_err(|error| error.to_string())?;
        let mut line = String::new();
        let read = process.stdout.as_mut().map(|stdout| BufReader::new(stdout).read_line(&mut line));
        held.push(process);
        if !matches!(read, Some(Ok(_))) || line.trim() != ANSWER {
            return Err(format!("gave {line:?}"));
        }
    }
    let sum: Result<u64, String> = held.iter().map(|process| private(process.id())).sum();
    for mut process in held {
        drop(process.kill());
        drop(process.wait());
    }
    Ok(sum? as f64 / PROCESSES as f64)
}

/// Counts the calls that wait, and says what they said.
#[derive(Default)]
struct Waiting(AtomicUsize);

impl Tape for Waiting {
    fn append(&self, _: &Cell<'_>) {}

    fn log(&self, _: &str, _: &str, _: Level, line: &str) {
        self.0.fetch_add(usize::from(line == ANSWER), Ordering::Relaxed);
    }
}

/// Begins so many calls that wait, and returns when all of them do.
fn idle(ours: &Ours, tasks: &LocalSet, runs: usize) -> Result<(), Failed> {
    let waiting = Arc::new(Waiting::default());
    let engine = Arc::new(ours.recorded(IDLE, "[limits]\ntime = \"10h\"\n", waiting.clone())?);
    let started: Vec<_> = (0..runs)
        .map(|_| {
            let engine = engine.clone();
            tasks.spawn_local(async move { engine.run(inputs()).await })
        })
        .collect();
    let is_over = || started.iter().any(|call| call.is_finished());
    let all = async {
        while waiting.0.load(Ordering::Relaxed) < runs && !is_over() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // From the line to the wait it isn't far.
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    ours.runtime.block_on(tasks.run_until(all));
    if is_over() { Err("a call didn't wait".into()) } else { Ok(()) }
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
