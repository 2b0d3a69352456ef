//! What is told of a batch.

use tracing::{Span, field::Empty};

use super::{BATCH, Open, kind, signed};
use crate::{
    Engine, Outcome,
    batch::{Tally, Used, Why},
};

impl Open {
    /// A batch of what `engine` runs.
    pub fn batch(engine: &Engine) -> Self {
        let program = engine.program();
        let agent = &program[program.root()];
        Self(tracing::info_span!(
            target: BATCH,
            "batch",
            turingbox.agent.name = agent.manifest.name.as_str(),
            turingbox.agent.digest = agent.digest(),
            turingbox.agent.kind = kind(agent),
            turingbox.run.id = &*engine.setup().run,
            turingbox.batch.done = Empty,
            turingbox.batch.failed = Empty,
            turingbox.batch.duplicates = Empty,
            turingbox.fuel = Empty,
            turingbox.denials = Empty,
            error.type = Empty,
        ))
    }

    /// One item of it, with all its attempts.
    pub fn item(batch: &Span, number: u64) -> Self {
        Self(tracing::info_span!(
            target: BATCH,
            parent: batch,
            "item",
            turingbox.item.number = signed(number),
            turingbox.item.attempts = Empty,
            turingbox.fuel = Empty,
            turingbox.denials = Empty,
            error.type = Empty,
        ))
    }

    /// Says how an item went.
    pub fn end_item(self, outcome: &Outcome, used: &Used) {
        let span = self.ended();
        if span.is_disabled() {
            return;
        }
        span.record("turingbox.item.attempts", i64::from(used.attempts));
        span.record("turingbox.fuel", signed(used.fuel));
        span.record("turingbox.denials", signed(used.denials));
        if let Some(failure) = &outcome.failure {
            span.record("error.type", failure.code.name());
        }
    }

    /// Says how a batch went. That items failed is told of these, and of the batch where it ended for it.
    pub fn end_batch(self, tally: &Tally, why: &Why) {
        let span = self.ended();
        if span.is_disabled() {
            return;
        }
        span.record("turingbox.batch.done", signed(tally.done));
        span.record("turingbox.batch.failed", signed(tally.failed));
        span.record("turingbox.batch.duplicates", signed(tally.duplicates));
        span.record("turingbox.fuel", signed(tally.fuel));
        span.record("turingbox.denials", signed(tally.denials));
        let code = match why {
            Why::Over => return,
            Why::Failures => "batch.failures",
            Why::Budget => "batch.budget",
            Why::Stopped => crate::Code::Interrupted.name(),
            Why::Broken(failure) => failure.code.name(),
        };
        span.record("error.type", code);
    }
}
