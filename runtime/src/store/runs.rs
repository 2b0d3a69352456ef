//! Runs: begun, found, ended, forgotten.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::{
    Value,
    failure::Failure,
    store::{Hold, StoreError, StoredCell, encode, schema},
    wire::{self, WireValue},
};

/// What made a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    /// `turingbox run`, or what goes on from it.
    Run,
    /// `turingbox batch`.
    Batch,
}

impl Command {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Batch => "batch",
        }
    }
}

/// How a run was started, so that it can be gone on with from anywhere.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Setting {
    /// The folders of agents that were named.
    pub agents: Vec<PathBuf>,
    /// The policy that was named.
    pub policy: Option<PathBuf>,
    /// Whether guests ran in processes of their own.
    pub wall: bool,
    /// What each agent of the program was made of; see [`crate::agent::Agent::digest`].
    pub digests: BTreeMap<String, String>,
    /// What its steps are given that their workflows don't give them.
    #[serde(default)]
    pub changes: Vec<Change>,
}

/// What a step is given in the place of what its workflow gives it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Change {
    at: String,
    inputs: Vec<(String, WireValue)>,
}

impl Change {
    /// The step at a path is given `inputs`.
    pub fn new(at: &str, inputs: &[(String, Value)]) -> Self {
        Self { at: at.to_owned(), inputs: wire::values(inputs) }
    }

    /// Where the step is.
    pub fn at(&self) -> &str {
        &self.at
    }

    pub(super) fn read(&self) -> Result<(String, Vec<(String, Value)>), StoreError> {
        let inputs = wire::read_values(self.inputs.clone()).map_err(StoreError::Damaged)?;
        Ok((self.at.clone(), inputs))
    }
}

impl Setting {
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A run that begins.
pub struct NewRun {
    /// A name that no other run has.
    pub id: Arc<str>,
    /// What makes it.
    pub command: Command,
    /// The agent that is run.
    pub agent: String,
    /// What it is given; nothing for a batch.
    pub inputs: Vec<(String, Value)>,
    /// How it is started.
    pub setting: Setting,
    /// What its randomness is made of.
    pub seed: [u8; 32],
    /// What it was forked from.
    pub origin: Option<Origin>,
}

/// Where a run leaves another.
pub struct Origin {
    pub(super) key: i64,
    pub(super) id: String,
    pub(super) before: i64,
}

impl Origin {
    /// What `run` did before `cell` is taken over.
    pub fn new(run: &Run, cell: &StoredCell) -> Self {
        Self { key: run.key, id: run.id.clone(), before: cell.number }
    }
}

/// A run in the store.
#[derive(Debug)]
pub struct Run {
    pub(super) key: i64,
    /// Its name.
    pub id: String,
    /// What made it.
    pub command: Command,
    /// The agent that was run.
    pub agent: String,
    /// How it was started.
    pub setting: Setting,
    /// What its randomness is made of.
    pub seed: [u8; 32],
    /// The run that it was forked from.
    pub origin: Option<String>,
    /// When, in nanoseconds since 1970 (UTC).
    pub began: i64,
    /// The same for a person, in UTC.
    pub date: String,
    /// When it was over; nothing where it isn't, or nobody could say so any more.
    pub ended: Option<i64>,
    /// What the command ended with.
    pub exit_code: Option<u8>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A process works on it.
    Running,
    /// It was over, and went well.
    Done,
    /// It was over, and failed.
    Failed,
    /// It was stopped on the way: by a person, or by what killed the process.
    Stopped,
}

impl State {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// What ends a run that a person stopped.
const INTERRUPTED: u8 = 130;

/// Runs that are looked at.
pub struct Store {
    pub(super) connection: Connection,
    path: PathBuf,
}

const COLUMNS: &str = "SELECT key, id, command, agent, setup, seed, origin, began, ended, exit_code, failure,
    strftime('%Y-%m-%d %H:%M:%S', began / 1000000000, 'unixepoch') AS date FROM runs";

impl Store {
    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// When there is none, or it is something else.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { connection: schema::open_to_read(path)?, path: path.to_path_buf() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The runs, the last first: `most` of them. One whose row is damaged keeps nobody from the others.
    ///
    /// # Errors
    ///
    /// When the store can't be read.
    pub fn runs(&self, most: u32) -> Result<Vec<Result<Run, StoreError>>, StoreError> {
        let mut list = self.connection.prepare(&format!("{COLUMNS} ORDER BY key DESC LIMIT ?1"))?;
        let mut rows = list.query([most])?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            runs.push(run(row));
        }
        Ok(runs)
    }

    /// The runs whose names begin with `name`; the last one for `last`. Not more than two.
    ///
    /// # Errors
    ///
    /// When the store is damaged.
    pub fn named(&self, name: &str) -> Result<Vec<Run>, StoreError> {
        if name == "last" {
            return self.runs(1)?.into_iter().collect();
        }
        let find = format!("{COLUMNS} WHERE substr(id, 1, length(?1)) = ?1 ORDER BY key LIMIT 2");
        let mut find = self.connection.prepare(&find)?;
        let rows = find.query_and_then([name], run)?;
        rows.collect()
    }

    /// What a run was given.
    ///
    /// # Errors
    ///
    /// When the store is damaged.
    pub fn inputs(&self, run: &Run) -> Result<Vec<(String, Value)>, StoreError> {
        let find = "SELECT inputs FROM runs WHERE key = ?1";
        let text: String = self.connection.query_row(find, [run.key], |row| row.get(0))?;
        encode::read_values(&text, &self.connection)
    }

    /// How a run stands.
    pub fn state(&self, run: &Run) -> State {
        match run.exit_code {
            Some(0) => State::Done,
            Some(INTERRUPTED) => State::Stopped,
            Some(_) => State::Failed,
            None if Hold::is_held(&self.path, &run.id) => State::Running,
            None => State::Stopped,
        }
    }

    /// Forgets a run, with all that is kept for it alone.
    ///
    /// # Errors
    ///
    /// When the store can't be written.
    pub fn forget(&mut self, run: &Run) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        let_go(&transaction, run.key)?;
        for forget in ["DELETE FROM cells WHERE run = ?1", "DELETE FROM runs WHERE key = ?1"] {
            transaction.execute(forget, [run.key])?;
        }
        Ok(transaction.commit()?)
    }

    /// Gives the room back that was taken by what is forgotten.
    ///
    /// # Errors
    ///
    /// When the store can't be written.
    pub fn shrink(&self) -> Result<(), StoreError> {
        for shrink in ["PRAGMA incremental_vacuum", "PRAGMA wal_checkpoint(TRUNCATE)"] {
            let mut shrink = self.connection.prepare(shrink)?;
            let mut rows = shrink.query([])?;
            while rows.next()?.is_some() {}
        }
        Ok(())
    }

    /// Goes back to before what a run failed with, so that it can be tried again: nobody knows any more how
    /// the step went, and the workflows around it.
    ///
    /// # Errors
    ///
    /// When the store can't be written.
    pub fn rewind(&mut self, run: &Run) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        let step = run.failure.as_ref().map_or("", |failure| failure.step.as_str());
        // The step, and the workflows around it, which failed with it.
        let around = [step, ""].into_iter().chain(step.match_indices('.').map(|(end, _)| &step[..end]));
        for path in around {
            let open = "UPDATE cells SET outputs = NULL WHERE run = ?1 AND path = ?2 AND failure IS NOT NULL";
            transaction.execute(open, params![run.key, path])?;
        }
        transaction
            .execute("UPDATE runs SET ended = NULL, exit_code = NULL, failure = NULL WHERE key = ?1", [run.key])?;
        Ok(transaction.commit()?)
    }

    /// The number for a run's next cell.
    pub(super) fn next_number(&self, run: &Run) -> Result<i64, StoreError> {
        let most = "SELECT max(number) FROM cells WHERE run = ?1";
        let most: Option<i64> = self.connection.query_row(most, [run.key], |row| row.get(0)).optional()?.flatten();
        Ok(most.map_or(0, |most| most + 1))
    }
}

/// Lets go of the large values that a run holds: those that no other holds are gone.
pub(super) fn let_go(connection: &Connection, run: i64) -> rusqlite::Result<()> {
    let unused = "DELETE FROM large WHERE sha256 IN (SELECT sha256 FROM holds WHERE run = ?1)
        AND NOT EXISTS (SELECT 1 FROM holds WHERE holds.sha256 = large.sha256 AND run <> ?1)";
    for let_go in [unused, "DELETE FROM holds WHERE run = ?1"] {
        connection.prepare_cached(let_go)?.execute([run])?;
    }
    Ok(())
}

fn run(row: &Row<'_>) -> Result<Run, StoreError> {
    let key: i64 = row.get("key")?;
    read(row).map_err(|error| {
        let why = if let StoreError::Damaged(why) = error { why } else { error.to_string() };
        StoreError::Damaged(format!("row {key} of its table `runs`: {why}"))
    })
}

fn read(row: &Row<'_>) -> Result<Run, StoreError> {
    let setting: String = row.get("setup")?;
    let failure: Option<String> = row.get("failure")?;
    let command: String = row.get("command")?;
    Ok(Run {
        key: row.get("key")?,
        id: row.get("id")?,
        command: if command == Command::Batch.word() { Command::Batch } else { Command::Run },
        agent: row.get("agent")?,
        setting: serde_json::from_str(&setting).map_err(|error| StoreError::Damaged(error.to_string()))?,
        seed: row.get("seed")?,
        origin: row.get("origin")?,
        began: row.get("began")?,
        date: row.get("date")?,
        ended: row.get("ended")?,
        exit_code: row.get("exit_code")?,
        failure: failure.as_deref().map(encode::read_failure).transpose()?,
    })
}
