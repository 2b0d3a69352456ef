//! What is said of a batch to others: CI systems, and whoever opens a page.
//!
//! All of it holds text that nobody here has read: names of items, messages of agents, what they asked for.
//! So each format has one place where text is made safe for it, and all that is kept has a bound.

mod gathered;
mod github;
mod html;
mod junit;
mod sarif;

use std::borrow::Cow;

pub use gathered::{Denied, Gathered, Kept, MAX_DENIED, MAX_FAILED, MAX_SLOW};
pub use github::{MAX_ANNOTATIONS, annotations, step_summary};
pub use html::page;
pub use junit::Junit;
pub use sarif::sarif;

use crate::{
    Failure,
    batch::{Tally, Used},
    policy::Denial,
};

/// The longest text of an agent's in a report, in bytes: some lines, for a person.
const MAX_TEXT: usize = 2000;

/// One item, as reports see it.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Where it stood.
    pub number: u64,
    /// The file that it was, if it was one.
    pub name: Option<&'a str>,
    /// Its key, if it has one.
    pub key: Option<&'a str>,
    /// Why it failed, if it did.
    pub failure: Option<&'a Failure>,
    /// What was denied.
    pub denials: &'a [Denial],
    /// The item that has the same key, where this is a duplicate.
    pub duplicate_of: Option<u64>,
    /// What it used.
    pub used: Used,
}

impl Entry<'_> {
    /// What a person calls it: `item 7`, with its file or its key.
    pub fn label(&self) -> String {
        match self.name.or(self.key) {
            Some(name) => format!("item {} ({})", self.number, short(name, 100)),
            None => format!("item {}", self.number),
        }
    }
}

/// A batch that is over.
#[derive(Clone, Copy, Debug)]
pub struct Over<'a> {
    /// The agent's name.
    pub agent: &'a str,
    /// What the items come from.
    pub items: &'a str,
    /// The counts.
    pub tally: &'a Tally,
    /// What is wrong with it as a whole: why it ended before the last item, or that too many failed.
    pub ended: Option<&'a str>,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What was kept of the items.
    pub gathered: &'a Gathered,
}

/// The beginning of a text, of up to `most` bytes.
fn short(text: &str, most: usize) -> Cow<'_, str> {
    match text.len() <= most {
        true => Cow::Borrowed(text),
        false => Cow::Owned(format!("{}…", &text[..text.floor_char_boundary(most)])),
    }
}

/// What a report says of a failure: its message, where in the agent it was, and what to do.
fn told(failure: &Failure) -> String {
    let mut text = short(&failure.message, MAX_TEXT).into_owned();
    if !failure.step.is_empty() {
        text.push_str(&format!("\nstep {}", short(&failure.step, MAX_TEXT)));
    }
    // Python ends with what the message says already.
    let trace = failure.trace.trim_end();
    let trace = trace.strip_suffix(failure.message.as_str()).unwrap_or(trace).trim_end();
    if !trace.is_empty() {
        text.push_str(&format!("\n{}", short(trace, MAX_TEXT)));
    }
    if let Some(help) = &failure.help {
        text.push_str(&format!("\nhelp: {}", short(help, MAX_TEXT)));
    }
    text
}

/// A number in groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join("_")
}
