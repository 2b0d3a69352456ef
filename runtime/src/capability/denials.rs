//! What was denied in one call.

use std::sync::{Arc, Mutex, PoisonError};

use crate::policy::{Decision, Denial};

/// The most denials of one call that are kept: a guest can ask as often as it likes.
const MAX_KEPT: usize = 16;

/// The longest request that is kept, in bytes; a guest chooses its paths and names.
const MAX_REQUEST: usize = 512;

/// A shared list of what was denied. Each different denial is kept once.
#[derive(Clone, Debug, Default)]
pub struct Denials(Arc<Mutex<Vec<Denial>>>);

impl Denials {
    /// Whether `decision` allows; remembers it if it doesn't.
    pub fn allows(&self, decision: Decision) -> bool {
        match decision {
            Decision::Allowed(_) => true,
            Decision::Denied(denial) => {
                self.push(denial);
                false
            }
        }
    }

    /// Remembers a denial.
    pub fn push(&self, mut denial: Denial) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let end = denial.request.floor_char_boundary(MAX_REQUEST);
        denial.request.truncate(end);
        if kept.len() < MAX_KEPT && !kept.contains(&denial) {
            kept.push(denial);
        }
    }

    /// Takes out what was denied so far.
    pub fn take(&self) -> Vec<Denial> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
