//! Many at a time: a workflow's steps, and a batch's items.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    time::{Duration, Instant},
};

use turingbox::Value;

use crate::{
    World,
    calls::call,
    command::{Failed, run},
    ours::{AGENT, ANSWER, LOOP, NAME, agents, scratch},
    peer::{Peer, Request},
    python::Python,
    table::{Row, Unit},
    turns::median,
};

/// How many steps the loop has.
const STEPS: u64 = 100_000;

/// How many items of the batch are done at a time.
const JOBS: [usize; 2] = [2, 1];

/// How many items the batch has.
const ITEMS: usize = 10_000;

/// How many a peer gets, since the rate is what counts: as many as take so long, of at least and at most so many.
const ROUND: Duration = Duration::from_secs(2);
const FEW: usize = 4;
const THEIR_ITEMS: usize = 2_000;

/// What computes for a second or so, and touches little memory.
const COMPUTING: &str = "sum(number * number for number in range(12_000_000))";

/// How often each is done.
const ROUNDS: usize = 5;

/// The steps that a loop makes in a second on one core, each a call of a component in a fresh instance.
pub fn steps(world: &mut World) -> Result<(), Failed> {
    let ours = &world.ours;
    let engine = ours.engine(LOOP, "[limits]\ntime = \"1h\"\n")?;
    let mut times = Vec::new();
    for steps in [STEPS / 100].into_iter().chain([STEPS; ROUNDS]) {
        let start = Instant::now();
        let inputs = vec![("limit".to_owned(), Value::Json(serde_json::json!(steps - 1).into()))];
        let outcome = ours.runtime.block_on(engine.run(inputs));
        times.push(start.elapsed());
        if let Some(failure) = outcome.failure {
            return Err(failure.message.into());
        }
        assert_eq!(outcome.usage.steps, steps);
    }
    let rate = STEPS as f64 / median(&mut times[1..]).as_secs_f64();
    world.table.add(Row::new("a workflow's loop, steps", Unit::Rate, vec![(NAME.to_owned(), Ok(rate))]));
    Ok(())
}

/// A batch of Python items, two at a time and one at a time. Ours is the command, and writes its results to a file.
pub fn batch(world: &mut World) -> Result<(), Failed> {
    let (mut ours, mut natives) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(both(|jobs| batch_of_ours(world, jobs))?);
        if let Some(native) = world.natives.first() {
            natives.push(both(|processes| computing(native, processes))?);
        }
    }
    for (at, jobs) in JOBS.into_iter().enumerate() {
        let mut times: Vec<_> = ours.iter().map(|times| times[at]).collect();
        let rate = ITEMS as f64 / median(&mut times).as_secs_f64();
        let mut sides = vec![(NAME.to_owned(), Ok(rate))];
        sides.extend(world.sandboxes.iter_mut().map(|peer| (peer.name.clone(), theirs(peer, jobs))));
        world.table.add(Row::new(&format!("a batch of Python calls, {jobs} at a time"), Unit::Rate, sides));
    }
    let faster = gain(&ours, 1.0);
    println!("  two at a time are {faster:.2} times as fast as one");
    if let Some(native) = world.natives.first() {
        // Cores that share a processor, or that another machine uses, too, give less than two, and so nobody's batch
        // gets more.
        let (name, most) = (native.name(), gain(&natives, 2.0));
        println!(
            "  two processes of {name} that compute are {most:.2} times as fast as one: of that, ours are {:.0} %",
            100.0 * faster / most
        );
    }
    Ok(())
}

/// What takes how long with each of `JOBS`.
fn both(mut time: impl FnMut(usize) -> Result<Duration, Failed>) -> Result<[Duration; 2], Failed> {
    let [two, one] = JOBS.map(&mut time);
    Ok([two?, one?])
}

/// How much faster two are than one, where two do `work` times as much: the median of all rounds, since a machine that
/// is busy with something else is so for both sides of one.
fn gain(rounds: &[[Duration; 2]], work: f64) -> f64 {
    let mut gains: Vec<_> = rounds.iter().map(|[two, one]| work * one.as_secs_f64() / two.as_secs_f64()).collect();
    gains.sort_by(f64::total_cmp);
    gains[gains.len() / 2]
}

/// How long so many processes compute.
fn computing(native: &Python, processes: usize) -> Result<Duration, Failed> {
    let start = Instant::now();
    let spawn = |_| native.command().args(["-I", "-S", "-c", COMPUTING]).spawn();
    let children = (0..processes).map(spawn).collect::<Result<Vec<_>, _>>()?;
    for mut child in children {
        assert!(child.wait()?.success());
    }
    Ok(start.elapsed())
}

fn batch_of_ours(world: &World, jobs: usize) -> Result<Duration, Failed> {
    let folder = scratch("batch");
    fs::create_dir_all(&folder)?;
    let mut items = File::create(folder.join("items.jsonl"))?;
    items.write_all("\"hello\"\n".repeat(ITEMS).as_bytes())?;
    let options = format!("--items items.jsonl --out out.jsonl --force --no-store --jobs {jobs}");
    let command = format!("turingbox batch {AGENT} {options} --agents '{}'", agents().display());
    let (time, _) = run(&world.ours.binary, &folder, &command)?;
    let lines = BufReader::new(File::open(folder.join("out.jsonl"))?).lines();
    let right = lines.map_while(Result::ok).filter(|line| line.contains(&format!("\"text\":\"{ANSWER}\"")));
    assert_eq!(right.count(), ITEMS);
    Ok(time)
}

fn theirs(peer: &mut Peer, jobs: usize) -> Result<f64, String> {
    let mut times = Vec::new();
    let ask = |runs| Request { runs, jobs, ..call("batch") };
    let few = peer.time(&ask(FEW)).and_then(|_| peer.time(&ask(FEW)))?.times[0];
    let items = (ROUND.as_secs_f64() / few.as_secs_f64() * FEW as f64) as usize;
    let items = items.clamp(FEW, THEIR_ITEMS);
    for _ in 0..ROUNDS {
        let done = peer.time(&ask(items))?;
        if done.answer != ANSWER {
            return Err(format!("gave {:?}, not {ANSWER:?}", done.answer));
        }
        times.extend(done.times);
    }
    Ok(items as f64 / median(&mut times).as_secs_f64())
}
