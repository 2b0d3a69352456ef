//! The steps of a run, in the order in which they began to be written.

use std::collections::VecDeque;

use rusqlite::{Row, params};

use crate::{
    Outcome, Value,
    failure::Failure,
    policy::{Denials, Purity},
    sandbox::Usage,
    store::{
        Allowed, Run, Store, StoreError,
        encode::{self, Columns},
    },
};

/// How many rows are read at once.
const PAGE: u32 = 256;

/// A step of a run.
pub struct StoredCell {
    /// Its number in the run.
    pub number: i64,
    /// Where, as on every tape; empty for the run itself.
    pub path: String,
    /// The agent's name.
    pub agent: String,
    /// What it was made of.
    pub digest: String,
    /// How far it could reach; nothing for a workflow.
    pub purity: Option<Purity>,
    /// When, in nanoseconds since 1970 (UTC).
    pub began: u64,
    pub(super) inputs: String,
    pub(super) columns: Option<Columns>,
}

impl StoredCell {
    /// What it was given.
    ///
    /// # Errors
    ///
    /// When the store is damaged.
    pub fn inputs(&self, store: &Store) -> Result<Vec<(String, Value)>, StoreError> {
        encode::read_values(&self.inputs, &store.connection)
    }

    /// How it went; nothing where nobody knows.
    ///
    /// # Errors
    ///
    /// When the store is damaged.
    pub fn outcome(&self, store: &Store) -> Result<Option<Outcome>, StoreError> {
        self.columns.as_ref().map(|columns| columns.read(&store.connection)).transpose()
    }

    /// What it used, as far as is known.
    pub fn usage(&self) -> Usage {
        self.columns.as_ref().map(Columns::usage).unwrap_or_default()
    }

    /// Why it failed, if it did.
    ///
    /// # Errors
    ///
    /// When the store is damaged.
    pub fn failure(&self) -> Result<Option<Failure>, StoreError> {
        let failure = self.columns.as_ref().and_then(|columns| columns.failure.as_deref());
        failure.map(encode::read_failure).transpose()
    }

    /// What it was denied.
    ///
    /// # Errors
    ///
    /// When the store is damaged.
    pub fn denials(&self) -> Result<Denials, StoreError> {
        encode::read_denials(self.columns.as_ref().and_then(|columns| columns.denials.as_deref()))
    }

    /// What it asked for and was allowed.
    ///
    /// # Errors
    ///
    /// When the store is damaged.
    pub fn allowed(&self) -> Result<Allowed, StoreError> {
        Allowed::read(self.columns.as_ref().and_then(|columns| columns.allowed.as_deref()))
    }

    /// Whether it is known how it went.
    pub fn is_over(&self) -> bool {
        self.columns.is_some()
    }
}

/// The steps of a run, some at a time: nobody waits for who reads them.
pub struct Cells<'s> {
    store: &'s Store,
    at: Position,
}

impl Store {
    /// The steps of a run.
    pub fn cells<'s>(&'s self, run: &Run) -> Cells<'s> {
        Cells { store: self, at: Position::of(run) }
    }
}

impl Iterator for Cells<'_> {
    type Item = Result<StoredCell, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.at.next(self.store).transpose()
    }
}

/// How far the steps of a run are read.
pub(super) struct Position {
    run: i64,
    after: i64,
    page: VecDeque<StoredCell>,
    at_end: bool,
}

impl Position {
    pub(super) fn of(run: &Run) -> Self {
        Self { run: run.key, after: -1, page: VecDeque::new(), at_end: false }
    }

    pub(super) fn next(&mut self, store: &Store) -> Result<Option<StoredCell>, StoreError> {
        if self.page.is_empty() && !self.at_end {
            self.read(store)?;
        }
        Ok(self.page.pop_front())
    }

    fn read(&mut self, store: &Store) -> Result<(), StoreError> {
        let read =
            "SELECT number, path, name, digest, purity, began, inputs, outputs, status, reason, code, failure, denials,
            allowed, fuel, memory, time, steps, bytes, calls
            FROM cells JOIN agents ON agents.key = cells.agent
            WHERE run = ?1 AND number > ?2 ORDER BY number LIMIT ?3";
        let mut read = store.connection.prepare_cached(read)?;
        let rows = read.query_and_then(params![self.run, self.after, PAGE], cell)?;
        self.page = rows.collect::<Result<_, StoreError>>()?;
        match self.page.back() {
            Some(last) => self.after = last.number,
            None => self.at_end = true,
        }
        Ok(())
    }
}

fn cell(row: &Row<'_>) -> Result<StoredCell, StoreError> {
    let purity: Option<String> = row.get("purity")?;
    let outputs: Option<String> = row.get("outputs")?;
    let columns = outputs.map(|outputs| -> Result<_, StoreError> {
        let usage = ["fuel", "memory", "time", "steps", "bytes", "calls"];
        let usage = usage.map(|column| row.get(column).unwrap_or(0));
        let (status, reason, code) = (row.get("status")?, row.get("reason")?, row.get("code")?);
        let (failure, denials, allowed) = (row.get("failure")?, row.get("denials")?, row.get("allowed")?);
        Ok(Columns { outputs, status, reason, code, failure, denials, allowed, usage })
    });
    let began: i64 = row.get("began")?;
    Ok(StoredCell {
        number: row.get("number")?,
        path: row.get("path")?,
        agent: row.get("name")?,
        digest: row.get("digest")?,
        purity: purity.as_deref().and_then(Purity::of_word),
        began: u64::try_from(began).unwrap_or_default(),
        inputs: row.get("inputs")?,
        columns: columns.transpose()?,
    })
}
