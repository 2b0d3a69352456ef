//! What a scalar means: the core schema of YAML 1.2.

use granit_parser::{ScalarStyle, Tag};

use crate::node::{Kind, Node};

/// The value of a scalar.
///
/// # Errors
///
/// What is wrong with it, in words.
pub fn resolved(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Node, String> {
    let wanted = tag.and_then(Tag::core_suffix);
    let as_it_is = match (wanted, tag) {
        (Some("str"), _) => true,
        (Some(_), _) => false,
        // A `!` alone says that nothing is to be read into it.
        (None, Some(tag)) if tag.parts() == ("", "!") || tag.parts() == ("!", "") => true,
        _ => style != ScalarStyle::Plain,
    };
    if as_it_is {
        return Ok(Node::scalar(Kind::Text(text.to_owned())));
    }
    let plain = plain(text);
    if let (None, true) = (&plain, is_not_finite(text)) {
        return Err(format!("JSON has no number `{text}`"));
    }
    if plain.as_deref().is_some_and(is_too_large) {
        return Err(format!("the number `{text}` is too large, the largest is 1.8e308"));
    }
    let fits = |json: &str, kind: &str| match kind {
        "null" => json == "null",
        "bool" => json == "true" || json == "false",
        "int" => is_number(json) && !json.contains(['.', 'e', 'E']),
        "float" => is_number(json),
        _ => true,
    };
    match (plain, wanted) {
        (Some(json), Some(kind)) if !fits(&json, kind) => Err(format!("`{text}` is no !!{kind}")),
        (None, Some(kind @ ("null" | "bool" | "int" | "float"))) => Err(format!("`{text}` is no !!{kind}")),
        (Some(json), _) => Ok(Node::scalar(Kind::Plain(json))),
        (None, _) => Ok(Node::scalar(Kind::Text(text.to_owned()))),
    }
}

/// Null, a boolean or a number as JSON; none for a text. In YAML 1.2, `no` and `1_000` are texts. So here is
/// `012`: it is a number there, and more often a code.
fn plain(text: &str) -> Option<String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some("null".into()),
        "true" | "True" | "TRUE" => return Some("true".into()),
        "false" | "False" | "FALSE" => return Some("false".into()),
        _ => {}
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix).filter(|digits| !digits.starts_with(['+', '-'])) {
            return u128::from_str_radix(digits, radix).ok().map(|number| number.to_string());
        }
    }
    decimal(text)
}

/// A decimal number with all of its digits, as JSON writes it: `.5` is 0.5, `+1.` is 1.0.
fn decimal(text: &str) -> Option<String> {
    let (sign, rest) = match text.strip_prefix(['+', '-']) {
        Some(rest) if text.starts_with('-') => ("-", rest),
        Some(rest) => ("", rest),
        None => ("", text),
    };
    let (number, exponent) = rest.split_at(rest.find(['e', 'E']).unwrap_or(rest.len()));
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, part)| (whole, Some(part)));
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    let is_exponent = |text: &str| {
        let power = text[1..].strip_prefix(['+', '-']).unwrap_or(&text[1..]);
        !power.is_empty() && digits(power)
    };
    let is_number = digits(whole)
        && fraction.is_none_or(digits)
        && !(whole.is_empty() && fraction.is_none_or(str::is_empty))
        && (exponent.is_empty() || is_exponent(exponent));
    if !is_number || whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if (whole, fraction, exponent) == ("0", None, "") { "" } else { sign };
    Some(match fraction {
        Some(part) => format!("{sign}{whole}.{}{exponent}", if part.is_empty() { "0" } else { part }),
        None => format!("{sign}{whole}{exponent}"),
    })
}

fn is_number(json: &str) -> bool {
    json.starts_with(|first: char| first == '-' || first.is_ascii_digit())
}

/// Whether a value is a number that nobody could read: readers of JSON have no larger one than a double is.
fn is_too_large(json: &str) -> bool {
    // Without an exponent, it takes that many digits.
    let perhaps = json.len() > 308 || json.contains(['e', 'E']);
    perhaps && json.parse().is_ok_and(f64::is_infinite)
}

fn is_not_finite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        for (text, json) in [
            ("0", "0"),
            ("-0", "0"),
            ("+5", "5"),
            ("-12345678901234567890123", "-12345678901234567890123"),
            ("0.10", "0.10"),
            ("5.", "5.0"),
            ("-.5", "-0.5"),
            ("1e3", "1e3"),
            ("1.5E-400", "1.5E-400"),
            ("0x1f", "31"),
            ("0xffffffffffffffffffffffffffffffff", "340282366920938463463374607431768211455"),
            ("0o17", "15"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(json), "{text}");
        }
        for text in ["012", "-01.5", "1_000", ".", "+", "-", "e3", "1e", "1e+", "1.2.3", "0x", "0x+1", "0xg", "--1"] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}
