//! What reports keep of the items, however many there are.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, btree_map},
    time::Duration,
};

use super::{Entry, told};
use crate::policy::Denial;

/// Failed items that are kept: more than a person reads.
pub const MAX_FAILED: usize = 200;

/// The slowest items that are kept.
pub const MAX_SLOW: usize = 20;

/// Different denials that are kept; a guest chooses what it asks for.
pub const MAX_DENIED: usize = 500;

/// What is kept.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The first items that failed, in the order that they came in.
    pub failed: Vec<Kept>,
    slow: BinaryHeap<Reverse<(Duration, u64, String)>>,
    denied: BTreeMap<(&'static str, Option<String>, String), Denied>,
    /// Denials of those that were too many to be kept.
    pub more_denied: u64,
}

/// A failed item.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Where it stood.
    pub number: u64,
    /// The file that it was, if it was one.
    pub name: Option<String>,
    /// What a person calls it.
    pub label: String,
    /// The failure's code.
    pub code: &'static str,
    /// What it says.
    pub text: String,
    /// Attempts.
    pub attempts: u32,
    /// Time.
    pub time: Duration,
}

/// One denial, and in how many items it was.
#[derive(Clone, Debug)]
pub struct Denied {
    /// The first of it.
    pub denial: Denial,
    /// How many items had it.
    pub items: u64,
}

impl Gathered {
    /// Keeps of an item what is worth it.
    pub fn add(&mut self, entry: &Entry<'_>) {
        if let (Some(failure), true) = (entry.failure, self.failed.len() < MAX_FAILED) {
            self.failed.push(Kept {
                number: entry.number,
                name: entry.name.map(str::to_owned),
                label: entry.label(),
                code: failure.code.name(),
                text: told(failure),
                attempts: entry.used.attempts,
                time: entry.used.time,
            });
        }
        if entry.used.attempts > 0 {
            self.slow(entry);
        }
        entry.denials.iter().for_each(|denial| self.deny(denial));
    }

    /// The slowest items, the slowest first.
    pub fn slowest(&self) -> Vec<(Duration, &str)> {
        let mut slowest: Vec<_> =
            self.slow.iter().map(|Reverse((time, number, label))| (time, number, label)).collect();
        slowest.sort_unstable_by_key(|(time, number, _)| (Reverse(*time), *number));
        slowest.into_iter().map(|(time, _, label)| (*time, label.as_str())).collect()
    }

    /// What was denied, by its code.
    pub fn denied(&self) -> impl Iterator<Item = &Denied> {
        self.denied.values()
    }

    fn slow(&mut self, entry: &Entry<'_>) {
        let fastest = self.slow.peek().map(|Reverse((time, ..))| *time).unwrap_or_default();
        if self.slow.len() >= MAX_SLOW {
            if entry.used.time <= fastest {
                return;
            }
            self.slow.pop();
        }
        self.slow.push(Reverse((entry.used.time, entry.number, entry.label())));
    }

    fn deny(&mut self, denial: &Denial) {
        let key = (denial.code, denial.place.as_ref().map(|place| place.line()), denial.request.clone());
        let room = self.denied.len() < MAX_DENIED;
        match self.denied.entry(key) {
            btree_map::Entry::Occupied(denied) => denied.into_mut().items += 1,
            btree_map::Entry::Vacant(place) if room => drop(place.insert(Denied { denial: denial.clone(), items: 1 })),
            btree_map::Entry::Vacant(_) => self.more_denied += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, Failure, batch::Used};

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut gathered = Gathered::default();
        let failure = Failure::new(Code::Failed, "x".repeat(1 << 20));
        for number in 0..1000 {
            let denials = [Denial::of("env.not-granted", number), Denial::of("env.not-granted", "A")];
            let used = Used { attempts: 1, time: Duration::from_micros(number * 7 % 1000), ..Used::default() };
            let (failure, denials) = (Some(&failure), denials.as_slice());
            gathered.add(&Entry { number, name: None, key: None, failure, denials, duplicate_of: None, used });
        }
        assert_eq!((gathered.failed.len(), gathered.slowest().len()), (MAX_FAILED, MAX_SLOW));
        assert!(gathered.failed.iter().all(|kept| kept.text.len() < 3000));
        let slowest: Vec<_> = gathered.slowest().iter().map(|(time, _)| time.as_micros()).collect();
        assert_eq!(slowest, (980..1000).rev().collect::<Vec<_>>());
        assert_eq!(gathered.denied().count(), MAX_DENIED);
        assert_eq!(
            gathered.denied().find(|denied| denied.denial.request == "A").map(|denied| denied.items),
            Some(1000)
        );
        assert_eq!(gathered.more_denied, 1000 - (MAX_DENIED as u64 - 1));
    }
}
