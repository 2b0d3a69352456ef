//! Calls of procs: what one is made with, and what is said of its denials.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tracing::span::Id;

use crate::{
    agent::{Agent, Code as AgentCode},
    capability::{
        env::Env,
        gate::{Gate, Subject, unwritten},
    },
    engine::{Budget, Call, Engine, Outcome, callee::Caller, held::Held},
    failure::{Code, Failure},
    plan::Effects,
    policy::{Decision, Denials, Purity},
    sandbox::{self, CallLimits, Moment, Usage},
    wall::Worker,
};

impl Engine {
    /// Calls a proc in its sandbox.
    pub(super) async fn call_proc(
        &self,
        agent: &Agent,
        code: &AgentCode,
        (call, at): (Call, u64),
        (held, worker): (&Held, Option<Worker>),
        budget: Budget,
    ) -> Outcome {
        let env = match &held.authority.grants.env {
            None => self.shared.no_variables.clone(),
            Some(_) => match Env::open(&held.authority, &self.shared.setup.secrets) {
                Ok(env) => Arc::new(env),
                Err(failure) => return Outcome::failed(failure),
            },
        };
        let limits = CallLimits {
            memory: held.authority.limits.memory,
            fuel: budget.fuel,
            deadline: budget.deadline,
            output: held.authority.limits.output,
            bytes: budget.bytes,
            calls: budget.calls,
        };
        let caller = Arc::new(Caller {
            engine: self.clone(),
            agent: call.agent,
            ceilings: held.below.clone(),
            budget,
            path: call.path,
            places: call.places,
            made: AtomicU64::new(0),
            steps: AtomicU64::new(0),
        });
        let sandboxed = sandbox::Call {
            manifest: &agent.manifest,
            code,
            ready: &held.ready,
            inputs: &call.inputs,
            limits,
            mounts: held.mounts.clone(),
            databases: held.databases.clone(),
            gate: self.gate(agent, held, (&caller.path, call.span.id()), &env),
            log: caller.clone(),
            env,
            callees: caller.clone(),
            // What is pure lives in a world that can be had again.
            moment: (held.purity == Purity::Pure && held.ready.asks())
                .then(|| Moment { at, seed: Moment::seed(&self.shared.seed, &caller.path) }),
            kept: held.kept.clone(),
        };
        let called = match (worker, &self.shared.workers) {
            (Some(worker), Some(workers)) => workers.call(worker, sandboxed).await,
            _ => self.shared.setup.sandbox.call(sandboxed).await,
        };
        let usage = Usage { steps: caller.steps.load(Ordering::Relaxed), ..called.usage };
        let outcome = called.result.and_then(Outcome::reported).unwrap_or_else(Outcome::failed);
        Outcome { denials: self.explained(agent, called.denials), usage, ..outcome }
    }

    /// What was denied to an agent, with the lines that would allow it.
    pub(super) fn explained(&self, agent: &Agent, denials: Denials) -> Denials {
        denials.each(|denial| {
            let named = (agent.manifest.name.as_str(), agent.manifest.path.as_str());
            if let Some(lines) = self.shared.setup.policy.would_allow(named, denial) {
                denial.help = lines;
            }
        })
    }

    /// The outcome of an agent that may not run, since nobody vouches for it who has to; none if it may.
    pub(super) fn unvouched(&self, agent: &Agent, held: &Held, step: (&str, Option<Id>)) -> Option<Outcome> {
        let decision = held.vouched.as_ref()?;
        let gate = self.gate(agent, held, step, &Env::default());
        let failure = match decision {
            Decision::Allowed(place) => unwritten(gate.vouched_for(&agent.manifest.path, place.as_ref()).err()?),
            Decision::Denied(denial) => {
                gate.deny(denial.clone());
                let why = format!("`{}` may not run: the policy asks for a signature", agent.manifest.name);
                Failure::new(Code::Denied, why)
            }
        };
        let (denials, written) = gate.finish();
        let failure = written.map_or_else(unwritten, |()| failure);
        Some(Outcome { denials, ..Outcome::failed(failure) })
    }

    /// The gate of one call at `step`, whose denials are told with its span.
    pub(super) fn gate(&self, agent: &Agent, held: &Held, (step, span): (&str, Option<Id>), env: &Env) -> Gate {
        let effects = self.shared.setup.effects.clone();
        // What is pure can ask for nothing that would be worth its cell's while.
        let audit = match held.purity {
            Purity::Pure => &self.shared.setup.audit,
            Purity::Reads | Purity::Effects => &self.shared.audit,
        };
        let audit = audit.clone();
        let tally = self.shared.tally.clone();
        // Without records, nobody asks whom they are about.
        let is_recorded = audit.is_some() || !matches!(effects, Effects::Real);
        let recorded = |text: &str| if is_recorded { text.to_owned() } else { String::new() };
        let subject = Subject {
            run: self.shared.setup.run.clone(),
            step: recorded(step),
            agent: recorded(&agent.manifest.name),
            digest: recorded(agent.digest()),
            tally,
            span,
        };
        Gate::new(held.authority.clone(), subject, audit, effects, env.scrubber().clone())
    }
}
