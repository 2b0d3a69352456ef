//! The batch itself. One thread reads items, others run them, and the caller's writes what became of
//! them: all side by side, and none further ahead than the window lets it.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};

use crate::{
    Code, Engine, Failure, Outcome,
    batch::{
        Digest, Done, Ended, Item, Items, MaxFailures, Retry, Shard, Tally, Used,
        order::Order,
        window::{Place, Window},
        work::{self, Work},
    },
    engine::Tape,
    telemetry::Open,
};

/// How often the caller is told how it stands.
const TICK: Duration = Duration::from_millis(100);

/// The most items that run at one time: each has an instance of its own, with its memory.
pub const MAX_JOBS: usize = 1000;

/// How a batch is run.
pub struct Options {
    /// Items that run at one time.
    pub jobs: usize,
    /// The part of the items that is run; all of them, where there is none.
    pub shard: Option<Shard>,
    /// What has results already.
    pub done: Done,
    /// What is tried again.
    pub retry: Retry,
    /// When there are too many failures to go on.
    pub max_failures: Option<MaxFailures>,
    /// The fuel of all items together. An item may use what is left of it when it begins.
    pub fuel: Option<u64>,
    /// When all of it has to be over.
    pub deadline: Option<Instant>,
    /// Whether results come in the order of their items.
    pub in_order: bool,
    /// Where the steps of an item go.
    pub tape: Option<TapeOf>,
}

/// Gives the tape of the item at a number, for an attempt; the first is 0.
pub type TapeOf = Box<dyn Fn(u64, u32) -> Arc<dyn Tape> + Send + Sync>;

/// What became of one item.
#[derive(Debug)]
pub struct Finished {
    /// Where the item stood.
    pub number: u64,
    /// The file that it was, if it was one.
    pub name: Option<String>,
    /// Its key, if it has one.
    pub key: Option<String>,
    /// What it was.
    pub digest: Digest,
    /// How it ended.
    pub ended: Ended,
    /// Its last run. An item that is none, or a duplicate, has only a failure, or nothing.
    pub outcome: Outcome,
    /// The item that has the same key, where this is a duplicate.
    pub duplicate_of: Option<u64>,
    /// What it used.
    pub used: Used,
}

/// Takes what became of items.
pub trait Sink {
    /// One item is finished. They come in their order, if that was asked for.
    ///
    /// # Errors
    ///
    /// When it can't be written; that ends the batch.
    fn finished(&mut self, finished: &Finished) -> io::Result<()>;

    /// There is nothing to do for a moment: what was written should be safe before more is.
    ///
    /// # Errors
    ///
    /// When it can't be written; that ends the batch.
    fn flush(&mut self) -> io::Result<()>;

    /// How it stands, some times a second.
    fn tick(&mut self, tally: &Tally);
}

/// Why a batch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// There are no more items.
    Over,
    /// Too many items failed.
    Failures,
    /// What all may use together is used up.
    Budget,
    /// Somebody wants it to end.
    Stopped,
    /// It can't go on: items can't be read any further, or results can't be written.
    Broken(Failure),
}

/// Lets somebody end a batch: what is in flight is finished.
#[derive(Clone, Default)]
pub struct Stop(Arc<work::State>);

impl Stop {
    /// Begins no more items.
    pub fn stop(&self) {
        self.0.end(Why::Stopped);
    }
}

/// Runs `engine` on each of `items`.
///
/// # Errors
///
/// When a thread can't be had. What goes wrong later is a reason to end: [`Why::Broken`].
pub fn run(
    engine: &Engine,
    items: Items,
    options: Options,
    stop: &Stop,
    sink: &mut impl Sink,
) -> Result<(Tally, Why), Failure> {
    let jobs = options.jobs.clamp(1, MAX_JOBS);
    let open = Open::batch(engine);
    let window = Arc::new(Window::new(jobs));
    let (finished, results) = mpsc::channel();
    let (queue, work) = work::queue(window.size());
    let reader = Reader {
        items,
        shard: options.shard,
        done: options.done,
        keys: HashMap::new(),
        window: window.clone(),
        state: stop.0.clone(),
        results: finished.clone(),
        queue,
    };
    let reading = thread::Builder::new().name("items".into()).spawn(move || reader.read()).map_err(Failure::host)?;
    let work = Arc::new(Work {
        engine: engine.clone(),
        retry: options.retry,
        fuel: options.fuel.map(work::Fuel::new),
        deadline: options.deadline,
        tape: options.tape,
        items: work,
        results: finished,
        window,
        state: stop.0.clone(),
        span: open.span().clone(),
    });
    let working = work::begin(&work, jobs)?;
    drop(work);
    let nobody_works = || stop.0.is_over() && working.iter().all(thread::JoinHandle::is_finished);
    let order = Order::new(options.in_order);
    let most = options.max_failures;
    let mut writer = Writer { order, most, failed: 0, seen: 0, tally: Tally::default(), state: &stop.0, sink };
    if let Err(error) = writer.write(&results, &nobody_works) {
        // Nobody takes results any more, so nothing more is begun.
        stop.0.end(Why::Broken(Failure::host(format!("results can't be written: {error}"))));
        drop(results);
    }
    let mut tally = writer.tally;
    for worker in working {
        worker.join().map_err(|_| Failure::host("a thread of the batch panicked"))?.ok();
    }
    // One that waits for a pipe to say more is left behind: the process ends soon.
    if !stop.0.is_over() || reading.is_finished() {
        tally.before = reading.join().map_err(|_| Failure::host("the reader of items panicked"))?;
    }
    let why = stop.0.why().unwrap_or(Why::Over);
    open.end_batch(&tally, &why);
    Ok((tally, why))
}

/// What a worker or the reader says of an item, and the place in the window that it gives back.
pub(super) struct Report {
    pub sequence: u64,
    /// Nothing, where it was not begun.
    pub finished: Option<Finished>,
    /// Held until it is written.
    #[expect(dead_code, reason = "it is there to be dropped")]
    pub place: Place,
}

/// Reads items and hands them on.
struct Reader {
    items: Items,
    shard: Option<Shard>,
    done: Done,
    keys: HashMap<(u64, u64), u64>,
    window: Arc<Window>,
    state: Arc<work::State>,
    results: mpsc::Sender<Report>,
    queue: work::Queue,
}

impl Reader {
    /// Reads all of them, and says how many had results before.
    fn read(mut self) -> u64 {
        let mut before = 0;
        if let Err(failure) = self.read_all(&mut before) {
            self.state.end(Why::Broken(failure));
        }
        before
    }

    fn read_all(&mut self, before: &mut u64) -> Result<(), Failure> {
        let mut sequence = 0;
        while !self.state.is_over() {
            let Some(item) = self.items.next() else { break };
            let item = item.map_err(|error| unreadable(&error))?;
            if self.shard.is_some_and(|shard| !shard.holds(shard_of(&item))) {
                continue;
            }
            let duplicate_of = item.key.as_deref().and_then(|key| self.first_with(key, item.number));
            if self.done.holds(item.number, item.digest)? {
                *before += 1;
                continue;
            }
            let Some(place) = self.window.enter(item.size, || self.state.is_over()) else { break };
            let sent = match duplicate_of {
                Some(first) => {
                    let finished = Some(duplicate(item, first));
                    self.results.send(Report { sequence, finished, place }).is_ok()
                }
                None => self.queue.send(sequence, item, place),
            };
            if !sent {
                break;
            }
            sequence += 1;
        }
        Ok(())
    }

    /// The earlier item that has this key. 128 bits of a hash stand for a key: some 80 bytes for each, as the map grows.
    fn first_with(&mut self, key: &str, number: u64) -> Option<u64> {
        let hash = Sha256::digest(key);
        let half = |at: usize| hash[at..].first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let first = *self.keys.entry((half(0), half(8))).or_insert(number);
        (first != number).then_some(first)
    }
}

/// A file that is wrong is the caller's fault, one that the system doesn't give is not.
fn unreadable(error: &io::Error) -> Failure {
    let message = format!("the items can't be read any further: {error}");
    match error.kind() {
        io::ErrorKind::InvalidData => Failure::new(Code::Input, message),
        _ => Failure::host(message),
    }
}

/// What decides which part an item is in: items of one key belong together.
fn shard_of(item: &Item) -> Digest {
    item.key.as_ref().or(item.name.as_ref()).map_or(item.digest, |name| Digest::of(name.as_bytes()))
}

fn duplicate(item: Item, first: u64) -> Finished {
    Finished {
        number: item.number,
        name: item.name,
        key: item.key,
        digest: item.digest,
        ended: Ended::Duplicate,
        outcome: Outcome::default(),
        duplicate_of: Some(first),
        used: Used::default(),
    }
}

/// Writes what became of items, and counts it.
struct Writer<'s, S> {
    order: Order,
    most: Option<MaxFailures>,
    /// What has come, whether or not it could be written yet: a failure ends a batch when it happens.
    failed: u64,
    seen: u64,
    tally: Tally,
    state: &'s work::State,
    sink: &'s mut S,
}

impl<S: Sink> Writer<'_, S> {
    /// Writes until nobody has anything to say any more.
    fn write(&mut self, results: &mpsc::Receiver<Report>, nobody_works: &dyn Fn() -> bool) -> io::Result<()> {
        let mut ticked = Instant::now();
        self.sink.tick(&self.tally);
        loop {
            let result = match results.try_recv() {
                Ok(result) => Ok(result),
                Err(mpsc::TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
                Err(mpsc::TryRecvError::Empty) => {
                    self.sink.flush()?;
                    results.recv_timeout(TICK)
                }
            };
            match result {
                Ok(result) => self.came(result),
                Err(RecvTimeoutError::Timeout) if nobody_works() => break,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while let Some(result) = self.order.next() {
                let Some(finished) = &result.finished else { continue };
                self.sink.finished(finished)?;
                self.tally.add(finished.ended, finished.used);
            }
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                self.sink.tick(&self.tally);
            }
        }
        self.sink.flush()?;
        self.sink.tick(&self.tally);
        self.count(true);
        Ok(())
    }

    fn came(&mut self, report: Report) {
        if let Some(finished) = &report.finished {
            self.seen += 1;
            self.failed += u64::from(matches!(finished.ended, Ended::Failed(_)));
            self.count(false);
        }
        self.order.add(report);
    }

    /// Ends the batch where too many items failed.
    fn count(&self, over: bool) {
        if self.most.is_some_and(|most| most.is_passed(self.failed, self.seen, over)) {
            self.state.end(Why::Failures);
        }
    }
}
