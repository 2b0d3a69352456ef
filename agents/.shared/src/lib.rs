//! What several agents of the library do.

use std::fmt;

use serde::{Deserializer, de};
use serde_json::value::RawValue;

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
