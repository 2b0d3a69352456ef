//! The functions that an expression may call.

mod numbers;
mod walks;

pub use walks::key_of;

use super::{
    bounds::Work,
    data::Data,
    float,
    kinds::Kinds,
    number::Int,
    signature::{ANY, Given, Signature},
    text,
    view::Elements,
    wrong::{Result, wrong},
};

/// A function that may be called.
pub type Function = Signature<fn(&Given, &mut Work) -> Result<Data>>;

/// All of them.
pub const FUNCTIONS: &[Function] = &[
    Function::new("len", 1, 1, len).gives(Kinds::INT),
    Function::new("int", 0, 1, numbers::int).gives(Kinds::INT),
    Function::new("float", 0, 1, numbers::float).gives(Kinds::FLOAT),
    Function::new("str", 0, 1, str).gives(Kinds::TEXT),
    Function::new("bool", 0, 1, bool).gives(Kinds::BOOL),
    Function::new("abs", 1, 1, numbers::abs).gives(Kinds::NUMBER),
    Function::new("min", 1, ANY, numbers::min).named(&[("default", None)]).walks(),
    Function::new("max", 1, ANY, numbers::max).named(&[("default", None)]).walks(),
    Function::new("sum", 1, 2, numbers::sum).named(&[("start", Some(1))]).walks(),
    Function::new("round", 1, 2, numbers::round).gives(Kinds::NUMBER).named(&[("ndigits", Some(1))]),
    Function::new("divmod", 2, 2, numbers::divmod).gives(Kinds::LIST),
    Function::new("sorted", 1, 1, walks::sorted).gives(Kinds::LIST).named(&[("reverse", None)]).walks(),
    Function::new("reversed", 1, 1, walks::reversed).gives(Kinds::NOTHING),
    Function::new("range", 1, 3, walks::range).gives(Kinds::NOTHING),
    Function::new("enumerate", 1, 2, walks::enumerate).gives(Kinds::NOTHING).named(&[("start", Some(1))]),
    Function::new("zip", 0, ANY, walks::zip).gives(Kinds::NOTHING),
    Function::new("any", 1, 1, any).gives(Kinds::BOOL).walks(),
    Function::new("all", 1, 1, all).gives(Kinds::BOOL).walks(),
    Function::new("list", 0, 1, walks::list).gives(Kinds::LIST).walks(),
    Function::new("tuple", 0, 1, walks::tuple).gives(Kinds::LIST).walks(),
    Function::new("dict", 0, 1, walks::dict).gives(Kinds::DICT).walks(),
    Function::new("ord", 1, 1, ord).gives(Kinds::INT),
    Function::new("chr", 1, 1, chr).gives(Kinds::TEXT),
];

fn len(given: &Given, work: &mut Work) -> Result<Data> {
    let data = given.get(0);
    let length = match data {
        Data::Text(text) => {
            work.bytes(text.len())?;
            text::length(text)
        }
        Data::Bytes(bytes) => bytes.len(),
        Data::List(items) | Data::Tuple(items) => items.len(),
        Data::Dict(entries) => entries.len(),
        Data::View(view) => match view.len().map(i64::try_from) {
            Some(Ok(length)) => return Ok(Data::Int(Int::Small(length))),
            Some(Err(_)) => return wrong("this range() is longer than any list"),
            None => return Err(super::data::unwrapped(view.word())),
        },
        _ => return wrong(format!("{} has no length", data.kind())),
    };
    Ok(Data::Int(length.into()))
}

fn str(given: &Given, _: &mut Work) -> Result<Data> {
    let Some(data) = given.positional.first() else { return Ok(Data::text("")) };
    Ok(match data {
        Data::Text(_) => data.clone(),
        Data::None => Data::text("None"),
        Data::Bool(flag) => Data::text(if *flag { "True" } else { "False" }),
        Data::Int(int) => Data::text(int.to_string()),
        Data::Float(number) => Data::text(float::shown(*number)),
        Data::View(view) => return Err(super::data::unwrapped(view.word())),
        Data::Bytes(_) => {
            return Err(super::wrong::Wrong::new("str() of bytes would be how Python writes them")
                .help("write .decode() to read them as UTF-8"));
        }
        _ => {
            return Err(super::wrong::Wrong::new(format!("str() doesn't take {}", data.kind()))
                .help("a template writes JSON: \"{{ name | tojson }}\"; .join() puts texts together"));
        }
    })
}

fn bool(given: &Given, _: &mut Work) -> Result<Data> {
    Ok(Data::Bool(given.get(0).is_true()))
}

fn any(given: &Given, work: &mut Work) -> Result<Data> {
    quantified(given, true, work)
}

fn all(given: &Given, work: &mut Work) -> Result<Data> {
    quantified(given, false, work)
}

/// Walks until an element is as true as `ends`.
fn quantified(given: &Given, ends: bool, work: &mut Work) -> Result<Data> {
    let mut elements = Elements::of(given.get(0))?;
    while let Some(element) = elements.next(work)? {
        if element.is_true() == ends {
            return Ok(Data::Bool(ends));
        }
    }
    Ok(Data::Bool(!ends))
}

fn ord(given: &Given, _: &mut Work) -> Result<Data> {
    let Data::Text(text) = given.get(0) else { return wrong(format!("ord() doesn't take {}", given.get(0).kind())) };
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(one), None) => Ok(Data::Int(Int::Small(i64::from(u32::from(one))))),
        _ => wrong("ord() takes one character"),
    }
}

fn chr(given: &Given, _: &mut Work) -> Result<Data> {
    let Some(code) = given.get(0).int() else { return wrong(format!("chr() doesn't take {}", given.get(0).kind())) };
    match u32::try_from(code.clamped()).ok().and_then(char::from_u32) {
        Some(character) => Ok(Data::text(character.to_string())),
        None => wrong(format!("{code} is not the number of a character")),
    }
}
