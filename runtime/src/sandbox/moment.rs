//! Time and randomness that are made up: a call that reaches nothing outside goes the same way whenever it
//! is made again at the same moment.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use rand::{SeedableRng, TryRng, rngs::StdRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtxBuilder, WasiCtxView, WasiView,
    clocks::WasiClocksCtxView,
    p2::{DynPollable, Pollable, bindings::clocks::monotonic_clock, subscribe},
};

use crate::sandbox::CallState;

/// How far the clock goes each time that it is read, in nanoseconds: about what reading one takes. A loop
/// that waits for the clock comes to its end.
const TICK: u64 = 1_000;

/// When a call is made, and what its randomness is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Nanoseconds since 1970 (UTC).
    pub at: u64,
    /// What nobody outside the run can guess.
    pub seed: [u8; 32],
}

impl Moment {
    /// The time now, in nanoseconds since 1970 (UTC).
    pub fn now() -> u64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    /// A seed for what happens at `place`, made of a wider one.
    pub fn seed(of: &[u8; 32], place: &str) -> [u8; 32] {
        Sha256::new().chain_update(of).chain_update(place).finalize().into()
    }
}

/// The clock and the randomness of an instance, which each of its calls sets anew.
#[derive(Clone)]
pub(super) struct World(Arc<Inner>);

struct Inner {
    began: AtomicU64,
    /// Nanoseconds since then.
    passed: AtomicU64,
    random: Mutex<StdRng>,
}

impl World {
    pub(super) fn at(moment: Moment) -> Self {
        let random = Mutex::new(StdRng::from_seed(moment.seed));
        Self(Arc::new(Inner { began: moment.at.into(), passed: AtomicU64::new(0), random }))
    }

    /// Goes on with the instance's next call.
    pub(super) fn set(&self, moment: Moment) {
        // The monotonic clock goes on where it was.
        let passed = self.0.passed.load(Ordering::Relaxed);
        self.0.began.store(moment.at.saturating_sub(passed), Ordering::Relaxed);
        *self.0.random.lock().unwrap_or_else(PoisonError::into_inner) = StdRng::from_seed(moment.seed);
    }

    /// Puts it in the place of the machine's.
    pub(super) fn add_to(&self, wasi: &mut WasiCtxBuilder) {
        let mut hash_seed = [0; 16];
        let Ok(()) = self.clone().try_fill_bytes(&mut hash_seed);
        wasi.wall_clock(self.clone())
            .monotonic_clock(self.clone())
            .secure_random(self.clone())
            .insecure_random(self.clone())
            .insecure_random_seed(u128::from_le_bytes(hash_seed));
    }

    fn passed(&self) -> u64 {
        self.0.passed.fetch_add(TICK, Ordering::Relaxed).saturating_add(TICK)
    }

    fn with_random<T>(&self, take: impl FnOnce(&mut StdRng) -> T) -> T {
        take(&mut self.0.random.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HostWallClock for World {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(TICK)
    }

    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.began.load(Ordering::Relaxed).saturating_add(self.passed()))
    }
}

impl HostMonotonicClock for World {
    fn resolution(&self) -> u64 {
        TICK
    }

    fn now(&self) -> u64 {
        self.passed()
    }
}

impl TryRng for World {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.with_random(TryRng::try_next_u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.with_random(TryRng::try_next_u64)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.with_random(|random| random.try_fill_bytes(bytes))
    }
}

/// Links the monotonic clock: what sleeps has slept by the made-up clock too.
pub(super) fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    monotonic_clock::add_to_linker::<CallState, wasmtime::component::HasSelf<_>>(linker, |state| state)
}

impl CallState {
    fn machine_clocks(&mut self) -> WasiClocksCtxView<'_> {
        let WasiCtxView { ctx, table } = self.ctx();
        WasiClocksCtxView { ctx: ctx.clocks(), table }
    }

    /// Waits for `nanoseconds` of the machine's time, and lets as much pass by the made-up clock.
    fn sleep(&mut self, world: World, until: u64, nanoseconds: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let end = tokio::time::Instant::now().checked_add(Duration::from_nanos(nanoseconds));
        let sleep = self.table.push(Sleep { world, until, end, yielded: false })?;
        subscribe(&mut self.table, sleep)
    }
}

impl monotonic_clock::Host for CallState {
    fn now(&mut self) -> wasmtime::Result<u64> {
        monotonic_clock::Host::now(&mut self.machine_clocks())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        monotonic_clock::Host::resolution(&mut self.machine_clocks())
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        match self.made_up().cloned() {
            None => monotonic_clock::Host::subscribe_instant(&mut self.machine_clocks(), when),
            Some(world) => {
                let left = when.saturating_sub(world.passed());
                self.sleep(world, when, left)
            }
        }
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        match self.made_up().cloned() {
            None => monotonic_clock::Host::subscribe_duration(&mut self.machine_clocks(), duration),
            Some(world) => {
                let until = world.passed().saturating_add(duration);
                self.sleep(world, until, duration)
            }
        }
    }
}

/// A sleep by the made-up clock.
struct Sleep {
    world: World,
    until: u64,
    /// None where it is too far away to be said.
    end: Option<tokio::time::Instant>,
    yielded: bool,
}

#[async_trait::async_trait]
impl Pollable for Sleep {
    async fn ready(&mut self) {
        match self.end {
            None => std::future::pending().await,
            Some(end) if end <= tokio::time::Instant::now() => {
                // Who asks again and again for no time at all lets others have a turn.
                if !std::mem::replace(&mut self.yielded, true) {
                    tokio::task::yield_now().await;
                }
            }
            Some(end) => tokio::time::sleep_until(end).await,
        }
        self.world.0.passed.fetch_max(self.until, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_moment_is_the_same_world() {
        let moment = Moment { at: 1_000_000, seed: Moment::seed(&[7; 32], "0") };
        let look = |world: &mut World| {
            let mut bytes = [0; 8];
            let Ok(()) = world.try_fill_bytes(&mut bytes);
            (HostWallClock::now(world), HostMonotonicClock::now(world), bytes)
        };
        let mut world = World::at(moment);
        let first = look(&mut world);
        assert_eq!(first.0, Duration::from_nanos(1_001_000));
        assert_eq!(first.1, 2_000);
        let second = look(&mut world);
        assert!(second.0 > first.0 && second.2 != first.2);
        assert_eq!(look(&mut World::at(moment)), first);
        let before = HostMonotonicClock::now(&world);
        world.set(moment);
        let again = look(&mut world);
        assert_eq!((again.0, again.2), (first.0, first.2), "the wall clock and the randomness are set");
        assert!(again.1 > before, "the monotonic clock never goes back");
        let other = Moment { seed: Moment::seed(&[7; 32], "1"), ..moment };
        assert_ne!(look(&mut World::at(other)).2, first.2);
    }
}
