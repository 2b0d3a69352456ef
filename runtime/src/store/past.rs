//! What a run has done before, looked up as the engine goes through it again. It goes the same way, so the
//! next cell is nearly always the one that is wanted.

use std::collections::{BTreeMap, VecDeque};

use crate::{
    Value,
    engine::Beginning,
    failure::{Code, Failure},
    store::{Run, Store, StoreError, StoredCell, cells::Position, encode, runs::Change},
};

/// How far ahead the next attempt of a step is looked for: what runs beside the step may be written before it.
const SOON: usize = 256;

/// How many calls that were answered are remembered: what was done below them is written behind them, and with that
/// of no more than so many others.
const SIDE_BY_SIDE: usize = 64;

/// The recording of a run, read as far as the run has come.
pub(super) struct Past {
    store: Store,
    at: Position,
    /// What was read on the way to something behind it.
    passed: Vec<StoredCell>,
    /// Calls that were answered: what was done below them is of no more use.
    answered: VecDeque<String>,
    /// What steps are given that their workflows don't give them, by their paths.
    changes: BTreeMap<String, Vec<(String, Value)>>,
}

impl Past {
    /// The recording of `run`.
    pub(super) fn of(store: Store, run: &Run) -> Result<Self, StoreError> {
        let changes = run.setting.changes.iter().map(Change::read).collect::<Result<_, _>>()?;
        Ok(Self { at: Position::of(run), store, passed: Vec::new(), answered: VecDeque::new(), changes })
    }

    /// What the step at `path` is given that its workflow doesn't give it.
    pub(super) fn change(&self, path: &str) -> Vec<(String, Value)> {
        self.changes.get(path).cloned().unwrap_or_default()
    }

    /// Where it is read from.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// The cell at `path`, once.
    pub(super) fn take(&mut self, path: &str) -> Result<Option<StoredCell>, StoreError> {
        if let Some(at) = self.passed.iter().position(|cell| cell.path == path) {
            return Ok(Some(self.passed.remove(at)));
        }
        while let Some(cell) = self.read()? {
            if cell.path == path {
                return Ok(Some(cell));
            }
            self.passed.push(cell);
        }
        Ok(None)
    }

    /// Whether there is a cell at `path`, here or soon; nothing where there is nothing more at all.
    pub(super) fn holds(&mut self, path: &str) -> Result<Option<bool>, StoreError> {
        for _ in 0..SOON {
            if self.passed.iter().any(|cell| cell.path == path) {
                return Ok(Some(true));
            }
            match self.read()? {
                Some(cell) => self.passed.push(cell),
                None => return Ok((!self.passed.is_empty()).then_some(false)),
            }
        }
        Ok(Some(false))
    }

    /// Takes note that the call at `path` is answered, with all that it did.
    pub(super) fn answer(&mut self, path: &str) {
        self.passed.retain(|cell| !is_below(&cell.path, path));
        self.answered.push_back(path.to_owned());
        if self.answered.len() > SIDE_BY_SIDE {
            self.answered.pop_front();
        }
    }

    /// The next cell that is of use.
    fn read(&mut self) -> Result<Option<StoredCell>, StoreError> {
        while let Some(cell) = self.at.next(&self.store)? {
            if !self.answered.iter().any(|above| is_below(&cell.path, above)) {
                return Ok(Some(cell));
            }
        }
        Ok(None)
    }
}

/// Whether `path` is further in than `above`.
pub(crate) fn is_below(path: &str, above: &str) -> bool {
    match above {
        "" => !path.is_empty(),
        above => path.strip_prefix(above).is_some_and(|rest| rest.starts_with('.')),
    }
}

/// Checks that a call is the one that was recorded.
///
/// # Errors
///
/// What is different.
pub(super) fn same(call: &Beginning<'_>, change: &[(String, Value)], cell: &StoredCell) -> Result<(), Failure> {
    let place = shown(call.path);
    let name = &call.agent.manifest.name;
    if *name != cell.agent {
        return Err(differs(format!("{place} was `{}` and is `{name}`", cell.agent)));
    }
    // What a workflow was is seen in its steps; one that was left may have been changed further on.
    if call.purity.is_some() && call.agent.digest() != cell.digest {
        return Err(differs(format!("{place} was recorded with other files of `{name}`")));
    }
    let inputs = changed(call.inputs, change);
    if encode::values(inputs).text != cell.inputs {
        return Err(differs(format!("{place} was given other inputs in the recording")));
    }
    Ok(())
}

/// Inputs with what is given in the place of some of them.
pub(super) fn changed<'v>(
    inputs: &'v [(String, Value)],
    change: &'v [(String, Value)],
) -> impl Iterator<Item = &'v (String, Value)> {
    let is_kept = |(name, _): &&(String, Value)| change.iter().all(|(other, _)| other != name);
    inputs.iter().filter(is_kept).chain(change)
}

fn differs(what: String) -> Failure {
    Failure::new(Code::Tape, what).help("put back what was changed, or go another way from there: `turingbox fork`")
}

/// A path, for a person.
pub(crate) fn shown(path: &str) -> String {
    match path {
        "" => "the run".into(),
        path => format!("step `{path}`"),
    }
}

/// The failure of a run whose store can't be read.
pub(super) fn unread(error: StoreError) -> Failure {
    Failure::host(error)
}
