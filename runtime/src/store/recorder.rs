//! The tape that is kept: each cell goes to the store, and what is there already isn't done again.

use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use crate::{
    Value,
    audit::Record,
    engine::{Beginning, Cell, Outcome, Status, Tape, Turn},
    failure::{Code, Failure},
    policy::{Denials, Purity},
    sandbox::Moment,
    store::{
        Allowed, NewRun, Run, Store, StoreError, Writer,
        answers::{self, Answers},
        encode::{self, Columns, Encoded},
        going::{Decisions, Going},
        job::{Job, Key, Row},
        past::{Past, changed, unread},
    },
};

/// Records one run.
pub struct Recorder {
    writer: Arc<Writer>,
    run: Key,
    id: Arc<str>,
    number: Arc<AtomicI64>,
    /// What stands before each path: the item, in a batch.
    item: String,
    open: Mutex<Vec<Open>>,
    past: Option<Mutex<Going>>,
    /// Opened for the first agent that asks for it.
    answers: Arc<OnceLock<Answers>>,
    shown: Arc<dyn Tape>,
}

/// A call that has begun.
pub(super) struct Open {
    path: String,
    pub began: u64,
    purity: Option<Purity>,
    pub number: Option<i64>,
    /// Whether the store has all of it.
    pub is_written: bool,
    /// What it is given, where that isn't what the step says.
    pub inputs: Vec<(String, Value)>,
    allowed: Allowed,
    /// What its answer will be known by, if it is kept for others.
    key: Option<String>,
}

impl Recorder {
    /// Records a new run. Cells, and what agents log, go on to `shown`. Where the store can't be written, that is
    /// found before the first call that may have an effect, or when the run is over.
    pub fn new(writer: Arc<Writer>, run: NewRun, shown: Arc<dyn Tape>) -> Self {
        let (id, key) = (run.id.clone(), Key::unknown());
        writer.send(Job::Run(Box::new(run), key.clone()));
        Self::of(writer, (key, id), 0, shown)
    }

    fn of(writer: Arc<Writer>, (run, id): (Key, Arc<str>), number: i64, shown: Arc<dyn Tape>) -> Self {
        let number = Arc::new(AtomicI64::new(number));
        Self {
            writer,
            run,
            id,
            number,
            item: String::new(),
            open: Mutex::default(),
            past: None,
            answers: Arc::default(),
            shown,
        }
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
        let going = Going::on(Past::of(store, run)?, decisions);
        let recorder = Self::of(writer, (Key::known(run.key), run.id.as_str().into()), number, shown);
        Ok(Self { past: Some(Mutex::new(going)), ..recorder })
    }

    /// The tape of one of many items, in the same run.
    #[must_use]
    pub fn of_item(&self, item: String, shown: Arc<dyn Tape>) -> Self {
        let (writer, id, number) = (self.writer.clone(), self.id.clone(), self.number.clone());
        let answers = self.answers.clone();
        Self { writer, run: self.run.clone(), id, number, item, open: Mutex::default(), past: None, answers, shown }
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
        self.writer.send(Job::Ended { run: self.run.clone(), exit_code, failure });
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

    /// Has the store closed: nothing is recorded after it. Who drops the last recorder of it waits for that.
    pub fn close_store(&self) {
        self.writer.close();
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
        if let Some(answer) = self.answer(call, &mut open)? {
            self.open().push(open);
            return Ok(Turn::Made(Box::new(answer)));
        }
        let has_effects = open.purity == Some(Purity::Effects);
        if (has_effects || open.purity.is_none()) && !open.is_written {
            let number = *open.number.get_or_insert_with(|| self.next_number());
            let Encoded { text: inputs, large } = encode::values(changed(call.inputs, &open.inputs));
            self.writer.send(Job::Cell(Box::new(Row {
                run: self.run.clone(),
                number,
                path: self.path(call.path),
                agent: call.agent.manifest.name.clone(),
                digest: call.agent.digest().to_owned(),
                purity: open.purity,
                began: open.began,
                inputs,
                columns: None,
                large,
            })));
            if has_effects {
                self.writer.sync()?;
            }
        }
        let turn = Turn::Make { at: open.began, inputs: open.inputs.clone() };
        self.open().push(open);
        Ok(turn)
    }

    /// The answer to a call that was given before, if the agent lets it be given again.
    fn answer(&self, call: &Beginning<'_>, open: &mut Open) -> Result<Option<Outcome>, Failure> {
        if !open.inputs.is_empty() {
            return Ok(None);
        }
        let Some(key) = answers::key(call) else { return Ok(None) };
        let answers = match self.answers.get() {
            Some(answers) => answers,
            None => {
                let opened = self.writer.answers().map_err(unread)?;
                self.answers.get_or_init(|| opened)
            }
        };
        let Some(outputs) = answers.get(&key).map_err(unread)? else {
            open.key = Some(key);
            return Ok(None);
        };
        // It was made at another moment, which nobody knows any more.
        open.purity = Some(Purity::Reads);
        Ok(Some(Outcome { outputs, ..Outcome::default() }))
    }

    fn write(&self, cell: &Cell<'_>, mut open: Option<Open>) {
        // An answer is its outputs: what says more is none.
        let Outcome { status, failure, denials, .. } = cell.outcome;
        let says_more = failure.is_some() || *status != Status::default() || *denials != Denials::default();
        if let (Some(key), false) = (open.as_mut().and_then(|open| open.key.take()), says_more) {
            self.writer.send(Job::Answer { key, outputs: encode::values(&cell.outcome.outputs) });
        }
        let (began, purity, number) = match &open {
            Some(open) => (open.began, open.purity, open.number),
            None => (Moment::now(), None, None),
        };
        let inputs = changed(cell.inputs, open.as_ref().map_or(&[], |open| &open.inputs));
        let Encoded { text: inputs, mut large } = encode::values(inputs);
        let allowed = open.as_ref().and_then(|open| open.allowed.text());
        let (columns, more) = Columns::of(cell.outcome, allowed);
        large.extend(more);
        self.writer.send(Job::Cell(Box::new(Row {
            run: self.run.clone(),
            number: number.unwrap_or_else(|| self.next_number()),
            path: self.path(cell.path),
            agent: cell.agent.to_owned(),
            digest: cell.digest.to_owned(),
            purity,
            began,
            inputs,
            columns: Some(columns),
            large,
        })));
    }

    /// The call that has begun at `path` last.
    fn close(&self, path: &str) -> Option<Open> {
        let mut open = self.open();
        let at = open.iter().rposition(|open| open.path == path)?;
        Some(open.remove(at))
    }

    fn take(&self, cell: &Cell<'_>) {
        let open = self.close(cell.path);
        // Why the run couldn't be gone on with is no part of it.
        if cell.outcome.failure.as_ref().is_some_and(|failure| failure.code == Code::Tape) {
            return;
        }
        let is_written = open.as_ref().map_or_else(|| self.was_written(cell), |open| open.is_written);
        if !is_written {
            self.write(cell, open);
        }
    }

    /// Whether the cell of a step that couldn't even begin is in the store already.
    fn was_written(&self, cell: &Cell<'_>) -> bool {
        let Some(going) = &self.past else { return false };
        let mut going = going.lock().unwrap_or_else(PoisonError::into_inner);
        // A store that can't be read is found at the next call.
        matches!(going.past.take(cell.path), Ok(Some(cell)) if cell.is_over())
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
            allowed: Allowed::default(),
            key: None,
        };
        let Some(going) = &self.past else { return self.make(call, open) };
        let mut going = going.lock().unwrap_or_else(PoisonError::into_inner);
        match going.turn(call, &mut open)? {
            Some(outcome) => {
                drop(going);
                self.open().push(open);
                Ok(Turn::Made(Box::new(outcome)))
            }
            None => {
                drop(going);
                self.make(call, open)
            }
        }
    }

    fn was_tried(&self, path: &str) -> Option<bool> {
        let mut going = self.past.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        // A store that can't be read is found at the next call.
        going.past.holds(path).ok().flatten()
    }

    fn append(&self, cell: &Cell<'_>) {
        self.take(cell);
        self.shown.append(cell);
    }

    fn ends(&self, cell: &Cell<'_>) {
        self.take(cell);
        self.shown.ends(cell);
    }

    fn works(&self) -> Result<(), Failure> {
        self.writer.works()
    }

    fn keeps_decisions(&self) -> bool {
        true
    }

    fn decided(&self, record: &Record) {
        if let Some(open) = self.open().iter_mut().rfind(|open| open.path == record.step) {
            open.allowed.add(record);
        }
        self.shown.decided(record);
    }

    fn next(&self) -> Option<&dyn Tape> {
        Some(&*self.shown)
    }
}
