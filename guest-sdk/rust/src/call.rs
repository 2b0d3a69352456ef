//! Other agents of the library.

use std::collections::HashMap;

use crate::{Failure, Inputs, Value};

/// Runs an agent, whatever its kind, and gives its outputs. The policy says which agents may be called
/// (`calls`).
///
/// # Errors
///
/// What the policy denies; an agent that isn't there, or that fails; a limit.
///
/// # Examples
///
/// ```no_run
/// use turingbox_sdk::call;
///
/// let mut outputs = call::run("split", [("text", "a,b".into())])?;
/// let parts: Vec<String> = outputs.take_json("parts")?;
/// # Ok::<(), turingbox_sdk::Failure>(())
/// ```
pub fn run<'a>(agent: &str, inputs: impl IntoIterator<Item = (&'a str, Value)>) -> Result<Inputs, Error> {
    let inputs: HashMap<_, _> = inputs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    ask(agent, inputs)
}

/// Why a call gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The policy doesn't grant it, or something in the call was denied.
    Denied(String),
    /// There is no such agent, or the inputs are not its.
    Invalid(String),
    /// The agent failed.
    Failed(Failure),
    /// A limit was reached: the agent's, or what the caller had left.
    Limit(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Denied(why) | Self::Invalid(why) | Self::Limit(why) => f.write_str(why),
            Self::Failed(failure) => f.write_str(failure.message()),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(target_family = "wasm")]
fn ask(agent: &str, inputs: HashMap<String, Value>) -> Result<Inputs, Error> {
    use crate::bindings::{Field, turingbox::agent::call};
    let fields: Vec<_> = inputs.into_iter().map(|(name, value)| Field { name, value: value.into() }).collect();
    match call::run(agent, &fields) {
        Ok(outputs) => Ok(outputs.into_iter().map(|field| (field.name, field.value.into())).collect()),
        Err(call::Error::Denied(why)) => Err(Error::Denied(why)),
        Err(call::Error::Invalid(why)) => Err(Error::Invalid(why)),
        Err(call::Error::Failed(failure)) => Err(Error::Failed(Failure::new(failure.message))),
        Err(call::Error::Limit(why)) => Err(Error::Limit(why)),
    }
}

#[cfg(not(target_family = "wasm"))]
fn ask(_: &str, _: HashMap<String, Value>) -> Result<Inputs, Error> {
    Err(Error::Invalid(crate::NO_HOST.into()))
}
