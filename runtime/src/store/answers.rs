//! Answers of pure agents that were given before: by what the agent is made of and what it was given.

use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::{
    Value,
    engine::Beginning,
    policy::Purity,
    sandbox::Moment,
    store::{
        StoreError,
        encode::{self, Encoded, number},
    },
};

/// The most answers that are kept; of more, those go that were given first.
const MOST: i64 = 100_000;

/// How many more there may be before they are counted.
const SLACK: i64 = 1_000;

/// The run that holds what answers are made of: none has this key.
const RUN: i64 = 0;

/// Finds answers.
pub(super) struct Answers(Mutex<Connection>);

impl Answers {
    pub(super) fn of(connection: Connection) -> Self {
        Self(Mutex::new(connection))
    }

    /// The answer that is known by `key`. One whose values are gone is none.
    pub(super) fn get(&self, key: &str) -> Result<Option<Vec<(String, Value)>>, StoreError> {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut find = connection.prepare_cached("SELECT outputs FROM answers WHERE key = ?1")?;
        let outputs: Option<String> = find.query_row([key], |row| row.get(0)).optional()?;
        match outputs.map(|outputs| encode::read_values(&outputs, &connection)) {
            Some(Err(StoreError::Damaged(_))) | None => Ok(None),
            Some(outputs) => outputs.map(Some),
        }
    }
}

/// What the answer to a call is known by; nothing where none is kept. The agent has to ask for it, and to be
/// pure; a secret is known by its name alone, which says nothing of its value.
pub(super) fn key(call: &Beginning<'_>) -> Option<String> {
    let is_kept = call.agent.manifest.cache && call.purity == Some(Purity::Pure) && !call.kept;
    if !is_kept || call.inputs.iter().any(|(_, value)| matches!(value, Value::Secret(_))) {
        return None;
    }
    let inputs = encode::values(call.inputs).text;
    let hash = Sha256::new().chain_update(env!("CARGO_PKG_VERSION")).chain_update(call.agent.digest());
    Some(format!("{:x}", hash.chain_update(inputs).finalize()))
}

/// Keeps an answer.
pub(super) fn put(
    connection: &Connection,
    key: &str,
    outputs: &Encoded,
    hold: impl FnOnce(i64, &Encoded) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    hold(RUN, outputs)?;
    let mut insert = connection.prepare_cached("INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3)")?;
    insert.execute(params![key, outputs.text, number(Moment::now())])?;
    Ok(())
}

/// Forgets the oldest answers, where there are too many. What they alone hold stays until the file is made anew:
/// large values are shared.
pub(super) fn bound(connection: &Connection) -> Result<(), StoreError> {
    let many: i64 = connection.query_row("SELECT count(*) FROM answers", [], |row| row.get(0))?;
    if many > MOST + SLACK {
        let forget = "DELETE FROM answers WHERE key IN (SELECT key FROM answers ORDER BY given LIMIT ?1)";
        connection.execute(forget, [many - MOST])?;
    }
    Ok(())
}
