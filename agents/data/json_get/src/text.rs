//! JSON as text, and values in messages.

use serde_json::value::RawValue;
use turingbox_sdk::{Failure, Value};

/// What serde says is wrong, and what Python says of the same: most agents are written in it.
const WORDS: [(&str, &str); 9] = [
    ("key must be a string", "Expecting property name enclosed in double quotes"),
    ("EOF while parsing a string", "Unterminated string"),
    ("EOF while parsing", "Expecting value"),
    ("expected value", "Expecting value"),
    ("expected ident", "Expecting value"),
    ("expected `:`", "Expecting ':' delimiter"),
    ("expected `,`", "Expecting ',' delimiter"),
    ("trailing characters", "Extra data"),
    ("control character", "Invalid control character"),
];

/// The document that a value is, or that a text holds.
pub fn document(value: Value) -> Result<String, Failure> {
    let text = match value {
        Value::Text(text) => text,
        Value::Json(json) if json.trim_start().starts_with('"') => serde_json::from_str(&json)?,
        Value::Json(json) => json,
        Value::Data(_) => return Err(Failure::new("json must be JSON, or a text that holds it, not bytes")),
    };
    let wrong = |error| Failure::new(format!("the text is not JSON: {}", said(&error)));
    serde_json::from_str::<&RawValue>(&text).map_err(wrong)?;
    Ok(text)
}

fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!("line {} column {}", error.line(), error.column());
    match WORDS.iter().find(|(serde, _)| text.starts_with(serde)) {
        Some((_, python)) => format!("{python}: {place}"),
        None => text,
    }
}

/// A value that is no list and no object, as Python would write it.
pub fn shown(value: &RawValue) -> String {
    match value.get() {
        "true" => "True".into(),
        "false" => "False".into(),
        "null" => "None".into(),
        other => match serde_json::from_str::<String>(other) {
            Ok(text) => format!("'{text}'"),
            Err(_) => other.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_said() {
        for (text, message) in [
            ("{a}", "Expecting property name enclosed in double quotes: line 1 column 2"),
            ("", "Expecting value: line 1 column 0"),
            ("[1 2]", "Expecting ',' delimiter: line 1 column 4"),
            ("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6"),
            ("1 1", "Extra data: line 1 column 3"),
            ("\"", "Unterminated string: line 1 column 1"),
        ] {
            let said = document(text.into()).map_err(|failure| failure.message().to_owned());
            assert_eq!(said, Err(format!("the text is not JSON: {message}")));
        }
    }

    #[test]
    fn a_text_holds_a_document() {
        assert_eq!(document("\"a\"".into()), Ok("\"a\"".into()));
        assert_eq!(document(Value::Json("\"[1]\"".into())), Ok("[1]".into()));
        assert!(document(Value::Data(vec![49])).is_err());
    }
}
