//! Methods of texts that look for another text.

use std::{ops::Range, sync::Arc};

use super::{Data, Given, Result, Work, quoted, text, wrong};
use crate::expression::{
    number::Int,
    text::{clamped, length, span},
};

pub fn find(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    Ok(found(whole, given, work, |whole, part| whole.find(part))?.unwrap_or_else(|| Data::Int(Int::Small(-1))))
}

pub fn rfind(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    Ok(found(whole, given, work, |whole, part| whole.rfind(part))?.unwrap_or_else(|| Data::Int(Int::Small(-1))))
}

pub fn index(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    found(whole, given, work, |whole, part| whole.find(part))?.map_or_else(|| missing(given), Ok)
}

pub fn rindex(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    found(whole, given, work, |whole, part| whole.rfind(part))?.map_or_else(|| missing(given), Ok)
}

pub fn count(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    let part = text(given.get(0))?;
    let Some((range, _)) = window(whole, given, work)? else { return Ok(Data::Int(0.into())) };
    let looked_in = &whole[range];
    // An empty text is before every character, and at the end.
    let count = if part.is_empty() { length(looked_in) + 1 } else { looked_in.matches(part.as_ref()).count() };
    Ok(Data::Int(count.into()))
}

pub fn startswith(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    affixed(whole, given, work, |looked_in, part| looked_in.starts_with(part))
}

pub fn endswith(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    affixed(whole, given, work, |looked_in, part| looked_in.ends_with(part))
}

fn missing(given: &Given) -> Result<Data> {
    wrong(format!("{} is not in the text", quoted(text(given.get(0))?)))
}

/// The position of the text that is looked for, in code points from the start of all.
fn found(
    whole: &str,
    given: &Given,
    work: &mut Work,
    look: impl Fn(&str, &str) -> Option<usize>,
) -> Result<Option<Data>> {
    let part = text(given.get(0))?;
    let Some((range, start)) = window(whole, given, work)? else { return Ok(None) };
    let looked_in = &whole[range];
    Ok(look(looked_in, part).map(|at| Data::Int((start + length(&looked_in[..at])).into())))
}

/// Whether it begins or ends with the text, or with one of the texts of a tuple.
fn affixed(whole: &str, given: &Given, work: &mut Work, is: impl Fn(&str, &str) -> bool) -> Result<Data> {
    let wanted = match given.get(0) {
        Data::Tuple(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let looked_in = window(whole, given, work)?.map(|(range, _)| &whole[range]);
    for part in wanted {
        work.charge(1)?;
        let part = text(part)?;
        work.bytes(part.len())?;
        if looked_in.is_some_and(|looked_in| is(looked_in, part)) {
            return Ok(Data::Bool(true));
        }
    }
    Ok(Data::Bool(false))
}

/// The bytes that the second and the third argument leave to look in, and the position of the first
/// of them; none, where the end is before the start.
fn window(whole: &str, given: &Given, work: &mut Work) -> Result<Option<(Range<usize>, usize)>> {
    work.bytes(whole.len())?;
    if given.positional.len() < 2 {
        return Ok(Some((0..whole.len(), 0)));
    }
    let characters = length(whole);
    let bound = |at: usize| match given.get(at) {
        Data::None => Ok(None),
        _ => given.int(at, ""),
    };
    let (start, stop) = (bound(1)?.unwrap_or(0), bound(2)?.unwrap_or(i64::MAX));
    let beyond = usize::try_from(start).is_ok_and(|start| start > characters);
    let (start, stop) = (clamped(start, characters), clamped(stop, characters));
    Ok((!beyond && start <= stop).then(|| (span(whole, start..stop), start)))
}
