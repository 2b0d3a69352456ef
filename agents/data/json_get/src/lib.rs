//! Looks into JSON.

mod path;
mod text;
mod wrong;

use serde_json::value::RawValue;
use shared::members;
use turingbox_sdk::{Failure, Outputs, Value, agent};

use crate::{path::Step, text::document};

/// Take one value out of a JSON value
#[agent]
fn json_get(
    /// The value, or text that holds one
    #[input(type = "json")]
    json: turingbox_sdk::Value,
    /// Where: a.b[0].c, ["any key"], or a JSON pointer such as /a/b/0/c; empty for all of it
    path: String,
    /// What to give when there is nothing there; without it that is a failure
    default: Option<turingbox_sdk::Value>,
) -> Result<Got, Failure> {
    let text = document(json)?;
    let mut value: &RawValue = serde_json::from_str(&text)?;
    for step in path::steps(&path) {
        match child(value, &step?)? {
            Ok(child) => value = child,
            Err(missing) => return default.map(|value| Got { value }).ok_or_else(|| Failure::new(missing)),
        }
    }
    Ok(Got { value: Value::json(&value)? })
}

#[derive(Debug, Outputs, PartialEq)]
struct Got {
    /// What is there
    value: turingbox_sdk::Value,
}

/// One step into a value, or what is missing.
fn child<'a>(value: &'a RawValue, step: &Step) -> Result<Result<&'a RawValue, String>, Failure> {
    let (key, place) = (&step.key, step.place);
    Ok(match value.get().as_bytes().first() {
        Some(b'{') => {
            let members = members(value.get())?;
            let names = || members.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            match members.iter().rfind(|(name, _)| name == key) {
                Some((_, child)) => Ok(child),
                None if members.is_empty() => Err(format!("no '{key}' at {place}; there is nothing")),
                None => Err(format!("no '{key}' at {place}; there is {}", names())),
            }
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(value.get())?;
            match step.index(items.len()) {
                Some(at) => {
                    let missing = || format!("no item {key} at {place}; the list has {}", items.len());
                    at.and_then(|at| items.get(at).copied()).ok_or_else(missing)
                }
                None => Err(format!("no '{key}' at {place}, which is a list")),
            }
        }
        _ => Err(format!("no '{key}' at {place}, which is {}", text::shown(value))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn got(json: &str, path: &str) -> Result<Value, String> {
        json_get(Value::Json(json.into()), path.into(), None)
            .map(|got| got.value)
            .map_err(|failure| failure.message().to_owned())
    }

    #[test]
    fn values_are_found_as_they_are_written() {
        let json = "{\"a\": [1.50, {\"b.c\": \"d\", \"0\": null}], \"\": true, \"a/b\": 1, \"~1\": 2}";
        for (path, expected) in [
            ("a[0]", "1.50"),
            ("a.0", "1.50"),
            ("a[-2]", "1.50"),
            ("a.1[0]", "null"),
            ("/a/1/0", "null"),
            ("/", "true"),
            ("/a~1b", "1"),
            ("/~01", "2"),
            ("[\"\"]", "true"),
        ] {
            assert_eq!(got(json, path), Ok(Value::Json(expected.into())), "{path}");
        }
        assert_eq!(got(json, "a[1][\"b.c\"]"), Ok("d".into()));
        assert_eq!(got("{\"a\": 1, \"a\": 2}", "a"), Ok(Value::Json("2".into())));
    }

    #[test]
    fn what_is_missing_is_said() {
        for (json, path, message) in [
            ("[1]", "/00", "no '00' at /, which is a list"),
            ("[1]", "/-1", "no '-1' at /, which is a list"),
            ("[1]", "/-", "no '-' at /, which is a list"),
            ("[1]", "/1", "no item 1 at /; the list has 1"),
            ("[[1]]", "[0][01]", "no '01' at [0], which is a list"),
            ("[1]", "[-2]", "no item -2 at the top; the list has 1"),
            ("[1]", "[99999999999999999999]", "no item 99999999999999999999 at the top; the list has 1"),
            ("{}", "a", "no 'a' at the top; there is nothing"),
            ("{\"a\": \"b\"}", "/a/c", "no 'c' at /a, which is 'b'"),
            ("{\"a\": null}", "a.b", "no 'b' at a, which is None"),
        ] {
            assert_eq!(got(json, path), Err(message.into()), "{path}");
        }
    }

    #[test]
    fn a_default_stands_in_for_what_is_missing() {
        let null = Value::Json("null".into());
        let given = |path: &str| json_get("[1]".into(), path.into(), Some(null.clone())).map(|got| got.value);
        assert_eq!(given("[1].a"), Ok(null.clone()));
        assert_eq!(given("[0]"), Ok(Value::Json("1".into())));
        assert!(given("[").is_err());
    }
}
