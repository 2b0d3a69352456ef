//! The threads that run items, each several at a time.

use std::{
    sync::{
        Arc, Mutex as Lock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Mutex, mpsc as channel},
    task::LocalSet,
};

use crate::{
    Engine, Failure, Outcome,
    batch::{
        Ended, Item, Retry, Used,
        run::{Finished, Report, TapeOf, Why},
        window::Place,
    },
    engine::Allowance,
};

/// How often somebody who waits looks whether it is over.
const GLANCE: Duration = Duration::from_millis(100);

/// Whether a batch goes on, and why it doesn't.
#[derive(Default)]
pub struct State(Lock<Option<Why>>);

impl State {
    /// Begins no more items. The first reason counts.
    pub fn end(&self, why: Why) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
    }

    pub fn why(&self) -> Option<Why> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_over(&self) -> bool {
        self.why().is_some()
    }
}

/// The fuel of all items together.
pub struct Fuel(AtomicU64);

impl Fuel {
    pub fn new(fuel: u64) -> Self {
        Self(AtomicU64::new(fuel))
    }

    fn left(&self) -> u64 {
        self.0.load(Relaxed)
    }

    fn take(&self, used: u64) {
        self.0.fetch_update(Relaxed, Relaxed, |left| Some(left.saturating_sub(used))).ok();
    }
}

type Queued = (u64, Item, Place);

/// Where items wait for a worker.
pub struct Queue(channel::Sender<Queued>);

impl Queue {
    /// Hands on an item; false where nobody takes it.
    pub fn send(&self, sequence: u64, item: Item, place: Place) -> bool {
        self.0.blocking_send((sequence, item, place)).is_ok()
    }
}

/// A queue for so many items.
pub fn queue(size: usize) -> (Queue, Mutex<channel::Receiver<Queued>>) {
    let (sender, receiver) = channel::channel(size);
    (Queue(sender), Mutex::new(receiver))
}

/// What workers share.
pub struct Work {
    pub engine: Engine,
    pub retry: Retry,
    pub fuel: Option<Fuel>,
    pub deadline: Option<Instant>,
    pub tape: Option<TapeOf>,
    pub items: Mutex<channel::Receiver<Queued>>,
    pub results: mpsc::Sender<Report>,
    pub state: Arc<State>,
}

/// Begins to run items, `jobs` at a time, on as many threads as there are cores.
pub fn begin(work: &Arc<Work>, jobs: usize) -> Result<Vec<JoinHandle<Result<(), Failure>>>, Failure> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(jobs);
    let begin = |thread: usize| {
        let (work, jobs) = (work.clone(), jobs / threads + usize::from(thread < jobs % threads));
        thread::Builder::new().name("batch".into()).spawn(move || on_this_thread(&work, jobs)).map_err(Failure::host)
    };
    (0..threads).map(begin).collect()
}

fn on_this_thread(work: &Arc<Work>, jobs: usize) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::host)?;
    let tasks = LocalSet::new();
    for _ in 0..jobs {
        tasks.spawn_local(one_after_the_other(work.clone()));
    }
    runtime.block_on(tasks);
    // What blocks in the background is left behind.
    runtime.shutdown_background();
    Ok(())
}

/// Runs items until there are no more.
async fn one_after_the_other(work: Arc<Work>) {
    loop {
        let next = { tokio::time::timeout(GLANCE, work.items.lock().await.recv()).await };
        let (sequence, item, place) = match next {
            Ok(Some(next)) => next,
            Ok(None) => return,
            // Who waits for a pipe to say more may wait for ever.
            Err(_) if work.state.is_over() => return,
            Err(_) => continue,
        };
        let finished = if work.may_begin() { Some(work.item(item).await) } else { None };
        if work.results.send(Report { sequence, finished, place }).is_err() {
            return;
        }
    }
}

impl Work {
    fn may_begin(&self) -> bool {
        let used_up = self.fuel.as_ref().is_some_and(|fuel| fuel.left() == 0);
        let too_late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if used_up || too_late {
            self.state.end(Why::Budget);
        }
        !self.state.is_over()
    }

    /// Runs one item, and again where it failed with what may pass.
    async fn item(&self, item: Item) -> Finished {
        let Item { number, name, digest, key, inputs, .. } = item;
        let (outcome, used) = match inputs {
            Ok(inputs) => self.attempts(number, inputs).await,
            Err(failure) => (Outcome { failure: Some(failure), ..Outcome::default() }, Used::default()),
        };
        let ended = outcome.failure.as_ref().map_or(Ended::Done, |failure| Ended::Failed(failure.code));
        Finished { number, name, key, digest, ended, outcome, duplicate_of: None, used }
    }

    async fn attempts(&self, number: u64, inputs: Vec<(String, crate::Value)>) -> (Outcome, Used) {
        let mut used = Used::default();
        loop {
            let mut outcome = self.attempt(number, inputs.clone(), &mut used).await;
            let Some(failure) = &outcome.failure else { return (outcome, used) };
            let wait = match self.retry.after(used.attempts, failure, &outcome.outputs) {
                Ok(wait) => wait,
                Err(wrong) => {
                    outcome.failure = Some(wrong);
                    return (outcome, used);
                }
            };
            let Some(wait) = wait else { return (outcome, used) };
            if !self.waited(wait).await {
                return (outcome, used);
            }
        }
    }

    async fn attempt(&self, number: u64, inputs: Vec<(String, crate::Value)>, used: &mut Used) -> Outcome {
        let allowance = Allowance { fuel: self.fuel.as_ref().map(Fuel::left), deadline: self.deadline };
        let engine = self.engine.again(&format!("[{number}]"), self.tape.as_ref().map(|tape| tape(number)));
        let outcome = engine.run_within(allowance, inputs).await;
        if let Some(fuel) = &self.fuel {
            fuel.take(outcome.usage.fuel);
        }
        used.attempts += 1;
        used.fuel += outcome.usage.fuel;
        used.time += outcome.usage.time;
        used.denials += outcome.denials.iter().count() as u64 + outcome.denials.omitted();
        outcome
    }

    /// Waits, unless it is over before; whether another attempt may begin.
    async fn waited(&self, wait: Duration) -> bool {
        let until = Instant::now() + wait;
        while self.may_begin() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            tokio::time::sleep(left.min(GLANCE)).await;
        }
        false
    }
}
