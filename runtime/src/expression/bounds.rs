//! What an expression may cost: every bound has its reason here, and is asked for before anything
//! is made.

use super::wrong::{Result, Wrong};

/// The longest expression, in bytes: what is longer is a proc.
pub const MAX_SOURCE: usize = 4096;

/// How deep brackets and operators may nest. Evaluating takes native stack for each level.
pub const MAX_NESTING: usize = 64;

/// What one evaluation may cost: one for each node that is evaluated, for each element that is made
/// or walked, and for every 64 bytes that are read, compared or made. So it ends within a second,
/// and never holds more than 64 MiB of text.
pub const MAX_WORK: u64 = 1_000_000;

/// The longest text that is made, in bytes: what a proc may give, where a policy says nothing.
pub const MAX_TEXT: usize = 16 << 20;

/// The longest list that is made: half of what the work allows, so that the message is about lists.
pub const MAX_ITEMS: usize = 500_000;

/// The largest whole number, in bits: beyond 64-bit floating point, JSON has no number.
pub const MAX_BITS: u64 = 1023;

/// Bytes that are read, compared or made for one unit of work.
const BYTES: usize = 64;

/// What is left of the work.
pub struct Work {
    left: u64,
}

impl Work {
    /// All of it.
    pub fn new() -> Self {
        Self { left: MAX_WORK }
    }

    /// As much as it takes, for a document whose length is bounded already.
    pub fn unbounded() -> Self {
        Self { left: u64::MAX }
    }

    /// How much of it is taken.
    pub fn spent(&self) -> u64 {
        MAX_WORK.saturating_sub(self.left)
    }

    /// Takes `units`, or fails.
    #[inline]
    pub fn charge(&mut self, units: u64) -> Result<()> {
        match self.left.checked_sub(units) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(Wrong::new(format!("this is more work than one expression may do ({MAX_WORK} units)"))
                .help("do it in a proc, or on less data")),
        }
    }

    /// Pays for bytes that are walked over.
    pub fn bytes(&mut self, bytes: usize) -> Result<()> {
        self.charge((bytes / BYTES) as u64)
    }

    /// Pays for a text of `bytes` that is about to be made.
    pub fn text(&mut self, bytes: usize) -> Result<()> {
        if bytes > MAX_TEXT {
            return Err(Wrong::new(format!("this text would be longer than {MAX_TEXT} bytes")));
        }
        self.bytes(bytes)
    }

    /// Pays for a list of `items` that is about to be made.
    pub fn items(&mut self, items: usize) -> Result<()> {
        if items > MAX_ITEMS {
            return Err(Wrong::new(format!("this list would be longer than {MAX_ITEMS} elements")));
        }
        self.charge(items as u64)
    }
}
