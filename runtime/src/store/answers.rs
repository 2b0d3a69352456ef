//! Answers of pure agents that were given before: by what the agent is made of and what it was given.

use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::{
    Value,
    engine::Beginning,
    policy::Purity,
    store::{
        StoreError,
        encode::{self, Encoded},
        runs::let_go,
    },
};

/// About the most answers that are kept; of more, those go that were given first.
const MOST: i64 = 100_000;

/// How many are given before they are counted.
const SLACK: i64 = 1_000;

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

/// What the answer to a call is known by: what the agent is, what the policy says of it, and what it is given; nothing
/// where none is kept. The agent has to ask for it, and to be pure; a secret is known by its name alone, which says
/// nothing of its value.
pub(super) fn key(call: &Beginning<'_>) -> Option<String> {
    let is_kept = call.agent.manifest.cache && call.purity == Some(Purity::Pure) && !call.kept;
    if !is_kept || call.inputs.iter().any(|(_, value)| matches!(value, Value::Secret(_))) {
        return None;
    }
    let inputs = encode::values(call.inputs).text;
    let hash = Sha256::new().chain_update(env!("CARGO_PKG_VERSION")).chain_update(call.agent.digest());
    let hash = hash.chain_update(call.authority.told_by_pure()).chain_update([0]);
    Some(format!("{:x}", hash.chain_update(inputs).finalize()))
}

/// Keeps an answer, unless there is one. `hold` keeps its large values for a run.
pub(super) fn put(
    connection: &Connection,
    key: &str,
    outputs: &Encoded,
    hold: impl FnOnce(i64, &Encoded) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let insert = "INSERT INTO answers (key, outputs) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    if connection.prepare_cached(insert)?.execute(params![key, outputs.text])? == 0 {
        return Ok(());
    }
    let number = connection.last_insert_rowid();
    hold(-number, outputs)?;
    if number % SLACK == 0 { bound(connection) } else { Ok(()) }
}

/// Forgets the first answers, where there are too many.
fn bound(connection: &Connection) -> Result<(), StoreError> {
    let many: i64 = connection.query_row("SELECT count(*) FROM answers", [], |row| row.get(0))?;
    let mut first = connection.prepare_cached("SELECT number FROM answers ORDER BY number LIMIT ?1")?;
    let first = first.query_map([(many - MOST).max(0)], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    for number in first {
        let_go(connection, -number)?;
        connection.prepare_cached("DELETE FROM answers WHERE number = ?1")?.execute([number])?;
    }
    Ok(())
}
