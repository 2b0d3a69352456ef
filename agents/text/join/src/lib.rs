//! Puts texts together.

use serde_json::value::RawValue;
use turingbox_sdk::{Failure, Outputs, agent};

/// Put a list of texts together
#[agent]
#[expect(clippy::boxed_local, reason = "serde gives what is written in a box alone")]
fn join(
    /// The list of texts
    parts: Box<RawValue>,
    /// What goes between them
    #[input(default = "")]
    separator: String,
) -> Result<Joined, Failure> {
    let parts: Vec<&RawValue> = serde_json::from_str(parts.get())
        .map_err(|_| Failure::new(format!("parts must be a list of texts, not {}", parts.get())))?;
    let text = |(position, part): (usize, &&RawValue)| {
        let wrong = |_| Failure::new(format!("parts[{position}] is {part}; join takes texts only"));
        serde_json::from_str::<String>(part.get()).map_err(wrong)
    };
    let texts: Result<Vec<_>, _> = parts.iter().enumerate().map(text).collect();
    Ok(Joined { text: texts?.join(&separator) })
}

#[derive(Debug, Outputs, PartialEq)]
struct Joined {
    /// All parts as one text
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(parts: &str, separator: &str) -> Result<Joined, Failure> {
        join(RawValue::from_string(parts.into()).unwrap_or_default(), separator.into())
    }

    #[test]
    fn only_texts_are_joined() {
        assert_eq!(joined("[\"a\", \"\"]", "; "), Ok(Joined { text: "a; ".into() }));
        assert!(joined("[\"a\", 1]", "").is_err());
        assert!(joined("\"ab\"", "").is_err());
    }
}
