//! Who writes what became of items.

use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use crate::batch::{
    Tally,
    order::Order,
    run::{Report, Sink},
};

/// How often the caller is told how it stands.
const TICK: Duration = Duration::from_millis(100);

/// How long who writes sleeps when something has come, so that more comes in the meantime: nobody sees the
/// difference, and to be woken for each item takes longer than to write what became of it.
const GATHER: Duration = Duration::from_millis(2);

/// Writes what became of items, and counts it.
pub struct Writer<'s, S> {
    order: Order,
    pub tally: Tally,
    sink: &'s mut S,
}

impl<'s, S: Sink> Writer<'s, S> {
    pub fn new(in_order: bool, tally: Tally, sink: &'s mut S) -> Self {
        Self { order: Order::new(in_order), tally, sink }
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
                    let result = results.recv_timeout(TICK);
                    if result.is_ok() {
                        thread::sleep(GATHER);
                    }
                    result
                }
            };
            match result {
                Ok(result) => self.order.add(result),
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
        Ok(())
    }
}
