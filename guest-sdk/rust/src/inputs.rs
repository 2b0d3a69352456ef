//! What an agent is given.

use serde::de::DeserializeOwned;

use crate::{Failure, Value};

/// The inputs of one call. They are few: to look at each in turn is faster than to have a map of them.
#[derive(Clone, Debug, Default)]
pub struct Inputs(Vec<(String, Value)>);

/// A type that an input can have.
pub trait FromValue: Sized {
    /// Reads a value.
    ///
    /// # Errors
    ///
    /// What was expected, as what comes after “it is to be”.
    fn from_value(value: Value) -> Result<Self, &'static str>;
}

impl Inputs {
    /// Takes an input out. JSON's `null` is one, and hardly of the type.
    ///
    /// # Errors
    ///
    /// Where it is missing, or not of the type.
    pub fn take<T: FromValue>(&mut self, name: &str) -> Result<T, Failure> {
        typed(name, self.take_any(name)?)
    }

    /// Takes an input out that may be left out.
    ///
    /// # Errors
    ///
    /// Where it is not of the type.
    pub fn take_optional<T: FromValue>(&mut self, name: &str) -> Result<Option<T>, Failure> {
        self.given(name).map(|value| typed(name, value)).transpose()
    }

    /// Takes an input out as it is, JSON's `null` too.
    ///
    /// # Errors
    ///
    /// Where it is missing.
    pub fn take_any(&mut self, name: &str) -> Result<Value, Failure> {
        self.take_any_optional(name).ok_or_else(|| missing(name))
    }

    /// Takes an input out as it is, that may be left out.
    pub fn take_any_optional(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(given, _)| given == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Takes an input out that serde reads from JSON. JSON's `null` is one where the type can hold it.
    ///
    /// # Errors
    ///
    /// Where it is missing, or not what the type wants.
    pub fn take_json<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Failure> {
        from_json(name, self.take_any(name)?)
    }

    /// Takes an input out that serde reads from JSON, and that may be left out.
    ///
    /// # Errors
    ///
    /// Where it is not what the type wants.
    pub fn take_json_optional<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Failure> {
        self.given(name).map(|value| from_json(name, value)).transpose()
    }

    /// The value; JSON's `null` is none.
    fn given(&mut self, name: &str) -> Option<Value> {
        self.take_any_optional(name).filter(|value| !matches!(value, Value::Json(json) if json.trim() == "null"))
    }
}

fn typed<T: FromValue>(name: &str, value: Value) -> Result<T, Failure> {
    let word = value.word();
    T::from_value(value).map_err(|wanted| Failure::new(format!("the input `{name}` is to be {wanted}, not {word}")))
}

fn from_json<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, Failure> {
    let json = match value {
        Value::Json(json) => Ok(json),
        // A text stands for itself, as it would in a list.
        Value::Text(text) => serde_json::to_string(&text).map_err(|error| error.to_string()),
        Value::Data(_) => Err("it is bytes, not JSON".into()),
    };
    let read = json.and_then(|json| serde_json::from_str(&json).map_err(|error| error.to_string()));
    read.map_err(|why| Failure::new(format!("the input `{name}` can't be used: {why}")))
}

fn missing(name: &str) -> Failure {
    Failure::new(format!("the input `{name}` is missing"))
}

impl FromIterator<(String, Value)> for Inputs {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(inputs: I) -> Self {
        Self(inputs.into_iter().collect())
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<Self, &'static str> {
        match value {
            Value::Text(text) => Ok(text),
            Value::Json(json) => serde_json::from_str(&json).map_err(|_| "text"),
            Value::Data(_) => Err("text"),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Result<Self, &'static str> {
        match value {
            Value::Data(data) => Ok(data),
            Value::Text(text) => Ok(text.into_bytes()),
            Value::Json(_) => Err("bytes"),
        }
    }
}

/// A text that says the same is as good: in a workflow, nothing has a type.
macro_rules! from_json_or_text {
    ($($type:ty => $wanted:expr),* $(,)?) => {$(
        impl FromValue for $type {
            fn from_value(value: Value) -> Result<Self, &'static str> {
                match value {
                    Value::Json(text) | Value::Text(text) => serde_json::from_str(text.trim()).map_err(|_| $wanted),
                    Value::Data(_) => Err($wanted),
                }
            }
        }
    )*};
}

from_json_or_text! {
    i8 => "a whole number from -128 to 127",
    i16 => "a whole number from -32768 to 32767",
    i32 => "a whole number of 32 bits",
    i64 => "a whole number of 64 bits",
    isize => "a whole number",
    u8 => "a whole number from 0 to 255",
    u16 => "a whole number from 0 to 65535",
    u32 => "a whole number of 32 bits, 0 or more",
    u64 => "a whole number, 0 or more",
    usize => "a whole number, 0 or more",
    f32 => "a number",
    f64 => "a number",
    bool => "true or false",
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(value: Value) -> Inputs {
        [("x".to_owned(), value)].into_iter().collect()
    }

    fn json(text: &str) -> Inputs {
        inputs(Value::Json(text.into()))
    }

    #[test]
    fn values_are_read_as_their_type() {
        assert_eq!(inputs("ü".into()).take("x"), Ok("ü".to_owned()));
        assert_eq!(json("\"\\u00fc\"").take("x"), Ok("ü".to_owned()));
        assert_eq!(inputs(Value::Data(vec![255])).take("x"), Ok(vec![255_u8]));
        assert_eq!(json("7").take("x"), Ok(7_u8));
        assert_eq!(inputs(" 7 ".into()).take("x"), Ok(7_i64));
        assert_eq!(json("1e2").take("x"), Ok(100.0));
        assert_eq!(json("true").take("x"), Ok(true));
        assert_eq!(json("[1, 2]").take_json("x"), Ok(vec![1, 2]));
        assert_eq!(inputs("a".into()).take_json("x"), Ok("a".to_owned()));
        assert_eq!(json("null").take_any("x"), Ok(Value::Json("null".into())));
    }

    #[test]
    fn what_is_missing_or_wrong_is_said() {
        let message = |result: Result<u8, Failure>| result.map_err(|failure| failure.message).unwrap_err();
        assert_eq!(message(Inputs::default().take("x")), "the input `x` is missing");
        let wanted = "the input `x` is to be a whole number from 0 to 255, not";
        assert_eq!(message(json("256").take("x")), format!("{wanted} a number"));
        assert_eq!(message(inputs("many".into()).take("x")), format!("{wanted} text"));
        assert_eq!(message(json("{}").take("x")), format!("{wanted} a JSON object"));
        assert_eq!(message(json("null").take("x")), format!("{wanted} null"), "it is there, whatever it is");
        assert_eq!(json("null").take_optional::<u8>("x"), Ok(None));
        assert_eq!(json("null").take_json("x"), Ok(serde_json::Value::Null));
        let why = message(json("null").take_json("x"));
        assert!(why.starts_with("the input `x` can't be used: invalid type: null"), "{why}");
        assert_eq!(json("null").take_json_optional::<u8>("x"), Ok(None));
        assert_eq!(message(Inputs::default().take_json("x")), "the input `x` is missing");
        assert!(Inputs::default().take_any("x").is_err());
        let why = message(json("[").take_json("x"));
        assert!(why.starts_with("the input `x` can't be used: "), "{why}");
    }
}
