//! Who writes what became of items.

use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};

use crate::batch::{
    Ended, MaxFailures, Tally,
    order::Order,
    run::{Report, Sink, Why},
    work,
};

/// How often the caller is told how it stands.
const TICK: Duration = Duration::from_millis(100);

/// Writes what became of items, and counts it.
pub struct Writer<'s, S> {
    order: Order,
    most: Option<MaxFailures>,
    /// What has come, whether or not it could be written yet: a failure ends a batch when it happens.
    failed: u64,
    seen: u64,
    pub tally: Tally,
    state: &'s work::State,
    sink: &'s mut S,
}

impl<'s, S: Sink> Writer<'s, S> {
    pub fn new(
        in_order: bool,
        most: Option<MaxFailures>,
        tally: Tally,
        state: &'s work::State,
        sink: &'s mut S,
    ) -> Self {
        Self { order: Order::new(in_order), most, failed: 0, seen: 0, tally, state, sink }
    }

    /// Writes until nobody has anything to say any more.
    pub fn write(&mut self, results: &mpsc::Receiver<Report>, nobody_works: &dyn Fn() -> bool) -> io::Result<()> {
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
        let (failed, seen) = match over {
            // What failed before ends no batch early: who goes on behind failures knows of them.
            true => (self.failed + self.tally.failed_before, self.seen + self.tally.before),
            false => (self.failed, self.seen),
        };
        if self.most.is_some_and(|most| most.is_passed(failed, seen, over)) {
            self.state.end(Why::Failures);
        }
    }
}
