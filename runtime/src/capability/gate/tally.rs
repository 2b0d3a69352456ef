//! What is bounded for all calls of a run together, whichever agents they are of: of each call alone, many would be
//! too much.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// The most denials of one run: with this one every call ends that is denied anything more, and no other begins.
pub(super) const MAX_DENIED: u64 = 100_000;

/// The most files and listings that a run has open at a time. A process has some thousands at least, and other runs
/// want theirs.
const MAX_OPEN: u64 = 512;

/// What a run may log, in bytes: 64 times what a call may.
const MAX_LOGGED: u64 = 64 << 20;

/// Counts for one run. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    denied: AtomicU64,
    open: AtomicU64,
    logged: AtomicU64,
}

/// Something that is open, and counts until it is dropped.
pub(crate) struct Open(Tally);

/// What becomes of a line of a log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Logged {
    /// It is kept.
    Kept,
    /// It is the first that isn't.
    First,
    /// It isn't.
    Dropped,
}

impl Tally {
    /// Whether there is no more to be denied in the run: nothing further may begin in it.
    pub fn is_full(&self) -> bool {
        self.0.denied.load(Relaxed) >= MAX_DENIED
    }

    /// Counts a denial.
    pub(super) fn count(&self) {
        self.0.denied.fetch_add(1, Relaxed);
    }

    /// Counts something that is to be opened; nothing where that would be too much.
    pub(super) fn open(&self) -> Option<Open> {
        let more = |open| (open < MAX_OPEN).then_some(open + 1);
        self.0.open.try_update(Relaxed, Relaxed, more).ok().map(|_| Open(self.clone()))
    }

    /// Counts a line of so many bytes.
    pub(crate) fn log(&self, bytes: usize) -> Logged {
        let bytes = bytes as u64 + 1;
        match self.0.logged.fetch_add(bytes, Relaxed) {
            before if before + bytes <= MAX_LOGGED => Logged::Kept,
            before if before <= MAX_LOGGED => Logged::First,
            _ => Logged::Dropped,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_counts_until_it_is_dropped() {
        let tally = Tally::default();
        let mut open: Vec<_> = (0..MAX_OPEN).map_while(|_| tally.clone().open()).collect();
        assert!(open.len() as u64 == MAX_OPEN && tally.open().is_none());
        open.pop();
        assert!(tally.open().is_some() && tally.open().is_some());
    }

    #[test]
    fn a_log_ends_once() {
        let tally = Tally::default();
        let mebibyte = (1 << 20) - 1;
        assert!((0..64).all(|_| tally.log(mebibyte) == Logged::Kept));
        assert_eq!([0, 5, 0].map(|bytes| tally.log(bytes)), [Logged::First, Logged::Dropped, Logged::Dropped]);
    }
}
