//! Agents as they are on disk: manifests, libraries, and how a workflow's steps are wired.
//!
//! Three types, each from the one before: a [`Manifest`] is one valid `agent.toml`; a [`Library`]
//! is all manifests of some folders; a [`Program`] is one agent with everything that it can reach,
//! loaded and checked, ready to run.

mod folder;
mod imports;
mod input;
mod library;
mod manifest;
mod name;
mod program;
mod python;
mod wire;
mod wiring;
mod workflow;

pub use folder::Folder;
pub(crate) use imports::audit as audit_imports;
pub use imports::{Import, Imports, imports};
pub use input::{Bounds, Hint, Input, Output};
pub use library::{Entry, Library};
pub use manifest::{Kind, Manifest, Need};
pub use name::is_name;
pub use program::{Agent, AgentId, Body, Code, Program, Source, Step, Workflow};
pub(crate) use program::{TEMPLATE, unknown_agent};
pub(crate) use python::NOT_PARSED;
pub use wire::{Reference, Wire};
pub use workflow::OnFail;

/// The output that moves the head, and the input that says where it is.
pub const STEP_INDEX: &str = "step_index";
/// The input that says how many steps the workflow has.
pub const STEP_MAX: &str = "step_max";
/// The output, and the name in scope, that says how the last step went.
pub const STATUS: &str = "status";
