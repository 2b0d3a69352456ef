//! How long the parts of a call take, for who asks. Nobody else pays for a look at the clock.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Where the parts of each call go: those of a call that was made by another come before the other's.
pub type PhasesSink = Arc<dyn Fn(Phases) + Send + Sync>;

/// The parts of one call, in their order. One that never began has no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// From nothing to an instance in its store.
    pub instantiate: Option<Duration>,
    /// From there to an agent that can be called; Python only.
    pub load: Option<Duration>,
    /// The agent itself, and reading what it gave.
    pub run: Option<Duration>,
}

/// Looks at the clock while a call is made.
pub(super) struct Watch {
    began: Instant,
    instantiated: Option<Instant>,
    ready: Option<Instant>,
}

impl Watch {
    pub(super) fn new(began: Instant) -> Self {
        Self { began, instantiated: None, ready: None }
    }

    /// There is an instance, which has something to load yet.
    pub(super) fn instantiated(&mut self) {
        self.instantiated = Some(Instant::now());
    }

    /// The agent can be called.
    pub(super) fn ready(&mut self) {
        self.ready = Some(Instant::now());
    }

    /// The call is over.
    pub(super) fn phases(self) -> Phases {
        let since = |from: Option<Instant>, to: Option<Instant>| Some(to?.duration_since(from?));
        let (began, over) = (Some(self.began), Some(Instant::now()));
        Phases {
            instantiate: since(began, self.instantiated.or(self.ready)),
            load: since(self.instantiated, self.ready),
            run: since(self.ready, over),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_began_has_no_time() {
        let (nothing, some) = (Watch::new(Instant::now()).phases(), |part: Option<Duration>| part.is_some());
        assert_eq!(nothing, Phases::default());
        let mut watch = Watch::new(Instant::now());
        watch.ready();
        let compiled = watch.phases();
        assert_eq!([compiled.instantiate, compiled.load, compiled.run].map(some), [true, false, true]);
        let mut watch = Watch::new(Instant::now());
        watch.instantiated();
        watch.ready();
        let python = watch.phases();
        assert_eq!([python.instantiate, python.load, python.run].map(some), [true, true, true]);
        let mut watch = Watch::new(Instant::now());
        watch.instantiated();
        let unloaded = watch.phases();
        assert_eq!([unloaded.instantiate, unloaded.load, unloaded.run].map(some), [true, false, false]);
    }
}
