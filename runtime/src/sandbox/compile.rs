//! What compiling is, whichever process does it: a look at what comes first, then the compiler.

use std::{borrow::Cow, fmt::Display};

use serde::{Deserialize, Serialize};

use crate::{
    component::Facts,
    failure::{Code, Failure},
    sandbox::{command, engine},
};

/// What a component is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    Agent,
    Command,
}

/// Looks at a component before anything compiles it, in time that is in proportion to its bytes.
///
/// # Errors
///
/// What keeps it from being what it is to be, or would keep the compiler busy for ever.
pub(super) fn look(role: Role, bytes: &[u8]) -> Result<Facts, Failure> {
    let facts = Facts::read(bytes).map_err(unusable)?;
    let misfit = if role == Role::Command { facts.command_misfit() } else { facts.misfit() };
    match misfit {
        Some(misfit) => Err(unusable(&misfit).help(misfit.help)),
        None => Ok(facts),
    }
}

/// Compiles a component, or a module that is to be a command: the compiled file.
///
/// # Errors
///
/// What is wrong with it, as a sentence.
pub(crate) fn compile(role: Role, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let said = |error: wasmtime::Error| format!("{error:#}");
    let engine = engine::compiler().map_err(said)?;
    let component = match role {
        Role::Agent => Cow::Borrowed(bytes),
        Role::Command => command::component(&engine, bytes, Facts::read(bytes)?.is_component)?,
    };
    engine.precompile_component(&component).map_err(said)
}

/// The failure of a component that is none, or not the one that is needed.
pub(crate) fn unusable(why: impl Display) -> Failure {
    Failure::new(Code::Source, format!("the component can't be used: {why}"))
}
