//! Other agents. Who may be called is decided by the policy of the caller; what the callee may do,
//! by its own, under the ceilings of all who called.

use std::{pin::Pin, sync::Arc};

use serde::{Deserialize, Serialize};
use wasmtime::{StoreContextMut, component::Linker};

use crate::{
    Failure, Value,
    failure::Blame,
    policy::{Denials, Request},
    sandbox::{
        CallState, Usage,
        bindings::{
            Field,
            call::Error,
            types::{Failure as GuestFailure, FailureKind},
        },
        fuel, lift, lower,
    },
};

/// The most inputs that one call hands over: a hundred times what any agent has.
pub(crate) const MAX_INPUTS: usize = 1024;

/// Runs agents for a guest.
pub trait Callees: Send + Sync {
    /// The path in the library of the agent called `agent`, if there is one.
    fn path(&self, agent: &str) -> Option<String>;

    /// Runs an agent on what the caller has left.
    fn call<'a>(
        &'a self,
        agent: &'a str,
        inputs: Vec<(String, Value)>,
        left: Left,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;
}

/// No agents at all.
pub struct Nobody;

impl Callees for Nobody {
    fn path(&self, _: &str) -> Option<String> {
        None
    }

    fn call<'a>(
        &'a self,
        _: &'a str,
        _: Vec<(String, Value)>,
        _: Left,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>> {
        let result = Err(Refusal::Invalid("there are no agents to call".into()));
        Box::pin(std::future::ready(Answer { result, denials: Denials::default(), usage: Usage::default() }))
    }
}

/// What a caller has left, for all that it calls.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Left {
    /// Work.
    pub fuel: u64,
    /// What may go over the network and to databases, in bytes.
    pub bytes: u64,
    /// Calls of other agents.
    pub calls: u64,
}

/// How a call went.
pub struct Answer {
    /// The outputs, or why there are none.
    pub result: Result<Vec<(String, Value)>, Refusal>,
    /// What was denied in it.
    pub denials: Denials,
    /// What it used.
    pub usage: Usage,
}

/// Why a call gave nothing.
#[derive(Debug)]
pub enum Refusal {
    /// The call is none that could be made.
    Invalid(String),
    /// There is nothing left to make it with.
    Limit(String),
    /// The agent failed.
    Failed(Failure),
}

/// Links `turingbox:agent/call`.
pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    linker.instance("turingbox:agent/call@0.1.0")?.func_wrap_async(
        "run",
        |store: StoreContextMut<'_, CallState>, (agent, inputs): (String, Vec<Field>)| {
            Box::new(async move { Ok((run(store, &agent, inputs).await,)) })
        },
    )
}

async fn run(mut store: StoreContextMut<'_, CallState>, agent: &str, inputs: Vec<Field>) -> Result<Vec<Field>, Error> {
    let state = store.data();
    let callees: Arc<dyn Callees> = state.callees.clone();
    let path = callees.path(agent);
    let request = Request::Calls { agent: agent.into(), path: path.as_deref().unwrap_or(agent).into() };
    if let Err(denial) = state.gate.ask(&request) {
        let why = format!("{}: the policy doesn't let this agent call `{}`", denial.code, agent.escape_debug());
        return Err(Error::Denied(why));
    }
    if inputs.len() > MAX_INPUTS {
        return Err(Error::Invalid(format!("more than {MAX_INPUTS} inputs")));
    }
    // Who is called gets none of the caller's secrets, and its inputs are written down.
    let scrubber = state.env.scrubber_of_held();
    let inputs = inputs.into_iter().map(|Field { name, value }| match lift(value) {
        Ok(value) => Ok((scrubber.text(&name).into_owned(), scrubber.value(value))),
        Err(error) => Err(Error::Invalid(format!("the input `{}` is not JSON: {error}", name.escape_debug()))),
    });
    let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
    if state.calls.spend(1).is_err() {
        return Err(Error::Limit("no call is left: raise `limits.calls` in the policy".into()));
    }
    // The guest waits, but what it has open goes on: what the callee may send, nothing else sends meanwhile.
    // Where the call never comes back, nobody knows what was sent, so it counts as all.
    let (bytes, calls) = (state.bytes.reserve(), state.calls.left());
    let fuel = fuel::left(&store);
    let answer = callees.call(agent, inputs, Left { fuel, bytes, calls }).await;
    // What the callee used, it used up of its caller's.
    fuel::burn(&mut store, answer.usage.fuel);
    let state = store.data();
    // More than there was can't have been used.
    state.bytes.give_back(bytes.saturating_sub(answer.usage.bytes));
    let _ = state.calls.spend(answer.usage.calls.min(calls));
    let denied = !answer.denials.is_empty();
    state.gate.adopt(answer.denials);
    answer
        .result
        .map(|outputs| outputs.into_iter().map(|(name, value)| Field { name, value: lower(&value) }).collect())
        .map_err(|refusal| error(refusal, denied))
}

fn error(refusal: Refusal, denied: bool) -> Error {
    match refusal {
        Refusal::Invalid(message) => Error::Invalid(message),
        Refusal::Limit(message) => Error::Limit(message),
        Refusal::Failed(failure) if denied || failure.code == crate::Code::Denied => Error::Denied(failure.to_string()),
        Refusal::Failed(failure) if failure.code.blame() == Blame::Policy => Error::Limit(failure.to_string()),
        Refusal::Failed(failure) => {
            let kind = FailureKind::Error;
            Error::Failed(GuestFailure { kind, message: failure.to_string(), trace: failure.trace })
        }
    }
}
