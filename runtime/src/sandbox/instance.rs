//! One instance, with the store that it lives in: made for one call, or, where the policy says
//! `isolation = "run"`, kept from one call of an agent to its next in the same run.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::Store;

use crate::sandbox::{
    Call, CallState,
    bindings::{Field, Input, types},
    guests::{Guest, Loaded},
    phases::Watch,
};

/// A store, and what was loaded into it.
pub(super) struct Instance {
    pub(super) store: Store<CallState>,
    /// Nothing before the first call, and after one that the guest didn't come back from.
    loaded: Option<Loaded>,
    place: Option<OwnedSemaphorePermit>,
}

impl Instance {
    /// Nothing is loaded yet.
    pub(super) fn new(store: Store<CallState>) -> Self {
        Self { store, loaded: None, place: None }
    }

    /// Calls the agent, which is loaded first if it isn't. The outer error is a trap.
    pub(super) async fn run(
        &mut self,
        guest: &Guest,
        call: &Call<'_>,
        inputs: &[Input<'_>],
    ) -> wasmtime::Result<Result<Vec<Field>, types::Failure>> {
        // Where the guest traps, or time is up, nothing is put back: nobody knows what is left of it.
        let loaded = match self.loaded.take() {
            Some(loaded) => loaded,
            None => match guest.load(&mut self.store, call).await? {
                Ok(loaded) => loaded,
                Err(failure) => return Ok(Err(failure)),
            },
        };
        self.store.data_mut().watch.iter_mut().for_each(Watch::ready);
        let returned = loaded.run(&mut self.store, call, inputs).await?;
        self.loaded = Some(loaded);
        Ok(returned)
    }

    /// Whether it can be called again, and has room left to.
    fn is_whole(&self) -> bool {
        self.loaded.is_some() && !self.store.data().limiter.refused()
    }
}

/// Where the instance of an agent waits for its next call.
///
/// Nothing may count on finding one: an agent that is called while it runs gets a fresh instance, and so
/// does one whose last call trapped or reached a limit, or for which there was no room.
#[derive(Default)]
pub struct Kept(Mutex<Option<Box<Instance>>>);

impl Kept {
    /// The instance that waits, for `call`.
    pub(super) fn take(&self, call: &Call<'_>) -> Option<Box<Instance>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        kept.store.data_mut().go_on_for(call);
        Some(kept)
    }

    /// Keeps an instance after its call, if it is good for another and has one of the `places`.
    pub(super) fn put(&self, mut instance: Box<Instance>, places: &Arc<Semaphore>) {
        if !instance.is_whole() {
            return;
        }
        if instance.place.is_none() {
            instance.place = places.clone().try_acquire_owned().ok();
        }
        if instance.place.is_some() {
            instance.store.data_mut().rest();
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(instance);
        }
    }
}
