//! The spans of a frame: that of the workflow, and that of the step under the head.

use tracing::Span;

use super::Frame;
use crate::{
    agent::Agent,
    telemetry::{Open, Place},
};

/// What is open.
pub struct Spans {
    workflow: Span,
    step: Option<Open>,
}

impl Spans {
    /// Those of a workflow that is told as `workflow`.
    pub fn below(workflow: Span) -> Self {
        Self { workflow, step: None }
    }

    /// Those of a lane: its items are told below the step that they are of.
    pub fn of_lane(&self) -> Self {
        Self::below(self.step.as_ref().map_or_else(Span::none, |step| step.span().clone()))
    }
}

impl Frame<'_> {
    /// Begins to tell of the step under the head, which calls `agent`.
    pub(super) fn open_step(&mut self, agent: &Agent) -> Span {
        let open = self.opened(agent);
        let span = open.span().clone();
        self.spans.step = Some(open);
        span
    }

    /// The same for a step that runs for `items` items.
    pub(in crate::engine) fn open_items(&mut self, agent: &Agent, items: usize) {
        let path = || self.step_path();
        self.spans.step = Some(Open::items(&self.spans.workflow, agent, path, items));
    }

    /// What tells of the step under the head, for its end. One that couldn't begin has none yet.
    pub(in crate::engine) fn close_step(&mut self, agent: &Agent) -> Open {
        self.spans.step.take().unwrap_or_else(|| self.opened(agent))
    }

    fn opened(&self, agent: &Agent) -> Open {
        let place = Place { path: &|| self.step_path(), attempt: self.attempts.made, inputs: &self.step_inputs };
        Open::step(&self.spans.workflow, agent, &place)
    }
}
