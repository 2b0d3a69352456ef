//! What crosses every boundary.

use crate::finite::Finite;

/// One value: a text, bytes, or a JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// Bytes.
    Data(Vec<u8>),
    /// One JSON document (RFC 8259), as text.
    Json(String),
}

impl Value {
    /// A value of serde: text if it is one, else JSON. In JSON, each key is a text: a map's whole numbers, say,
    /// become the texts that are read as these again.
    ///
    /// # Errors
    ///
    /// What can't be JSON: a number that is NaN or infinite, wherever it is; a map whose keys are bytes, lists,
    /// maps or none.
    pub fn json(value: &impl serde::Serialize) -> Result<Self, serde_json::Error> {
        let json = serde_json::to_string(&Finite(value))?;
        match json.starts_with('"') {
            true => serde_json::from_str(&json).map(Self::Text),
            false => Ok(Self::Json(json)),
        }
    }

    /// What it is, for messages.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Data(_) => "bytes",
            Self::Json(text) => match text.trim_start().as_bytes().first() {
                Some(b'"') => "a JSON text",
                Some(b'[') => "a JSON list",
                Some(b'{') => "a JSON object",
                Some(b't' | b'f') => "true or false",
                Some(b'n') => "null",
                _ => "a number",
            },
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(data: Vec<u8>) -> Self {
        Self::Data(data)
    }
}

#[cfg(target_family = "wasm")]
mod wire {
    use super::Value;
    use crate::bindings::turingbox::agent::types;

    impl From<types::Value> for Value {
        fn from(value: types::Value) -> Self {
            match value {
                types::Value::Text(text) => Self::Text(text),
                types::Value::Data(data) => Self::Data(data),
                types::Value::Json(json) => Self::Json(json),
            }
        }
    }

    impl From<Value> for types::Value {
        fn from(value: Value) -> Self {
            match value {
                Value::Text(text) => Self::Text(text),
                Value::Data(data) => Self::Data(data),
                Value::Json(json) => Self::Json(json),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_text_of_serde_is_a_text() {
        assert_eq!(Value::json(&"a\"\n").ok(), Some(Value::Text("a\"\n".into())));
        assert_eq!(Value::json(&["a"]).ok(), Some(Value::Json("[\"a\"]".into())));
        assert_eq!(Value::json(&None::<String>).ok(), Some(Value::Json("null".into())));
    }

    #[test]
    fn keys_are_texts() {
        let by_number = HashMap::from([(7, 'a')]);
        assert_eq!(Value::json(&by_number).ok(), Some(Value::Json("{\"7\":\"a\"}".into())));
        assert_eq!(Value::json(&HashMap::from([(true, ())])).ok(), Some(Value::Json("{\"true\":null}".into())));
        assert!(Value::json(&HashMap::from([([1], 'a')])).is_err());
        assert!(Value::json(&HashMap::from([(None::<u8>, 'a')])).is_err());
    }
}
