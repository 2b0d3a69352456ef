//! Whole numbers of any size up to a bound, with Python's arithmetic.

use std::{borrow::Cow, cmp::Ordering, sync::Arc};

use num_bigint::{BigInt, Sign};
use num_traits::{FromPrimitive, Pow, Signed, ToPrimitive, Zero};

use super::{
    bounds::MAX_BITS,
    wrong::{Result, Wrong, wrong},
};

/// A whole number. One that fits 64 bits is always small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Int {
    Small(i64),
    Big(Arc<BigInt>),
}

/// Whole numbers that a float holds exactly, whatever they are.
const EXACT: u64 = 1 << 53;

impl Int {
    /// A number, within the bound.
    pub fn new(number: BigInt) -> Result<Self> {
        match number.to_i64() {
            Some(small) => Ok(Self::Small(small)),
            None if number.bits() > MAX_BITS => Err(too_large()),
            None => Ok(Self::Big(Arc::new(number))),
        }
    }

    /// The number that decimal digits, maybe with a sign before them, mean.
    pub fn parse(digits: &str) -> Result<Self> {
        if let Ok(small) = digits.parse() {
            return Ok(Self::Small(small));
        }
        let significant = digits.trim_start_matches(['-', '+']).trim_start_matches('0');
        // A decimal digit has more than three bits: no need to read what is too large.
        if significant.len() as u64 > MAX_BITS / 3 {
            return Err(too_large());
        }
        match digits.parse() {
            Ok(big) => Self::new(big),
            Err(_) => wrong("this is not a whole number"),
        }
    }

    /// The whole part of a float.
    pub fn truncated(float: f64) -> Result<Self> {
        match BigInt::from_f64(float.trunc()) {
            Some(whole) => Self::new(whole),
            None => wrong("infinity is not a whole number"),
        }
    }

    pub fn big(&self) -> Cow<'_, BigInt> {
        match self {
            Self::Small(small) => Cow::Owned(BigInt::from(*small)),
            Self::Big(big) => Cow::Borrowed(big),
        }
    }

    /// The nearest float, the even one of two.
    pub fn to_f64(&self) -> f64 {
        match self {
            Self::Small(small) => *small as f64,
            Self::Big(big) => big.to_f64().unwrap_or(f64::INFINITY),
        }
    }

    /// As a position: numbers beyond 64 bits are as good as the largest.
    pub fn clamped(&self) -> i64 {
        match self {
            Self::Small(small) => *small,
            Self::Big(big) if big.is_negative() => i64::MIN,
            Self::Big(_) => i64::MAX,
        }
    }

    pub fn is_zero(&self) -> bool {
        *self == Self::Small(0)
    }

    pub fn is_negative(&self) -> bool {
        match self {
            Self::Small(small) => *small < 0,
            Self::Big(big) => big.is_negative(),
        }
    }

    pub fn negated(&self) -> Result<Self> {
        match self {
            Self::Small(small) if *small != i64::MIN => Ok(Self::Small(-small)),
            _ => Self::new(-self.big().into_owned()),
        }
    }

    pub fn absolute(&self) -> Result<Self> {
        if self.is_negative() { self.negated() } else { Ok(self.clone()) }
    }

    pub fn add(&self, other: &Self) -> Result<Self> {
        match (self, other) {
            (Self::Small(a), Self::Small(b)) if a.checked_add(*b).is_some() => Ok(Self::Small(a + b)),
            _ => Self::new(self.big().as_ref() + other.big().as_ref()),
        }
    }

    pub fn subtract(&self, other: &Self) -> Result<Self> {
        match (self, other) {
            (Self::Small(a), Self::Small(b)) if a.checked_sub(*b).is_some() => Ok(Self::Small(a - b)),
            _ => Self::new(self.big().as_ref() - other.big().as_ref()),
        }
    }

    pub fn multiply(&self, other: &Self) -> Result<Self> {
        match (self, other) {
            (Self::Small(a), Self::Small(b)) if a.checked_mul(*b).is_some() => Ok(Self::Small(a * b)),
            _ => Self::new(self.big().as_ref() * other.big().as_ref()),
        }
    }

    /// The quotient, rounded down, and the rest, which has the divisor's sign.
    pub fn divide(&self, other: &Self) -> Result<(Self, Self)> {
        if other.is_zero() {
            return wrong("division by zero");
        }
        if let (Self::Small(a), Self::Small(b)) = (self, other)
            && let (Some(quotient), Some(rest)) = (a.checked_div(*b), a.checked_rem(*b))
        {
            let below = rest != 0 && (rest < 0) != (*b < 0);
            return Ok((Self::Small(quotient - i64::from(below)), Self::Small(if below { rest + b } else { rest })));
        }
        let (a, b) = (self.big(), other.big());
        let (quotient, rest) = (a.as_ref() / b.as_ref(), a.as_ref() % b.as_ref());
        if !rest.is_zero() && rest.is_negative() != b.is_negative() {
            return Ok((Self::new(quotient - 1)?, Self::new(rest + b.as_ref())?));
        }
        Ok((Self::new(quotient)?, Self::new(rest)?))
    }

    /// The quotient as the float that is nearest to it.
    pub fn ratio(&self, other: &Self) -> Result<f64> {
        if other.is_zero() {
            return wrong("division by zero");
        }
        match (self, other) {
            (Self::Small(a), Self::Small(b)) if a.unsigned_abs() <= EXACT && b.unsigned_abs() <= EXACT => {
                Ok(*a as f64 / *b as f64)
            }
            _ => Ok(nearest_ratio(&self.big(), &other.big())),
        }
    }

    /// The power with an exponent that isn't negative.
    pub fn power(&self, exponent: &Self) -> Result<Self> {
        let base = self.big();
        let exponent = exponent.clamped();
        if base.bits() <= 1 {
            // 0, 1 and -1 to any power are small.
            let odd = exponent % 2 == 1;
            return Ok(match (self, exponent) {
                (_, 0) => Self::Small(1),
                (Self::Small(-1), _) if !odd => Self::Small(1),
                _ => self.clone(),
            });
        }
        let least = (base.bits() - 1).saturating_mul(exponent.unsigned_abs());
        match u32::try_from(exponent) {
            Ok(exponent) if least <= MAX_BITS => Self::new(Pow::pow(base.as_ref(), exponent)),
            _ => Err(too_large()),
        }
    }

    /// Rounds to a multiple of ten to the `places`: to the nearest, the even one of two.
    pub fn rounded(&self, places: u64) -> Result<Self> {
        if places > MAX_BITS / 3 {
            return Ok(Self::Small(0));
        }
        Self::new(round_to_tens(&self.big(), places, false))
    }

    /// Compares with a float, exactly. A float is never NaN here.
    pub fn compare_to_float(&self, float: f64) -> Ordering {
        match self {
            Self::Small(small) if small.unsigned_abs() <= EXACT => (*small as f64).total_cmp(&(float + 0.0)),
            _ => match BigInt::from_f64(float.trunc()) {
                Some(whole) => self.big().as_ref().cmp(&whole).then(0.0_f64.total_cmp(&(float.fract() + 0.0))),
                None if float > 0.0 => Ordering::Less,
                None => Ordering::Greater,
            },
        }
    }
}

impl PartialOrd for Int {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Int {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Small(a), Self::Small(b)) => a.cmp(b),
            _ => self.big().cmp(&other.big()),
        }
    }
}

impl From<usize> for Int {
    fn from(number: usize) -> Self {
        // Nothing that is counted here is longer than memory.
        Self::Small(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl std::fmt::Display for Int {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Small(small) => small.fmt(f),
            Self::Big(big) => big.fmt(f),
        }
    }
}

fn too_large() -> Box<Wrong> {
    Wrong::new(format!("this whole number would have more than {MAX_BITS} bits"))
}

/// `number` as a multiple of ten to the `places`, the nearest, and the even one of two. `more` says
/// that there is a fraction beyond it, away from zero.
pub fn round_to_tens(number: &BigInt, places: u64, more: bool) -> BigInt {
    let unit: BigInt = Pow::pow(BigInt::from(10), places);
    let (quotient, rest): (BigInt, BigInt) = (number / &unit, (number % &unit).abs());
    let up = match (rest * 2_u32).cmp(&unit) {
        Ordering::Equal => more || quotient.bit(0),
        ordering => ordering == Ordering::Greater,
    };
    let away = if number.is_negative() { -1 } else { 1 };
    (quotient + if up { away } else { 0 }) * unit
}

/// `a / b`, rounded once.
fn nearest_ratio(a: &BigInt, b: &BigInt) -> f64 {
    /// Bits of a float, and two more to round by.
    const BITS: i64 = 55;
    /// The exponent of the least float there is.
    const LEAST: i64 = -1074;
    let (top, bottom) = (a.magnitude(), b.magnitude());
    // The quotient has 55 or 56 bits, or fewer where floats are: no bit below the least float is kept
    // but two to round by.
    let wanted = BITS - (top.bits() as i64 - bottom.bits() as i64);
    let mut shift = wanted.min(2 - LEAST);
    let (top, bottom) =
        if shift >= 0 { (top << shift, bottom.clone()) } else { (top.clone(), bottom << shift.unsigned_abs()) };
    let (mut quotient, rest) = (&top / &bottom, &top % &bottom);
    if !rest.is_zero() {
        // Beyond the bits that count: that there is more is all that matters.
        quotient.set_bit(0, true);
    }
    // Below the least normal float the two extra bits are rounded here, else by the conversion.
    let mut bits = quotient.to_u64().unwrap_or(u64::MAX);
    if wanted > shift {
        let (half, odd) = (bits & 3, (bits >> 2) & 1);
        bits = (bits >> 2) + u64::from(half > 2 || (half == 2 && odd == 1));
        shift -= 2;
    }
    let magnitude = scaled(bits as f64, -shift);
    if (a.sign() == Sign::Minus) == (b.sign() == Sign::Minus) { magnitude } else { -magnitude }
}

/// `number` times two to the `exponent`. Each factor is a float, and each step is exact.
fn scaled(mut number: f64, mut exponent: i64) -> f64 {
    const STEP: i64 = 512;
    while exponent > STEP {
        number *= f64::powi(2.0, STEP as i32);
        exponent -= STEP;
    }
    while exponent < -STEP {
        number *= f64::powi(2.0, -(STEP as i32));
        exponent += STEP;
    }
    number * f64::powi(2.0, exponent as i32)
}
