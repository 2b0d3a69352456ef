//! JSON as it lies in a value: the way down into it, and its contents.
//!
//! A [`crate::Json`] is known to be one document of a bounded depth, so nothing here checks again;
//! what isn't as expected is an answer like any other.

mod part;

use std::sync::Arc;

pub use part::{element, member};

use super::{
    bounds::Work,
    data::{Data, Dict},
    number::Int,
    wrong::{Result, wrong},
};

/// Whether `document` is a list or an object.
pub fn is_container(document: &str) -> bool {
    document.trim_ascii_start().starts_with(['[', '{'])
}

/// What `document` holds.
pub fn read(document: &str, work: &mut Work) -> Result<Data> {
    work.bytes(document.len())?;
    let mut reader = Reader { rest: document, work };
    reader.value()
}

struct Reader<'a, 'w> {
    rest: &'a str,
    work: &'w mut Work,
}

impl Reader<'_, '_> {
    /// Reads a value. A document nests 127 levels deep at most, and so does this.
    fn value(&mut self) -> Result<Data> {
        self.rest = self.rest.trim_ascii_start();
        match self.rest.bytes().next() {
            Some(b'n') => Ok(self.word("null", Data::None)),
            Some(b't') => Ok(self.word("true", Data::Bool(true))),
            Some(b'f') => Ok(self.word("false", Data::Bool(false))),
            Some(b'"') => Ok(Data::Text(self.text()?)),
            Some(b'[') => self.list(),
            Some(b'{') => self.object(),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str, means: Data) -> Data {
        self.rest = self.rest.get(word.len()..).unwrap_or_default();
        means
    }

    fn number(&mut self) -> Result<Data> {
        let end = self.rest.find([',', ']', '}', ' ', '\t', '\n', '\r']).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        if digits.contains(['.', 'e', 'E']) {
            return digits.parse().map(Data::Float).or_else(|_| self.broken());
        }
        Int::parse(digits).map(Data::Int)
    }

    fn text(&mut self) -> Result<Arc<str>> {
        let bytes = self.rest.as_bytes();
        let mut end = 1;
        let mut escaped = false;
        while let Some(byte) = bytes.get(end).filter(|byte| **byte != b'"') {
            escaped |= *byte == b'\\';
            end += if *byte == b'\\' { 2 } else { 1 };
        }
        let Some(written) = self.rest.get(..=end) else { return self.broken() };
        self.rest = &self.rest[end + 1..];
        if !escaped {
            return Ok(written[1..end].into());
        }
        serde_json::from_str::<String>(written).map(Into::into).or_else(|_| self.broken())
    }

    fn list(&mut self) -> Result<Data> {
        let mut items = Vec::new();
        while self.goes_on(']') {
            self.work.charge(1)?;
            items.push(self.value()?);
        }
        Ok(Data::list(items))
    }

    fn object(&mut self) -> Result<Data> {
        let mut entries = Dict::new();
        while self.goes_on('}') {
            self.work.charge(2)?;
            let key = self.text()?;
            self.rest = self.rest.trim_ascii_start().trim_start_matches(':');
            let value = self.value()?;
            entries.insert(key, value);
        }
        Ok(Data::Dict(Arc::new(entries)))
    }

    /// Steps over what is before the next element, or over the closing bracket.
    fn goes_on(&mut self, closing: char) -> bool {
        self.rest = self.rest.trim_ascii_start();
        let rest = self.rest.trim_start_matches(['[', '{', ',']);
        // Only one of them: the next may be the element's own bracket.
        self.rest = if rest.len() < self.rest.len() { &self.rest[1..] } else { self.rest };
        self.rest = self.rest.trim_ascii_start();
        match self.rest.strip_prefix(closing) {
            Some(rest) => {
                self.rest = rest;
                false
            }
            None => !self.rest.is_empty(),
        }
    }

    fn broken<T>(&self) -> Result<T> {
        wrong("this JSON can't be read")
    }
}
