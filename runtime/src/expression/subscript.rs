//! `value[index]` and `value[start:stop:step]`.

use super::{
    bounds::Work,
    data::{Data, quoted},
    text,
    wrong::{Result, Wrong, wrong},
};
use crate::diagnostic::suggestion;

/// The element of `value` at `index`.
pub fn element(value: &Data, index: &Data, work: &mut Work) -> Result<Data> {
    match value {
        Data::Dict(entries) => {
            let Data::Text(key) = index else {
                return wrong(format!("a dict has texts as keys, and not {}", index.kind()));
            };
            entries.get(key).cloned().ok_or_else(|| no_key(key, entries.keys().map(AsRef::as_ref)))
        }
        Data::List(items) | Data::Tuple(items) => Ok(items[position(value, index, items.len())?].clone()),
        Data::Text(whole) => {
            work.bytes(whole.len())?;
            let at = position(value, index, text::length(whole))?;
            Ok(Data::text(&whole[text::span(whole, at..at + 1)]))
        }
        Data::View(view) => Err(super::data::unwrapped(view.word())),
        _ => wrong(format!("{} has no elements", value.kind())),
    }
}

/// The error for a key that isn't there.
pub fn no_key<'a>(key: &str, keys: impl IntoIterator<Item = &'a str> + Clone) -> Box<Wrong> {
    let wrong = Wrong::new(format!("there is no key {}", quoted(key)));
    match suggestion(key, keys) {
        Some(help) => wrong.help(help.escape_debug().to_string()),
        None => wrong,
    }
}

fn position(value: &Data, index: &Data, length: usize) -> Result<usize> {
    let Some(int) = index.int() else {
        return wrong(format!("a position in {} is a whole number, and not {}", value.kind(), index.kind()));
    };
    let at = int.clamped();
    let from_start = if at < 0 { at.saturating_add(i64::try_from(length).unwrap_or(i64::MAX)) } else { at };
    match usize::try_from(from_start) {
        Ok(at) if at < length => Ok(at),
        _ => wrong(format!("there is no position {int} in {} of {length}", value.kind())),
    }
}

/// The part of `value` between two positions.
pub fn slice(value: &Data, bounds: [Option<Data>; 3], work: &mut Work) -> Result<Data> {
    let length = match value {
        Data::List(items) | Data::Tuple(items) => items.len(),
        Data::Text(whole) => {
            work.bytes(whole.len())?;
            text::length(whole)
        }
        Data::View(view) => return Err(super::data::unwrapped(view.word())),
        _ => return wrong(format!("{} has no slices", value.kind())),
    };
    let [start, stop, step] = bounds;
    let positions = Positions::new(bound(start)?, bound(stop)?, bound(step)?, length)?;
    match value {
        Data::Text(whole) => {
            work.text(positions.count)?;
            let part = match positions.step {
                1 => whole[text::span(whole, positions.first..positions.first + positions.count)].to_owned(),
                _ => {
                    let characters: Vec<char> = whole.chars().collect();
                    positions.map(|at| characters[at]).collect()
                }
            };
            Ok(Data::text(part))
        }
        Data::List(items) => {
            work.items(positions.count)?;
            Ok(Data::list(positions.map(|at| items[at].clone()).collect()))
        }
        Data::Tuple(items) => {
            work.items(positions.count)?;
            Ok(Data::tuple(positions.map(|at| items[at].clone()).collect()))
        }
        _ => wrong(format!("{} has no slices", value.kind())),
    }
}

fn bound(data: Option<Data>) -> Result<Option<i64>> {
    match data {
        None | Some(Data::None) => Ok(None),
        Some(data) => match data.int() {
            Some(int) => Ok(Some(int.clamped())),
            None => wrong(format!("the bounds of a slice are whole numbers, and not {}", data.kind())),
        },
    }
}

/// The positions of a slice, one after the other.
struct Positions {
    first: usize,
    step: i64,
    count: usize,
}

impl Positions {
    fn new(start: Option<i64>, stop: Option<i64>, step: Option<i64>, length: usize) -> Result<Self> {
        let step = step.unwrap_or(1).max(-i64::MAX);
        if step == 0 {
            return wrong("the step of a slice can't be 0");
        }
        if step > 0 {
            let first = text::clamped(start.unwrap_or(0), length);
            let end = text::clamped(stop.unwrap_or(i64::MAX), length);
            let distance = end.saturating_sub(first) as u64;
            return Ok(Self { first, step, count: distance.div_ceil(step.unsigned_abs()) as usize });
        }
        // Backwards: positions one further to the right, so that the one before the first is 0.
        let from_right = |position: i64| match position {
            0.. => text::clamped(position.saturating_add(1), length),
            _ => text::clamped(position, length + 1),
        };
        let after_first = start.map_or(length, from_right);
        let end = stop.map_or(0, from_right);
        let distance = after_first.saturating_sub(end) as u64;
        let count = distance.div_ceil(step.unsigned_abs()) as usize;
        Ok(Self { first: after_first.saturating_sub(1), step, count })
    }
}

impl Iterator for Positions {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.count = self.count.checked_sub(1)?;
        let at = self.first;
        self.first = usize::try_from((at as i64).saturating_add(self.step)).unwrap_or_default();
        Some(at)
    }
}
