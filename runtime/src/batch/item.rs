//! One item, as the inputs of an agent.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::{
    Failure, Hint, Json, Value,
    agent::{Input, Manifest},
    diagnostic::{list, suggestion},
    failure::Code,
};

/// What an item is, in 64 bits of its SHA-256: to know it again, not to trust it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest(pub(super) u64);

impl Digest {
    /// The digest of an item's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self::behind(Sha256::new(), bytes)
    }

    /// The digest of bytes that stand behind others.
    fn behind(others: Sha256, bytes: &[u8]) -> Self {
        let hash = others.chain_update(bytes).finalize();
        let first = hash.first_chunk().copied().unwrap_or_default();
        // 0 says that there is none, where there are many.
        Self(u64::from_be_bytes(first).max(1))
    }

    /// The digest that 16 hexadecimal digits are.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        digits.then(|| u64::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// One item.
#[derive(Debug)]
pub struct Item {
    /// Where it stands: its line in a file, or its place among the files of a folder, from 1.
    pub number: u64,
    /// The name of the file that it is, if it is one.
    pub name: Option<String>,
    /// What it is.
    pub digest: Digest,
    /// The text that stands for it among the others, if the batch says which field has it.
    pub key: Option<String>,
    /// What it gives the agent, or why it is none.
    pub inputs: Result<Vec<(String, Value)>, Failure>,
    /// What it holds, in bytes.
    pub size: usize,
}

/// An item's key, if it has one; and what it gives the agent, or why it is none.
pub type Keyed = (Option<String>, Result<Vec<(String, Value)>, Failure>);

/// How items become inputs of an agent.
#[derive(Clone, Debug)]
pub struct Shape {
    manifest: Arc<Manifest>,
    /// The inputs that are the same for every item.
    given: Vec<(String, Value)>,
    /// The field that has an item's key.
    key: Option<String>,
    /// Whether fields that are no inputs are of no account.
    ignore_extra: bool,
    /// What all items have, hashed.
    ground: Sha256,
}

impl Shape {
    /// Items for the agent of `manifest`; `given` is what all of them have.
    pub fn new(manifest: Arc<Manifest>, given: Vec<(String, Value)>) -> Self {
        let ground = ground(&manifest, &given);
        Self { manifest, given, key: None, ignore_extra: false, ground }
    }

    /// The digest of an item's bytes. An item of another agent, or with other inputs that all have, is another item.
    pub fn digest(&self, bytes: &[u8]) -> Digest {
        Digest::behind(self.ground.clone(), bytes)
    }

    /// Takes the key of each item from the field `name`, which needn't be an input.
    #[must_use]
    pub fn with_key(self, name: Option<String>) -> Self {
        Self { key: name, ..self }
    }

    /// Leaves out fields that are no inputs, where they are mistakes otherwise.
    #[must_use]
    pub fn ignoring_extra(self, ignore: bool) -> Self {
        Self { ignore_extra: ignore, ..self }
    }

    /// The field that has an item's key.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The mistake in a table of these columns, if there is one: it is the same for every row.
    pub fn misfit<'c>(&self, columns: impl Iterator<Item = &'c str> + Clone) -> Option<Failure> {
        let has = |name: &str| columns.clone().any(|column| column == name) || self.is_given(name);
        let missing: Vec<_> =
            self.manifest.inputs.iter().filter(|input| input.is_required() && !has(&input.name)).collect();
        if let Some(key) = self.key().filter(|key| !columns.clone().any(|column| column == *key)) {
            return Some(wrong(format!("there is no column `{}` for the key", key.escape_debug())));
        }
        if !missing.is_empty() {
            let names: Vec<_> = missing.iter().map(|input| input.name.as_str()).collect();
            let help = format!("give what is the same for all items as an option, `--{} …`", names[0]);
            return Some(wrong(format!("there is no column for {}", list(&names))).help(help));
        }
        columns.clone().find_map(|column| self.input(column).err())
    }

    /// The inputs of a JSON item: the fields of an object, or the one input that is needed.
    pub fn of_json(&self, text: &str) -> Keyed {
        let wrong_json = |error: &dyn fmt::Display| wrong(format!("this is no JSON: {error}"));
        match Json::parse(text) {
            Err(error) => (None, Err(wrong_json(&error))),
            Ok(json) if text.trim_ascii_start().starts_with('{') => {
                match serde_json::from_str::<BTreeMap<String, &RawValue>>(json.as_str()) {
                    Ok(fields) => {
                        let key = self.key().and_then(|key| fields.get(key));
                        let key = key.filter(|raw| raw.get() != "null").map(|raw| shown(raw));
                        if let Some(unkeyed) = self.unkeyed(key.as_deref()) {
                            return (None, Err(unkeyed));
                        }
                        (key, self.of_fields(fields.into_iter().map(|(name, raw)| (name, Field::Json(raw.get())))))
                    }
                    Err(error) => (None, Err(wrong_json(&error))),
                }
            }
            Ok(json) => match self.unkeyed(None) {
                Some(unkeyed) => (None, Err(unkeyed)),
                None => (None, self.sole().and_then(|input| self.finished(vec![typed(input, json.as_str())?]))),
            },
        }
    }

    /// The inputs of a row.
    pub fn of_row<'r>(&self, cells: impl Iterator<Item = (&'r str, &'r str)> + Clone) -> Keyed {
        let key = self.key().and_then(|key| cells.clone().find(|(name, _)| *name == key));
        let key = key.map(|(_, text)| text.to_owned());
        if let Some(unkeyed) = self.unkeyed(key.as_deref()) {
            return (None, Err(unkeyed));
        }
        (key, self.of_fields(cells.map(|(name, text)| (name.to_owned(), Field::Cell(text)))))
    }

    /// The inputs of a file: its contents are the one input that is needed.
    pub fn of_bytes(&self, bytes: Vec<u8>) -> Result<Vec<(String, Value)>, Failure> {
        let input = self.sole()?;
        let value = input.hint.read(bytes).map_err(|expected| unfit(input, &expected))?;
        self.finished(vec![(input.name.clone(), value)])
    }

    /// What is wrong with an item that has no key where each needs one: nobody could know it again.
    fn unkeyed(&self, key: Option<&str>) -> Option<Failure> {
        let name = self.key().filter(|_| matches!(key, None | Some("")))?;
        Some(wrong(format!("there is nothing in `{}`, and it is the key of an item", name.escape_debug())))
    }

    fn of_fields<'f>(
        &self,
        fields: impl Iterator<Item = (String, Field<'f>)>,
    ) -> Result<Vec<(String, Value)>, Failure> {
        let mut inputs = Vec::new();
        for (name, field) in fields {
            let Some(input) = self.input(&name)? else { continue };
            match field {
                // An empty cell is one that nobody filled in.
                Field::Cell("") if !input.is_required() => {}
                Field::Cell(text) => {
                    let read = input.hint.read(text.as_bytes().to_vec());
                    inputs.push((name, read.map_err(|expected| unfit(input, &expected))?));
                }
                Field::Json("null") if !input.is_required() => {}
                Field::Json(text) => inputs.push(typed(input, text)?),
            }
        }
        self.finished(inputs)
    }

    /// The input that a field is for, if it is for one.
    fn input(&self, name: &str) -> Result<Option<&Input>, Failure> {
        match self.manifest.input(name) {
            Some(input) if input.hint == Hint::Secret => {
                let message = format!("`{name}` is a secret, and items are written down");
                return Err(wrong(message).help("give it as an option, the same for all items"));
            }
            Some(input) => return Ok(Some(input)),
            None => {}
        }
        if self.ignore_extra || self.key() == Some(name) {
            return Ok(None);
        }
        let names = self.manifest.inputs.iter().map(|input| input.name.as_str());
        let help = suggestion(name, names).unwrap_or_else(|| "leave it out, or say --ignore-extra".into());
        let message = format!("`{}` has no input `{}`", self.manifest.name, name.escape_debug());
        Err(wrong(message).help(help))
    }

    /// The input that stands for the whole item.
    fn sole(&self) -> Result<&Input, Failure> {
        let mut needed = self.manifest.inputs.iter().filter(|input| input.is_required() && !self.is_given(&input.name));
        match (needed.next(), needed.next(), self.manifest.inputs.as_slice()) {
            (Some(input), None, _) | (None, _, [input]) => Ok(input),
            _ => Err(wrong(format!("`{}` needs more than one input, so an item is an object", self.manifest.name))),
        }
    }

    fn is_given(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| given == name)
    }

    /// An item's own inputs come before those that all have.
    fn finished(&self, mut inputs: Vec<(String, Value)>) -> Result<Vec<(String, Value)>, Failure> {
        let more = self.given.iter().filter(|(name, _)| !inputs.iter().any(|(own, _)| own == name));
        let more: Vec<_> = more.cloned().collect();
        inputs.extend(more);
        let has = |name: &str| inputs.iter().any(|(own, _)| own == name);
        let missing = self.manifest.inputs.iter().filter(|input| input.is_required() && !has(&input.name));
        let missing: Vec<_> = missing.map(|input| input.name.as_str()).collect();
        if missing.is_empty() { Ok(inputs) } else { Err(wrong(format!("{} is missing", list(&missing)))) }
    }
}

/// What all items have: the agent, by its name, since it may be a later version; and their inputs, in any order.
fn ground(manifest: &Manifest, given: &[(String, Value)]) -> Sha256 {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(manifest.name.as_bytes());
    let given: BTreeMap<_, _> = given.iter().map(|(name, value)| (name, value)).collect();
    for (name, value) in given {
        part(name.as_bytes());
        part(value.kind().as_bytes());
        part(value.bytes());
    }
    hash
}

/// A field of an item.
enum Field<'f> {
    Cell(&'f str),
    Json(&'f str),
}

/// A JSON value as an input: a text is read as on the command line, and `{"base64": "…"}` as from a file. Anything
/// else has to be of the input's type as it is; where that is text, which is what it is where nothing is said, the
/// agent gets what JSON says.
fn typed(input: &Input, text: &str) -> Result<(String, Value), Failure> {
    let text = text.trim_ascii();
    let value = if text.starts_with('"') {
        let text: String = serde_json::from_str(text).unwrap_or_default();
        match &input.hint {
            Hint::Json => Ok(Value::text(text)),
            hint => hint.read(text.into_bytes()),
        }
    } else {
        match (data(text), &input.hint) {
            (Some(data), Hint::Text) => Ok(Value::data(data)),
            (None, Hint::Text) => Ok(Value::Json(Json::known(text))),
            (Some(data), hint) if *hint != Hint::Json => hint.read(data),
            (_, hint) => hint.check(Value::Json(Json::known(text))),
        }
    };
    match value {
        Ok(value) => Ok((input.name.clone(), value)),
        Err(expected) if input.hint == Hint::Bytes => {
            Err(unfit(input, &expected).help("bytes are a text, or what base64 means: {\"base64\": \"…\"}"))
        }
        Err(expected) => Err(unfit(input, &expected)),
    }
}

/// The bytes that a run writes as `{"base64": "…"}`.
fn data(text: &str) -> Option<Vec<u8>> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Data {
        base64: String,
    }
    let data = text.starts_with('{').then(|| serde_json::from_str::<Data>(text).ok()).flatten()?;
    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data.base64).ok()
}

/// A JSON value as a key: a text without its quotes.
fn shown(raw: &RawValue) -> String {
    serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
}

fn unfit(input: &Input, expected: &str) -> Failure {
    wrong(format!("{}: {expected}", input.name))
}

pub(super) fn wrong(message: impl Into<String>) -> Failure {
    Failure::new(Code::Input, message)
}

#[cfg(test)]
pub(super) mod tests;
