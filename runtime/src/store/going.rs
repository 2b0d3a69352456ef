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
        past::{Past, is_below, same, shown, unread},
        recorder::Open,
    },
};

/// A recording that a run goes on from, and how.
pub(super) struct Going {
    pub past: Past,
    decisions: Decisions,
    /// Calls that had begun and are made again: what they call may be called otherwise.
    anew: Vec<String>,
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
    pub(super) fn on(past: Past, decisions: Decisions) -> Self {
        Self { past, decisions, anew: Vec::new() }
    }

    /// How a call went, where it was made before; nothing where it is to be made, and `open` then says how.
    pub(super) fn turn(&mut self, call: &Beginning<'_>, open: &mut Open) -> Result<Option<Outcome>, Failure> {
        open.inputs = self.past.change(call.path);
        let Some(cell) = self.past.take(call.path).map_err(unread)? else { return Ok(None) };
        open.number = Some(cell.number);
        if call.purity.is_some() && cell.purity.is_none() {
            // It couldn't even begin then: its inputs weren't there.
            return Ok(None);
        }
        if let Err(other) = same(call, &open.inputs, &cell) {
            let is_below = self.anew.iter().any(|above| is_below(call.path, above));
            return if is_below { Ok(None) } else { Err(other) };
        }
        open.began = cell.began;
        let Some(outcome) = cell.outcome(self.past.store()).map_err(unread)? else {
            let decided = decided(call, &cell, &self.decisions)?;
            if decided.is_none() && call.purity.is_some() {
                self.anew.push(call.path.to_owned());
            }
            return Ok(decided);
        };
        open.is_written = true;
        // What instances keep from call to call is made again, by the same calls.
        if call.kept && call.purity.is_none_or(|purity| purity == Purity::Pure) {
            return Ok(None);
        }
        self.past.answer(call.path);
        Ok(Some(outcome))
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
