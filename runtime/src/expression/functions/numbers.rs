//! Functions that make numbers, and the least and the largest of anything.

use std::cmp::Ordering;

use crate::expression::{
    bounds::Work,
    compare::order,
    data::{Data, Number, quoted},
    float as floats,
    number::Int,
    operators::{Binary, binary},
    signature::Given,
    text::trimmed,
    view::Elements,
    wrong::{Result, Wrong, wrong},
};

pub fn int(given: &Given, _: &mut Work) -> Result<Data> {
    let Some(data) = given.positional.first() else { return Ok(Data::Int(Int::Small(0))) };
    match (data, data.number()) {
        (_, Some(Number::Int(int))) => Ok(Data::Int(int)),
        (_, Some(Number::Float(float))) => Int::truncated(float).map(Data::Int),
        (Data::Text(text), None) => whole(text).map(Data::Int),
        _ => wrong(format!("int() doesn't take {}", data.kind())),
    }
}

/// The whole number that a text means: a sign, and digits that single underscores may part.
fn whole(text: &str) -> Result<Int> {
    let digits = trimmed(text);
    let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(digits);
    let parts = unsigned.split('_');
    if parts.clone().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())) {
        return Int::parse(&digits.replace('_', ""));
    }
    let wrong = Wrong::new(format!("{} is not a whole number", quoted(text)));
    Err(if floats::is_number(text) { wrong.help("int(float(…)) cuts the fraction off") } else { wrong })
}

pub fn float(given: &Given, _: &mut Work) -> Result<Data> {
    let Some(data) = given.positional.first() else { return Ok(Data::Float(0.0)) };
    match (data, data.number()) {
        (_, Some(number)) => Ok(Data::Float(number.to_f64())),
        (Data::Text(text), None) => floats::parse(text).map(Data::Float),
        _ => wrong(format!("float() doesn't take {}", data.kind())),
    }
}

pub fn abs(given: &Given, _: &mut Work) -> Result<Data> {
    match given.get(0).number() {
        Some(Number::Int(int)) => int.absolute().map(Data::Int),
        Some(Number::Float(float)) => Ok(Data::Float(float.abs())),
        None => wrong(format!("abs() doesn't take {}", given.get(0).kind())),
    }
}

pub fn round(given: &Given, _: &mut Work) -> Result<Data> {
    let places = match given.find(1, "ndigits") {
        Some(Data::None) | None => None,
        Some(_) => given.int(1, "ndigits")?,
    };
    match (given.get(0).number(), places) {
        (Some(Number::Int(int)), Some(places)) if places < 0 => int.rounded(places.unsigned_abs()).map(Data::Int),
        (Some(Number::Int(int)), _) => Ok(Data::Int(int)),
        (Some(Number::Float(float)), Some(places)) => floats::rounded(float, places).map(Data::Float),
        (Some(Number::Float(float)), None) => Int::truncated(float.round_ties_even()).map(Data::Int),
        (None, _) => wrong(format!("round() doesn't take {}", given.get(0).kind())),
    }
}

pub fn divmod(given: &Given, work: &mut Work) -> Result<Data> {
    let (a, b) = (given.get(0), given.get(1));
    let parts = [Binary::DivideDown, Binary::Modulo].map(|operator| binary(operator, a, b, work));
    let [quotient, rest] = parts;
    Ok(Data::tuple(vec![quotient?, rest?]))
}

pub fn min(given: &Given, work: &mut Work) -> Result<Data> {
    extreme(given, Ordering::Less, "min", work)
}

pub fn max(given: &Given, work: &mut Work) -> Result<Data> {
    extreme(given, Ordering::Greater, "max", work)
}

/// The first of the elements, or of the arguments, that none comes before.
fn extreme(given: &Given, wanted: Ordering, word: &str, work: &mut Work) -> Result<Data> {
    let candidates = match given.positional.as_slice() {
        [one] => Elements::of(one)?.collect(work)?,
        several if given.named.is_empty() => several.to_vec(),
        _ => return wrong(format!("{word}() takes a default only beside one list")),
    };
    let mut candidates = candidates.into_iter();
    let Some(mut best) = candidates.next() else {
        return match given.by_name("default") {
            Some(default) => Ok(default.clone()),
            None => Err(Wrong::new(format!("{word}() of nothing")).help(format!("write {word}(…, default=…)"))),
        };
    };
    for candidate in candidates {
        if order(&candidate, &best, work)? == wanted {
            best = candidate;
        }
    }
    Ok(best)
}

/// The sum. Floats are summed as Python 3.12 and later do: what rounding loses is kept beside the
/// sum (Neumaier 1974).
pub fn sum(given: &Given, work: &mut Work) -> Result<Data> {
    let mut elements = Elements::of(given.get(0))?;
    let mut sum = given.find(1, "start").cloned().unwrap_or(Data::Int(Int::Small(0)));
    if matches!(sum, Data::Text(_) | Data::Bytes(_)) {
        return Err(Wrong::new("sum() doesn't put texts together").help("write \"\".join(…)"));
    }
    let mut lost = None;
    while let Some(element) = elements.next(work)? {
        let (Data::Float(total), Some(number)) = (&sum, element.number()) else {
            sum = binary(Binary::Add, &settled(sum, &mut lost)?, &element, work)?;
            continue;
        };
        let (total, next) = (*total, number.to_f64());
        let new = total + next;
        let rest = if total.abs() >= next.abs() { (total - new) + next } else { (next - new) + total };
        *lost.get_or_insert(0.0) += rest;
        sum = Data::Float(new);
    }
    settled(sum, &mut lost)
}

fn settled(sum: Data, lost: &mut Option<f64>) -> Result<Data> {
    match (sum, lost.take()) {
        (Data::Float(total), Some(rest)) if rest != 0.0 && rest.is_finite() => Ok(Data::Float(total + rest)),
        (Data::Float(total), _) => floats::checked(total).map(Data::Float),
        (sum, _) => Ok(sum),
    }
}
