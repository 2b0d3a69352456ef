//! Turingbox runs untrusted agents safely.
//!
//! An agent is a template, a proc or a workflow. A proc is code that nobody here has read, run in a
//! WebAssembly instance of its own that holds only what a policy grants. A workflow is steps that
//! are agents; results go on a tape, and agents move the head.
//!
//! `ARCHITECTURE.md` beside this crate has the bird's-eye view. In reading order:
//!
//! - [`agent`]: agents on disk, libraries, and programs that are ready to run
//! - [`packages`]: Python packages that come with an agent
//! - [`policy`]: what an operator grants, and the decisions that follow
//! - [`audit`]: decisions, written down
//! - [`batch`]: many items through one agent
//! - [`plan`]: what a run would do
//! - [`secret`]: values that are never written anywhere
//! - [`engine`]: the tape, the head and the step loop
//! - [`store`]: runs that are kept: resumed, replayed, forked
//! - [`sandbox`]: guests, and the limits that hold them
//! - [`capability`]: what a guest can reach, one file each
//! - [`wall`]: guests in processes of their own, where the kernel holds what we overlook
//! - [`sql`]: statements, read and checked
//! - [`expression`]: safe expressions, Python's, with bounds on everything
//! - [`template`]: templates, with every value made safe for its place
//! - [`import`]: libraries of the original system
//! - [`share`]: agents that others made: packed, signed, fetched
//! - [`attack`]: hostile guests, to try a policy with
//! - [`cli`]: the command line

#![cfg_attr(
    not(feature = "host"),
    allow(dead_code, unused_imports, reason = "what only the host uses of the rest is there without it, too")
)]

pub mod agent;
#[cfg(feature = "host")]
pub mod attack;
pub mod audit;
pub mod batch;
#[cfg(feature = "host")]
pub mod build;
#[cfg(feature = "host")]
pub mod capability;
#[cfg(feature = "host")]
pub mod cli;
pub mod component;
pub mod diagnostic;
mod document;
#[cfg(feature = "host")]
pub mod engine;
pub mod expression;
mod failure;
pub mod import;
#[cfg(feature = "host")]
mod output;
pub mod packages;
pub mod plan;
pub mod policy;
mod retry;
#[cfg(feature = "host")]
pub mod sandbox;
#[cfg(feature = "host")]
pub mod secret;
pub mod share;
pub mod source;
pub mod sql;
mod stack;
#[cfg(feature = "host")]
pub mod store;
#[cfg(feature = "host")]
mod telemetry;
pub mod template;
mod value;
#[cfg(feature = "host")]
pub mod wall;
#[cfg(feature = "host")]
mod wire;

pub use agent::{Bounds, Hint, Library, Program, Reference};
pub use diagnostic::{Diagnostic, Report, Severity};
#[cfg(feature = "host")]
pub use engine::{Engine, Outcome, Setup};
pub use failure::{Blame, Code, Failure};
pub use policy::Policy;
#[cfg(feature = "host")]
pub use sandbox::Sandbox;
pub use value::{Json, JsonError, Secret, Value};
