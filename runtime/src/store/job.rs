//! What is to be written.

use std::sync::{Arc, OnceLock, mpsc::SyncSender};

use crate::{
    Value,
    failure::Failure,
    policy::Purity,
    store::{
        StoreError,
        encode::{Columns, Encoded},
        runs::NewRun,
    },
};

/// A run's key, once the run is written.
#[derive(Clone)]
pub(super) struct Key(Arc<OnceLock<i64>>);

impl Key {
    /// That of a run that is to be written.
    pub(super) fn unknown() -> Self {
        Self(Arc::default())
    }

    /// That of a run that is there.
    pub(super) fn known(key: i64) -> Self {
        Self(Arc::new(key.into()))
    }

    /// Says what it is.
    pub(super) fn found(&self, key: i64) {
        let _ = self.0.set(key);
    }

    /// The key: what is written after its run knows it.
    pub(super) fn get(&self) -> Result<i64, StoreError> {
        self.0.get().copied().ok_or_else(|| StoreError::Damaged("a run that was never begun goes on".into()))
    }
}

/// What is to be written.
pub(super) enum Job {
    /// A run begins.
    Run(Box<NewRun>, Key),
    /// A step, in the place of what is there by its number.
    Cell(Box<Row>),
    /// An answer that may be given again, by its key.
    Answer { key: String, outputs: Encoded },
    /// A run is over.
    Ended { run: Key, exit_code: u8, failure: Option<Failure> },
    /// Tells when everything before is written.
    Sync(SyncSender<()>),
}

/// A step, as it will be in its row: many threads bring steps and one writes, so that one is spared what it can be.
pub(super) struct Row {
    pub run: Key,
    pub number: i64,
    pub path: String,
    pub agent: String,
    pub digest: String,
    pub purity: Option<Purity>,
    pub began: u64,
    pub inputs: String,
    /// Nothing, where it only begins.
    pub columns: Option<Columns>,
    /// What is kept beside it.
    pub large: Vec<(String, Value)>,
}

impl Row {
    /// How much it holds.
    pub(super) fn bytes(&self) -> usize {
        self.inputs.len() + self.columns.as_ref().map_or(0, Columns::bytes) + bytes(&self.large)
    }
}

pub(super) fn bytes(values: &[(String, Value)]) -> usize {
    values.iter().map(|(_, value)| value.bytes().len()).sum()
}
