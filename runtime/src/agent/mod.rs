//! Agents as they are on disk: manifests, libraries, and how a workflow's steps are wired.
//!
//! Three types, each from the one before: a [`Manifest`] is one valid `agent.toml`; a [`Library`]
//! is all manifests of some folders; a [`Program`] is one agent with everything that it can reach,
//! loaded and checked, ready to run.

mod allow;
mod check;
mod command;
mod component;
mod digest;
mod folder;
mod handling;
mod imports;
mod input;
mod inspect;
mod library;
mod load;
mod manifest;
mod name;
mod needs;
mod packages;
mod program;
mod python;
mod target;
mod wire;
mod workflow;

pub use allow::Allowed;
pub use command::{Argument, Command, Form, Origin, Part, Taken};
pub(crate) use component::{DIFFERS, unexplained as unexplained_imports};
pub use folder::Folder;
pub(crate) use folder::{read_file, without_mark};
pub(crate) use handling::MAX_PARALLEL;
pub(crate) use imports::audit as audit_imports;
pub use imports::{Import, Imports, imports};
pub use input::{Bounds, Hint, Input, Output};
pub use inspect::Inspection;
pub use library::{Entry, Library};
pub(crate) use library::{LIBRARY, is_searched};
pub(crate) use load::{MAX_COMPONENT, unknown_agent};
pub use manifest::{Kind, Manifest, Spec};
pub(crate) use name::NAME_FORM;
pub use name::is_name;
pub use needs::Need;
pub use program::{Agent, AgentId, Body, Code, Each, Program, Source, Step, Workflow};
pub(crate) use program::{EMPTY_ON_FAIL, TEMPLATE};
pub(crate) use python::NOT_PARSED;
pub(crate) use target::Steps;
pub use wire::{Reference, Wire};
pub use workflow::OnFail;

/// The output that moves the head, and the input that says where it is.
pub const STEP_INDEX: &str = "step_index";
/// The input that says how many steps the workflow has.
pub const STEP_MAX: &str = "step_max";
/// The input that says whether effects are only planned.
pub const DRY_RUN: &str = "dry_run";
/// The name in scope of the item that a step runs for.
pub const ITEM: &str = "item";
/// The name in scope of that item's position.
pub const INDEX: &str = "index";
/// The output, and the name in scope, that says how the last step went.
pub const STATUS: &str = "status";
