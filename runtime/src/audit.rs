//! Decisions, written down: who asked for what, what the policy said, and by which line.

use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

/// One line of the audit log. Guest text is in `request`, escaped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// When it was decided, in milliseconds since 1970 (UTC); of several, when the first of them was.
    pub time: u64,
    /// Which run.
    pub run: String,
    /// Which step of it, as the tape has it; empty outside workflows.
    pub step: String,
    /// The agent's name.
    pub agent: String,
    /// The SHA-256 of all that the agent is made of, in hexadecimal.
    pub digest: String,
    /// The capability's word.
    pub capability: String,
    /// What was asked for; empty where different requests are counted together.
    pub request: String,
    /// What was answered.
    pub decision: Verdict,
    /// Why it was denied; empty where it was allowed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// The policy line that decided, `file:line`; none where it is the absence of one.
    pub line: Option<String>,
    /// How often it was asked for. What is allowed has a record when it is asked for first, and another,
    /// at the end of the call, for all further times; of denials, each has its record.
    pub count: u64,
}

/// What a policy answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Yes.
    Allowed,
    /// No.
    Denied,
}

/// Where the decisions of a run go.
pub trait Audit: Send + Sync + 'static {
    /// Takes one record.
    ///
    /// # Errors
    ///
    /// When it can't be written: then nothing more is allowed in the run.
    fn record(&self, record: &Record) -> io::Result<()>;
}

/// An audit log: one JSON object a line.
pub struct AuditLog<W>(Mutex<W>);

impl<W: Write + Send + 'static> AuditLog<W> {
    /// A log that goes on in `out`.
    pub fn new(out: W) -> Self {
        Self(Mutex::new(out))
    }
}

impl<W: Write + Send + 'static> Audit for AuditLog<W> {
    fn record(&self, record: &Record) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One write a line: two processes may append to the same file.
        out.write_all(&line)?;
        out.flush()
    }
}
