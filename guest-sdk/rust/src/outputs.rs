//! What an agent gives.

use crate::{Failure, Value};

/// What a function returns: named outputs. Derive it for a struct; a field that is `None` is left out.
#[diagnostic::on_unimplemented(
    message = "`{Self}` isn't what an agent gives",
    label = "no outputs",
    note = "a struct of outputs has `#[derive(Outputs)]`, where `Outputs` is `turingbox_sdk`'s",
    note = "an agent that can fail returns a `Result<…, Failure>`, with `.map_err(Failure::new)` for what is no error"
)]
pub trait Outputs {
    /// The outputs as the manifest has them, in TOML.
    const MANIFEST: &'static str;

    /// The outputs' names and values.
    ///
    /// # Errors
    ///
    /// What can't be a value.
    fn outputs(self) -> Result<Vec<(&'static str, Value)>, Failure>;
}

/// Nothing.
impl Outputs for () {
    const MANIFEST: &'static str = "";

    fn outputs(self) -> Result<Vec<(&'static str, Value)>, Failure> {
        Ok(Vec::new())
    }
}

#[doc = "Makes the fields of a struct the outputs of an agent."]
pub use turingbox_sdk_macros::Outputs;

/// A type that an output can have.
pub trait IntoValue {
    /// The value.
    ///
    /// # Errors
    ///
    /// What can't be a value.
    fn into_value(self) -> Result<Value, Failure>;
}

impl IntoValue for Value {
    fn into_value(self) -> Result<Value, Failure> {
        Ok(self)
    }
}

impl IntoValue for String {
    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::Text(self))
    }
}

impl IntoValue for Vec<u8> {
    fn into_value(self) -> Result<Value, Failure> {
        Ok(Value::Data(self))
    }
}

macro_rules! into_json {
    ($($type:ty),*) => {$(
        impl IntoValue for $type {
            fn into_value(self) -> Result<Value, Failure> {
                Ok(Value::Json(self.to_string()))
            }
        }
    )*};
}

into_json!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, bool);

macro_rules! into_number {
    ($($type:ty),*) => {$(
        impl IntoValue for $type {
            fn into_value(self) -> Result<Value, Failure> {
                Ok(Value::json(&self)?)
            }
        }
    )*};
}

into_number!(f32, f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_json() {
        assert_eq!(u64::MAX.into_value(), Ok(Value::Json("18446744073709551615".into())));
        assert_eq!(0.1_f64.into_value(), Ok(Value::Json("0.1".into())));
        assert_eq!(
            f64::NAN.into_value().map_err(|failure| failure.message),
            Err("a number is NaN, which JSON can't hold".into())
        );
    }
}
