//! The way down into a document. Nothing is kept of what is passed by, however much that is.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The part of `document` called `key`, as it is written there: no digit of a number is lost.
pub fn member<'a>(document: &'a str, key: &str) -> Option<&'a str> {
    let mut reader = serde_json::Deserializer::from_str(document);
    reader.deserialize_map(Member(key)).ok()?.map(RawValue::get)
}

/// The element of `document`, a list, at a position that may count from its end.
pub fn element(document: &str, position: i64) -> Option<&str> {
    let at = if position < 0 {
        let (length, _) = walk(document, None)?;
        length.checked_sub(usize::try_from(position.unsigned_abs()).ok()?)?
    } else {
        usize::try_from(position).ok()?
    };
    walk(document, Some(at))?.1
}

/// How long a list is, and its element at a position.
fn walk(document: &str, at: Option<usize>) -> Option<(usize, Option<&str>)> {
    let mut reader = serde_json::Deserializer::from_str(document);
    let (length, element) = reader.deserialize_seq(Element(at)).ok()?;
    Some((length, element.map(RawValue::get)))
}

struct Member<'k>(&'k str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_it) = object.next_key_seed(Is(self.0))? {
            if is_it {
                // Of several members of one name, the last counts.
                found = Some(object.next_value()?);
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Whether a key is this one.
struct Is<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<bool, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

struct Element(Option<usize>);

impl<'de> Visitor<'de> for Element {
    type Value = (usize, Option<&'de RawValue>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let (mut length, mut found) = (0_usize, None);
        loop {
            if self.0 == Some(length) {
                found = list.next_element()?;
                if found.is_none() {
                    return Ok((length, None));
                }
            } else if list.next_element::<IgnoredAny>()?.is_none() {
                return Ok((length, found));
            }
            length += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_they_are_written() {
        let object = r#" {"a": 1.50, "b\u0062": [ 2 ], "a" : 123456789012345678901234567890 } "#;
        assert_eq!(member(object, "a"), Some("123456789012345678901234567890"));
        assert_eq!(member(object, "bb"), Some("[ 2 ]"));
        assert_eq!(member(object, "c"), None);
        assert_eq!(member("[1]", "a"), None);
        let list = " [ 1 , [2], \"x\" ] ";
        for (position, expected) in [
            (0, Some("1")),
            (1, Some("[2]")),
            (2, Some("\"x\"")),
            (3, None),
            (-1, Some("\"x\"")),
            (-3, Some("1")),
            (-4, None),
        ] {
            assert_eq!(element(list, position), expected, "{position}");
        }
        assert_eq!(element("{}", 0), None);
        assert_eq!(element("[]", i64::MIN), None);
    }
}
