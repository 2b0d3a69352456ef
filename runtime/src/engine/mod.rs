//! The tape, the head and the step loop.
//!
//! While the head is on a step: resolve its inputs, run the agent, append the cell, merge the
//! outputs into results, move the head by one. An output called `step_index` sets the head first.
//! That is the whole of control flow; everything else is an agent.
//!
//! Workflows inside workflows are frames on a stack of ours, never calls on the machine's stack:
//! how deep they nest is the policy's business alone.

mod budget;
mod callee;
mod each;
mod frame;
mod given;
mod held;
mod identity;
mod outcome;
mod proc;
mod semaphores;
mod setup;
mod tape;
mod turn;
mod worker;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

pub use budget::{Allowance, Budget};
pub(crate) use identity::fresh_seed;
use identity::run_id;
pub use setup::Setup;
pub use tape::{Beginning, Cell, Silent, Status, Tape, Turn};
use tracing::Span;

use crate::{
    Value,
    agent::{AgentId, Body, Program},
    audit::Audit,
    capability::{
        env::Env,
        files::{Copies, MountError},
        gate::Tally,
        sql::Databases,
    },
    engine::{
        frame::{Frame, Next},
        held::{Held, Holdings},
        semaphores::{Places, Semaphores},
    },
    failure::{Code, Failure},
    plan::Effects,
    policy::{Ceilings, Denials},
    sandbox::{self, Moment, Usage},
    telemetry::{self, Open},
    wall::Workers,
};

/// The most denials of one workflow that are kept for its report; each step has its own on the tape, and
/// what isn't kept is counted.
const MAX_DENIALS: usize = 100;

/// Runs one program under one policy. Cloning is cheap: the clones are one engine.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    program: Arc<Program>,
    holdings: Arc<Holdings>,
}

/// What the engines of a run share: that of its program, and those of the agents that procs call.
struct Shared {
    setup: Arc<Setup>,
    seed: [u8; 32],
    /// In parts, so that they don't keep what they are kept by.
    callees: Mutex<HashMap<String, Parts>>,
    workers: Option<Workers>,
    /// Where changes of files go, if they don't happen. Dropped after the workers, which work on them.
    copies: Option<Arc<Copies>>,
    tally: Tally,
    /// What an agent holds of the environment that is granted nothing of it.
    no_variables: Arc<Env>,
    semaphores: Arc<Semaphores>,
    /// Where decisions go, of agents that can reach outside.
    audit: Option<Arc<dyn Audit>>,
}

/// What an engine has of its own.
type Parts = (Arc<Program>, Arc<Holdings>);

/// How one call ended.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What it gave; with a failure, what it gave before.
    pub outputs: Vec<(String, Value)>,
    /// How it says itself that it went.
    pub status: Status,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
    /// What was denied in it.
    pub denials: Denials,
    /// What it used.
    pub usage: Usage,
}

/// What an agent is given: shared by its call and by the cell that tells of it.
type Inputs = Arc<Vec<(String, Value)>>;

/// An agent that is about to run.
struct Call {
    agent: AgentId,
    inputs: Inputs,
    budget: Budget,
    path: String,
    ceilings: Ceilings,
    places: Places,
    /// What is told of it is told below this.
    span: Span,
}

impl Engine {
    /// Looks up what the policy grants each agent of the program, and opens the folders. None may
    /// give away what is protected.
    ///
    /// # Errors
    ///
    /// When a granted folder can't be opened, or can't be copied where effects are only planned.
    pub fn new(program: Arc<Program>, mut setup: Setup) -> Result<Self, MountError> {
        // No agent may write, as a file, what another has as a database.
        let files: Vec<_> = Databases::files(setup.policy.databases(), &held::variable(&setup)).collect();
        files.iter().for_each(|file| setup.protected.fix(file));
        setup.protected.written_by(setup.policy.folders());
        let workers = Workers::new(&setup.wall);
        let copies = match setup.effects {
            Effects::Real => None,
            Effects::Planned(_) => Some(held::copies(&setup.policy)?),
        };
        let no_seed = |failure: Failure| MountError { code: "random", place: None, message: failure.message };
        let seed = setup.seed.map_or_else(|| fresh_seed().map_err(no_seed), Ok)?;
        let (callees, tally, no_variables) = (Mutex::default(), Tally::default(), Arc::default());
        let semaphores = Arc::new(Semaphores::of(&setup.policy));
        semaphores.are_known(&program)?;
        let audit = tape::audit(&setup.tape, &setup.audit);
        let setup = Arc::new(setup);
        let shared = Shared { audit, setup, seed, callees, workers, copies, tally, no_variables, semaphores };
        let engine = Self { shared: Arc::new(shared), program, holdings: Arc::default() };
        for (agent, _) in engine.program.agents() {
            engine.held(agent, &Ceilings::default())?;
        }
        Ok(engine)
    }

    /// The same program under the same policy, for a run of its own at `place` in this one. Its steps go on
    /// `tape`, where one is given.
    #[must_use]
    pub fn again(&self, place: &str, tape: Option<Arc<dyn Tape>>) -> Self {
        let Shared { setup, copies, seed, semaphores, .. } = &*self.shared;
        let tape = tape.unwrap_or_else(|| setup.tape.clone());
        let setup = Arc::new(Setup { tape, run: run_id(), ..(**setup).clone() });
        let (seed, semaphores) = (Moment::seed(seed, place), semaphores.clone());
        let (callees, tally, workers) = (Mutex::default(), Tally::default(), Workers::new(&setup.wall));
        let audit = tape::audit(&setup.tape, &setup.audit);
        let (copies, no_variables) = (copies.clone(), self.shared.no_variables.clone());
        let shared = Shared { audit, callees, workers, copies, tally, no_variables, setup, seed, semaphores };
        // An instance that serves a run is that run's alone.
        let holdings = if self.holdings.keep_instances() { Arc::default() } else { self.holdings.clone() };
        Self { shared: Arc::new(shared), program: self.program.clone(), holdings }
    }

    /// What its run has done so far.
    pub(crate) fn tally(&self) -> &Tally {
        &self.shared.tally
    }

    /// What the run is made with.
    pub fn setup(&self) -> &Setup {
        &self.shared.setup
    }

    /// What it runs.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The engine of another agent of the library, in the same run.
    fn with(&self, agent: &str) -> Result<Self, String> {
        let known = || self.shared.callees.lock().unwrap_or_else(PoisonError::into_inner);
        let engine = |(program, holdings): Parts| Self { shared: self.shared.clone(), program, holdings };
        if let Some(parts) = known().get(agent) {
            return Ok(engine(parts.clone()));
        }
        let parts = (callee::load(&self.shared.setup.library, agent)?, Arc::<Holdings>::default());
        self.shared.semaphores.are_known(&parts.0).map_err(|unknown| unknown.message)?;
        known().insert(agent.to_owned(), parts.clone());
        Ok(engine(parts))
    }

    /// Runs the program's root with `inputs`.
    pub async fn run(&self, inputs: Vec<(String, Value)>) -> Outcome {
        self.run_below(Ceilings::default(), Allowance::default(), inputs).await
    }

    /// The same, with no more than `allowance`, whatever the policy says.
    pub async fn run_within(&self, allowance: Allowance, inputs: Vec<(String, Value)>) -> Outcome {
        self.run_below(Ceilings::default(), allowance, inputs).await
    }

    /// The same, as if those had called it who leave it `ceilings`.
    pub(crate) async fn run_below(
        &self,
        ceilings: Ceilings,
        allowance: Allowance,
        inputs: Vec<(String, Value)>,
    ) -> Outcome {
        let budget = Budget { depth: self.shared.setup.library.depth(), ..Budget::of(allowance) };
        let (agent, path, places, inputs) = (self.program.root(), String::new(), Places::default(), Arc::new(inputs));
        let root = &self.program[agent];
        let open = Open::run(root, &self.shared.setup.run, &inputs);
        let span = open.span().clone();
        let call = Call { agent, inputs: inputs.clone(), budget, path, ceilings, places, span };
        let outcome = self.run_call(call).await;
        open.end(&outcome);
        let (agent, digest, inputs) = (root.manifest.name.as_str(), root.digest(), &inputs);
        self.shared.setup.tape.ends(&Cell { path: "", agent, digest, inputs, outcome: &outcome });
        outcome
    }

    /// Runs one call to its end.
    async fn run_call(&self, call: Call) -> Outcome {
        let mut stack = Vec::new();
        match self.begin(call, &mut stack).await {
            Some(outcome) => outcome,
            None => self.run_frames(stack).await,
        }
    }

    /// Runs the workflows on a stack to the end of the lowest.
    async fn run_frames<'a>(&'a self, mut stack: Vec<Frame<'a>>) -> Outcome {
        let mut outcome = None;
        loop {
            outcome = match (outcome.take(), stack.last_mut()) {
                (Some(outcome), None) => return outcome,
                (Some(outcome), Some(frame)) => self.record(frame, outcome),
                (None, None) => return Outcome::failed(Failure::host("the engine lost its place")),
                (None, Some(frame)) => match frame.next(&self.program) {
                    Next::Call(call) => {
                        outcome = self.begin(call, &mut stack).await;
                        continue;
                    }
                    Next::Each => self.each(frame).await,
                    Next::Wait(until) => {
                        tokio::time::sleep_until(until.into()).await;
                        continue;
                    }
                    Next::Failed(failure) => self.record(frame, Outcome::failed(failure)),
                    Next::Done(outcome) => Some(outcome),
                },
            };
            if let Some(ended) = &mut outcome
                && let Some(frame) = stack.pop()
            {
                frame.close(ended);
            }
        }
    }

    /// Begins a call: a workflow puts its frame on the stack, everything else ends at once.
    async fn begin<'a>(&'a self, mut call: Call, stack: &mut Vec<Frame<'a>>) -> Option<Outcome> {
        // Lets a deadline, an interrupt or another run have a turn.
        tokio::task::coop::consume_budget().await;
        if self.shared.tally.is_full() {
            return Some(Outcome::failed(sandbox::over()));
        }
        if let Some(frame) = stack.last_mut()
            && let Err(failure) = self.shared.semaphores.admit(&mut call, frame).await
        {
            return Some(Outcome::failed(failure));
        }
        let held = match self.held(call.agent, &call.ceilings) {
            Ok(held) => held,
            Err(error) => return Some(Outcome::failed(held::unmounted(&error))),
        };
        let agent = &self.program[call.agent];
        if let Some(outcome) = self.unvouched(agent, &held, (&call.path, call.span.id())) {
            return Some(outcome);
        }
        let at = match self.turn(agent, &held, &mut call) {
            Ok(at) => at,
            Err(outcome) => return Some(*outcome),
        };
        self.fill_in(&agent.manifest, &mut call.inputs);
        if let Body::Proc(code) = &agent.body {
            // The first time it is compiled, and that is not the agent's time.
            self.shared.setup.sandbox.prepare(code, &held.ready);
        }
        // Nor is starting a worker.
        let worker = match self.worker(agent, &held, &call.path).await {
            Ok(worker) => worker,
            Err(failure) => return Some(Outcome::failed(failure)),
        };
        let start = Instant::now();
        let limits = &held.authority.limits;
        let mut budget = call.budget.narrowed(limits, start);
        match stack.last_mut() {
            _ if self.shared.setup.is_patient => budget.deadline = call.budget.deadline,
            Some(frame) => frame.clock(&mut budget, start),
            None => {}
        }
        held.tell(&call.path, &agent.manifest, (&budget, start), &self.shared.setup);
        match &agent.body {
            Body::Workflow(workflow) if budget.depth > 0 => {
                stack.push(Frame::new(call, workflow, &agent.manifest, budget, held.below.clone()));
                None
            }
            Body::Workflow(_) => {
                let help = match self.shared.setup.library.depth() < limits.depth {
                    true => "raise `max_depth` in the library's file",
                    false => "raise `limits.depth` in the policy",
                };
                Some(Outcome::failed(Failure::new(Code::Depth, "workflows nest too deep").help(help)))
            }
            Body::Template(templates) => {
                Some(Outcome::rendered(&agent.manifest, templates, &call.inputs, (limits.output, start)))
            }
            Body::Proc(code) => {
                let span = call.span.clone();
                let called = pin!(self.call_proc(agent, code, (call, at), (&held, worker), budget));
                Some(telemetry::within(&span, called).await)
            }
        }
    }

    /// Writes the outcome of a frame's step on the tape and moves the frame's head. Gives the
    /// frame's own outcome if that ends it.
    fn record(&self, frame: &mut Frame<'_>, mut outcome: Outcome) -> Option<Outcome> {
        let step = frame.step()?;
        frame.leave(&mut outcome);
        let agent = &self.program[step.agent];
        let open = frame.close_step(agent);
        let gate = |ceilings: &Ceilings, at: &str| {
            let held = self.held(step.agent, ceilings)?;
            Ok(self.gate(agent, &held, (at, None), &Env::default()))
        };
        match frame.settle(&mut outcome, gate) {
            Ok(None) => {}
            Ok(Some(denial)) => {
                open.denied(&denial);
                outcome.denials.adopt(self.explained(agent, Denials::of(vec![denial], 0)), MAX_DENIALS);
            }
            Err(error) => outcome = Outcome::failed(held::unmounted(&error)),
        }
        let path = frame.step_path();
        let again = frame.try_again(&mut outcome, |path| self.shared.setup.tape.was_tried(path));
        let (digest, inputs) = (agent.digest(), frame.step_inputs());
        let agent = agent.manifest.name.as_str();
        self.shared.setup.tape.append(&Cell { path: &path, agent, digest, inputs, outcome: &outcome });
        open.end_step(&outcome, again);
        if again { frame.failed_attempt(outcome) } else { frame.merge(outcome) }
    }

    fn held(&self, agent: AgentId, ceilings: &Ceilings) -> Result<Arc<Held>, MountError> {
        let made_with = (&*self.shared.setup, self.shared.copies.as_ref());
        self.holdings.get(&self.program, agent, ceilings, made_with)
    }
}

/// Named values, the latest write wins.
type Results<'a> = BTreeMap<Cow<'a, str>, Value>;
