//! The attempts of a step, and how long each may take.

use std::time::Instant;

use crate::{
    Hint, Value,
    agent::STATUS,
    engine::{Budget, MAX_DENIALS, Outcome, Status, frame::Frame, semaphores::Place},
    expression::Scope,
    failure::{Code, Failure},
    policy::time_text,
};

use super::names::Names;

/// What was done of the step under the head.
#[derive(Debug, Default)]
pub struct Attempts {
    /// How many attempts have failed.
    pub made: u32,
    /// Until when the next one waits.
    pub wait: Option<Instant>,
    /// Whether the agent was called: inputs that can't be had are the same the next time.
    pub called: bool,
    /// When the step's own time is over, if that is before everybody's.
    due: Option<Instant>,
}

impl Frame<'_> {
    /// Narrows the budget of the step under the head, which begins now, to the time that it may take.
    pub(in crate::engine) fn clock(&mut self, budget: &mut Budget, start: Instant) {
        let due = self.step().and_then(|step| step.timeout).map(|time| start + time);
        self.attempts.due = due.filter(|due| *due < budget.deadline);
        budget.deadline = self.attempts.due.unwrap_or(budget.deadline);
    }

    /// Holds a place of a semaphore until the step under the head has ended.
    pub(in crate::engine) fn enter(&mut self, place: Place) {
        self.place = Some(place);
    }

    /// Leaves a step: its place is given back, and one that was stopped by its own time has failed by that.
    pub(in crate::engine) fn leave(&mut self, outcome: &mut Outcome) {
        self.place = None;
        let is_due = self.attempts.due.take().is_some_and(|due| Instant::now() >= due);
        let timeout = self.step().and_then(|step| step.timeout).filter(|_| is_due);
        if let (Some(timeout), Some(failure)) = (timeout, &outcome.failure)
            && failure.code == Code::Time
        {
            let message = format!("the step took longer than its `timeout`, {}", time_text(timeout));
            let failure = Failure { step: failure.step.clone(), ..Failure::new(Code::Timeout, message) };
            outcome.status = Status::of(&failure);
            outcome.failure = Some(failure);
        }
    }

    /// Whether a step that ended so is tried again. `was_tried` says whether the attempt at a path was made, of
    /// what was done before.
    pub(in crate::engine) fn try_again(
        &mut self,
        outcome: &mut Outcome,
        was_tried: impl FnOnce(&str) -> Option<bool>,
    ) -> bool {
        let Some(wait) = self.wait(outcome, was_tried) else { return false };
        match wait {
            Ok(until) => self.attempts.wait = Some(until),
            Err(failure) => outcome.failure = Some(failure),
        }
        self.attempts.wait.is_some()
    }

    /// Until when to wait before the next attempt, if there is to be one; or the failure, where nobody knows.
    fn wait(
        &self,
        outcome: &Outcome,
        was_tried: impl FnOnce(&str) -> Option<bool>,
    ) -> Option<Result<Instant, Failure>> {
        let step = self.step()?;
        let (retry, failure) = (step.retry.as_ref()?, outcome.failure.as_ref()?);
        // What was denied is denied again, and what is no step's failure is the workflow's end.
        let is_lost = !failure.code.is_the_steps_own() || failure.code == Code::Denied || !outcome.denials.is_empty();
        if is_lost || !self.attempts.called {
            return None;
        }
        // How much time was left then, nobody knows any more.
        if let Some(was_tried) = was_tried(&self.path_of(self.attempts.made + 1)) {
            return was_tried.then(|| Ok(Instant::now()));
        }
        let scope = Tried { names: Names { frame: self, step: Some(step) }, status: &outcome.status };
        let wait = retry.after_in(self.attempts.made + 1, failure, &scope);
        let until = |wait| Instant::now().checked_add(wait).filter(|until| *until < self.budget.deadline);
        wait.map(|wait| wait.and_then(until)).transpose()
    }

    /// Takes note of an attempt that is followed by another one.
    pub(in crate::engine) fn failed_attempt(&mut self, outcome: Outcome) -> Option<Outcome> {
        self.spend(&outcome.usage);
        self.denials.adopt(outcome.denials, MAX_DENIALS);
        self.attempts.made += 1;
        self.attempts.called = false;
        if self.exhausted().is_some() {
            self.attempts.wait = None;
        }
        None
    }
}

/// The names of a step, where `status` is how its attempt went.
struct Tried<'f, 'a> {
    names: Names<'f, 'a>,
    status: &'f Status,
}

impl Scope for Tried<'_, '_> {
    fn value(&self, name: &str) -> Option<Value> {
        if name == STATUS { Some(self.status.to_value()) } else { self.names.value(name) }
    }

    fn hint(&self, name: &str) -> Option<&Hint> {
        if name == STATUS { None } else { self.names.hint(name) }
    }
}
