//! The tape, the head and the step loop.
//!
//! While the head is on a step: resolve its inputs, run the agent, append the cell, merge the
//! outputs into results, move the head by one. An output called `step_index` sets the head first.
//! That is the whole of control flow; everything else is an agent.
//!
//! Workflows inside workflows are frames on a stack of ours, never calls on the machine's stack:
//! how deep they nest is the policy's business alone.

mod budget;
mod frame;
mod tape;

use std::{collections::BTreeMap, sync::Arc, time::Instant};

pub use budget::Budget;
pub use tape::{Cell, Status, Tape};

use crate::{
    Value,
    agent::{AgentId, Body, Program, STATUS},
    capability::{
        files::{MountError, Mounts, Protected},
        gate::{Gate, Subject},
        sql::Databases,
    },
    engine::frame::{Frame, Next},
    failure::{Code, Failure},
    policy::{Authority, Denial, Policy},
    sandbox::{self, CallLimits, Sandbox, Usage},
};

/// The most denials of one workflow that are kept for its report; each step has its own on the tape.
const MAX_DENIALS: usize = 100;

/// Runs one program under one policy.
pub struct Engine<'a> {
    program: &'a Program,
    sandbox: &'a Sandbox,
    tape: Arc<dyn Tape>,
    grants: Vec<(Arc<Authority>, Arc<Mounts>, Arc<Databases>)>,
}

/// How one call ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What it gave; with a failure, what it gave before.
    pub outputs: Vec<(String, Value)>,
    /// How it says itself that it went.
    pub status: Status,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// What was denied in it.
    pub denials: Vec<Denial>,
    /// What it used.
    pub usage: Usage,
}

/// An agent that is about to run.
struct Call {
    agent: AgentId,
    inputs: Vec<(String, Value)>,
    budget: Budget,
    path: String,
}

impl Outcome {
    fn failed(failure: Failure) -> Self {
        let status = Status { value: 1, reason: failure.message.clone() };
        Self { failure: Some(failure), status, ..Self::default() }
    }

    /// What an agent returned. It fails if its status says so.
    fn reported(mut outputs: Vec<(String, Value)>) -> Result<Self, Failure> {
        let Some(at) = outputs.iter().position(|(name, _)| name == STATUS) else {
            return Ok(Self { outputs, ..Self::default() });
        };
        let (_, value) = outputs.remove(at);
        let status = Status::read(&value).ok_or_else(|| {
            let wanted = "an object of `value`, a whole number, and `reason`, a text";
            Failure::new(Code::Result, format!("the agent's status is not {wanted}: {value:?}"))
        })?;
        let failure = (status.value != 0).then(|| Failure::new(Code::Status, status.message()));
        Ok(Self { outputs, status, failure, ..Self::default() })
    }

    /// Whether the call succeeded; the exit code if it did not.
    pub fn exit_code(&self) -> u8 {
        self.failure.as_ref().map_or(0, |failure| failure.code.exit_code(!self.denials.is_empty()))
    }
}

impl<'a> Engine<'a> {
    /// Looks up what the policy grants each agent of the program, and opens the folders. None may
    /// give away what is `protected`.
    ///
    /// # Errors
    ///
    /// When a granted folder can't be opened.
    pub fn new(
        program: &'a Program,
        sandbox: &'a Sandbox,
        policy: &Policy,
        protected: &Protected,
        tape: Arc<dyn Tape>,
    ) -> Result<Self, MountError> {
        let mut protected = protected.clone();
        for (_, agent) in program.agents() {
            let authority = policy.authority(&agent.manifest.name, &agent.manifest.path);
            protected.fixed.extend(Databases::files(&authority));
        }
        let mut opened: Vec<Arc<Mounts>> = Vec::new();
        let mut grants = Vec::new();
        for (_, agent) in program.agents() {
            let authority = policy.authority(&agent.manifest.name, &agent.manifest.path);
            // Only code reaches folders, and agents with the same grants reach the same ones.
            let files = if matches!(agent.body, Body::Proc(_)) { &authority.files()[..] } else { &[] };
            let mounts = match opened.iter().find(|mounts| mounts.grants() == files) {
                Some(mounts) => mounts.clone(),
                None => {
                    opened.push(Arc::new(Mounts::open(files, &protected)?));
                    opened[opened.len() - 1].clone()
                }
            };
            let env = |name: &str| std::env::var(name).ok();
            let databases = match agent.body {
                Body::Proc(_) => Databases::open(&authority, files, &protected, &env)?,
                _ => Databases::default(),
            };
            grants.push((Arc::new(authority), mounts, Arc::new(databases)));
        }
        Ok(Self { program, sandbox, tape, grants })
    }

    /// Runs the program's root with `inputs`.
    pub async fn run(&self, inputs: Vec<(String, Value)>) -> Outcome {
        let root = self.program.root();
        let mut stack: Vec<Frame<'_>> = Vec::new();
        let mut call = Call { agent: root, inputs, budget: Budget::unbounded(), path: String::new() };
        loop {
            let mut outcome = self.begin(call, &mut stack).await;
            call = loop {
                outcome = match (outcome.take(), stack.last_mut()) {
                    (Some(outcome), None) => return outcome,
                    (Some(outcome), Some(frame)) => self.record(frame, outcome),
                    (None, None) => return Outcome::failed(Failure::host("the engine lost its place")),
                    (None, Some(frame)) => match frame.next(self.program) {
                        Next::Call(next) => break next,
                        Next::Failed(failure) => self.record(frame, Outcome::failed(failure)),
                        Next::Done(outcome) => Some(outcome),
                    },
                };
                if let Some(ended) = &mut outcome
                    && let Some(frame) = stack.pop()
                {
                    frame.close(ended, stack.last_mut());
                }
            };
        }
    }

    /// Begins a call: a workflow puts its frame on the stack, everything else ends at once.
    async fn begin(&self, mut call: Call, stack: &mut Vec<Frame<'a>>) -> Option<Outcome> {
        // Lets a deadline, an interrupt or another run have a turn.
        tokio::task::coop::consume_budget().await;
        let (authority, mounts, databases) = self.grant(call.agent);
        let agent = &self.program[call.agent];
        for input in &agent.manifest.inputs {
            if let (Some(default), true) = (&input.default, call.inputs.iter().all(|(name, _)| *name != input.name)) {
                call.inputs.push((input.name.clone(), default.clone()));
            }
        }
        let start = Instant::now();
        let budget = call.budget.narrowed(&authority.limits, start);
        match &agent.body {
            Body::Workflow(workflow) if budget.depth > 0 => {
                stack.push(Frame::new(call, workflow, &agent.manifest, budget));
                None
            }
            Body::Workflow(_) => {
                let failure =
                    Failure::new(Code::Depth, "workflows nest too deep").help("raise `limits.depth` in the policy");
                Some(Outcome::failed(failure))
            }
            Body::Template(templates) => {
                let scope = call.inputs.iter().map(|(name, value)| (name.as_str(), value.clone()));
                let text = templates.render(crate::agent::TEMPLATE, scope, authority.limits.output);
                let usage = Usage { time: start.elapsed(), ..Usage::default() };
                Some(match (text, agent.manifest.outputs.first()) {
                    (Ok(text), Some(output)) => {
                        Outcome { outputs: vec![(output.name.clone(), Value::text(text))], usage, ..Outcome::default() }
                    }
                    (Ok(_), None) => Outcome::default(),
                    (Err(failure), _) => Outcome { usage, ..Outcome::failed(failure) },
                })
            }
            Body::Proc(code) => {
                let limits = CallLimits {
                    memory: authority.limits.memory,
                    fuel: budget.fuel,
                    deadline: budget.deadline,
                    output: authority.limits.output,
                };
                let log = tape::log_sink(&self.tape, &call.path, &agent.manifest.name);
                let call = sandbox::Call {
                    manifest: &agent.manifest,
                    code,
                    inputs: &call.inputs,
                    limits,
                    mounts: mounts.clone(),
                    databases: databases.clone(),
                    gate: Gate::new(authority.clone(), Subject::default(), None),
                    log,
                };
                let called = self.sandbox.call(call).await;
                let outcome = called.result.and_then(Outcome::reported).unwrap_or_else(Outcome::failed);
                Some(Outcome { denials: called.denials, usage: called.usage, ..outcome })
            }
        }
    }

    /// Writes the outcome of a frame's step on the tape and moves the frame's head. Gives the
    /// frame's own outcome if that ends it.
    fn record(&self, frame: &mut Frame<'_>, mut outcome: Outcome) -> Option<Outcome> {
        let step = frame.step()?;
        let (authority, ..) = self.grant(step.agent);
        frame.settle(&mut outcome, authority);
        self.tape.append(&Cell {
            path: frame.step_path(),
            agent: &self.program[step.agent].manifest.name,
            inputs: frame.step_inputs(),
            outcome: &outcome,
        });
        frame.merge(outcome)
    }

    fn grant(&self, agent: AgentId) -> &(Arc<Authority>, Arc<Mounts>, Arc<Databases>) {
        &self.grants[agent.index()]
    }
}

/// Named values, the latest write wins.
type Results<'a> = BTreeMap<&'a str, Value>;
