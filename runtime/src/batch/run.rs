//! The batch itself. One thread reads items, others run them, and the caller's writes what became of
//! them: all side by side, and none further ahead than the window lets it.

use std::{
    io,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    Engine, Failure, Outcome,
    batch::{
        Digest, Done, Ended, Items, MaxFailures, Retry, Shard, Tally, Used,
        reader::{Keys, Read, Reader},
        window::{Place, Window},
        work::{self, Bound, Work},
        writer::Writer,
    },
    engine::Tape,
    telemetry::Open,
};

/// The most items that run at one time: each has an instance of its own, with its memory.
pub const MAX_JOBS: usize = 1000;

/// How long who reads items has to say that there are no more, once nobody runs them any more.
const LAST_READ: Duration = Duration::from_millis(100);

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
    /// There are no more items, and each that there was has its result.
    Over,
    /// Too many items failed for those that are left to be begun.
    Failures,
    /// What all may use together is used up.
    Budget,
    /// Somebody wanted it to end before the last item.
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
    let (tally, bound) = (Tally::after(&options.done), Arc::new(Bound::new(options.max_failures)));
    let reader = Reader {
        items,
        shard: options.shard,
        done: options.done,
        keys: Keys::default(),
        window: window.clone(),
        state: stop.0.clone(),
        results: finished.clone(),
        queue,
        bound: bound.clone(),
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
        bound,
        span: open.span().clone(),
    });
    let working = work::begin(&work, jobs)?;
    drop(work);
    let nobody_works = || stop.0.is_over() && working.iter().all(JoinHandle::is_finished);
    let mut writer = Writer::new(options.in_order, tally, sink);
    if let Err(error) = writer.write(&results, &nobody_works) {
        // Nobody takes results any more, so nothing more is begun.
        stop.0.end(Why::Broken(Failure::host(format!("results can't be written: {error}"))));
        drop(results);
    }
    let tally = writer.tally;
    for worker in working {
        worker.join().map_err(|_| Failure::host("a thread of the batch panicked"))?.ok();
    }
    let read = ended(reading, &stop.0)?;
    let why = match stop.0.why() {
        None => Why::Over,
        // It came too late to stop anything.
        Some(Why::Failures | Why::Stopped) if read.to_the_end && read.sent == tally.seen() => Why::Over,
        Some(why) => why,
    };
    open.end_batch(&tally, &why);
    Ok((tally, why))
}

/// How far the items were read. Who waits for a pipe to say more is left behind: the process ends soon.
fn ended(reading: JoinHandle<Read>, state: &work::State) -> Result<Read, Failure> {
    let until = Instant::now() + LAST_READ;
    while state.is_over() && !reading.is_finished() {
        if Instant::now() >= until {
            return Ok(Read::default());
        }
        thread::sleep(Duration::from_millis(1));
    }
    reading.join().map_err(|_| Failure::host("the reader of items panicked"))
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
