//! One workflow that is running: its inputs, its results, its head and its budget.

mod attempts;
mod inputs;
mod jump;
mod lane;
mod names;
mod path;
mod spans;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    Value,
    agent::{EMPTY_ON_FAIL, Manifest, OnFail, Program, STATUS, STEP_INDEX, Step, Workflow},
    capability::gate::{self, Gate},
    engine::{
        Budget, Call, Inputs, MAX_DENIALS, Outcome, Results, Status,
        frame::{attempts::Attempts, path::shortened, spans::Spans},
        semaphores::{Place, Places},
    },
    failure::{Code, Failure},
    policy::{Ceilings, Denials},
    sandbox::Usage,
};

/// What a result costs beside its value and its name, in bytes: its entry in the map.
const RESULT_OVERHEAD: u64 = 64;

/// What a running workflow costs beside its results, in bytes, and for each of its steps: so that
/// nesting, too, is paid for from the memory of whoever nests.
const FRAME_OVERHEAD: u64 = 1024;
const STEP_OVERHEAD: u64 = 4;

use lane::Lane;

pub(super) struct Frame<'a> {
    workflow: &'a Workflow,
    manifest: &'a Manifest,
    path: String,
    inputs: Inputs,
    /// Shared with the lanes that run items of a step, and changed only when there are none.
    results: Arc<Results<'a>>,
    held: u64,
    head: usize,
    visits: Vec<u32>,
    status: Status,
    last_failure: Option<Failure>,
    budget: Budget,
    ceilings: Ceilings,
    step_inputs: Inputs,
    attempts: Attempts,
    /// The items that it runs the step under the head for, where it runs no other.
    lane: Option<Lane>,
    /// The place of a semaphore that the step under the head has.
    place: Option<Place>,
    /// Those that the workflow's callers have.
    places: Places,
    denials: Denials,
    /// Where the jumps of each step are decided, one record for all that are alike.
    jumps: BTreeMap<usize, Gate>,
    usage: Usage,
    began: Instant,
    spans: Spans,
}

/// What a frame does next.
pub(super) enum Next {
    /// Runs the agent of the step under the head.
    Call(Call),
    /// Runs the step under the head for each item of its list.
    Each,
    /// Waits before the step is tried again.
    Wait(Instant),
    /// The step under the head can't even begin.
    Failed(Failure),
    /// The workflow is over.
    Done(Outcome),
}

impl<'a> Frame<'a> {
    /// A workflow with its head on its first step.
    pub(super) fn new(
        call: Call,
        workflow: &'a Workflow,
        manifest: &'a Manifest,
        budget: Budget,
        ceilings: Ceilings,
    ) -> Self {
        Self {
            workflow,
            manifest,
            path: shortened(call.path),
            inputs: call.inputs,
            results: Arc::default(),
            held: FRAME_OVERHEAD + STEP_OVERHEAD * workflow.steps.len() as u64,
            head: 0,
            visits: vec![0; workflow.steps.len()],
            status: Status::default(),
            last_failure: None,
            budget,
            ceilings,
            step_inputs: Inputs::default(),
            attempts: Attempts::default(),
            lane: None,
            place: None,
            places: call.places,
            denials: Denials::default(),
            jumps: BTreeMap::new(),
            usage: Usage::default(),
            began: Instant::now(),
            spans: Spans::below(call.span),
        }
    }

    /// The step under the head.
    pub(super) fn step(&self) -> Option<&'a Step> {
        self.workflow.steps.get(self.head)
    }

    /// What the step under the head was given.
    pub(super) fn step_inputs(&self) -> &[(String, Value)] {
        &self.step_inputs
    }

    /// What is to be done next.
    pub(super) fn next(&mut self, program: &Program) -> Next {
        let Some(step) = self.step() else { return Next::Done(self.finish()) };
        if let Some(until) = self.attempts.wait.take() {
            return Next::Wait(until);
        }
        if !self.next_item() {
            return Next::Done(Outcome::default());
        }
        if let Some(failure) = self.exhausted() {
            return if self.lane.is_some() { Next::Failed(failure) } else { Next::Done(Outcome::failed(failure)) };
        }
        if step.each.is_some() && self.lane.is_none() {
            return Next::Each;
        }
        if self.attempts.made == 0 && self.lane.is_none() {
            self.visits[self.head] = self.visits[self.head].saturating_add(1);
        }
        let inputs = self.resolve_inputs(step, &program[step.agent].manifest);
        self.spend(&Usage { steps: 1, ..Usage::default() });
        match inputs {
            Ok(inputs) => {
                let inputs = Arc::new(inputs);
                self.step_inputs = inputs.clone();
                self.attempts.called = true;
                Next::Call(Call {
                    span: self.open_step(&program[step.agent]),
                    agent: step.agent,
                    inputs,
                    budget: self.budget.below(self.held),
                    path: self.step_path(),
                    ceilings: self.ceilings.clone(),
                    places: self.places.clone(),
                })
            }
            Err(failure) => {
                self.step_inputs = Inputs::default();
                Next::Failed(failure)
            }
        }
    }

    /// Why no further step may begin, if so. A step that can't is the workflow's failure, not the
    /// step's: going on would fail for the same reason.
    fn exhausted(&self) -> Option<Failure> {
        match () {
            () if self.budget.steps == 0 => Some(self.used_up(Code::Steps, "steps")),
            () if self.budget.fuel == 0 => Some(self.used_up(Code::Fuel, "fuel")),
            () => self.overdue(),
        }
    }

    /// Why nothing more can be made of values, if nothing can: that takes neither steps nor fuel.
    fn overdue(&self) -> Option<Failure> {
        match () {
            () if self.held > self.budget.memory => Some(self.out_of_memory()),
            () if Instant::now() >= self.budget.deadline => Some(self.used_up(Code::Time, "time")),
            () => None,
        }
    }

    fn out_of_memory(&self) -> Failure {
        self.used_up(Code::Memory, "memory for its results")
    }

    fn used_up(&self, code: Code, what: &str) -> Failure {
        let key = code.name().trim_start_matches("limit.");
        let message = match &self.lane {
            None => format!("the workflow `{}` has used up its {what}", self.manifest.name),
            Some(_) => format!("items have used up their part of what `{}` has left: its {what}", self.manifest.name),
        };
        Failure::new(code, message).help(format!("does it loop for ever? else raise `limits.{key}` in the policy"))
    }

    /// Merges a step's outputs into results and moves the head. Gives the workflow's outcome if the
    /// step's failure ends it.
    pub(super) fn merge(&mut self, outcome: Outcome) -> Option<Outcome> {
        if self.lane.is_some() {
            return self.merge_item(outcome);
        }
        self.spend(&outcome.usage);
        self.denials.adopt(outcome.denials, MAX_DENIALS);
        self.status = outcome.status;
        self.last_failure = outcome.failure.map(|failure| failure.at_step(self.step_path()));
        self.attempts = Attempts::default();
        let step = self.step()?;
        let stops = self.workflow.on_fail == OnFail::Stop && step.on_error.is_none();
        let ends = |failure: &&Failure| stops || !failure.code.is_the_steps_own();
        if let Some(failure) = self.last_failure.as_ref().filter(ends) {
            return Some(Outcome { failure: Some(failure.clone()), status: self.status.clone(), ..Outcome::default() });
        }
        let jump = outcome.outputs.iter().find(|(name, _)| name == STEP_INDEX);
        let mut next = jump.and_then(|(_, target)| self.after(target).ok()).unwrap_or(self.head + 1);
        if self.last_failure.is_some() {
            self.empty(step, &outcome.outputs);
        }
        if let (Some(target), Some(_)) = (step.on_error, &self.last_failure) {
            // The way that is taken is the answer.
            self.last_failure = None;
            next = target;
        }
        let is_said = outcome.outputs.iter().any(|(name, _)| name == STATUS);
        for (name, value) in outcome.outputs {
            let mut named = false;
            for (_, result) in step.outputs.iter().filter(|(output, _)| *output == name) {
                self.set(Cow::Borrowed(result), value.clone());
                named = true;
            }
            if step.open && !named && name != STEP_INDEX {
                self.set(Cow::Owned(name), value);
            }
        }
        for (_, result) in step.outputs.iter().filter(|(output, _)| output == STATUS && !is_said) {
            self.set(Cow::Borrowed(result), self.status_value());
        }
        self.head = next;
        None
    }

    /// Takes note that a step has failed and not given all that it was to give.
    fn empty(&mut self, step: &'a Step, given: &[(String, Value)]) {
        let is_given = |name: &str| {
            given.iter().any(|(own, _)| step.outputs.iter().any(|(output, result)| output == own && result == name))
        };
        for (_, name) in step.outputs.iter().filter(|(output, name)| output == EMPTY_ON_FAIL && !is_given(name)) {
            self.set(Cow::Borrowed(name), Value::text(""));
        }
    }

    /// Counts what a step used, and takes it off what is left.
    fn spend(&mut self, usage: &Usage) {
        self.usage.add(Usage { time: Duration::ZERO, ..*usage });
        self.budget.spend(usage);
    }

    fn set(&mut self, name: Cow<'a, str>, value: Value) {
        let name_size = name.len() as u64;
        let size = |value: &Value| value.len() as u64 + name_size + RESULT_OVERHEAD;
        self.held += size(&value);
        if let Some(before) = Arc::make_mut(&mut self.results).insert(name, value) {
            self.held -= size(&before);
        }
    }

    /// What the workflow gives when its head has left the last step. It goes as its last step went:
    /// a failure that no later step has answered is never lost.
    fn finish(&mut self) -> Outcome {
        let mut outputs = Vec::new();
        let mut left = self.budget.memory.saturating_sub(self.held);
        for (name, source) in &self.workflow.outputs {
            match self.make(source, None, &mut left) {
                Ok(Some(value)) => outputs.push((name.clone(), value)),
                Ok(None) => {}
                Err(failure) => return Outcome::failed(failure),
            }
        }
        let failure = self.last_failure.take();
        let status = failure.as_ref().map_or_else(Status::default, |_| self.status.clone());
        Outcome { outputs, failure, status, ..Outcome::default() }
    }

    /// Ends the frame: its outcome carries what the whole workflow used and was denied.
    pub(super) fn close(self, outcome: &mut Outcome) {
        outcome.usage = Usage { time: self.began.elapsed(), ..self.usage };
        outcome.denials = self.denials;
        if let Some(why) = self.jumps.values().find_map(|gate| gate.finish().1.err()) {
            outcome.failure = Some(gate::unwritten(why));
        }
    }
}
