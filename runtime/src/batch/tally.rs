//! What became of the items, counted.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
    time::Duration,
};

use crate::{
    batch::{Done, Histogram},
    failure::Code,
};

/// How one item ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It has outputs.
    Done,
    /// It failed with this.
    Failed(Code),
    /// Another item has its key.
    Duplicate,
}

/// The counts of a batch.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Items that have outputs.
    pub done: u64,
    /// Items that failed.
    pub failed: u64,
    /// Items whose key another one has.
    pub duplicates: u64,
    /// Items that had results before, whether or not it came as far as these this time.
    pub before: u64,
    /// Those of them that failed.
    pub failed_before: u64,
    /// Attempts beyond the first of an item.
    pub retries: u64,
    /// Denials of the policy.
    pub denials: u64,
    /// Fuel.
    pub fuel: u64,
    /// What items failed with, and how many.
    pub codes: BTreeMap<&'static str, u64>,
    /// The exit codes that runs of the failed items would end with, of those before as well.
    pub exit_codes: BTreeSet<u8>,
    /// Time of an item, in microseconds.
    pub times: Histogram,
    /// Fuel of an item.
    pub fuels: Histogram,
}

/// What one item used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    /// Attempts.
    pub attempts: u32,
    /// Fuel.
    pub fuel: u64,
    /// Time, without waits between attempts.
    pub time: Duration,
    /// Denials.
    pub denials: u64,
}

impl Tally {
    /// Counts of a batch that goes on behind these results.
    pub fn after(done: &Done) -> Self {
        Self {
            before: done.count() as u64,
            failed_before: done.failed(),
            exit_codes: done.exit_codes().clone(),
            ..Self::default()
        }
    }

    /// Counts an item.
    pub fn add(&mut self, ended: Ended, used: Used) {
        match ended {
            Ended::Done => self.done += 1,
            Ended::Duplicate => self.duplicates += 1,
            Ended::Failed(code) => {
                self.failed += 1;
                *self.codes.entry(code.name()).or_default() += 1;
                self.exit_codes.insert(code.exit_code(used.denials > 0));
            }
        }
        self.retries += u64::from(used.attempts.saturating_sub(1));
        self.denials += used.denials;
        self.fuel = self.fuel.saturating_add(used.fuel);
        // What never ran says nothing about how long items take.
        if used.attempts > 0 {
            self.times.add(u64::try_from(used.time.as_micros()).unwrap_or(u64::MAX));
            self.fuels.add(used.fuel);
        }
    }

    /// How many items failed, in this run and before.
    pub fn all_failed(&self) -> u64 {
        self.failed + self.failed_before
    }

    /// How many items were looked at in this run.
    pub fn seen(&self) -> u64 {
        self.done + self.failed + self.duplicates
    }
}

/// How many items may fail before a batch stops: a number, or a share.
///
/// # Examples
///
/// ```
/// use turingbox::batch::MaxFailures;
///
/// assert!("5%".parse::<MaxFailures>().is_ok());
/// assert!("120%".parse::<MaxFailures>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxFailures {
    /// So many.
    Count(u64),
    /// So many of a hundred.
    Percent(f64),
}

/// A share says something only of many: so many items are seen before it can stop a batch.
const ENOUGH: u64 = 100;

impl MaxFailures {
    /// Whether `failed` of `seen` items are too many. When a batch is over, every share counts.
    pub fn is_passed(&self, failed: u64, seen: u64, over: bool) -> bool {
        match self {
            Self::Count(most) => failed > *most,
            Self::Percent(share) => (over || seen >= ENOUGH) && failed as f64 * 100.0 > seen as f64 * share,
        }
    }
}

impl FromStr for MaxFailures {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = match text.strip_suffix('%') {
            Some(share) => share.parse().ok().filter(|share| (0.0..=100.0).contains(share)).map(Self::Percent),
            None => text.parse().ok().map(Self::Count),
        };
        read.ok_or_else(|| "a number of items, `10`, or a share of them, `5%`".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_by_what_they_are() {
        let mut tally = Tally::default();
        let used = Used { attempts: 3, fuel: 7, time: Duration::from_millis(2), denials: 1 };
        tally.add(Ended::Done, used);
        tally.add(Ended::Failed(Code::Input), Used::default());
        tally.add(Ended::Duplicate, Used::default());
        assert_eq!((tally.seen(), tally.retries, tally.fuel, tally.denials), (3, 2, 7, 1));
        assert_eq!((tally.codes["input"], tally.times.max()), (1, 2000));
    }

    #[test]
    fn failures_have_a_bound() {
        let share: MaxFailures = "5%".parse().unwrap();
        assert!(!share.is_passed(1, 2, false) && share.is_passed(1, 2, true));
        assert!(!share.is_passed(5, 100, false) && share.is_passed(6, 100, false));
        let none: MaxFailures = "0".parse().unwrap();
        assert!(none.is_passed(1, 1, false) && !none.is_passed(0, 1, true));
        for text in ["", "-1", "101%", "%", "x", "NaN%"] {
            assert!(text.parse::<MaxFailures>().is_err(), "{text}");
        }
    }
}
