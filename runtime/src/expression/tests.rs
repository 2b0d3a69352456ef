//! What expressions mean, and what they may not say or do.

mod bounds;
mod meaning;
mod refused;
mod scope;

use std::collections::BTreeMap;

use super::{Expression, Scope};
use crate::{Bounds, Failure, Hint, Json, Value};

/// Values and hints by name.
#[derive(Default)]
pub struct Names {
    values: BTreeMap<&'static str, Value>,
    hints: BTreeMap<&'static str, Hint>,
}

impl Scope for Names {
    fn value(&self, name: &str) -> Option<Value> {
        self.values.get(name).cloned()
    }

    fn hint(&self, name: &str) -> Option<&Hint> {
        self.hints.get(name)
    }
}

pub fn json(text: &str) -> Value {
    Value::Json(Json::parse(text).unwrap())
}

pub fn names() -> Names {
    let values = [
        ("n", json("7")),
        ("half", json("0.5")),
        ("yes", json("true")),
        ("nothing", json("null")),
        ("name", Value::text("Ada Łovelace")),
        ("digits", Value::text("7")),
        ("bytes", Value::data("né".as_bytes())),
        ("items", json(r#"[3, 1, 2]"#)),
        ("order", json(r#"{"lines": [{"qty": 2, "sku": "a"}, {"qty": 5, "sku": "b"}], "to": {"city": "Ulm"}}"#)),
        ("limit", Value::text(" 12 ")),
        ("wrong", Value::text("many")),
        ("secret", Value::Secret(crate::Secret::new("KEY"))),
    ];
    let integer = || Hint::Integer(Bounds::default());
    Names { values: values.into(), hints: [("limit", integer()), ("wrong", integer())].into() }
}

pub fn evaluate(text: &str) -> Result<Value, Failure> {
    let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    expression.evaluate(&names(), 1 << 20)
}

/// The result, as JSON; text with its quotes.
pub fn shown(text: &str) -> String {
    match evaluate(text) {
        Ok(Value::Json(json)) => json.as_str().to_owned(),
        Ok(value) => format!("{value:?}"),
        Err(failure) => format!("{}: {}", failure.code.name(), failure.message),
    }
}

pub fn failure(text: &str) -> Failure {
    evaluate(text).map_or_else(|failure| failure, |value| panic!("{text} is {value:?}"))
}
