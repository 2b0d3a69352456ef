//! What attributes say of an input that its type can't be, or that no manifest can say. `turingbox build` would
//! find it in agent.toml, which isn't the author's to change.

use crate::{constant::Constant, kind::Kind, settings::InputSettings};

const TYPES: [&str; 11] =
    ["text", "number", "integer", "boolean", "json", "bytes", "file", "date", "choice", "step", "secret"];

/// Refuses what can't be, at its key.
pub fn check(settings: &InputSettings, kind: Kind) -> syn::Result<()> {
    for (key, value) in &settings.said {
        let odd = match key.to_string().as_str() {
            "type" => odd_type(settings, kind),
            "choices" => (word(settings, kind) != "choice").then(|| "only an input of type `choice` has these".into()),
            "min" | "max" => odd_bound(word(settings, kind), value).or_else(|| out_of_range(kind, value)),
            "default" => odd_default(settings, word(settings, kind), value).or_else(|| out_of_range(kind, value)),
            _ => None,
        };
        if let Some(odd) = odd {
            return Err(syn::Error::new(key.span(), odd));
        }
    }
    Ok(())
}

/// The word of an input's type in a manifest, which has none where it is text.
pub fn word(settings: &InputSettings, kind: Kind) -> &str {
    match settings.get("type") {
        Some(Constant::Text(word)) => word,
        _ if settings.get("choices").is_some() => "choice",
        _ => kind.word().unwrap_or("text"),
    }
}

fn odd_type(settings: &InputSettings, kind: Kind) -> Option<String> {
    match word(settings, kind) {
        "choice" if settings.get("choices").is_none() => Some("an input of type `choice` has `choices`".into()),
        word if TYPES.contains(&word) => None,
        word => Some(format!("there is no type `{word}`: it is one of {}", TYPES.join(", "))),
    }
}

fn odd_bound(word: &str, bound: &Constant) -> Option<String> {
    match (word, bound.number()) {
        ("number" | "integer", Some(_)) => None,
        ("number" | "integer", None) => Some("this is to be a number".into()),
        _ => Some(format!("`min` and `max` are for numbers, and the input is of type `{word}`")),
    }
}

fn odd_default(settings: &InputSettings, word: &str, default: &Constant) -> Option<String> {
    use Constant::{Boolean, Integer, Number, Text};
    let wanted = match (word, default) {
        ("secret", _) => return Some("a secret has no default: what is in a manifest is no secret".into()),
        ("json", _) | ("boolean", Boolean(_)) | ("step", Text(_) | Integer(_)) => return None,
        ("choice", chosen) => match settings.get("choices") {
            Some(Constant::List(choices)) if !choices.contains(chosen) => "one of its `choices`",
            _ => return None,
        },
        ("integer", Integer(_)) | ("number", Integer(_) | Number(_)) => return out_of_bounds(settings, default),
        ("text" | "bytes" | "file" | "date", Text(_)) => return None,
        ("boolean", _) => "true or false",
        ("integer", _) => "a whole number",
        ("number", _) => "a number",
        _ => "a text",
    };
    Some(format!("the default of an input of type `{word}` is {wanted}"))
}

fn out_of_bounds(settings: &InputSettings, default: &Constant) -> Option<String> {
    let (default, bound) = (default.number()?, |key| settings.get(key).and_then(Constant::number));
    match (bound("min"), bound("max")) {
        (Some(min), _) if default < min => Some("the default is less than `min`".into()),
        (_, Some(max)) if default > max => Some("the default is more than `max`".into()),
        _ => None,
    }
}

/// A whole number that the Rust type can't hold.
fn out_of_range(kind: Kind, value: &Constant) -> Option<String> {
    let (Kind::Integer { min, max }, Constant::Integer(value)) = (kind, value) else { return None };
    let (min, max) = (min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX));
    let odd = || format!("{value} is not what the Rust type holds, from {min} to {max}");
    (!(min..=max).contains(value)).then(odd)
}
