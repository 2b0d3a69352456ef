//! A stable sort that may fail: comparing can be an error, and then there is no order to sort by.

use std::cmp::Ordering;

use super::{bounds::Work, compare::order, data::Data, wrong::Result};

/// Sorts `items`, equal ones in the order that they came in.
pub fn sort(items: Vec<Data>, descending: bool, work: &mut Work) -> Result<Vec<Data>> {
    let mut sorted = items;
    let mut width = 1;
    while width < sorted.len() {
        work.charge(sorted.len() as u64)?;
        let mut merged = Vec::with_capacity(sorted.len());
        for run in sorted.chunks(2 * width) {
            let (left, right) = run.split_at(width.min(run.len()));
            merge(left, right, descending, &mut merged, work)?;
        }
        sorted = merged;
        width *= 2;
    }
    Ok(sorted)
}

fn merge(
    mut left: &[Data],
    mut right: &[Data],
    descending: bool,
    merged: &mut Vec<Data>,
    work: &mut Work,
) -> Result<()> {
    let before = if descending { Ordering::Less } else { Ordering::Greater };
    while let ([first, rest @ ..], [other, others @ ..]) = (left, right) {
        if order(first, other, work)? == before {
            merged.push(other.clone());
            right = others;
        } else {
            merged.push(first.clone());
            left = rest;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    Ok(())
}
