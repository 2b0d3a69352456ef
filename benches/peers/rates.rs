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

/// How many items the batch has.
const ITEMS: usize = 10_000;

/// How many a peer gets, since the rate is what counts: as many as take so long, of at least and at most so many.
const ROUND: Duration = Duration::from_secs(2);
const FEW: usize = 4;
const THEIR_ITEMS: usize = 2_000;

/// What computes for a second or so, and touches little memory.
const COMPUTING: &str = "sum(number * number for number in range(12_000_000))";

/// How often each is done.
const ROUNDS: usize = 3;

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
    let mut rates = Vec::new();
    for jobs in [2, 1] {
        let rate = ours(world, jobs)?;
        rates.push(rate);
        let mut sides = vec![(NAME.to_owned(), Ok(rate))];
        sides.extend(world.sandboxes.iter_mut().map(|peer| (peer.name.clone(), theirs(peer, jobs))));
        world.table.add(Row::new(&format!("a batch of Python calls, {jobs} at a time"), Unit::Rate, sides));
    }
    let gain = rates[0] / rates[1];
    println!("  two at a time are {gain:.2} times as fast as one");
    if let Some(native) = world.natives.first() {
        let (name, most) = (native.name(), cores(native)?);
        println!(
            "  two processes of {name} that compute are {most:.2} times as fast as one: of that, ours are {:.0} %",
            100.0 * gain / most
        );
    }
    Ok(())
}

/// How many times as much the machine computes with two processes as with one. Cores that share a processor, or that
/// another machine uses, too, give less than two, and so nobody's batch gets more.
fn cores(native: &Python) -> Result<f64, Failed> {
    let computing = |processes| {
        let start = Instant::now();
        let spawn = |_| native.command().args(["-I", "-S", "-c", COMPUTING]).spawn();
        let children = (0..processes).map(spawn).collect::<Result<Vec<_>, _>>()?;
        for mut child in children {
            assert!(child.wait()?.success());
        }
        Ok::<_, Failed>(start.elapsed())
    };
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        one.push(computing(1)?);
        two.push(computing(2)?);
    }
    Ok(2.0 * median(&mut one).as_secs_f64() / median(&mut two).as_secs_f64())
}

fn ours(world: &World, jobs: usize) -> Result<f64, Failed> {
    let folder = scratch("batch");
    fs::create_dir_all(&folder)?;
    let mut items = File::create(folder.join("items.jsonl"))?;
    items.write_all("\"hello\"\n".repeat(ITEMS).as_bytes())?;
    let options = format!("--items items.jsonl --out out.jsonl --force --no-store --jobs {jobs}");
    let command = format!("turingbox batch {AGENT} {options} --agents '{}'", agents().display());
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.push(run(&world.ours.binary, &folder, &command)?.0);
        let lines = BufReader::new(File::open(folder.join("out.jsonl"))?).lines();
        let right = lines.map_while(Result::ok).filter(|line| line.contains(&format!("\"text\":\"{ANSWER}\"")));
        assert_eq!(right.count(), ITEMS);
    }
    Ok(ITEMS as f64 / median(&mut times).as_secs_f64())
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
