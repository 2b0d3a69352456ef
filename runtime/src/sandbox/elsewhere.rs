//! What it takes to run a guest in another process, and to take over what it gave.

use std::{path::Path, sync::Arc};

use crate::{
    Value, agent,
    failure::Failure,
    sandbox::{Cache, Call, LIVE, Ready, Sandbox, bindings::Field, outputs, scrubbed},
};

impl Sandbox {
    /// The same for a process that has to stay of one thread until a guest runs: compiling the guest for
    /// Python takes no other, and it compiles nothing else.
    pub(crate) fn of_one_thread(cache: Option<Cache>) -> Result<Self, Failure> {
        Self::with((false, LIVE), cache, Box::new(|_| Box::new(())))
    }

    /// The same sandbox, with a component that another process has had compiled.
    pub(crate) fn with_compiled(self, file: Option<Vec<u8>>) -> Self {
        let Some(file) = file else { return self };
        Self { compile: Some(Arc::new(move |_, _| Ok(file.clone()))), ..self }
    }

    /// What a process that runs `code` and compiles no component has to be given of it; nothing where it is
    /// in the cache.
    pub(crate) fn to_hand_over(&self, code: &agent::Code) -> Result<Option<Vec<u8>>, Failure> {
        let ready = Ready::default();
        let guest = self.guest(code, &ready)?;
        let is_kept = self.cache().is_some() && self.unkept().is_none();
        match (code, is_kept) {
            (agent::Code::Python { .. }, _) | (_, true) => Ok(None),
            (_, false) => guest.compiled_file().map(Some).map_err(Failure::host),
        }
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
    scrubbed(result.and_then(|fields| outputs(fields, call)), call.env.scrubber_of_held())
}
