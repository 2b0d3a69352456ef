//! A run, made again from its recording, and held against it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    Outcome, Value,
    engine::{Beginning, Cell, Tape, Turn},
    failure::{Code, Failure},
    policy::Purity,
    store::{
        Run, Store, StoreError, StoredCell,
        past::{Past, same, shown, unread},
    },
};

/// The tape of a run that is made again. What is pure is called again, at its recorded moment; what reaches
/// outside is answered as it was.
pub struct Replay {
    past: Mutex<Past>,
    /// Cells of calls that have begun.
    open: Mutex<Vec<StoredCell>>,
    difference: Mutex<Option<Difference>>,
    end: Mutex<Option<String>>,
    made: AtomicU64,
    answered: AtomicU64,
    shown: Arc<dyn Tape>,
}

/// The first thing that went otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The step; empty for the run itself.
    pub path: String,
    /// What of it.
    pub what: String,
    /// As it was recorded.
    pub recorded: String,
    /// As it is now.
    pub now: String,
}

impl Replay {
    /// The recording of `run`.
    ///
    /// # Errors
    ///
    /// When the store is damaged.
    pub fn of(store: Store, run: &Run, shown: Arc<dyn Tape>) -> Result<Self, StoreError> {
        Ok(Self {
            past: Mutex::new(Past::of(store, run)?),
            open: Mutex::default(),
            difference: Mutex::default(),
            end: Mutex::default(),
            made: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            shown,
        })
    }

    /// How many calls were made again, and how many were answered from the recording.
    pub fn calls(&self) -> (u64, u64) {
        (self.made.load(Ordering::Relaxed), self.answered.load(Ordering::Relaxed))
    }

    /// What went otherwise first, if anything did.
    pub fn difference(&self) -> Option<Difference> {
        self.difference.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The first step that the recording doesn't have, where the run was stopped before it was over.
    pub fn end(&self) -> Option<String> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn differs(&self, difference: Difference) {
        self.difference.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(difference);
    }

    /// Holds a cell against the recorded one.
    fn compare(&self, cell: &Cell<'_>) -> Result<(), Failure> {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let at = open.iter().rposition(|open| open.path == cell.path);
            at.map(|at| open.remove(at))
        };
        // A step that couldn't even begin has only its cell.
        let recorded = begun.map_or_else(|| past.take(cell.path).map_err(unread), |begun| Ok(Some(begun)))?;
        let Some(recorded) = recorded else { return Ok(()) };
        let Some(outcome) = recorded.outcome(past.store()).map_err(unread)? else { return Ok(()) };
        // Time isn't made again: where the run was stopped by it, the recording ends.
        if took_too_long(&recorded).map_err(unread)? {
            return Ok(());
        }
        if let Some(difference) = different(cell.path, &outcome, cell.outcome) {
            self.differs(difference);
        }
        Ok(())
    }

    fn held_against(&self, cell: &Cell<'_>) {
        if cell.outcome.failure.as_ref().is_some_and(|failure| failure.code == Code::Tape) {
            return;
        }
        if let Err(failure) = self.compare(cell) {
            let (path, recorded) = (cell.path.to_owned(), failure.message);
            self.differs(Difference { path, what: "the recording".into(), recorded, now: String::new() });
        }
    }
}

impl Tape for Replay {
    fn begins(&self, call: &Beginning<'_>) -> Result<Turn, Failure> {
        if self.difference().is_some() {
            return Err(Failure::new(Code::Tape, "it went otherwise before"));
        }
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = past.take(call.path).map_err(unread)?;
        let Some(cell) = cell.filter(|cell| cell.is_over() || call.purity.is_none()) else {
            *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(call.path.to_owned());
            return Err(Failure::new(Code::Tape, format!("the recording ends before {}", shown(call.path))));
        };
        let inputs = past.change(call.path);
        same(call, &inputs, &cell)?;
        // It was answered from elsewhere, or could do more now than it could then.
        let is_pure = [call.purity, cell.purity] == [Some(Purity::Pure); 2];
        // Of the run itself there is more to see than that.
        let was_late = !call.path.is_empty() && took_too_long(&cell).map_err(unread)?;
        if (call.purity.is_none() || is_pure) && !was_late {
            self.made.fetch_add(u64::from(call.purity.is_some()), Ordering::Relaxed);
            let turn = Turn::Make { at: cell.began, inputs };
            self.open.lock().unwrap_or_else(PoisonError::into_inner).push(cell);
            return Ok(turn);
        }
        self.answered.fetch_add(1, Ordering::Relaxed);
        past.answer(call.path);
        let outcome = cell.outcome(past.store()).map_err(unread)?.unwrap_or_default();
        self.open.lock().unwrap_or_else(PoisonError::into_inner).push(cell);
        Ok(Turn::Made(Box::new(outcome)))
    }

    fn was_tried(&self, path: &str) -> Option<bool> {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        // A store that can't be read is found at the next call.
        past.holds(path).ok().map(|held| held == Some(true))
    }

    fn append(&self, cell: &Cell<'_>) {
        self.held_against(cell);
        self.shown.append(cell);
    }

    fn ends(&self, cell: &Cell<'_>) {
        self.held_against(cell);
        self.shown.ends(cell);
    }

    fn next(&self) -> Option<&dyn Tape> {
        Some(&*self.shown)
    }
}

/// Whether a call was stopped by time, which is another one whenever it is made.
fn took_too_long(cell: &StoredCell) -> Result<bool, StoreError> {
    Ok(cell.failure()?.is_some_and(|failure| matches!(failure.code, Code::Time | Code::Timeout)))
}

/// What of an outcome is not as it was, byte for byte.
fn different(path: &str, recorded: &Outcome, now: &Outcome) -> Option<Difference> {
    let difference =
        |what: &str, recorded, now| Some(Difference { path: path.to_owned(), what: what.to_owned(), recorded, now });
    let failure = |outcome: &Outcome| outcome.failure.as_ref().map_or("no failure".into(), ToString::to_string);
    if failure(recorded) != failure(now) {
        return difference("its failure", failure(recorded), failure(now));
    }
    if recorded.outputs == now.outputs {
        return None;
    }
    let names =
        |outcome: &Outcome| outcome.outputs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    if names(recorded) != names(now) {
        return difference("the names of its outputs", names(recorded), names(now));
    }
    let both = recorded.outputs.iter().zip(&now.outputs);
    both.into_iter().find(|(before, after)| before != after).and_then(|(before, after)| {
        let (recorded, now) = around(&before.1, &after.1);
        difference(&format!("its output `{}`", before.0), recorded, now)
    })
}

/// Two values where they part, with the byte where they do.
fn around(before: &Value, after: &Value) -> (String, String) {
    const SHOWN: usize = 40;
    let (one, other) = (before.bytes(), after.bytes());
    let at = one.iter().zip(other).position(|(one, other)| one != other).unwrap_or(one.len().min(other.len()));
    let start = at.saturating_sub(SHOWN / 2);
    let part = |value: &Value| {
        let bytes = value.bytes();
        let part = &bytes[start.min(bytes.len())..(start + SHOWN).min(bytes.len())];
        format!("{} of {} bytes, from byte {start} on: {:?}", value.kind(), bytes.len(), String::from_utf8_lossy(part))
    };
    (part(before), part(after))
}
