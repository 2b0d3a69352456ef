//! Steps that run for each item of a list.

use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use crate::{
    engine::{Engine, Outcome, frame::Frame},
    sandbox::Usage,
};

/// A lane on its way. In a box, so that steps in steps are no future in itself without an end.
type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

impl Engine {
    /// Runs the step under a frame's head for each of its items. Gives the frame's own outcome if that ends it.
    pub(super) async fn each<'a>(&'a self, frame: &mut Frame<'a>) -> Option<Outcome> {
        let items = match frame.items() {
            Ok(items) => items,
            Err(failure) => return self.record(frame, Outcome::failed(failure)),
        };
        // An instance that serves a run serves one call after the other.
        let most = if self.holdings.keep_instances() { 1 } else { usize::MAX };
        let step = frame.step()?;
        let agent = &self.program[step.agent];
        frame.open_items(agent, items.len());
        let lanes = frame.lanes(&items, most).into_iter().map(|lane| Some(self.lane(lane))).collect();
        let usage = all(lanes).await;
        let outcome = frame.items_outcome(step, &items, usage);
        frame.close_step(agent).end(&outcome);
        frame.merge(outcome)
    }

    fn lane<'a>(&'a self, lane: Frame<'a>) -> Running<'a> {
        Box::pin(self.run_frames(vec![lane]))
    }
}

/// Runs all lanes to their ends, side by side; what they used together.
async fn all(mut lanes: Vec<Option<Running<'_>>>) -> Usage {
    let (mut usage, mut first) = (Usage::default(), 0);
    poll_fn(|context| {
        // Each is the first once, so that none has to wait for what the others leave.
        lanes.rotate_left(first);
        first = usize::from(lanes.len() > 1);
        for slot in &mut lanes {
            if let Some(lane) = slot
                && let Poll::Ready(outcome) = lane.as_mut().poll(context)
            {
                usage.add(Usage { time: Duration::ZERO, ..outcome.usage });
                *slot = None;
            }
        }
        if lanes.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    usage
}
