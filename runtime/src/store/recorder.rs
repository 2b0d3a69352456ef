//! The tape that is kept: each cell goes to the store, and what is there already isn't done again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use crate::{
    Value,
    capability::log::Level,
    engine::{Beginning, Cell, Outcome, Tape, Turn},
    failure::{Code, Failure},
    policy::Purity,
    sandbox::Moment,
    store::{
        NewRun, Run, Store, StoreError, StoredCell, Writer,
        past::{Past, changed, same, shown, unread},
        writer::{Job, Row},
    },
};

/// Records one run.
pub struct Recorder {
    writer: Arc<Writer>,
    run: i64,
    id: Arc<str>,
    number: Arc<AtomicI64>,
    /// What stands before each path: the item, in a batch.
    item: String,
    open: Mutex<Vec<Open>>,
    past: Option<Mutex<Going>>,
    shown: Arc<dyn Tape>,
}

/// A call that has begun.
struct Open {
    path: String,
    began: u64,
    purity: Option<Purity>,
    number: Option<i64>,
    /// Whether the store has all of it.
    is_written: bool,
    /// What it is given, where that isn't what the step says.
    inputs: Vec<(String, Value)>,
}

/// A recording that a run goes on from, and how.
struct Going {
    past: Past,
    how: How,
}

/// How a run goes on from a recording.
pub enum How {
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

impl Recorder {
    /// Records a new run. Cells, and what agents log, go on to `shown`.
    ///
    /// # Errors
    ///
    /// When the store can't be written.
    pub fn new(writer: Arc<Writer>, run: NewRun, shown: Arc<dyn Tape>) -> Result<Self, Failure> {
        let (to, key) = std::sync::mpsc::sync_channel(1);
        let id = run.id.clone();
        writer.send(Job::Run(Box::new(run), to));
        let Ok(run) = key.recv() else {
            writer.works()?;
            return Err(Failure::host("the store is closed"));
        };
        Ok(Self::of(writer, (run, id), 0, shown))
    }

    fn of(writer: Arc<Writer>, (run, id): (i64, Arc<str>), number: i64, shown: Arc<dyn Tape>) -> Self {
        let number = Arc::new(AtomicI64::new(number));
        Self { writer, run, id, number, item: String::new(), open: Mutex::default(), past: None, shown }
    }

    /// Records a run that goes on where it stopped.
    ///
    /// # Errors
    ///
    /// When the store is damaged.
    pub fn resume(
        writer: Arc<Writer>,
        (store, run): (Store, &Run),
        decisions: Decisions,
        shown: Arc<dyn Tape>,
    ) -> Result<Self, StoreError> {
        let number = store.next_number(run)?;
        let going = Going { past: Past::of(store, run)?, how: How::Resume(decisions) };
        let recorder = Self::of(writer, (run.key, run.id.as_str().into()), number, shown);
        Ok(Self { past: Some(Mutex::new(going)), ..recorder })
    }

    /// The same, going on from what another run has recorded.
    ///
    /// # Errors
    ///
    /// When the store is damaged.
    pub fn forked(
        self,
        (store, run): (Store, &Run),
        at: String,
        inputs: Vec<(String, Value)>,
    ) -> Result<Self, StoreError> {
        let going = Going { past: Past::of(store, run)?, how: How::Fork { at, inputs } };
        Ok(Self { past: Some(Mutex::new(going)), ..self })
    }

    /// The tape of one of many items, in the same run.
    #[must_use]
    pub fn of_item(&self, item: String, shown: Arc<dyn Tape>) -> Self {
        let (writer, id, number) = (self.writer.clone(), self.id.clone(), self.number.clone());
        Self { writer, run: self.run, id, number, item, open: Mutex::default(), past: None, shown }
    }

    /// The run's name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Writes down how the run ended, and waits until all of it is written.
    ///
    /// # Errors
    ///
    /// When something couldn't be written.
    pub fn finish(&self, exit_code: u8, failure: Option<Failure>) -> Result<(), Failure> {
        self.writer.send(Job::Ended { run: self.run, exit_code, failure });
        self.writer.sync()
    }

    /// Waits until all of it is written, of a run that isn't over.
    ///
    /// # Errors
    ///
    /// When something couldn't be written.
    pub fn pause(&self) -> Result<(), Failure> {
        self.writer.sync()
    }

    fn open(&self) -> MutexGuard<'_, Vec<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_number(&self) -> i64 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    fn path(&self, path: &str) -> String {
        match (self.item.as_str(), path) {
            ("", path) => path.to_owned(),
            (item, "") => item.to_owned(),
            (item, path) => format!("{item}.{path}"),
        }
    }

    /// A call is made: one that may have an effect is written down before, so that it isn't made twice; and a
    /// workflow, so that it stands before its steps.
    fn make(&self, call: &Beginning<'_>, mut open: Open) -> Result<Turn, Failure> {
        self.writer.works()?;
        let has_effects = open.purity == Some(Purity::Effects);
        if (has_effects || open.purity.is_none()) && !open.is_written {
            let number = *open.number.get_or_insert_with(|| self.next_number());
            self.writer.send(Job::Cell(Box::new(Row {
                run: self.run,
                number,
                path: self.path(call.path),
                agent: call.agent.manifest.name.clone(),
                digest: call.agent.digest().to_owned(),
                purity: open.purity,
                began: open.began,
                inputs: changed(call.inputs, &open.inputs),
                outcome: None,
            })));
            if has_effects {
                self.writer.sync()?;
            }
        }
        let turn = Turn::Make { at: open.began, inputs: open.inputs.clone() };
        self.open().push(open);
        Ok(turn)
    }

    fn write(&self, cell: &Cell<'_>, open: Option<Open>) {
        let (began, purity, number) = match &open {
            Some(open) => (open.began, open.purity, open.number),
            None => (Moment::now(), None, None),
        };
        let inputs = changed(cell.inputs, open.as_ref().map_or(&[], |open| &open.inputs));
        self.writer.send(Job::Cell(Box::new(Row {
            run: self.run,
            number: number.unwrap_or_else(|| self.next_number()),
            path: self.path(&cell.path),
            agent: cell.agent.to_owned(),
            digest: cell.digest.to_owned(),
            purity,
            began,
            inputs,
            outcome: Some(copy(cell.outcome)),
        })));
    }

    /// The call that has begun at `path` last.
    fn close(&self, path: &str) -> Option<Open> {
        let mut open = self.open();
        let at = open.iter().rposition(|open| open.path == path)?;
        Some(open.remove(at))
    }

    fn take(&self, cell: &Cell<'_>) {
        let open = self.close(&cell.path);
        // Why the run couldn't be gone on with is no part of it.
        if cell.outcome.failure.as_ref().is_some_and(|failure| failure.code == Code::Tape) {
            return;
        }
        if !open.as_ref().is_some_and(|open| open.is_written) {
            self.write(cell, open);
        }
    }
}

impl Tape for Recorder {
    fn begins(&self, call: &Beginning<'_>) -> Result<Turn, Failure> {
        let mut open = Open {
            path: call.path.to_owned(),
            began: Moment::now(),
            purity: call.purity,
            number: None,
            is_written: false,
            inputs: Vec::new(),
        };
        let Some(going) = &self.past else { return self.make(call, open) };
        let mut going = going.lock().unwrap_or_else(PoisonError::into_inner);
        match going.turn(call, &mut open)? {
            Some(outcome) => {
                drop(going);
                self.open().push(open);
                Ok(Turn::Made(outcome))
            }
            None => {
                drop(going);
                self.make(call, open)
            }
        }
    }

    fn append(&self, cell: &Cell<'_>) {
        self.take(cell);
        self.shown.append(cell);
    }

    fn ends(&self, cell: &Cell<'_>) {
        self.take(cell);
        self.shown.ends(cell);
    }

    fn wants_holdings(&self) -> bool {
        self.shown.wants_holdings()
    }

    fn holds(&self, path: &str, agent: &str, rows: &[(&str, String)]) {
        self.shown.holds(path, agent, rows);
    }

    fn log(&self, path: &str, agent: &str, level: Level, line: &str) {
        self.shown.log(path, agent, level, line);
    }
}

impl Going {
    /// How a call went, where it was made before; nothing where it is to be made, and `open` then says how.
    fn turn(&mut self, call: &Beginning<'_>, open: &mut Open) -> Result<Option<Outcome>, Failure> {
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
                    None => decided(call, &cell, decisions),
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

fn copy(outcome: &Outcome) -> Outcome {
    Outcome {
        outputs: outcome.outputs.clone(),
        status: outcome.status.clone(),
        failure: outcome.failure.clone(),
        denials: outcome.denials.clone(),
        usage: outcome.usage,
    }
}
