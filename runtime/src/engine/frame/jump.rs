//! How an agent moves the head.

use crate::{
    Value,
    agent::STEP_INDEX,
    capability::{
        files::MountError,
        gate::{Gate, UNWRITTEN},
    },
    diagnostic::suggestion,
    engine::{Outcome, Status, frame::Frame},
    failure::{Code, Failure},
    policy::{Ceilings, Denial, Request},
};

/// What a step costs that moves the head, in bytes: where its jumps are decided.
const JUMP_OVERHEAD: u64 = 1024;

impl Frame<'_> {
    /// Fails a step that moves the head where it may not, or to where no step is. Gives the denial
    /// of a policy that doesn't let it. `gate` makes the gate of the step under the head, under these ceilings.
    ///
    /// # Errors
    ///
    /// When there is no gate to be had.
    pub(in crate::engine) fn settle(
        &mut self,
        outcome: &mut Outcome,
        gate: impl FnOnce(&Ceilings, &str) -> Result<Gate, MountError>,
    ) -> Result<Option<Denial>, MountError> {
        let Some((_, target)) = outcome.outputs.iter().find(|(name, _)| name == STEP_INDEX) else { return Ok(None) };
        let mut denied = None;
        let failure = match (self.may_jump(gate)?, self.after(target)) {
            (Err(denial), _) if denial.code == UNWRITTEN => Failure::host(denial.request),
            (Err(denial), _) => {
                denied = Some(denial);
                Failure::new(Code::Denied, "the policy doesn't let this agent move the head")
            }
            (Ok(()), Err(failure)) => failure,
            (Ok(()), Ok(_)) => return Ok(None),
        };
        outcome.outputs.retain(|(name, _)| name != STEP_INDEX);
        if outcome.failure.is_none() || failure.code == Code::Host {
            outcome.status = Status::of(&failure);
            outcome.failure = Some(failure);
        }
        Ok(denied)
    }

    fn may_jump(
        &mut self,
        gate: impl FnOnce(&Ceilings, &str) -> Result<Gate, MountError>,
    ) -> Result<Result<(), Denial>, MountError> {
        if let Some(gate) = self.jumps.get(&self.head) {
            return Ok(gate.ask(&Request::Jump));
        }
        let gate = gate(&self.ceilings, &self.step_path())?;
        let asked = gate.ask(&Request::Jump);
        self.jumps.insert(self.head, gate);
        self.held += JUMP_OVERHEAD;
        Ok(asked)
    }

    /// Where the head is after a jump to what a value of `step_index` means, a position or the id of a
    /// step: on the step behind that.
    pub(super) fn after(&self, value: &Value) -> Result<usize, Failure> {
        self.workflow.targets().after(value).ok_or_else(|| self.no_step(value))
    }

    fn no_step(&self, value: &Value) -> Failure {
        let mut failure = Failure::new(Code::Jump, format!("the head can't be moved to {value:?}"));
        let id = match value {
            Value::Text(id) if id.trim().parse::<i64>().is_err() => {
                suggestion(id, self.workflow.labels.keys().map(String::as_str))
            }
            _ => None,
        };
        let last = self.workflow.steps.len().saturating_sub(1);
        failure.help = id.or_else(|| Some(format!("the steps are 0 to {last}")));
        failure
    }
}
