//! Methods that make a longer text: how long is known, and paid for, before there is one.

use std::sync::Arc;

use super::{Data, Given, Result, Work, quoted, text, wrong};
use crate::expression::{text::length, view::Elements};

pub fn join(separator: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    let parts = Elements::of(given.get(0))?.collect(work)?;
    let mut texts = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        match part {
            Data::Text(part) => texts.push(part.as_ref()),
            _ => {
                return Err(crate::expression::wrong::Wrong::new(format!(
                    "join() puts texts together, and element {at} is {}",
                    part.kind()
                ))
                .help("join(str(x) for x in …)"));
            }
        }
    }
    let size = texts.iter().map(|text| text.len()).fold(0, usize::saturating_add);
    work.text(size.saturating_add(separator.len().saturating_mul(texts.len().saturating_sub(1))))?;
    Ok(Data::text(texts.join(separator)))
}

pub fn replace(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    let (old, new) = (text(given.get(0))?, text(given.get(1))?);
    let most = given.int(2, "count")?.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    work.bytes(whole.len())?;
    let times = if old.is_empty() { length(whole) + 1 } else { whole.matches(old.as_ref()).count() }.min(most);
    let kept = whole.len() - old.len().saturating_mul(times);
    work.text(kept.saturating_add(new.len().saturating_mul(times)))?;
    Ok(Data::text(whole.replacen(old.as_ref(), new, times)))
}

pub fn zfill(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    let Some(missing) = missing(whole, given, work)? else { return Ok(Data::Text(whole.clone())) };
    let (sign, digits) = whole.split_at(usize::from(whole.starts_with(['+', '-'])));
    Ok(Data::text([sign, &"0".repeat(missing), digits].concat()))
}

pub fn ljust(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    let Some(missing) = missing(whole, given, work)? else { return Ok(Data::Text(whole.clone())) };
    padded(whole, 0, missing, given, work)
}

pub fn rjust(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    let Some(missing) = missing(whole, given, work)? else { return Ok(Data::Text(whole.clone())) };
    padded(whole, missing, 0, given, work)
}

pub fn center(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    let Some(missing) = missing(whole, given, work)? else { return Ok(Data::Text(whole.clone())) };
    // An odd one goes to the left of a text that is to have an odd width.
    let width = length(whole) + missing;
    let left = missing / 2 + (missing & width & 1);
    padded(whole, left, missing - left, given, work)
}

/// How many characters the text lacks; none, where it is as wide already.
fn missing(whole: &str, given: &Given, work: &mut Work) -> Result<Option<usize>> {
    work.text(whole.len())?;
    let width = usize::try_from(given.int(0, "")?.unwrap_or(0)).unwrap_or(0);
    fill(given)?;
    let missing = width.saturating_sub(length(whole));
    work.text(missing.saturating_add(whole.len()))?;
    Ok((missing > 0).then_some(missing))
}

fn padded(whole: &str, left: usize, right: usize, given: &Given, work: &mut Work) -> Result<Data> {
    let fill = fill(given)?;
    work.text((left + right).saturating_mul(fill.len()).saturating_add(whole.len()))?;
    Ok(Data::text([&fill.repeat(left), whole, &fill.repeat(right)].concat()))
}

/// The character to fill up with.
fn fill(given: &Given) -> Result<&str> {
    let Some(fill) = given.positional.get(1) else { return Ok(" ") };
    match text(fill)? {
        fill if length(fill) == 1 => Ok(fill),
        fill => wrong(format!("{} is not one character", quoted(fill))),
    }
}
