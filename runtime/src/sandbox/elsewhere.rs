//! What it takes to run a guest in another process, and to take over what it gave.

use std::path::Path;

use crate::{
    Value,
    failure::Failure,
    sandbox::{Cache, Call, Sandbox, bindings::Field, engine, outputs, scrubbed},
};

impl Sandbox {
    /// The same for a process that has to stay of one thread until a guest runs: compiling takes no
    /// other.
    pub(crate) fn of_one_thread(cache: Option<Cache>) -> Result<Self, Failure> {
        Self::with(engine::engine(false), cache, Box::new(|_| Box::new(())))
    }

    /// The same sandbox, whose programs have their folders in `scratch`, if there is one.
    pub(crate) fn with_scratch(self, scratch: Option<&Path>) -> Self {
        Self { scratch: scratch.map_or(self.scratch, Into::into), ..self }
    }

    /// Reads whose certificates are trusted, before the first connection needs it.
    pub(crate) fn prepare_tls(&self) {
        self.network.prepare();
    }

    /// Whether connections can be made at all.
    pub(crate) fn has_network(&self) -> bool {
        self.network.is_open()
    }

    /// Where compiled guests are kept.
    pub(crate) fn cache(&self) -> Option<&Cache> {
        self.guests.cache.as_ref()
    }
}

/// What a guest in another process returned: checked like what one of our own returns.
pub(crate) fn received(result: Result<Vec<Field>, Failure>, call: &Call<'_>) -> Result<Vec<(String, Value)>, Failure> {
    scrubbed(result.and_then(|fields| outputs(fields, call)), call.env.scrubber())
}
