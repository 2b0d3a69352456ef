//! Who reads items and hands them on.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, mpsc},
};

use sha2::{Digest as _, Sha256};

use crate::{
    Code, Failure, Outcome,
    batch::{
        Digest, Done, Ended, Item, Items, Shard, Used,
        run::{Finished, Report, Why},
        window::Window,
        work::{self, Bound},
    },
};

/// Reads items and hands them on.
pub struct Reader {
    pub items: Items,
    pub shard: Option<Shard>,
    pub done: Done,
    pub keys: Keys,
    pub window: Arc<Window>,
    pub state: Arc<work::State>,
    pub results: mpsc::Sender<Report>,
    pub queue: work::Queue,
    pub bound: Arc<Bound>,
}

/// How far items were read.
#[derive(Clone, Copy, Default)]
pub struct Read {
    /// Items that were handed on.
    pub sent: u64,
    /// Whether there are no more.
    pub to_the_end: bool,
}

/// The keys of items that came, and their numbers. 128 bits of a hash stand for a key: some 80 bytes for each, as
/// the map grows.
#[derive(Default)]
pub struct Keys(HashMap<(u64, u64), u64>);

impl Reader {
    /// Reads all of them.
    pub fn read(mut self) -> Read {
        let mut read = Read::default();
        if let Err(failure) = self.read_all(&mut read) {
            self.state.end(Why::Broken(failure));
        }
        read
    }

    fn read_all(&mut self, read: &mut Read) -> Result<(), Failure> {
        let mut done = 0;
        loop {
            let Some(item) = self.items.next() else {
                read.to_the_end = true;
                return self.done.are(done);
            };
            // Asked behind the last one: when there are no more, nothing was stopped.
            if self.state.is_over() {
                break;
            }
            let item = item.map_err(|error| unreadable(&error))?;
            // Those of other parts, too: the results may be of several.
            let is_done = self.done.holds(item.number, item.digest)?;
            done += usize::from(is_done);
            if self.shard.is_some_and(|shard| !shard.holds(shard_of(&item))) {
                continue;
            }
            // One that is none has its failure, and no other is left out for it.
            let key = item.key.as_deref().filter(|_| item.inputs.is_ok());
            let duplicate_of = key.and_then(|key| self.keys.first_with(key, item.number));
            if is_done {
                continue;
            }
            let Some(place) = self.window.enter(item.size, || self.state.is_over()) else { break };
            let sent = match duplicate_of {
                Some(first) => {
                    self.bound.count(Ended::Duplicate, &self.state);
                    let finished = Some(duplicate(item, first));
                    self.results.send(Report { sequence: read.sent, finished, place }).is_ok()
                }
                None => self.queue.send(read.sent, item, place),
            };
            if !sent {
                break;
            }
            read.sent += 1;
        }
        Ok(())
    }
}

impl Keys {
    /// The earlier item that has this key.
    fn first_with(&mut self, key: &str, number: u64) -> Option<u64> {
        let hash = Sha256::digest(key);
        let half = |at: usize| hash[at..].first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let first = *self.0.entry((half(0), half(8))).or_insert(number);
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
