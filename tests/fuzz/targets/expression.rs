//! Any text as an expression: it is read or refused at a place in it, and what is read ends with a
//! value within its bounds or with a failure that says why.

#![no_main]

use libfuzzer_sys::fuzz_target;
use turingbox::{
    Bounds, Code, Hint, Json, Value,
    expression::{Expression, MAX_SOURCE, Scope, free_variables},
};

const LIMIT: u64 = 1 << 16;

/// Values of every kind, by the first letter of the name.
struct Names;

const INTEGER: Hint = Hint::Integer(Bounds { min: None, max: None });

impl Scope for Names {
    fn value(&self, name: &str) -> Option<Value> {
        let json = |text: &str| Json::parse(text).ok().map(Value::Json);
        match name.bytes().next()?.to_ascii_lowercase() {
            b'a' => json("7"),
            b'b' => json("-123456789012345678901234567890"),
            b'c' => json("0.1"),
            b'd' => json(r#"{"a":1,"b":{"c":[1,2.5,null]},"é":"x","a":2}"#),
            b'e' => json(r#"[3,1,"2",true,null,[1,[2]],{"k":"v"}]"#),
            b'f' => json("false"),
            b'g' => json("null"),
            b'h' => Some(Value::text("Ada Łovelace\n🜁 ß")),
            b'i' => Some(Value::text(" 12 ")),
            b'j' => Some(Value::data([0x61, 0xff])),
            b'k' => Some(Value::text("")),
            _ => None,
        }
    }

    fn hint(&self, name: &str) -> Option<&Hint> {
        (name == "i").then_some(&INTEGER)
    }
}

fuzz_target!(|text: &str| {
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => {
            assert!(!error.message.is_empty());
            assert!(text.get(error.span.clone()).is_some(), "{:?} is no place in it", error.span);
            assert!(free_variables(text).is_err());
            return;
        }
    };
    assert!(text.len() <= MAX_SOURCE);
    let names = free_variables(text).expect("it was read");
    assert_eq!(names, expression.free_variables());
    assert!(names.iter().all(|name| text.contains(&format!("${name}")) && !name.starts_with('_')), "{names:?}");
    let value = expression.evaluate(&Names, LIMIT);
    assert_eq!(value, expression.evaluate(&Names, LIMIT), "it is not the same twice");
    match value {
        Ok(value) => {
            assert!(value.len() as u64 <= LIMIT);
            if let Value::Json(json) = &value {
                assert_eq!(Json::parse(json.as_str()).as_ref().ok(), Some(json), "it is no JSON");
            }
        }
        Err(failure) => {
            assert!(!failure.message.is_empty() && failure.message.len() < 3 * MAX_SOURCE, "{failure}");
            assert!(matches!(failure.code, Code::Expression | Code::Unset | Code::Output), "{failure}");
        }
    }
});
