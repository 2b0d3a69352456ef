//! How a run goes on from a recording: what was done isn't done again, and a person decides about what may have
//! been done.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Value,
    engine::{Beginning, Outcome},
    failure::{Code, Failure},
    policy::Purity,
    store::{
        StoredCell,
        past::{Past, same, shown, unread},
        recorder::Open,
    },
};

/// A recording that a run goes on from, and how.
pub(super) struct Going {
    pub past: Past,
    pub how: How,
}

/// How a run goes on from a recording.
pub(super) enum How {
    /// It is the same run, and goes on where it stopped.
    Resume(Decisions),
    /// It is a new run, which leaves the recorded one before the step at a path.
    Fork {
        /// The path.
        at: String,
        /// What the step there is given in the place of what it was given.
        inputs: Vec<(String, Value)>,
    },
}

/// What a person has decided about steps that may have had an effect, by their paths.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    /// Those that are done again.
    pub again: BTreeSet<String>,
    /// Those that count as done, with what they gave.
    pub done: BTreeMap<String, Vec<(String, Value)>>,
}

impl Going {
    /// How a call went, where it was made before; nothing where it is to be made, and `open` then says how.
    pub(super) fn turn(&mut self, call: &Beginning<'_>, open: &mut Open) -> Result<Option<Outcome>, Failure> {
        if let How::Fork { at, inputs } = &mut self.how {
            if at == call.path {
                open.inputs = std::mem::take(inputs);
                self.past.forget_below(call.path).map_err(unread)?;
                // From here on nothing is as it was.
                *at = String::from("\0");
                return Ok(None);
            }
            if at == "\0" {
                return Ok(None);
            }
        }
        if matches!(self.how, How::Resume(_)) {
            open.inputs = self.past.change(call.path);
        }
        let Some(cell) = self.past.take(call.path).map_err(unread)? else { return Ok(None) };
        // A workflow goes through its own steps again, and one that is left may have been changed further on.
        if call.purity.is_none() && matches!(self.how, How::Fork { .. }) {
            return Ok(None);
        }
        if call.purity.is_some() && cell.purity.is_none() {
            // It couldn't even begin then: its inputs weren't there.
            open.number = matches!(self.how, How::Resume(_)).then_some(cell.number);
            return Ok(None);
        }
        open.inputs = self.past.change(call.path);
        same(call, &open.inputs, &cell)?;
        if call.purity.is_none() {
            (open.number, open.began, open.is_written) = (Some(cell.number), cell.began, cell.is_over());
            return Ok(None);
        }
        let outcome = cell.outcome(self.past.store()).map_err(unread)?;
        match &self.how {
            How::Fork { .. } => match outcome {
                Some(outcome) => {
                    open.began = cell.began;
                    Ok(Some(outcome))
                }
                None => Err(Failure::new(Code::Tape, format!("{} was never over in the recording", shown(call.path)))
                    .help("fork from an earlier step")),
            },
            How::Resume(decisions) => {
                open.number = Some(cell.number);
                open.began = cell.began;
                let again = call.kept && call.purity == Some(Purity::Pure);
                match outcome {
                    // What its instance keeps from call to call is made again, by the same calls.
                    Some(_) if again => {
                        open.is_written = true;
                        Ok(None)
                    }
                    Some(outcome) => {
                        open.is_written = true;
                        Ok(Some(outcome))
                    }
                    None => {
                        let decided = decided(call, &cell, decisions)?;
                        // The calls that it made of others are made anew with it.
                        open.is_anew = decided.is_none();
                        self.past.forget_below(call.path).map_err(unread)?;
                        Ok(decided)
                    }
                }
            }
        }
    }
}

/// What becomes of a step of which nobody knows how it went.
fn decided(call: &Beginning<'_>, cell: &StoredCell, decisions: &Decisions) -> Result<Option<Outcome>, Failure> {
    if let Some(outputs) = decisions.done.get(call.path) {
        return Ok(Some(Outcome { outputs: outputs.clone(), ..Outcome::default() }));
    }
    let may_be_made =
        cell.purity != Some(Purity::Effects) || call.agent.manifest.idempotent || decisions.again.contains(call.path);
    if may_be_made {
        return Ok(None);
    }
    let (place, name) = (shown(call.path), &call.agent.manifest.name);
    let path = if call.path.is_empty() { "." } else { call.path };
    let output = call.agent.manifest.outputs.first().map_or("output", |output| output.name.as_str());
    let message = format!("{place} may have had its effect: `{name}` had begun, and nobody knows how it went");
    Err(Failure::new(Code::Tape, message).help(format!(
        "look whether it has; then `--again {path}` does it again, and `--done {path}` counts it as done, with \
         what it gave: `--done '{path}={{\"{output}\": …}}'`"
    )))
}
