//! Values, failures and denials as they are written: for another process, or for another day.

mod denials;

use serde::{Deserialize, Serialize};

pub use denials::WireDenials;

use crate::{
    Json, Secret, Value,
    failure::{Code, Failure},
};

/// A value. To be written it needs no text of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WireValue<T = String> {
    Text(T),
    /// In base64.
    Data(String),
    Json(T),
    /// By its name alone.
    Secret(T),
}

impl<'v, T: From<&'v str>> From<&'v Value> for WireValue<T> {
    fn from(value: &'v Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(T::from(text)),
            Value::Data(data) => Self::Data(crate::value::base64(data)),
            Value::Json(json) => Self::Json(json.as_str().into()),
            Value::Secret(secret) => Self::Secret(secret.name().into()),
        }
    }
}

impl WireValue {
    /// The value; an error where it is none.
    pub fn read(self) -> Result<Value, String> {
        Ok(match self {
            Self::Text(text) => Value::text(text),
            Self::Data(data) => Value::data(decode(&data)?),
            Self::Json(text) => Value::Json(Json::parse(text).map_err(|error| error.to_string())?),
            Self::Secret(name) => Value::Secret(Secret::new(&name)),
        })
    }
}

/// The bytes that are written in base64.
pub fn decode(data: &str) -> Result<Vec<u8>, String> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(data).map_err(|error| error.to_string())
}

/// Named values, to be written.
pub fn values(values: &[(String, Value)]) -> Vec<(String, WireValue)> {
    values.iter().map(|(name, value)| (name.clone(), value.into())).collect()
}

/// Named values that were written.
pub fn read_values(values: Vec<(String, WireValue)>) -> Result<Vec<(String, Value)>, String> {
    values.into_iter().map(|(name, value)| Ok((name, value.read()?))).collect()
}

/// A failure.
#[derive(Serialize, Deserialize)]
pub struct WireFailure {
    pub code: String,
    pub message: String,
    pub trace: String,
    pub help: Option<String>,
    pub step: String,
}

impl From<Failure> for WireFailure {
    fn from(failure: Failure) -> Self {
        let Failure { code, message, trace, help, step } = failure;
        Self { code: code.name().to_owned(), message, trace, help, step }
    }
}

impl From<WireFailure> for Failure {
    fn from(failure: WireFailure) -> Self {
        let WireFailure { code, message, trace, help, step } = failure;
        Self { code: Code::named(&code).unwrap_or(Code::Crashed), message, trace, help, step }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_failures_come_back_as_they_were() {
        for value in [
            Value::text("ü\0"),
            Value::data([0, 255]),
            Value::Json(Json::parse("[1e2, {}]").unwrap()),
            Value::Secret(Secret::new("KEY")),
        ] {
            assert_eq!(<WireValue>::from(&value).read().unwrap(), value);
        }
        assert!(WireValue::Json("[".to_owned()).read().is_err());
        assert!(WireValue::Data("?".into()).read().is_err());
        let failure = Failure::new(Code::Fuel, "no fuel").help("more").at_step("1.a".into());
        assert_eq!(Failure::from(WireFailure::from(failure.clone())), failure);
    }
}
