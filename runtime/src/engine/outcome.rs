//! How a call ended.

use std::time::Instant;

use crate::{
    Value,
    agent::{Manifest, STATUS, TEMPLATE},
    engine::{Outcome, Status},
    failure::{Code, Failure},
    sandbox::Usage,
    template::Templates,
};

impl Outcome {
    pub(super) fn failed(failure: Failure) -> Self {
        let status = Status::of(&failure);
        Self { failure: Some(failure), status, ..Self::default() }
    }

    /// What a template gives that began at `start` and may make `room` bytes.
    pub(super) fn rendered(
        manifest: &Manifest,
        templates: &Templates,
        inputs: &[(String, Value)],
        (room, start): (u64, Instant),
    ) -> Self {
        let scope = inputs.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let text = templates.render(TEMPLATE, scope, room);
        let usage = Usage { time: start.elapsed(), ..Usage::default() };
        match (text, manifest.outputs.first()) {
            (Ok(text), Some(output)) => {
                Self { outputs: vec![(output.name.clone(), Value::text(text))], usage, ..Self::default() }
            }
            (Ok(_), None) => Self::default(),
            (Err(failure), _) => Self { usage, ..Self::failed(failure) },
        }
    }

    /// What an agent returned. It fails if its status says so.
    pub(super) fn reported(mut outputs: Vec<(String, Value)>) -> Result<Self, Failure> {
        let Some(at) = outputs.iter().position(|(name, _)| name == STATUS) else {
            return Ok(Self { outputs, ..Self::default() });
        };
        let (_, value) = outputs.remove(at);
        let status = Status::read(&value).ok_or_else(|| {
            let wanted = "an object of `value`, a whole number, `reason`, a text, and perhaps a short `code`";
            Failure::new(Code::Result, format!("the agent's status is not {wanted}: {value:?}"))
        })?;
        let failure = (status.value != 0).then(|| Failure::new(Code::Status, status.message()));
        Ok(Self { outputs, status, failure, ..Self::default() })
    }

    /// Whether the call succeeded; the exit code if it did not.
    pub fn exit_code(&self) -> u8 {
        self.failure.as_ref().map_or(0, |failure| failure.code.exit_code(!self.denials.is_empty()))
    }
}
