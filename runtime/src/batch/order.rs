//! Reports, in the order of their items.

use std::collections::{BTreeMap, VecDeque};

use crate::batch::run::Report;

/// Holds reports back until those before them are there. The window bounds how many.
pub enum Order {
    /// As they come.
    None(VecDeque<Report>),
    /// In their order.
    Items { waiting: BTreeMap<u64, Report>, next: u64 },
}

impl Order {
    /// No reports yet.
    pub fn new(in_order: bool) -> Self {
        if in_order { Self::Items { waiting: BTreeMap::new(), next: 0 } } else { Self::None(VecDeque::new()) }
    }

    /// Takes a report.
    pub fn add(&mut self, report: Report) {
        match self {
            Self::None(there) => there.push_back(report),
            Self::Items { waiting, .. } => drop(waiting.insert(report.sequence, report)),
        }
    }

    /// The next report, if it is there.
    pub fn next(&mut self) -> Option<Report> {
        match self {
            Self::None(there) => there.pop_front(),
            Self::Items { waiting, next } => {
                let report = waiting.remove(next)?;
                *next += 1;
                Some(report)
            }
        }
    }
}
