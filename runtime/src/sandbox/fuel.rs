//! Fuel: how much a guest may burn, and who counts it.
//!
//! For guests that others compiled, wasmtime counts each instruction. The one for Python is ours, and counts by
//! itself, in a global that is out of its code's reach, where work can go on
//! (`guest-sdk/python/build/merge/cost.rs`): it asks for a slice at a time, and gives up at the end of a call what is
//! left of its last.

use wasmtime::{AsContext, AsContextMut, Store, Trap};

use crate::sandbox::{CallState, bindings::interpreter::turingbox::agent::fuel};

/// How much is burnt between two looks at the clock, in units: some milliseconds of work.
const SLICE: u64 = 5_000_000;

/// A guest that counts by itself has at most this part of what is left in hand: the rest is there for agents that it
/// calls.
const IN_HAND: i64 = 8;

/// The smallest slice, in units: asking for more takes as long as a hundred of them.
const LEAST: i64 = 10_000;

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
    /// Less than nothing, where what was done for it elsewhere took more.
    left: i64,
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
        Counter::Guest => {
            store.data_mut().slices = Some(Slices { left: fuel.try_into().unwrap_or(i64::MAX), begun: false })
        }
    }
    Ok(())
}

/// How much is left for others: without the slice that a guest which counts by itself is burning.
pub(crate) fn left(store: impl AsContext<Data = CallState>) -> u64 {
    let store = store.as_context();
    match &store.data().slices {
        Some(slices) => slices.left.try_into().unwrap_or(0),
        None => store.get_fuel().unwrap_or_default(),
    }
}

/// Takes what was burnt elsewhere.
pub(crate) fn burn(mut store: impl AsContextMut<Data = CallState>, amount: u64) {
    let mut store = store.as_context_mut();
    match &mut store.data_mut().slices {
        Some(slices) => slices.left = slices.left.saturating_sub_unsigned(amount),
        None => {
            let left = store.get_fuel().unwrap_or_default().saturating_sub(amount);
            drop(store.set_fuel(left));
        }
    }
}

/// Whether more was burnt elsewhere than a guest had left: it may still have a slice in hand, and gets no further.
pub(super) fn is_overdrawn(state: &CallState) -> bool {
    state.slices.as_ref().is_some_and(|slices| slices.left < 0)
}

/// The guest for Python was built otherwise than by us.
#[derive(Debug, thiserror::Error)]
#[error("the guest for Python doesn't count its fuel")]
pub(super) struct CountsNothing;

/// Makes sure that a guest which is to count by itself does: no call goes without asking for fuel.
pub(super) fn counts(store: &Store<CallState>) -> Result<(), CountsNothing> {
    store.data().slices.as_ref().filter(|slices| slices.begun).map(drop).ok_or(CountsNothing)
}

/// Takes back what a guest gives up that counts by itself: no more than a slice, which is the most that it has in hand.
pub(super) fn take_back(store: &mut Store<CallState>, unburnt: i64) {
    if let Some(slices) = &mut store.data_mut().slices {
        slices.left = slices.left.saturating_add(unburnt.min(SLICE.cast_signed()));
    }
}

impl fuel::Host for CallState {
    async fn refill(&mut self) -> wasmtime::Result<i64> {
        let slices = self.slices.as_mut().ok_or(Trap::OutOfFuel)?;
        let slice = slices.next().ok_or(Trap::OutOfFuel)?;
        if std::mem::replace(&mut slices.begun, true) {
            tokio::task::yield_now().await;
        }
        Ok(slice)
    }
}

impl Slices {
    fn next(&mut self) -> Option<i64> {
        let slice = (self.left / IN_HAND).clamp(LEAST, SLICE.cast_signed()).min(self.left);
        self.left -= slice.max(0);
        (slice > 0).then_some(slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_come_to_all_there_is() {
        for all in [0, 1, 9_999, 1_000_000, 20_000_000_000] {
            let mut slices = Slices { left: all, begun: false };
            let mut last = i64::MAX;
            let mut given = 0;
            while let Some(slice) = slices.next() {
                assert!(slice <= last && slice <= SLICE.cast_signed() && slice > 0);
                (last, given) = (slice, given + slice);
            }
            assert_eq!((given, slices.left), (all, 0));
        }
    }

    #[test]
    fn most_is_left_for_others() {
        let mut slices = Slices { left: 800_000, begun: false };
        assert_eq!((slices.next(), slices.left), (Some(100_000), 700_000));
        slices.left = -5;
        assert_eq!((slices.next(), slices.left), (None, -5));
    }
}
