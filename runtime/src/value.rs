//! What crosses every boundary: text, data or JSON.

use std::{fmt, sync::Arc};

use serde::{
    de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor},
    ser::{Error as _, Serialize, Serializer},
};
use serde_json::value::RawValue;

use crate::expression::json;

/// A value between a caller, the engine and a guest. Cloning is cheap: the contents are shared.
///
/// # Examples
///
/// ```
/// use turingbox::{Json, Value};
///
/// let count = Value::Json(Json::parse("[1, 2]")?);
/// assert_eq!(count.len(), 6);
/// assert_ne!(count, Value::text("[1, 2]"));
/// # Ok::<(), turingbox::JsonError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// UTF-8 text; `str` in Python.
    Text(Arc<str>),
    /// Bytes; `bytes` in Python.
    Data(Arc<[u8]>),
    /// One JSON document; everything else that JSON can hold in Python.
    Json(Json),
    /// A secret, by its name: the value itself appears only where a proc that is granted the name is
    /// called. Everywhere else it is the text `[NAME]`.
    Secret(Secret),
}

/// The name of a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    shown: Arc<str>,
}

impl Secret {
    /// The secret called `name`.
    pub fn new(name: &str) -> Self {
        Self { shown: format!("[{name}]").into() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.shown[1..self.shown.len() - 1]
    }
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// A data value.
    pub fn data(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::Data(bytes.into())
    }

    /// The size in bytes of what the value holds, as it crosses a boundary.
    pub fn len(&self) -> usize {
        self.bytes().len()
    }

    /// Whether the value holds no byte at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes as they are written raw: text in UTF-8, data as it is, JSON as its document.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Data(data) => data,
            Self::Json(json) => json.as_str().as_bytes(),
            Self::Secret(secret) => secret.shown.as_bytes(),
        }
    }

    /// The word for this kind of value in messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Data(_) => "data",
            Self::Json(_) => "json",
            Self::Secret(_) => "a secret",
        }
    }
}

/// The value inside a JSON document. Data is `{"base64": "…"}`, since JSON holds no bytes.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Data(data) => serializer.collect_map([("base64", base64(data))]),
            Self::Json(json) => json.serialize(serializer),
            Self::Secret(secret) => serializer.serialize_str(&secret.shown),
        }
    }
}

/// Shows the start of a value: a megabyte in a message helps nobody.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 80;
        let text = match self {
            Self::Text(text) => format!("{:?}", text.chars().take(SHOWN).collect::<String>()),
            Self::Data(data) => format!("{} bytes", data.len()),
            Self::Json(json) => json.as_str().chars().take(SHOWN).collect(),
            Self::Secret(secret) => secret.shown.to_string(),
        };
        f.write_str(&text)?;
        if self.len() > SHOWN && !matches!(self, Self::Data(_)) {
            write!(f, "… ({} bytes)", self.len())?;
        }
        Ok(())
    }
}

/// One valid JSON document, kept as the text it came in: numbers of any size and the order of
/// keys pass through untouched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json(Arc<str>);

impl Json {
    /// Checks that `text` is one JSON document.
    ///
    /// # Errors
    ///
    /// When it isn't, is nested deeper than 127 levels, or holds a number beyond 64-bit floating
    /// point (RFC 8259 leaves both bounds to us).
    pub fn parse(text: impl Into<Arc<str>>) -> Result<Self, JsonError> {
        let text = text.into();
        match serde_json::from_str::<Checked>(&text) {
            Ok(Checked) => Ok(Self(text)),
            Err(error) => Err(JsonError(error)),
        }
    }

    /// A document that is known to be one: it was just written.
    pub(crate) fn known(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The document.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The document as a tree. Numbers beyond 64 bits lose digits here, and only here.
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// Whether both documents mean the same: spaces and the order of keys say nothing, every digit of
    /// a whole number does, and numbers are the same where their values are, like `1` and `1.0`.
    pub fn means(&self, other: &Self) -> bool {
        self == other || json::same(&self.0, &other.0)
    }

    /// The whole number that the document is, if it is one.
    pub fn to_integer(&self) -> Option<i64> {
        self.0.trim().parse().ok()
    }
}

/// The document without the spaces between its parts, as it is written otherwise.
impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let compact = RawValue::from_string(json::compact(&self.0).into_owned());
        compact.map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        Self(value.to_string().into())
    }
}

/// A document that was walked through and forgotten. serde's own way to ignore a value neither
/// bounds its depth nor looks at its numbers; this allocates as little.
struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(document: D) -> Result<Self, D::Error> {
        document.deserialize_any(Checked)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<IgnoredAny, Self>()?.is_some() {}
        Ok(self)
    }
}

/// Why a text is not one JSON document.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(serde_json::Error);

/// Standard base64 with padding (RFC 4648, section 4).
pub(crate) fn base64(data: &[u8]) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_what_a_tree_would_lose() {
        let text = r#"{"b":1,"a":123456789012345678901234567890}"#;
        assert_eq!(Json::parse(text).unwrap().as_str(), text);
    }

    #[test]
    fn json_bounds_its_depth() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(Json::parse(deep).is_err());
        assert!(Json::parse("1e999").is_err());
        let deepest = "[".repeat(127) + &"]".repeat(127);
        assert!(Json::parse(deepest).unwrap().to_value().is_array());
    }

    #[test]
    fn documents_are_written_without_spaces_and_with_every_digit() {
        let text = "{\n \"a b\" : [ 123456789012345678901234567890 , 1.50, \"x\\\" y\" ] }\n";
        let value = Value::Json(Json::parse(text).unwrap());
        let written = serde_json::to_string(&[value, Value::data(*b"x"), Value::text("\"")]).unwrap();
        assert_eq!(written, r#"[{"a b":[123456789012345678901234567890,1.50,"x\" y"]},{"base64":"eA=="},"\""]"#);
    }

    #[test]
    fn documents_mean_the_same_whatever_their_order() {
        let json = |text: &str| Json::parse(text).unwrap();
        for (one, other, same) in [
            (r#"{"a": 1, "b": [2]}"#, r#"{"b":[2],"a":1}"#, true),
            ("[1, 2]", "[2, 1]", false),
            ("[1]", "[1, 1]", false),
            (r#"{"a": 1}"#, r#"{"a": 1, "b": 2}"#, false),
            ("1", "1.0", true),
            ("[10, -0.0]", "[1e1, 0]", true),
            ("9007199254740993", "9007199254740992.0", false),
            ("1", "true", false),
            ("1.50", "1.5", true),
            ("123456789012345678901234567890", "123456789012345678901234567891", false),
            (r#""\u0061""#, r#""a""#, true),
            ("[true, null]", "[1, 0]", false),
            // No expression can hold it; it is like itself.
            (&"9".repeat(308), &"9".repeat(308), true),
            (&"9".repeat(308), &("8".to_owned() + &"9".repeat(307)), false),
        ] {
            assert_eq!(json(one).means(&json(other)), same, "{one} {other}");
        }
    }

    #[test]
    fn debug_is_short() {
        assert!(format!("{:?}", Value::text("x".repeat(1_000_000))).len() < 200);
    }
}
