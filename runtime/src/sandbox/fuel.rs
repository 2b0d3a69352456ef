//! Fuel: how much a guest may burn, and who counts it.
//!
//! For guests that others compiled, wasmtime counts each instruction. The one for Python is ours, and counts by
//! itself, in a global that is out of its code's reach, at every loop and function
//! (`guest-sdk/python/build/merge/fuel.rs`): it asks for a slice at a time, and gives up at the end of a call what is
//! left of its last.

use wasmtime::{AsContext, AsContextMut, Store, Trap};

use crate::sandbox::{CallState, bindings::interpreter::turingbox::agent::fuel};

/// How much is burnt between two looks at the clock, in units: some milliseconds of work.
const SLICE: u64 = 5_000_000;

/// A guest that counts by itself has at most this part of what is left in hand: the rest is there for agents that it
/// calls.
const IN_HAND: u64 = 8;

/// The smallest slice, in units: asking for more takes as long as a hundred of them.
const LEAST: u64 = 10_000;

/// Who counts what a guest burns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// wasmtime.
    Engine,
    /// The guest.
    Guest,
}

/// What a guest that counts by itself has still to get.
pub struct Slices {
    left: u64,
    /// Whether it got one.
    begun: bool,
}

/// Gives a store its fuel.
pub(super) fn begin(store: &mut Store<CallState>, counter: Counter, fuel: u64) -> wasmtime::Result<()> {
    match counter {
        Counter::Engine => {
            store.set_fuel(fuel)?;
            store.fuel_async_yield_interval(Some(SLICE))?;
        }
        Counter::Guest => store.data_mut().slices = Some(Slices { left: fuel, begun: false }),
    }
    Ok(())
}

/// How much is left for others: without the slice that a guest which counts by itself is burning.
pub(crate) fn left(store: impl AsContext<Data = CallState>) -> u64 {
    let store = store.as_context();
    match &store.data().slices {
        Some(slices) => slices.left,
        None => store.get_fuel().unwrap_or_default(),
    }
}

/// Takes what was burnt elsewhere, or all there is.
pub(crate) fn burn(mut store: impl AsContextMut<Data = CallState>, amount: u64) {
    let left = left(&store).saturating_sub(amount);
    let mut store = store.as_context_mut();
    match &mut store.data_mut().slices {
        Some(slices) => slices.left = left,
        None => drop(store.set_fuel(left)),
    }
}

/// The guest for Python was built otherwise than by us.
#[derive(Debug, thiserror::Error)]
#[error("the guest for Python doesn't count its fuel")]
pub(super) struct CountsNothing;

/// Takes back what a guest gives up that counts by itself.
pub(super) fn take_back(store: &mut Store<CallState>, unburnt: i64) -> Result<(), CountsNothing> {
    let slices = store.data_mut().slices.as_mut().filter(|slices| slices.begun).ok_or(CountsNothing)?;
    slices.left = slices.left.saturating_add_signed(unburnt);
    Ok(())
}

impl fuel::Host for CallState {
    async fn refill(&mut self) -> wasmtime::Result<i64> {
        let slices = self.slices.as_mut().ok_or(Trap::OutOfFuel)?;
        let slice = (slices.left / IN_HAND).clamp(LEAST, SLICE).min(slices.left);
        if slice == 0 {
            return Err(Trap::OutOfFuel.into());
        }
        slices.left -= slice;
        if std::mem::replace(&mut slices.begun, true) {
            tokio::task::yield_now().await;
        }
        Ok(slice.cast_signed())
    }
}
