//! Methods of lists and tuples.

use super::{Data, Given, Result, Work, wrong};
use crate::expression::{compare::equal, text::clamped};

pub fn index(items: &[Data], given: &Given, work: &mut Work) -> Result<Data> {
    let bound = |at: usize, otherwise: i64| -> Result<usize> {
        Ok(clamped(given.int(at, "")?.unwrap_or(otherwise), items.len()))
    };
    let (start, stop) = (bound(1, 0)?, bound(2, i64::MAX)?);
    for (at, item) in items.iter().enumerate().take(stop).skip(start) {
        if equal(item, given.get(0), work)? {
            return Ok(Data::Int(at.into()));
        }
    }
    wrong(format!("{} is not in the list", given.get(0).shown()))
}

pub fn count(items: &[Data], given: &Given, work: &mut Work) -> Result<Data> {
    let mut count = 0_usize;
    for item in items {
        count += usize::from(equal(item, given.get(0), work)?);
    }
    Ok(Data::Int(count.into()))
}
