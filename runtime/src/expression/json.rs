//! JSON as it lies in a value: the way down into it, and its contents.
//!
//! A [`crate::Json`] is known to be one document of a bounded depth, so nothing here checks again;
//! what isn't as expected is an answer like any other.

mod part;

use std::{borrow::Cow, sync::Arc};

pub use part::{element, member};

use super::{
    bounds::Work,
    compare,
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

/// `document` with every text and number in it as `rewrite` makes it. A number that it makes another
/// becomes a text.
pub fn rewritten<'a>(document: &'a str, rewrite: impl Fn(&str) -> Cow<'_, str>) -> String {
    let mut out = String::with_capacity(document.len());
    let mut rest = document;
    while let Some(first) = rest.chars().next() {
        let (part, after): (&'a str, _) = match first {
            '"' => rest.split_at(text_end(rest)),
            '-' | '0'..='9' => rest.split_at(number_end(rest)),
            other => rest.split_at(other.len_utf8()),
        };
        rest = after;
        let text = if first == '"' { serde_json::from_str(part).unwrap_or_default() } else { part.to_owned() };
        match rewrite(&text) {
            Cow::Owned(text) if part.len() > 1 => out.push_str(&serde_json::Value::from(text).to_string()),
            _ => out.push_str(part),
        }
    }
    out
}

/// How long the text is that `document` begins with, with its quotes.
fn text_end(document: &str) -> usize {
    let bytes = document.as_bytes();
    let mut end = 1;
    while let Some(byte) = bytes.get(end).filter(|byte| **byte != b'"') {
        end += if *byte == b'\\' { 2 } else { 1 };
    }
    (end + 1).min(bytes.len())
}

/// How long the number is that `document` begins with.
fn number_end(document: &str) -> usize {
    document.find([',', ']', '}', ' ', '\t', '\n', '\r']).unwrap_or(document.len())
}

/// Whether two documents mean the same, to the last digit.
pub fn same(one: &str, other: &str) -> bool {
    match (exactly(one), exactly(other)) {
        (Ok(one), Ok(other)) => is_same(&one, &other),
        // They hold numbers beyond an expression's.
        _ => compact(one) == compact(other),
    }
}

/// Documents nest 127 levels deep at most, and so does this.
fn is_same(one: &Data, other: &Data) -> bool {
    match (one, other) {
        (Data::None, Data::None) => true,
        (Data::Bool(one), Data::Bool(other)) => one == other,
        (Data::Int(_) | Data::Float(_), Data::Int(_) | Data::Float(_)) => compare::is_same_number(one, other),
        (Data::Text(one), Data::Text(other)) => one == other,
        (Data::List(one), Data::List(other)) => {
            one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| is_same(one, other))
        }
        (Data::Dict(one), Data::Dict(other)) => {
            let is_there = |(key, value)| other.get(key).is_some_and(|other| is_same(value, other));
            one.len() == other.len() && one.iter().all(is_there)
        }
        _ => false,
    }
}

/// `document` without the spaces between its parts.
pub fn compact(document: &str) -> Cow<'_, str> {
    let mut parts = Parts { rest: document };
    match parts.next() {
        Some(whole) if whole.len() == document.len() => Cow::Borrowed(document),
        first => Cow::Owned(first.into_iter().chain(parts).collect()),
    }
}

/// The stretches of a document that have no space between their parts.
struct Parts<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_ascii_start();
        let (mut quoted, mut escaped) = (false, false);
        let end = self.rest.bytes().position(|byte| {
            (quoted, escaped) = match byte {
                _ if escaped => (quoted, false),
                b'\\' => (quoted, true),
                b'"' => (!quoted, false),
                _ => (quoted, false),
            };
            !quoted && byte.is_ascii_whitespace()
        });
        let (part, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        Some(part).filter(|part| !part.is_empty())
    }
}

/// What `document` holds, whatever work it is to read.
pub fn exactly(document: &str) -> Result<Data> {
    read(document, &mut Work::unbounded())
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
        let (digits, rest) = self.rest.split_at(number_end(self.rest));
        self.rest = rest;
        if digits.contains(['.', 'e', 'E']) {
            return digits.parse().map(Data::Float).or_else(|_| self.broken());
        }
        Int::parse(digits).map(Data::Int)
    }

    fn text(&mut self) -> Result<Arc<str>> {
        let Some((written, rest)) = self.rest.split_at_checked(text_end(self.rest)) else { return self.broken() };
        self.rest = rest;
        match written.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(plain) if !plain.contains('\\') => Ok(plain.into()),
            _ => serde_json::from_str::<String>(written).map(Into::into).or_else(|_| self.broken()),
        }
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
