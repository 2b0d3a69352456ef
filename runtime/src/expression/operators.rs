//! `+ - * / // % **` and the signs, as Python has them.

use super::{
    bounds::Work,
    compare::looks_like_number,
    data::{Data, Number},
    float,
    number::Int,
    wrong::{Result, Wrong, wrong},
};

/// An operator between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    DivideDown,
    Modulo,
    Power,
}

/// An operator before a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    Plus,
    Minus,
    Not,
}

impl Binary {
    pub fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::DivideDown => "//",
            Self::Modulo => "%",
            Self::Power => "**",
        }
    }
}

/// `a operator b`.
pub fn binary(operator: Binary, a: &Data, b: &Data, work: &mut Work) -> Result<Data> {
    match (operator, a, b) {
        (_, Data::Int(a), Data::Int(b)) => ints(operator, a, b),
        (Binary::Add, Data::Text(a), Data::Text(b)) => {
            work.text(a.len().saturating_add(b.len()))?;
            Ok(Data::text([a.as_ref(), b.as_ref()].concat()))
        }
        (Binary::Add, Data::List(a), Data::List(b)) => Ok(Data::list(joined(a, b, work)?)),
        (Binary::Add, Data::Tuple(a), Data::Tuple(b)) => Ok(Data::tuple(joined(a, b, work)?)),
        (Binary::Multiply, Data::Text(_) | Data::List(_) | Data::Tuple(_), Data::Int(_) | Data::Bool(_)) => {
            repeated(a, b, work)
        }
        (Binary::Multiply, Data::Int(_) | Data::Bool(_), Data::Text(_) | Data::List(_) | Data::Tuple(_)) => {
            repeated(b, a, work)
        }
        _ => match (a.number(), b.number()) {
            (Some(Number::Int(a)), Some(Number::Int(b))) => ints(operator, &a, &b),
            (Some(a), Some(b)) => floats(operator, a.to_f64(), b.to_f64()),
            _ => Err(unfit(operator, a, b)),
        },
    }
}

/// `operator a`.
pub fn unary(operator: Unary, a: &Data) -> Result<Data> {
    match (operator, a.number()) {
        (Unary::Not, _) => Ok(Data::Bool(!a.is_true())),
        (Unary::Plus, Some(Number::Int(int))) => Ok(Data::Int(int)),
        (Unary::Plus, Some(Number::Float(float))) => Ok(Data::Float(float)),
        (Unary::Minus, Some(Number::Int(int))) => int.negated().map(Data::Int),
        (Unary::Minus, Some(Number::Float(float))) => Ok(Data::Float(-float)),
        (_, None) => wrong(format!("{} has no sign", a.kind())),
    }
}

fn ints(operator: Binary, a: &Int, b: &Int) -> Result<Data> {
    Ok(match operator {
        Binary::Add => Data::Int(a.add(b)?),
        Binary::Subtract => Data::Int(a.subtract(b)?),
        Binary::Multiply => Data::Int(a.multiply(b)?),
        Binary::Divide => Data::Float(a.ratio(b)?),
        Binary::DivideDown => Data::Int(a.divide(b)?.0),
        Binary::Modulo => Data::Int(a.divide(b)?.1),
        Binary::Power if b.is_negative() => Data::Float(float::power(a.to_f64(), b.to_f64())?),
        Binary::Power => Data::Int(a.power(b)?),
    })
}

fn floats(operator: Binary, a: f64, b: f64) -> Result<Data> {
    let result = match operator {
        Binary::Add => float::checked(a + b)?,
        Binary::Subtract => float::checked(a - b)?,
        Binary::Multiply => float::checked(a * b)?,
        Binary::Divide if b == 0.0 => return wrong("division by zero"),
        Binary::Divide => float::checked(a / b)?,
        Binary::DivideDown => float::divide(a, b)?.0,
        Binary::Modulo => float::divide(a, b)?.1,
        Binary::Power => float::power(a, b)?,
    };
    Ok(Data::Float(result))
}

fn joined(a: &[Data], b: &[Data], work: &mut Work) -> Result<Vec<Data>> {
    work.items(a.len().saturating_add(b.len()))?;
    Ok([a, b].concat())
}

/// `sequence * times`: nothing, where the number is negative.
fn repeated(sequence: &Data, times: &Data, work: &mut Work) -> Result<Data> {
    let times = match times.int() {
        Some(Int::Big(_)) => return wrong("this is more often than anything can be repeated"),
        Some(int) => usize::try_from(int.clamped().max(0)).unwrap_or(usize::MAX),
        None => 0,
    };
    let items = |items: &[Data], work: &mut Work| {
        work.items(items.len().saturating_mul(times))?;
        // Nothing is nothing, however often.
        let times = if items.is_empty() { 0 } else { times };
        Ok(std::iter::repeat_n(items, times).flatten().cloned().collect::<Vec<_>>())
    };
    match sequence {
        Data::Text(text) if text.is_empty() => Ok(sequence.clone()),
        Data::Text(text) => {
            work.text(text.len().saturating_mul(times))?;
            Ok(Data::text(text.repeat(times)))
        }
        Data::List(list) => items(list, work).map(Data::list),
        Data::Tuple(tuple) => items(tuple, work).map(Data::tuple),
        _ => wrong(format!("{} can't be repeated", sequence.kind())),
    }
}

fn unfit(operator: Binary, a: &Data, b: &Data) -> Box<Wrong> {
    if let Data::View(view) = if matches!(a, Data::View(_)) { a } else { b } {
        return super::data::unwrapped(view.word());
    }
    let wrong = Wrong::new(format!("`{}` doesn't take {} and {}", operator.sign(), a.kind(), b.kind()));
    match (operator, a, b) {
        (Binary::Modulo, Data::Text(_), _) => wrong.help("put texts together with +, or write \"{{ name }}\""),
        (Binary::Add, Data::Text(_), _) => wrong.help("write str(…) around what is no text"),
        (Binary::Add, _, Data::Text(_)) if looks_like_number(b) => {
            wrong.help("write str(…) around what is no text, or int(…) around the text")
        }
        (Binary::Add, _, Data::Text(_)) => wrong.help("write str(…) around what is no text"),
        (_, Data::Text(_), Data::Text(_)) => {
            wrong.help("if this is a text with names in it, write \"{{ name }}\" for each")
        }
        _ if [a, b].into_iter().any(looks_like_number) => wrong.help("write int(…) or float(…) around the text"),
        _ => wrong,
    }
}
