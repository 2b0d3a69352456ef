//! What happens at one moment.

use tracing::span::{EnteredSpan, Id};

use super::{ENGINE, Open, POLICY, SANDBOX, bounded};
use crate::{
    Outcome,
    audit::Record,
    policy::{Denial, Request},
    source::Place,
};

/// A request of the call that `span` tells of was denied. What was asked for is in the audit log alone: values
/// may be in it.
pub fn denied(span: Option<Id>, record: &Record) {
    tracing::warn!(
        target: POLICY,
        parent: span,
        {
            turingbox.capability = %bounded(&record.capability),
            turingbox.denial.code = %bounded(&record.code),
            turingbox.policy.line = record.line.as_deref().map(|line| tracing::field::display(bounded(line))),
        },
        "denied"
    );
}

/// A request was allowed: for who listens to all that is decided.
pub fn allowed(request: &Request<'_>, place: Option<&Place>) {
    tracing::debug!(
        target: POLICY,
        {
            turingbox.capability = request.capability(),
            turingbox.policy.line = place.map(|place| tracing::field::display(bounded(&place.line()))),
        },
        "allowed"
    );
}

impl Open {
    /// The step was denied something by the engine itself.
    pub fn denied(&self, denial: &Denial) {
        tracing::warn!(
            target: POLICY,
            parent: &self.0,
            {
                turingbox.capability = denial.capability(),
                turingbox.denial.code = denial.code,
                turingbox.policy.line =
                    denial.place.as_ref().map(|place| tracing::field::display(bounded(&place.line()))),
            },
            "denied"
        );
    }

    /// Says how a step went, and whether it is tried again.
    pub fn end_step(self, outcome: &Outcome, again: bool) {
        if again {
            tracing::info!(target: ENGINE, parent: &self.0, "tried again");
        }
        self.end(outcome);
    }
}

/// The step isn't called: what it gives is in a recording.
pub fn recorded(span: &tracing::Span) {
    span.record("turingbox.recorded", true);
}

/// What follows is compiled, until this is dropped.
pub fn compiling(what: &str) -> EnteredSpan {
    tracing::info_span!(target: SANDBOX, "compile", turingbox.guest = what).entered()
}
