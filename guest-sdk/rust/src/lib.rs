//! Agents for Turingbox: an agent is a function.
//!
//! ```
//! use turingbox_sdk::{Failure, Outputs, agent};
//!
//! /// Count the words of a text.
//! #[agent]
//! fn word_count(
//!     /// The text
//!     text: String,
//!     /// Words with fewer letters don't count
//!     #[input(min = 0, max = 100)]
//!     min_length: Option<u32>,
//! ) -> Result<Counts, Failure> {
//!     let least = min_length.unwrap_or(1) as usize;
//!     let words: Vec<_> = text.split_whitespace().filter(|word| word.chars().count() >= least).collect();
//!     let longest = words.iter().max_by_key(|word| word.chars().count()).ok_or(Failure::new("there is no word"))?;
//!     Ok(Counts { words: words.len() as u64, longest: longest.to_string() })
//! }
//!
//! #[derive(Outputs, Debug, PartialEq)]
//! struct Counts {
//!     /// How many words there are
//!     words: u64,
//!     /// The longest of them
//!     longest: String,
//! }
//!
//! // It is an ordinary function, so an ordinary test calls it.
//! assert_eq!(word_count("to be".into(), None).unwrap(), Counts { words: 2, longest: "be".into() });
//! assert!(word_count(" ".into(), None).is_err());
//! ```
//!
//! `turingbox build` compiles the crate to a component and writes `agent.toml` from what the function
//! says: its name, its doc comments, its arguments and what it returns.
//!
//! | in Rust | type in the manifest |
//! | --- | --- |
//! | `String` | `text` |
//! | `Vec<u8>` | `bytes` |
//! | `i8` to `i64`, `u8` to `u64`, `isize`, `usize` | `integer`, with the bounds of the Rust type up to 32 bits |
//! | `f32`, `f64` | `number` |
//! | `bool` | `boolean` |
//! | `Option<T>` | as `T`, and it may be left out |
//! | `turingbox_sdk::Value`, with both words | none: it is whatever there is |
//! | anything else | `json`: it is read and written by serde; what it writes as a text is `text` |
//!
//! A function returns its one output, called `output`; or a struct with `#[derive(Outputs)]`, whose fields
//! are the outputs; or a `Result` of either. An output that is `None` is left out. Errors become a [`Failure`].
//! JSON holds no number that is NaN or infinite: to return one is a failure.
//!
//! A crate has one agent.
//!
//! # The world
//!
//! `std::fs`, `std::env`, `std::time` and randomness work as in any program, within what a policy grants.
//! Without the default feature `wasi`, nothing is written and there are no variables and no [`secret`]: for agents
//! that need none of it, whose components then import nothing that they don't use.
//!
//! [`http`], [`sql`], [`call`], [`secret`] and [`log`] ask the host. What the policy denies is an error that
//! says so. In native tests there is no host: there, these are errors too.

#[cfg(target_family = "wasm")]
#[doc(hidden)]
#[allow(missing_docs, reason = "made from the contract")]
pub mod bindings {
    wit_bindgen::generate!({ path: "../wit", world: "proc", pub_export_macro: true, default_bindings_module: "turingbox_sdk::bindings" });
}

pub mod call;
mod failure;
mod finite;
pub mod http;
mod inputs;
pub mod log;
mod outputs;
#[doc(hidden)]
pub mod run;
#[cfg(feature = "wasi")]
pub mod secret;
pub mod sql;
mod value;
#[cfg(all(target_family = "wasm", not(feature = "wasi")))]
mod without_wasi;

pub use failure::Failure;
pub use inputs::{FromValue, Inputs};
pub use outputs::{IntoValue, Outputs};
#[doc = "Makes an agent of a function."]
pub use turingbox_sdk_macros::agent;
pub use value::Value;

/// What is said where there is no host to ask.
#[cfg(not(target_family = "wasm"))]
const NO_HOST: &str = "there is no host to ask: this works in the sandbox alone";
