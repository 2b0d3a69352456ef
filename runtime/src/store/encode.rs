//! Values and outcomes as they are in the store.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    Outcome, Value,
    engine::Status,
    failure::Failure,
    policy::Denials,
    sandbox::Usage,
    store::StoreError,
    wire::{WireDenials, WireFailure, WireValue},
};

/// From this size on, in bytes, a value is kept by its hash, once: a page of the file.
const LARGE: usize = 4096;

/// A value in its row, or where it is kept.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept<T = String> {
    Here(WireValue<T>),
    Large { large: Large },
}

/// A large value.
#[derive(Serialize, Deserialize)]
struct Large {
    kind: Kind,
    sha256: String,
    size: usize,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
    Data,
    Json,
}

/// Named values in one text, and those that are kept beside it.
pub struct Encoded {
    /// A list of pairs, in JSON.
    pub text: String,
    /// By their hashes.
    pub large: Vec<(String, Value)>,
}

/// Writes named values.
pub fn values<'v>(values: impl IntoIterator<Item = &'v (String, Value)>) -> Encoded {
    let mut large = Vec::new();
    let kept: Vec<(&str, Kept<&str>)> =
        values.into_iter().map(|(name, value)| (name.as_str(), keep(value, &mut large))).collect();
    Encoded { text: serde_json::to_string(&kept).unwrap_or_default(), large }
}

fn keep<'v>(value: &'v Value, large: &mut Vec<(String, Value)>) -> Kept<&'v str> {
    let kind = match value {
        Value::Text(_) => Kind::Text,
        Value::Data(_) => Kind::Data,
        Value::Json(_) => Kind::Json,
        Value::Secret(_) => return Kept::Here(value.into()),
    };
    if value.len() < LARGE {
        return Kept::Here(value.into());
    }
    let sha256 = format!("{:x}", Sha256::digest(value.bytes()));
    large.push((sha256.clone(), value.clone()));
    Kept::Large { large: Large { kind, sha256, size: value.len() } }
}

/// Reads named values.
pub fn read_values(text: &str, store: &Connection) -> Result<Vec<(String, Value)>, StoreError> {
    let kept: Vec<(String, Kept)> = parsed(text)?;
    kept.into_iter().map(|(name, kept)| Ok((name, read(kept, store)?))).collect()
}

fn read(kept: Kept, store: &Connection) -> Result<Value, StoreError> {
    let large = match kept {
        Kept::Here(value) => return value.read().map_err(StoreError::Damaged),
        Kept::Large { large } => large,
    };
    let mut find = store.prepare_cached("SELECT bytes FROM large WHERE sha256 = ?1")?;
    let bytes: Option<Vec<u8>> = find.query_row([&large.sha256], |row| row.get(0)).optional()?;
    let bytes = bytes.filter(|bytes| format!("{:x}", Sha256::digest(bytes)) == large.sha256);
    let bytes = bytes.ok_or_else(|| StoreError::Damaged(format!("the value {} is missing", large.sha256)))?;
    let text = |bytes| String::from_utf8(bytes).map_err(|error| StoreError::Damaged(error.to_string()));
    match large.kind {
        Kind::Data => Ok(Value::data(bytes)),
        Kind::Text => Ok(Value::text(text(bytes)?)),
        Kind::Json => WireValue::Json(text(bytes)?).read().map_err(StoreError::Damaged),
    }
}

/// What a column holds.
pub fn parsed<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Damaged(error.to_string()))
}

/// A failure, written.
pub fn failure(failure: &Failure) -> String {
    serde_json::to_string(&WireFailure::from(failure.clone())).unwrap_or_default()
}

/// A failure that was written.
pub fn read_failure(text: &str) -> Result<Failure, StoreError> {
    Ok(parsed::<WireFailure>(text)?.into())
}

/// What was denied, written; nothing where nothing was.
fn denials(denials: &Denials) -> Option<String> {
    let none = denials.is_empty() && denials.omitted() == 0;
    (!none).then(|| serde_json::to_string(&WireDenials::from(denials.clone())).unwrap_or_default())
}

/// What was denied. Its places are in files that may have changed since, so they are left out.
pub fn read_denials(text: Option<&str>) -> Result<Denials, StoreError> {
    Ok(text.map(parsed::<WireDenials>).transpose()?.map_or_else(Denials::default, |wire| wire.read(&[], usize::MAX)))
}

/// The columns of an outcome, from `outputs` on.
pub struct Columns {
    pub outputs: String,
    pub status: i64,
    pub reason: Option<String>,
    /// In JSON.
    pub code: Option<String>,
    pub failure: Option<String>,
    pub denials: Option<String>,
    pub allowed: Option<String>,
    /// Fuel, memory, time, steps, bytes, calls.
    pub usage: [i64; 6],
}

impl Columns {
    /// How much it holds.
    pub fn bytes(&self) -> usize {
        let texts = [&self.reason, &self.failure, &self.denials, &self.allowed];
        self.outputs.len() + texts.into_iter().flatten().map(String::len).sum::<usize>()
    }

    /// Those of `outcome`, and the values that are kept beside them.
    pub fn of(outcome: &Outcome, allowed: Option<String>) -> (Self, Vec<(String, Value)>) {
        let Outcome { outputs, status, failure: failed, denials: denied, usage } = outcome;
        let Encoded { text, large } = values(outputs);
        let columns = Self {
            outputs: text,
            status: status.value,
            reason: (!status.reason.is_empty()).then(|| status.reason.clone()),
            code: (!status.code.is_null()).then(|| status.code.to_string()),
            failure: failed.as_ref().map(failure),
            denials: denials(denied),
            allowed,
            usage: amounts(usage),
        };
        (columns, large)
    }

    /// The outcome.
    pub fn read(&self, store: &Connection) -> Result<Outcome, StoreError> {
        Ok(Outcome {
            outputs: read_values(&self.outputs, store)?,
            status: Status {
                value: self.status,
                reason: self.reason.clone().unwrap_or_default(),
                code: self.code.as_deref().map(parsed).transpose()?.unwrap_or_default(),
            },
            failure: self.failure.as_deref().map(read_failure).transpose()?,
            denials: read_denials(self.denials.as_deref())?,
            usage: self.usage(),
        })
    }

    /// What it used.
    pub fn usage(&self) -> Usage {
        let [fuel, memory, time, steps, bytes, calls] = self.usage.map(|amount| u64::try_from(amount).unwrap_or(0));
        Usage { fuel, memory, time: Duration::from_nanos(time), steps, bytes, calls }
    }
}

/// What was used, as columns. No column holds more than half of what a count can be, which none comes to.
fn amounts(usage: &Usage) -> [i64; 6] {
    let time = u64::try_from(usage.time.as_nanos()).unwrap_or(u64::MAX);
    [usage.fuel, usage.memory, time, usage.steps, usage.bytes, usage.calls].map(number)
}

/// A number as SQLite has them.
pub fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
