//! What a call may still use, handed down from its caller.

use std::time::{Duration, Instant};

use crate::policy::Limits;

/// What is left. A callee gets the smaller of its own limits and what its caller has left.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Work, in fuel.
    pub fuel: u64,
    /// Steps that may still run.
    pub steps: u64,
    /// How many workflows may still nest.
    pub depth: u64,
    /// When it is over.
    pub deadline: Instant,
    /// What workflows may still hold in results, in bytes.
    pub memory: u64,
}

impl Budget {
    /// More than any limit allows.
    pub(super) fn unbounded() -> Self {
        const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
        Self { fuel: u64::MAX, steps: u64::MAX, depth: u64::MAX, deadline: Instant::now() + CENTURY, memory: u64::MAX }
    }

    /// The budget of a callee that has `limits` of its own and begins now.
    pub(super) fn narrowed(&self, limits: &Limits, now: Instant) -> Self {
        Self {
            fuel: self.fuel.min(limits.fuel),
            steps: self.steps.min(limits.steps),
            depth: self.depth.min(limits.depth),
            deadline: self.deadline.min(now + limits.time),
            memory: self.memory.min(limits.memory),
        }
    }

    /// What a callee one level down may use, while its caller holds `held` bytes.
    pub(super) fn below(&self, held: u64) -> Self {
        Self { depth: self.depth.saturating_sub(1), memory: self.memory.saturating_sub(held), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callee_never_has_more_than_its_caller() {
        let now = Instant::now();
        let caller = Budget { fuel: 5, steps: 5, depth: 5, deadline: now, memory: 5 };
        let callee = caller.narrowed(&Limits { fuel: 3, depth: 9, ..Limits::default() }, now);
        assert_eq!((callee.fuel, callee.steps, callee.depth, callee.deadline), (3, 5, 5, now));
    }
}
