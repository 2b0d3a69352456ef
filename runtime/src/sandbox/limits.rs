//! What one call may use, and how it is held to it.

use std::{
    future::poll_fn,
    pin::pin,
    task::Poll,
    time::{Duration, Instant},
};

use wasmtime::{CallHook, CallHookHandler, Store, StoreContextMut, Trap};

use crate::{
    failure::{Code, Failure},
    sandbox::{
        CallState,
        fuel::{self, Counter},
        returned::TooManyDenials,
    },
};

/// What one call may use. See [`crate::policy::Limits`] for units.
#[derive(Clone, Debug)]
pub struct CallLimits {
    /// Linear memory, in bytes.
    pub memory: u64,
    /// Work.
    pub fuel: u64,
    /// When the call has to be over.
    pub deadline: Instant,
    /// What it returns, in bytes.
    pub output: u64,
    /// What goes over the network and to databases, in bytes.
    pub bytes: u64,
    /// Calls of other agents.
    pub calls: u64,
}

/// The most that a guest hands over in one piece, where its outputs may not be larger: the body of a request,
/// the parameters of a statement. It is copied before anything is asked about it.
const MAX_PIECE: u64 = 16 << 20;

/// What is handed over beside a piece's own bytes: names, and the lists around them.
const HOSTCALL_ROOM: u64 = 1 << 20;

/// The most that a guest hands the host at once, as an argument or as its outputs, in bytes.
pub(crate) fn handed(output: u64) -> u64 {
    output.max(MAX_PIECE).saturating_add(HOSTCALL_ROOM)
}

/// Bounds what a store may use.
pub(super) fn meter(store: &mut Store<CallState>, counter: Counter, limits: &CallLimits) -> Result<(), Failure> {
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(usize::try_from(handed(limits.output)).unwrap_or(usize::MAX));
    fuel::begin(store, counter, limits.fuel).map_err(Failure::host)
}

/// How long a guest goes on that has the host work for it. It burns no fuel meanwhile, and so would come to the end
/// of no slice.
const TURN: Duration = Duration::from_millis(10);

/// Looks after a guest whenever the host has done something for it.
pub(super) struct OnReturn;

#[async_trait::async_trait]
impl CallHookHandler<CallState> for OnReturn {
    async fn handle_call_event(
        &self,
        mut store: StoreContextMut<'_, CallState>,
        hook: CallHook,
    ) -> wasmtime::Result<()> {
        let state = store.data_mut();
        if !matches!(hook, CallHook::ReturningFromHost) {
            return Ok(());
        }
        if state.gate.is_over() {
            return Err(TooManyDenials.into());
        }
        if fuel::is_overdrawn(state) {
            return Err(Trap::OutOfFuel.into());
        }
        if state.turn.elapsed() > TURN {
            tokio::task::yield_now().await;
            store.data_mut().turn = Instant::now();
        }
        Ok(())
    }
}

/// What `running` gives before its deadline. A guest yields at every slice of its fuel, and when the host did much for
/// it, so this preempts a busy loop too; whatever it was doing is dropped with its store.
pub(super) async fn within<T>(limits: &CallLimits, running: impl Future<Output = T>) -> Result<T, Failure> {
    let mut running = pin!(running);
    // Most calls end in their first slice, and need no timer.
    if let Poll::Ready(ended) = poll_fn(|context| Poll::Ready(running.as_mut().poll(context))).await {
        return Ok(ended);
    }
    let deadline = tokio::time::Instant::from_std(limits.deadline);
    tokio::time::timeout_at(deadline, running).await.map_err(|_| out_of_time())
}

/// A call that was still running at its deadline.
pub(crate) fn out_of_time() -> Failure {
    Failure::new(Code::Time, "the agent ran out of time").help("raise `limits.time` in the policy")
}
