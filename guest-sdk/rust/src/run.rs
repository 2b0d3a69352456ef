//! What the macro makes use of.

use crate::{Failure, IntoValue, Outputs, Value};

/// What a function may return: outputs, or a result of them.
#[diagnostic::on_unimplemented(
    message = "an agent can't return `{Self}`",
    label = "neither outputs nor a `Result` of them",
    note = "return a `Result<…, Failure>`: what is no error becomes a `Failure` with `.map_err(Failure::new)`"
)]
pub trait Returned {
    /// The outputs.
    type Outputs;

    /// The outputs, or why there are none.
    fn returned(self) -> Result<Self::Outputs, Failure>;
}

/// A function that can fail.
impl<T, E: Into<Failure>> Returned for Result<T, E> {
    type Outputs = T;

    fn returned(self) -> Result<T, Failure> {
        self.map_err(Into::into)
    }
}

/// The one output of a function that returns no struct of them.
pub fn one(value: impl IntoValue) -> Result<Vec<(&'static str, Value)>, Failure> {
    Ok(vec![("output", value.into_value()?)])
}

/// The one output of a function, written by serde.
pub fn one_json(value: impl serde::Serialize) -> Result<Vec<(&'static str, Value)>, Failure> {
    Ok(vec![("output", Value::json(&value)?)])
}

/// The one output of a function that may leave it out.
pub fn perhaps<T>(
    value: Option<T>,
    one: impl FnOnce(T) -> Result<Vec<(&'static str, Value)>, Failure>,
) -> Result<Vec<(&'static str, Value)>, Failure> {
    value.map_or_else(|| Ok(Vec::new()), one)
}

/// The outputs of a struct of them.
pub fn all(outputs: impl Outputs) -> Result<Vec<(&'static str, Value)>, Failure> {
    outputs.outputs()
}

/// Two texts put together, where there is nothing to allocate with.
pub const fn join<const N: usize>(first: &str, second: &str) -> [u8; N] {
    let (first, second) = (first.as_bytes(), second.as_bytes());
    let mut joined = [0; N];
    let mut at = 0;
    while at < N {
        joined[at] = if at < first.len() { first[at] } else { second[at - first.len()] };
        at += 1;
    }
    joined
}

/// Calls the function for the host.
#[cfg(target_family = "wasm")]
pub fn run(
    fields: Vec<crate::bindings::Field>,
    function: impl FnOnce(crate::Inputs) -> Result<Vec<(&'static str, Value)>, Failure>,
) -> Result<Vec<crate::bindings::Field>, crate::bindings::Failure> {
    use crate::bindings::{Field, turingbox::agent::types};
    let inputs = fields.into_iter().map(|field| (field.name, field.value.into())).collect();
    let field = |(name, value): (&str, Value)| Field { name: name.to_owned(), value: value.into() };
    function(inputs).map(|outputs| outputs.into_iter().map(field).collect()).map_err(|failure| types::Failure {
        kind: types::FailureKind::Error,
        message: failure.message,
        trace: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_none_of_is_left_out() {
        assert_eq!(perhaps(None::<u8>, one), Ok(Vec::new()));
        assert_eq!(perhaps(Some(vec![255_u8]), one), Ok(vec![("output", Value::Data(vec![255]))]));
        assert_eq!(perhaps(Some(["a"]), one_json), Ok(vec![("output", Value::Json("[\"a\"]".into()))]));
    }
}
