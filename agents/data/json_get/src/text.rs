//! JSON as text, and values in messages.

use serde_json::value::RawValue;
use turingbox_sdk::{Failure, Value};

use crate::wrong::wrong;

/// The document that a value is, or that a text holds.
pub fn document(value: Value) -> Result<String, Failure> {
    let text = match value {
        Value::Text(text) => text,
        Value::Json(json) if json.trim_start().starts_with('"') => serde_json::from_str(&json)?,
        Value::Json(json) => json,
        Value::Data(_) => return Err(Failure::new("json must be JSON, or a text that holds it, not bytes")),
    };
    serde_json::from_str::<&RawValue>(&text).map_err(|error| {
        let said = wrong(&text).unwrap_or_else(|| error.to_string());
        Failure::new(format!("the text is not JSON: {said}"))
    })?;
    Ok(text)
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
    fn a_text_holds_a_document() {
        assert_eq!(document("\"a\"".into()), Ok("\"a\"".into()));
        assert_eq!(document(Value::Json("\"[1]\"".into())), Ok("[1]".into()));
        assert!(document(Value::Data(vec![49])).is_err());
    }
}
