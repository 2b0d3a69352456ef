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
use tracing::{Instrument, Span};

use crate::{
    Code, Engine, Failure, Outcome, Value,
    batch::{
        Ended, Item, MaxFailures, Retry, Used,
        run::{Finished, Report, TapeOf, Why},
        window::{Place, Window},
    },
    engine::Allowance,
    telemetry::Open,
};

/// How often somebody who waits looks whether it is over.
const GLANCE: Duration = Duration::from_millis(100);

/// How often somebody who waits for room looks whether there is some.
const PATIENCE: Duration = Duration::from_millis(5);

/// Whether a batch goes on, and why it doesn't.
#[derive(Default)]
pub struct State(Lock<Option<Why>>);

impl State {
    /// Begins no more items. The first reason counts, but for a failure, which counts before the others.
    pub fn end(&self, why: Why) {
        let mut ended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*ended, &why) {
            (None, _) => *ended = Some(why),
            (Some(Why::Broken(_)), _) => {}
            (Some(_), Why::Broken(_)) => *ended = Some(why),
            (Some(_), _) => {}
        }
    }

    pub fn why(&self) -> Option<Why> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn is_over(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

/// How many items may fail. One that is too many ends the batch when it fails, and not when it is written. What
/// failed before doesn't count: who goes on behind failures knows of them.
pub struct Bound {
    most: Option<MaxFailures>,
    counted: Lock<Counted>,
}

#[derive(Default)]
struct Counted {
    failed: u64,
    seen: u64,
}

impl Bound {
    pub fn new(most: Option<MaxFailures>) -> Self {
        Self { most, counted: Lock::default() }
    }

    /// Counts an item, and ends the batch where that is one failure too many.
    pub fn count(&self, ended: Ended, state: &State) {
        let Some(most) = self.most else { return };
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.seen += 1;
        counted.failed += u64::from(matches!(ended, Ended::Failed(_)));
        if most.is_passed(counted.failed, counted.seen, false) {
            state.end(Why::Failures);
        }
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
    pub window: Arc<Window>,
    pub state: Arc<State>,
    pub bound: Arc<Bound>,
    /// What tells of the batch.
    pub span: Span,
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
    let begun: Vec<_> = (0..jobs).map(|_| tasks.spawn_local(one_after_the_other(work.clone()))).collect();
    let ended: Result<(), Failure> = tasks.block_on(&runtime, async {
        for task in begun {
            task.await.map_err(|_| Failure::host("an item's run panicked"))?;
        }
        Ok(())
    });
    // What blocks in the background is left behind.
    runtime.shutdown_background();
    if let Err(failure) = &ended {
        work.state.end(Why::Broken(failure.clone()));
    }
    ended
}

/// Runs items until there are no more.
async fn one_after_the_other(work: Arc<Work>) {
    loop {
        let (sequence, item, mut place) = match work.next().await {
            Ok(Some(next)) => next,
            Ok(None) => return,
            // Who waits for a pipe to say more may wait for ever.
            Err(_) if work.state.is_over() => return,
            Err(_) => continue,
        };
        let finished = if work.may_begin() { work.item(item).await } else { None };
        if let Some(finished) = &finished {
            work.bound.count(finished.ended, &work.state);
        }
        place.holds(finished.as_ref().map_or(0, |finished| size(&finished.outcome)));
        if work.results.send(Report { sequence, finished, place }).is_err() {
            return;
        }
    }
}

/// How many bytes of an outcome wait to be written.
fn size(outcome: &Outcome) -> usize {
    let outputs: usize = outcome.outputs.iter().map(|(name, value)| name.len() + value.bytes().len()).sum();
    outputs + outcome.failure.as_ref().map_or(0, Failure::size) + outcome.denials.size()
}

impl Work {
    /// The next item, where there is one within a moment and room for its result. Who waits for room holds
    /// the queue and no item: all that were begun go on to their end, and what is before them is written.
    async fn next(&self) -> Result<Option<Queued>, tokio::time::error::Elapsed> {
        let mut items = self.items.lock().await;
        while self.window.is_full() && !self.state.is_over() {
            tokio::time::sleep(PATIENCE).await;
        }
        tokio::time::timeout(GLANCE, items.recv()).await
    }

    fn may_begin(&self) -> bool {
        let used_up = self.fuel.as_ref().is_some_and(|fuel| fuel.left() == 0);
        let too_late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if used_up || too_late {
            self.state.end(Why::Budget);
        }
        !self.state.is_over()
    }

    /// Runs one item, and again where it failed with what may pass. Nothing comes of one that the end of the
    /// batch kept from its own end: it is as if it had not begun, and a later run begins it anew.
    async fn item(&self, item: Item) -> Option<Finished> {
        let Item { number, name, digest, key, inputs, .. } = item;
        let (outcome, used) = match inputs {
            Ok(inputs) => {
                let open = Open::item(&self.span, number);
                let ran = self.attempts(number, inputs).instrument(open.span().clone()).await?;
                open.end_item(&ran.0, &ran.1);
                ran
            }
            Err(failure) => (Outcome { failure: Some(failure), ..Outcome::default() }, Used::default()),
        };
        let ended = outcome.failure.as_ref().map_or(Ended::Done, |failure| Ended::Failed(failure.code));
        Some(Finished { number, name, key, digest, ended, outcome, duplicate_of: None, used })
    }

    async fn attempts(&self, number: u64, inputs: Vec<(String, Value)>) -> Option<(Outcome, Used)> {
        let mut used = Used::default();
        loop {
            let mut outcome = match self.attempt(number, inputs.clone(), &mut used).await {
                Ok(outcome) => outcome,
                Err(failure) => {
                    self.state.end(Why::Broken(failure));
                    return None;
                }
            };
            let Some(failure) = &outcome.failure else { return Some((outcome, used)) };
            if self.is_cut_short(failure.code) {
                self.state.end(Why::Budget);
                return None;
            }
            let wait = match self.retry.after(used.attempts, failure, &outcome.outputs) {
                Ok(wait) => wait,
                Err(failure) => {
                    outcome.failure = Some(failure);
                    return Some((outcome, used));
                }
            };
            let Some(wait) = wait else { return Some((outcome, used)) };
            if !self.waited(wait).await {
                return None;
            }
        }
    }

    /// Whether it was the budget of all items that a failed one had no more of, and not its own.
    fn is_cut_short(&self, code: Code) -> bool {
        match code {
            Code::Fuel => self.fuel.as_ref().is_some_and(|fuel| fuel.left() == 0),
            Code::Time => self.deadline.is_some_and(|deadline| Instant::now() >= deadline),
            _ => false,
        }
    }

    /// Runs one item once.
    ///
    /// # Errors
    ///
    /// When it failed, or any before it, since the run can't be kept any more: that is no failure of the item's.
    async fn attempt(&self, number: u64, inputs: Vec<(String, Value)>, used: &mut Used) -> Result<Outcome, Failure> {
        let allowance = Allowance { fuel: self.fuel.as_ref().map(Fuel::left), deadline: self.deadline };
        let engine =
            self.engine.again(&format!("[{number}]"), self.tape.as_ref().map(|tape| tape(number, used.attempts)));
        let outcome = engine.run_within(allowance, inputs).await;
        if outcome.failure.is_some() {
            engine.setup().tape.works()?;
        }
        if let Some(fuel) = &self.fuel {
            fuel.take(outcome.usage.fuel);
        }
        used.attempts += 1;
        used.fuel += outcome.usage.fuel;
        used.time += outcome.usage.time;
        used.denials += outcome.denials.iter().count() as u64 + outcome.denials.omitted();
        Ok(outcome)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A guest chooses how much it says when it fails, and what it asks for in vain.
    #[test]
    fn what_a_guest_says_counts_as_what_it_gives() {
        let failure = Failure { trace: "t".repeat(2000), ..Failure::new(Code::Failed, "m".repeat(1000)) };
        let outputs = vec![("name".to_owned(), Value::text("text"))];
        assert_eq!(size(&Outcome { outputs, failure: Some(failure), ..Outcome::default() }), 3008);
    }
}
