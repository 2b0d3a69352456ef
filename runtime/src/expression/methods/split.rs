//! Methods of texts that cut something off, or cut them apart.

use std::sync::Arc;

use super::{Data, Given, Result, Work, text, wrong};
use crate::expression::text::is_space;

/// The arguments of `split` and `rsplit` that have names.
pub const NAMED: &[(&str, Option<usize>)] = &[("sep", Some(0)), ("maxsplit", Some(1))];

pub fn strip(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    stripped(whole, given, (true, true), work)
}

pub fn lstrip(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    stripped(whole, given, (true, false), work)
}

pub fn rstrip(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    stripped(whole, given, (false, true), work)
}

fn stripped(whole: &str, given: &Given, (left, right): (bool, bool), work: &mut Work) -> Result<Data> {
    let unwanted = match given.get(0) {
        Data::None => None,
        data => Some(text(data)?),
    };
    // Each character may be compared with every unwanted one.
    let most = unwanted.map_or(1, |unwanted| unwanted.len().max(1));
    work.bytes(whole.len().saturating_mul(most))?;
    let is_unwanted = |character: char| match unwanted {
        Some(unwanted) => unwanted.contains(character),
        None => is_space(character),
    };
    let rest = if left { whole.trim_start_matches(is_unwanted) } else { whole };
    Ok(Data::text(if right { rest.trim_end_matches(is_unwanted) } else { rest }))
}

pub fn split(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    let (separator, most) = arguments(given)?;
    work.bytes(whole.len())?;
    let parts: Vec<&str> = match separator {
        Some(separator) => whole.splitn(most, separator.as_ref()).take(limit()).collect(),
        None => words(whole, most),
    };
    list(&parts, work)
}

pub fn rsplit(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    let (separator, most) = arguments(given)?;
    work.bytes(whole.len())?;
    let mut parts: Vec<&str> = match separator {
        Some(separator) => whole.rsplitn(most, separator.as_ref()).take(limit()).collect(),
        None => words_from_end(whole, most),
    };
    parts.reverse();
    list(&parts, work)
}

/// One more than a list may have, so that a longer one is refused before it is there.
fn limit() -> usize {
    crate::expression::bounds::MAX_ITEMS + 1
}

/// The separator, and the most parts.
fn arguments(given: &Given) -> Result<(Option<&Arc<str>>, usize)> {
    let separator = match given.find(0, "sep") {
        None | Some(Data::None) => None,
        Some(data) => Some(text(data)?),
    };
    if separator.is_some_and(|separator| separator.is_empty()) {
        return wrong("the separator is an empty text");
    }
    // A negative number of cuts is no bound.
    let cuts = given.int(1, "maxsplit")?.and_then(|cuts| usize::try_from(cuts).ok());
    Ok((separator, cuts.map_or(usize::MAX, |cuts| cuts.saturating_add(1))))
}

/// The words of a text, the last with all that follows it.
fn words(whole: &str, most: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = whole.trim_start_matches(is_space);
    while !rest.is_empty() && words.len() < limit() {
        if words.len() + 1 == most {
            words.push(rest);
            break;
        }
        let end = rest.find(is_space).unwrap_or(rest.len());
        words.push(&rest[..end]);
        rest = rest[end..].trim_start_matches(is_space);
    }
    words
}

/// The words of a text from its end, the first with all that is before it.
fn words_from_end(whole: &str, most: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = whole.trim_end_matches(is_space);
    while !rest.is_empty() && words.len() < limit() {
        if words.len() + 1 == most {
            words.push(rest);
            break;
        }
        let (before, word) = match rest.char_indices().rev().find(|(_, character)| is_space(*character)) {
            Some((at, space)) => (&rest[..at], &rest[at + space.len_utf8()..]),
            None => ("", rest),
        };
        words.push(word);
        rest = before.trim_end_matches(is_space);
    }
    words
}

pub fn splitlines(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    work.bytes(whole.len())?;
    let keep = given.find(0, "keepends").is_some_and(Data::is_true);
    let mut lines = Vec::new();
    let mut rest = &whole[..];
    while !rest.is_empty() && lines.len() < limit() {
        let end = rest.find(is_line_end).unwrap_or(rest.len());
        let ending =
            if rest[end..].starts_with("\r\n") { 2 } else { rest[end..].chars().next().map_or(0, char::len_utf8) };
        lines.push(&rest[..if keep { end + ending } else { end }]);
        rest = &rest[end + ending..];
    }
    list(&lines, work)
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

pub fn partition(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    let separator = separator(given)?;
    work.text(whole.len())?;
    Ok(match whole.split_once(separator.as_ref()) {
        Some((before, after)) => three(before, separator, after),
        None => three(whole, "", ""),
    })
}

pub fn rpartition(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    let separator = separator(given)?;
    work.text(whole.len())?;
    Ok(match whole.rsplit_once(separator.as_ref()) {
        Some((before, after)) => three(before, separator, after),
        None => three("", "", whole),
    })
}

fn separator(given: &Given) -> Result<&Arc<str>> {
    match text(given.get(0))? {
        separator if separator.is_empty() => wrong("the separator is an empty text"),
        separator => Ok(separator),
    }
}

fn three(before: &str, separator: &str, after: &str) -> Data {
    Data::tuple([before, separator, after].map(Data::text).to_vec())
}

pub fn removeprefix(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    work.text(whole.len())?;
    Ok(whole.strip_prefix(text(given.get(0))?.as_ref()).map_or_else(|| Data::Text(whole.clone()), Data::text))
}

pub fn removesuffix(whole: &Arc<str>, given: &Given, work: &mut Work) -> Result<Data> {
    work.text(whole.len())?;
    Ok(whole.strip_suffix(text(given.get(0))?.as_ref()).map_or_else(|| Data::Text(whole.clone()), Data::text))
}

fn list(parts: &[&str], work: &mut Work) -> Result<Data> {
    work.items(parts.len())?;
    work.bytes(parts.iter().map(|part| part.len()).sum())?;
    Ok(Data::list(parts.iter().map(|part| Data::text(*part)).collect()))
}
