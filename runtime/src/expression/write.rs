//! The result of an expression, as a value that crosses boundaries.

use std::fmt::Write as _;

use super::{
    bounds::Work,
    data::Data,
    float,
    wrong::{Result, Wrong, wrong},
};
use crate::{Json, Value, failure::Code};

/// How deep JSON may nest.
const MAX_DEPTH: usize = 127;

/// `data` as a value of at most `limit` bytes.
pub fn value(data: Data, limit: u64, work: &mut Work) -> Result<Value> {
    let value = match data {
        Data::Bool(true) => Value::Json(Json::known("true")),
        Data::Bool(false) => Value::Json(Json::known("false")),
        Data::Text(text) => Value::Text(text),
        Data::Bytes(bytes) => Value::Data(bytes),
        data => {
            let mut writer = Writer { text: String::new(), limit, path: String::new(), depth: 0, work };
            writer.value(&data)?;
            Value::Json(Json::known(writer.text))
        }
    };
    if value.len() as u64 > limit { Err(too_long(limit)) } else { Ok(value) }
}

fn too_long(limit: u64) -> Box<Wrong> {
    Wrong::new(format!("the result is longer than {limit} bytes")).code(Code::Output)
}

struct Writer<'w> {
    text: String,
    limit: u64,
    path: String,
    depth: usize,
    work: &'w mut Work,
}

impl Writer<'_> {
    /// Writes one value. Values nest as deep as JSON and an expression do, and so does this.
    fn value(&mut self, data: &Data) -> Result<()> {
        self.work.charge(1)?;
        if self.text.len() as u64 > self.limit {
            return Err(too_long(self.limit));
        }
        match data {
            Data::None => self.text.push_str("null"),
            Data::Bool(flag) => self.text.push_str(if *flag { "true" } else { "false" }),
            // Writing to a string can't fail.
            Data::Int(int) => drop(write!(self.text, "{int}")),
            Data::Float(number) if number.is_finite() => self.text.push_str(&float::shown(*number)),
            Data::Float(_) => return wrong(format!("JSON has no infinity{}", self.place())),
            Data::Text(text) => self.quoted(text)?,
            Data::Bytes(_) => return wrong(format!("JSON has no bytes{}", self.place())),
            Data::List(items) | Data::Tuple(items) => self.list(items)?,
            Data::Dict(entries) => {
                self.open('{')?;
                for (at, (key, value)) in entries.iter().enumerate() {
                    self.text.push_str(if at == 0 { "" } else { "," });
                    self.quoted(key)?;
                    self.text.push(':');
                    self.inside(&format!(".{key}"), value)?;
                }
                self.close('}');
            }
            Data::View(view) => return Err(super::data::unwrapped(view.word())),
        }
        Ok(())
    }

    fn list(&mut self, items: &[Data]) -> Result<()> {
        self.open('[')?;
        for (at, item) in items.iter().enumerate() {
            self.text.push_str(if at == 0 { "" } else { "," });
            self.inside(&format!(".{at}"), item)?;
        }
        self.close(']');
        Ok(())
    }

    fn open(&mut self, bracket: char) -> Result<()> {
        self.depth += 1;
        self.text.push(bracket);
        if self.depth > MAX_DEPTH {
            return wrong(format!("the result nests deeper than {MAX_DEPTH} levels"));
        }
        Ok(())
    }

    fn close(&mut self, bracket: char) {
        self.depth -= 1;
        self.text.push(bracket);
    }

    fn inside(&mut self, step: &str, value: &Data) -> Result<()> {
        let length = self.path.len();
        self.path.push_str(step);
        self.value(value)?;
        self.path.truncate(length);
        Ok(())
    }

    fn quoted(&mut self, text: &str) -> Result<()> {
        self.work.bytes(text.len())?;
        if (self.text.len() + text.len()) as u64 > self.limit {
            return Err(too_long(self.limit));
        }
        match serde_json::to_string(text) {
            Ok(quoted) => self.text.push_str(&quoted),
            Err(error) => return wrong(error.to_string()),
        }
        Ok(())
    }

    /// Where in the result, for a message.
    fn place(&self) -> String {
        let path = self.path.trim_start_matches('.');
        if path.is_empty() { String::new() } else { format!(", at `{}` of the result", path.escape_debug()) }
    }
}
