//! Floats as Python writes, reads, divides and rounds them.

use num_bigint::BigInt;
use num_traits::{FromPrimitive, ToPrimitive};

use super::{
    number::round_to_tens,
    text::trimmed,
    wrong::{Result, Wrong, wrong},
};

/// A float that is the result of something; one that is no number is an error, since it would be
/// unequal to itself.
pub fn checked(float: f64) -> Result<f64> {
    if float.is_nan() { wrong("the result is not a number (NaN)") } else { Ok(float) }
}

/// As `repr` writes it: the fewest digits that mean this float.
pub fn shown(float: f64) -> String {
    if float.is_infinite() {
        return if float > 0.0 { "inf" } else { "-inf" }.into();
    }
    let magnitude = float.abs();
    if magnitude == 0.0 || (1e-4..1e16).contains(&magnitude) {
        let digits = float.to_string();
        return if digits.contains('.') { digits } else { digits + ".0" };
    }
    let digits = format!("{float:e}");
    match digits.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => digits,
    }
}

/// The float that a text means to `float()`.
pub fn parse(text: &str) -> Result<f64> {
    let digits = trimmed(text);
    let bytes = digits.as_bytes();
    let apart =
        |at: usize| at > 0 && bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
    let well_formed = digits.is_ascii() && (0..bytes.len()).all(|at| bytes[at] != b'_' || apart(at));
    match digits.replace('_', "").parse::<f64>() {
        Ok(float) if well_formed => checked(float),
        _ => wrong(format!("{} is not a number", super::data::quoted(text))),
    }
}

/// Whether a text is written like a number.
pub fn is_number(text: &str) -> bool {
    let digits = trimmed(text).trim_start_matches(['-', '+', '.']);
    digits.starts_with(|first: char| first.is_ascii_digit()) && parse(text).is_ok()
}

/// The quotient, rounded down, and the rest, which has the divisor's sign.
pub fn divide(a: f64, b: f64) -> Result<(f64, f64)> {
    if b == 0.0 {
        return wrong("division by zero");
    }
    let mut rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest == 0.0 {
        rest = 0.0_f64.copysign(b);
    } else if (b < 0.0) != (rest < 0.0) {
        rest += b;
        quotient -= 1.0;
    }
    let whole = if quotient == 0.0 {
        0.0_f64.copysign(a / b)
    } else {
        let floor = quotient.floor();
        if quotient - floor > 0.5 { floor + 1.0 } else { floor }
    };
    Ok((checked(whole)?, checked(rest)?))
}

/// The power.
pub fn power(base: f64, exponent: f64) -> Result<f64> {
    if base == 0.0 && exponent < 0.0 {
        return wrong("zero can't be raised to a negative power");
    }
    if base.is_finite() && base < 0.0 && exponent.is_finite() && exponent.fract() != 0.0 {
        return Err(Wrong::new("a negative number to the power of a fraction is not a real number"));
    }
    let power = base.powf(exponent);
    if power.is_infinite() && base.is_finite() && exponent.is_finite() {
        return wrong("this power is too large for a float");
    }
    checked(power)
}

/// Rounds to `places` decimal places: to the nearest, the even one of two, and exactly so.
pub fn rounded(float: f64, places: i64) -> Result<f64> {
    /// Beyond these, no digit of a float is rounded, or all are.
    const MOST: i64 = 323;
    const LEAST: i64 = -308;
    if !float.is_finite() || float == 0.0 || places > MOST {
        return Ok(float);
    }
    if places < LEAST {
        return Ok(0.0_f64.copysign(float));
    }
    let rounded = if places >= 0 {
        format!("{float:.*}", places.unsigned_abs() as usize).parse().unwrap_or(float)
    } else {
        let whole = BigInt::from_f64(float.trunc()).unwrap_or_default();
        let nearest = round_to_tens(&whole, places.unsigned_abs(), float.fract() != 0.0);
        nearest.to_f64().unwrap_or(f64::INFINITY).abs().copysign(float)
    };
    if rounded.is_infinite() { wrong("the rounded number is too large for a float") } else { Ok(rounded) }
}
