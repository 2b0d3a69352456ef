//! Several sides that do one job in turn, some times at a time, so that a machine which is busy with something else
//! slows all of them.

use std::time::Duration;

use crate::command::Failed;

/// How often each side runs at most in its turn: a call in a batch comes after another call, not after a process
/// that has just emptied the processor's caches.
const RUNS: usize = 20;

/// How long a turn takes at most, where one run doesn't take longer.
const TURN: Duration = Duration::from_millis(200);

/// How often the sides take turns, where `PEERS_TURNS` doesn't say otherwise.
const TURNS: usize = 15;

/// One that does the job.
pub struct Side<'a> {
    /// Who it is: a column of the table.
    pub name: String,
    /// Does it so many times, or says why it can't.
    pub run: Box<dyn FnMut(usize) -> Result<Times, String> + 'a>,
}

/// How long the runs took, and what each of them gave.
pub struct Times {
    pub times: Vec<Duration>,
    pub answer: String,
}

/// A side's median, or why there is none.
pub type Measured = Vec<(String, Result<Duration, String>)>;

impl<'a> Side<'a> {
    pub fn new(name: &str, run: impl FnMut(usize) -> Result<Times, String> + 'a) -> Self {
        Self { name: name.to_owned(), run: Box::new(run) }
    }
}

impl Times {
    /// Times the work itself, that gives an answer.
    pub fn of(runs: usize, mut work: impl FnMut() -> Result<String, String>) -> Result<Self, String> {
        let (mut times, mut answer) = (Vec::new(), String::new());
        for run in 0..runs {
            let start = std::time::Instant::now();
            let found = work()?;
            times.push(start.elapsed());
            if run > 0 && found != answer {
                return Err(format!("gave {found:?} after {answer:?}"));
            }
            answer = found;
        }
        Ok(Self { times, answer })
    }
}

/// Lets the sides take turns. The first is ours, so it has to do the job, and the others have to give what it gives.
pub fn in_turn(mut sides: Vec<Side<'_>>) -> Result<Measured, Failed> {
    let mut answer = None;
    let mut runs = Vec::new();
    for side in &mut sides {
        // The first run compiles and fills caches.
        let warm = (side.run)(1).and_then(|_| (side.run)(1));
        if let Ok(warm) = &warm {
            let expected = answer.get_or_insert_with(|| warm.answer.clone());
            if *expected != warm.answer {
                return Err(format!("{} gave {:?}, not {expected:?}", side.name, warm.answer).into());
            }
        } else if answer.is_none() {
            return Err(format!("{}: {}", side.name, warm.err().unwrap_or_default()).into());
        }
        runs.push(warm.map(|warm| (TURN.as_nanos() / warm.times[0].as_nanos().max(1)).clamp(1, RUNS as u128) as usize));
    }
    let mut all: Vec<_> = runs.iter().map(|runs| runs.clone().map(|_| Vec::new())).collect();
    for _ in 0..turns() {
        for ((side, runs), found) in sides.iter_mut().zip(&runs).zip(&mut all) {
            let (Ok(runs), Ok(times)) = (runs, found.as_mut()) else { continue };
            match (side.run)(*runs) {
                Ok(turn) => times.extend(turn.times),
                Err(why) => *found = Err(why),
            }
        }
    }
    let measured = all.into_iter().map(|times| times.map(|mut times| median(&mut times)));
    Ok(sides.into_iter().map(|side| side.name).zip(measured).collect())
}

pub fn median<T: Ord + Copy>(times: &mut [T]) -> T {
    times.sort();
    times[times.len() / 2]
}

fn turns() -> usize {
    std::env::var("PEERS_TURNS").ok().and_then(|turns| turns.parse().ok()).unwrap_or(TURNS).max(1)
}
