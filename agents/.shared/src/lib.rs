//! What several agents of the library do.

mod arena;

use std::fmt;

use serde::{Deserializer, de};
use serde_json::value::RawValue;
use turingbox_sdk::{Failure, Value};

pub use arena::Arena;

/// The whole number that an input is. A text that says one is none: whoever wired it meant something else.
///
/// # Errors
///
/// Where it is anything else, with `name` and what it is.
pub fn whole(name: &str, value: &Value) -> Result<i64, Failure> {
    let shown = match value {
        Value::Json(json) => match json.trim().parse() {
            Ok(number) => return Ok(number),
            Err(_) => json.replace('"', "'"),
        },
        Value::Text(text) => format!("'{text}'"),
        Value::Data(_) => "bytes".to_owned(),
    };
    Err(Failure::new(format!("{name} must be a whole number, not {shown}")))
}

/// What a JSON value is, as Python names it: so do the agents that are written in it.
pub fn kind(json: &str) -> &'static str {
    match json.trim_start().as_bytes().first() {
        Some(b'{') => "dict",
        Some(b'[') => "list",
        Some(b'"') => "str",
        Some(b't' | b'f') => "bool",
        Some(b'n') => "NoneType",
        _ if json.contains(['.', 'e', 'E']) => "float",
        _ => "int",
    }
}

/// The members of an object in their order, as they are written. Of a key that is there twice, both are.
///
/// # Errors
///
/// Where it is no object.
pub fn members(json: &str) -> serde_json::Result<Vec<(String, &RawValue)>> {
    serde_json::Deserializer::from_str(json).deserialize_map(Members)
}

struct Members;

impl<'de> de::Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: de::MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// Where the quote is that ends a text of JSON, in what comes behind its first quote.
pub fn quote_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.find(|character| {
        let ends = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_no_text() {
        let wrong = |shown| Err(Failure::new(format!("n must be a whole number, not {shown}")));
        assert_eq!(whole("n", &Value::Json(" -7 ".into())), Ok(-7));
        assert_eq!(whole("n", &Value::Json("1.5".into())), wrong("1.5"));
        assert_eq!(whole("n", &Value::Json("[\"1\"]".into())), wrong("['1']"));
        assert_eq!(whole("n", &"3".into()), wrong("'3'"));
        assert_eq!(whole("n", &vec![1].into()), wrong("bytes"));
    }

    #[test]
    fn values_are_named() {
        let named = [
            ("{}", "dict"),
            (" [1.5]", "list"),
            ("\"1\"", "str"),
            ("true", "bool"),
            ("null", "NoneType"),
            ("1e3", "float"),
            ("-1", "int"),
        ];
        for (json, name) in named {
            assert_eq!(kind(json), name, "{json}");
        }
    }

    #[test]
    fn members_keep_their_order_and_how_they_are_written() {
        let read = members("{\"b\": 1.50, \"a\\u0021\": [ ], \"b\": 2}").unwrap_or_default();
        let read: Vec<_> = read.iter().map(|(key, value)| (key.as_str(), value.get())).collect();
        assert_eq!(read, [("b", "1.50"), ("a!", "[ ]"), ("b", "2")]);
        assert!(members("[1]").is_err());
    }

    #[test]
    fn a_text_ends_at_a_quote_of_its_own() {
        for (text, end) in [("", None), ("\"", Some(0)), ("\\\"", None), ("\\\\\"\"", Some(2)), ("ä\\\"\"", Some(4))] {
            assert_eq!(quote_end(text), end, "{text}");
        }
    }
}
