//! Semaphores: steps that name one run only as many at a time as the policy says, in all runs of an engine
//! and of those made from it.

use std::{collections::HashMap, sync::Arc};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout_at,
};

use crate::{
    agent::{Body, Program, Spec},
    capability::files::MountError,
    engine::{Call, frame::Frame},
    failure::{Code, Failure},
    policy::Policy,
};

/// The semaphores of a policy. Who waits for one comes in turn.
pub(super) struct Semaphores(HashMap<String, Arc<Semaphore>>);

/// A place of one; dropping it gives it back, also where a run is cancelled.
pub(super) type Place = OwnedSemaphorePermit;

/// The places that a call's callers have, by the names of their semaphores. Each serves one step within the step
/// that has it at a time, so that steps that run side by side in it are held back as well.
#[derive(Clone, Default)]
pub(super) struct Places(Arc<[(String, Arc<Semaphore>)]>);

impl Places {
    /// The place that callers have of the semaphore `name`.
    fn of(&self, name: &str) -> Option<Arc<Semaphore>> {
        self.0.iter().find(|(held, _)| held == name).map(|(_, place)| place.clone())
    }

    /// The same for a step that has a place of `name` itself.
    fn with(&self, name: &str) -> Self {
        let others = self.0.iter().filter(|(held, _)| held != name).cloned();
        Self(others.chain([(name.to_owned(), Arc::new(Semaphore::new(1)))]).collect())
    }
}

impl Semaphores {
    pub(super) fn of(policy: &Policy) -> Self {
        let places = |count: u64| usize::try_from(count).unwrap_or(1).min(Semaphore::MAX_PERMITS);
        let made = |(name, count)| (name, Arc::new(Semaphore::new(places(count))));
        Self(policy.semaphores().into_iter().map(made).collect())
    }

    /// Whether the policy has all semaphores that the steps of a program name.
    pub(super) fn are_known(&self, program: &Program) -> Result<(), MountError> {
        for (_, agent) in program.agents() {
            let (Body::Workflow(_), Spec::Workflow(spec)) = (&agent.body, &agent.manifest.spec) else { continue };
            let named = spec.steps.iter().filter_map(|step| step.handling.semaphore.as_ref());
            if let Some((name, place)) = named.clone().find(|(name, _)| !self.0.contains_key(name)) {
                let message = format!(
                    "the policy has no semaphore `{name}`, which `{}` names: add `{name} = 1` to its `[semaphores]`, or more",
                    agent.manifest.name
                );
                return Err(MountError { code: "unknown-semaphore", place: Some(place.clone()), message });
            }
        }
        Ok(())
    }

    /// Waits for a place, if the step under a frame's head needs one, until the call's time is up. Within a
    /// step that has one it is that step's: for another one it could wait for ever.
    pub(super) async fn admit(&self, call: &mut Call, frame: &mut Frame<'_>) -> Result<(), Failure> {
        let Some(name) = frame.step().and_then(|step| step.semaphore.as_deref()) else { return Ok(()) };
        let semaphore = call.places.of(name).or_else(|| self.0.get(name).cloned());
        let semaphore = semaphore.ok_or_else(|| Failure::host(format!("no semaphore is called `{name}`")))?;
        match timeout_at(call.budget.deadline.into(), semaphore.acquire_owned()).await {
            Ok(place) => frame.enter(place.map_err(Failure::host)?),
            Err(_) => {
                let message = format!("no place of the semaphore `{name}` was free until the time was up");
                return Err(Failure::new(Code::Time, message)
                    .help("raise `limits.time` in the policy, or the semaphore's count"));
            }
        }
        call.places = call.places.with(name);
        Ok(())
    }
}
