//! Comparing: exactly what Python answers, but for a number and a text that may have been meant as
//! one, which is an error that says so.

use std::cmp::Ordering;

use super::{
    bounds::Work,
    data::{Data, Dict, Number},
    float,
    view::{Elements, View},
    wrong::{Result, Wrong, wrong},
};

/// Whether two values are equal.
pub fn equal(a: &Data, b: &Data, work: &mut Work) -> Result<bool> {
    work.charge(1)?;
    Ok(match (a, b) {
        (Data::None, Data::None) => true,
        (Data::Text(a), Data::Text(b)) => {
            work.bytes(a.len().min(b.len()))?;
            a == b
        }
        (Data::Bytes(a), Data::Bytes(b)) => {
            work.bytes(a.len().min(b.len()))?;
            a == b
        }
        (Data::List(a), Data::List(b)) | (Data::Tuple(a), Data::Tuple(b)) => {
            a.len() == b.len() && difference(a, b, work)?.is_none()
        }
        (Data::Dict(a), Data::Dict(b)) => same_entries(a, b, work)?,
        (Data::View(view), _) | (_, Data::View(view)) => return Err(super::data::unwrapped(view.word())),
        _ if may_be_meant(a, b) => return Err(mixed(a, b)),
        _ => is_same_number(a, b),
    })
}

/// Whether both are numbers, of one value.
pub fn is_same_number(a: &Data, b: &Data) -> bool {
    a.number().zip(b.number()).is_some_and(|(a, b)| numbers(&a, &b) == Ordering::Equal)
}

/// How two values are ordered.
pub fn order(a: &Data, b: &Data, work: &mut Work) -> Result<Ordering> {
    work.charge(1)?;
    match (a, b) {
        (Data::Text(a), Data::Text(b)) => {
            work.bytes(a.len().min(b.len()))?;
            // The order of UTF-8 is that of code points.
            Ok(a.cmp(b))
        }
        (Data::Bytes(a), Data::Bytes(b)) => {
            work.bytes(a.len().min(b.len()))?;
            Ok(a.cmp(b))
        }
        (Data::List(a), Data::List(b)) | (Data::Tuple(a), Data::Tuple(b)) => match difference(a, b, work)? {
            Some(at) => order(&a[at], &b[at], work),
            None => Ok(a.len().cmp(&b.len())),
        },
        (Data::View(view), _) | (_, Data::View(view)) => Err(super::data::unwrapped(view.word())),
        _ if are_mixed(a, b) => Err(mixed(a, b)),
        _ => match (a.number(), b.number()) {
            (Some(a), Some(b)) => Ok(numbers(&a, &b)),
            _ => wrong(format!("{} and {} have no order", a.kind(), b.kind())),
        },
    }
}

/// Whether `container` holds `item`.
pub fn contains(container: &Data, item: &Data, work: &mut Work) -> Result<bool> {
    match (container, item) {
        (Data::Text(text), Data::Text(part)) => {
            work.bytes(text.len())?;
            Ok(text.contains(part.as_ref()))
        }
        (Data::Text(_), _) => wrong(format!("a text holds texts, and not {}", item.kind())),
        (Data::Dict(entries), Data::Text(key)) => Ok(entries.contains_key(key)),
        (Data::Dict(_), Data::List(_) | Data::Dict(_)) => wrong(format!("{} is no key", item.kind())),
        (Data::Dict(entries), Data::Int(_) | Data::Float(_)) => match entries.get_key_value(item.shown().as_str()) {
            Some((key, _)) => Err(mixed(&Data::Text(key.clone()), item)),
            None => Ok(false),
        },
        (Data::Dict(_), _) => Ok(false),
        (Data::View(view), Data::Bool(_) | Data::Int(_)) if matches!(view.as_ref(), View::Range(_)) => {
            let View::Range(range) = view.as_ref() else { return Ok(false) };
            Ok(item.int().is_some_and(|int| range.contains(&int)))
        }
        _ => {
            let mut elements = Elements::of(container)?;
            while let Some(element) = elements.next(work)? {
                if equal(&element, item, work)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

/// Whether one is a number, and the other a text.
pub fn are_mixed(a: &Data, b: &Data) -> bool {
    let number = |data: &Data| matches!(data, Data::Int(_) | Data::Float(_));
    matches!((a, b), (Data::Text(_), other) | (other, Data::Text(_)) if number(other))
}

/// Whether one is a number, and the other a text that looks like one.
pub fn may_be_meant(a: &Data, b: &Data) -> bool {
    are_mixed(a, b) && [a, b].into_iter().any(looks_like_number)
}

/// Whether it is a text that looks like a number.
pub fn looks_like_number(data: &Data) -> bool {
    matches!(data, Data::Text(text) if float::is_number(text))
}

fn mixed(a: &Data, b: &Data) -> Box<Wrong> {
    let (text, number) = if matches!(a, Data::Text(_)) { (a, b) } else { (b, a) };
    let wrong =
        Wrong::new(format!("{} is a text, and {} is a number: they are not compared", text.shown(), number.shown()));
    if looks_like_number(text) {
        return wrong.help("make one of them what the other is: int(…), float(…) or str(…)");
    }
    wrong.help("write str(…) around the number, if texts are to be compared")
}

fn numbers(a: &Number, b: &Number) -> Ordering {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => a.cmp(b),
        (Number::Int(a), Number::Float(b)) => a.compare_to_float(*b),
        (Number::Float(a), Number::Int(b)) => b.compare_to_float(*a).reverse(),
        // Without a NaN, only the two zeros are told apart by one and not by the other.
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
    }
}

/// The first position where two lists differ.
fn difference(a: &[Data], b: &[Data], work: &mut Work) -> Result<Option<usize>> {
    for (at, (a, b)) in a.iter().zip(b).enumerate() {
        if !equal(a, b, work)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn same_entries(a: &Dict, b: &Dict, work: &mut Work) -> Result<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (key, value) in a {
        match b.get(key) {
            Some(other) if equal(value, other, work)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}
