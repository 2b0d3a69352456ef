//! What a run has done before, looked up as the engine goes through it again. It goes the same way, so the
//! next cell is nearly always the one that is wanted.

use std::collections::BTreeMap;

use crate::{
    Value,
    engine::Beginning,
    failure::{Code, Failure},
    store::{Run, Store, StoreError, StoredCell, cells::Position, encode, runs::Change},
};

/// The recording of a run, read as far as the run has come.
pub(super) struct Past {
    store: Store,
    at: Position,
    /// What was read on the way to something behind it.
    passed: Vec<StoredCell>,
    /// What steps are given that their workflows don't give them, by their paths.
    changes: BTreeMap<String, Vec<(String, Value)>>,
}

impl Past {
    /// The recording of `run`.
    pub(super) fn of(store: Store, run: &Run) -> Result<Self, StoreError> {
        let changes = run.setting.changes.iter().map(Change::read).collect::<Result<_, _>>()?;
        Ok(Self { at: Position::of(run), store, passed: Vec::new(), changes })
    }

    /// What the step at `path` is given that its workflow doesn't give it.
    pub(super) fn change(&self, path: &str) -> Vec<(String, Value)> {
        self.changes.get(path).cloned().unwrap_or_default()
    }

    /// Where it is read from.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// The cell at `path`, once. What was done below it by calls of its own is then of no more use.
    pub(super) fn take(&mut self, path: &str) -> Result<Option<StoredCell>, StoreError> {
        let found = match self.passed.iter().position(|cell| cell.path == path) {
            Some(at) => Some(self.passed.remove(at)),
            None => self.read_to(path)?,
        };
        if found.as_ref().is_some_and(|cell| cell.purity.is_some() && cell.is_over()) {
            self.passed.retain(|cell| !is_below(&cell.path, path));
        }
        Ok(found)
    }

    fn read_to(&mut self, path: &str) -> Result<Option<StoredCell>, StoreError> {
        while let Some(cell) = self.at.next(&self.store)? {
            if cell.path == path {
                return Ok(Some(cell));
            }
            self.passed.push(cell);
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
    if encode::values(&inputs).text != cell.inputs {
        return Err(differs(format!("{place} was given other inputs in the recording")));
    }
    Ok(())
}

/// Inputs with what is given in the place of some of them.
pub(super) fn changed(inputs: &[(String, Value)], change: &[(String, Value)]) -> Vec<(String, Value)> {
    let is_kept = |(name, _): &&(String, Value)| change.iter().all(|(other, _)| other != name);
    inputs.iter().filter(is_kept).chain(change).cloned().collect()
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
