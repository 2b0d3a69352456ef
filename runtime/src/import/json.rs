//! JSON with the place of every value, so that a finding can point into a library.

use std::{collections::HashMap, ops::Range, sync::Arc};

use crate::{
    Json,
    diagnostic::{Diagnostic, Report},
    source::Source,
};

/// How deep lists and objects nest. The reader goes down by calling itself, and an agent needs six
/// levels.
const MAX_NESTING: usize = 64;

/// The most values that one file holds: each takes some fifty bytes here, however short it is there.
const MAX_VALUES: usize = 1_000_000;

/// The most keys that are reported for being there twice: a person mends one after the other, and
/// each is shown with its line.
const MAX_REPORTED: usize = 100;

/// One value, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub span: Range<usize>,
    pub kind: Kind,
}

/// What a value is. A number is what is written at its place.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Null,
    Boolean(bool),
    Number(Box<str>),
    Text(Box<str>),
    List(Vec<Node>),
    Object(Vec<(Text, Node)>),
}

/// A text, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    pub text: Box<str>,
    pub span: Range<usize>,
}

impl Node {
    /// The text that the value is.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of `key` in the object that this is.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|(name, _)| *name.text == *key).map(|(_, value)| value)
    }

    /// The entries of the object that this is.
    pub fn entries(&self) -> Option<&[(Text, Node)]> {
        match &self.kind {
            Kind::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// The elements of the list that this is.
    pub fn list(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }
}

/// Reads `source` as one JSON document.
///
/// # Errors
///
/// When it isn't one, or holds a key twice: of two definitions, nobody can say which is meant.
pub fn parse(source: &Arc<Source>) -> Result<Node, Report> {
    let mut reader = Reader { source, at: 0, values: 0, report: Report::default() };
    let read = reader.value(0).and_then(|node| {
        reader.space();
        if reader.at < source.text.len() { Err(reader.wrong("the end of the file")) } else { Ok(node) }
    });
    let mut report = reader.report;
    match read {
        Ok(node) => report.ok(node),
        Err(wrong) => {
            report.push(wrong);
            Err(report)
        }
    }
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    at: usize,
    values: usize,
    report: Report,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, Diagnostic> {
        self.space();
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(self.refused(format!("the file holds more than {MAX_VALUES} values")));
        }
        if depth > MAX_NESTING {
            return Err(self.refused(format!("this is nested deeper than {MAX_NESTING} levels")));
        }
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Kind::Text(self.text()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Node { span: start..self.at, kind })
    }

    fn object(&mut self, depth: usize) -> Result<Kind, Diagnostic> {
        let mut entries: Vec<(Text, Node)> = Vec::new();
        self.at += 1;
        self.space();
        if self.take(b'}') {
            return Ok(Kind::Object(entries));
        }
        loop {
            self.space();
            let start = self.at;
            let text = self.text()?;
            let key = Text { text, span: start..self.at };
            self.space();
            if !self.take(b':') {
                return Err(self.wrong("`:`"));
            }
            let value = self.value(depth + 1)?;
            entries.push((key, value));
            self.space();
            match self.take(b',') {
                true => {}
                false if self.take(b'}') => break,
                false => return Err(self.wrong("`,` or `}`")),
            }
        }
        self.check_keys(&entries);
        Ok(Kind::Object(entries))
    }

    /// Reports each key that is there twice.
    fn check_keys(&mut self, entries: &[(Text, Node)]) {
        let mut seen = HashMap::with_capacity(entries.len());
        for (key, _) in entries {
            if let Some(first) = seen.insert(&*key.text, key.span.start)
                && self.report.0.len() < MAX_REPORTED
            {
                let line = self.source.line(first);
                self.report.push(
                    Diagnostic::error("duplicate-key", format!("`{}` is there twice", key.text.escape_debug()))
                        .at(self.source, key.span.clone())
                        .label(format!("the first is in line {line}"))
                        .help("take one of them out, or give it another name"),
                );
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Diagnostic> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.take(b']') {
            return Ok(Kind::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            match self.take(b',') {
                true => {}
                false if self.take(b']') => return Ok(Kind::List(items)),
                false => return Err(self.wrong("`,` or `]`")),
            }
        }
    }

    /// A text in quotes. Where it ends is found here; what it holds, escapes and all, is for the
    /// reader of JSON that everything else here uses.
    fn text(&mut self) -> Result<Box<str>, Diagnostic> {
        let (start, bytes) = (self.at, self.source.text.as_bytes());
        if !self.take(b'"') {
            return Err(self.wrong("a text in quotes"));
        }
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => self.at = (self.at + 2).min(bytes.len()),
                b'"' => {
                    self.at += 1;
                    return serde_json::from_str::<Box<str>>(self.written(start)).map_err(|error| {
                        if let Some(half) = half(self.written(start)) {
                            return self.not_json(start + half.start..start + half.end, HALF.into());
                        }
                        let why = error.to_string();
                        let why = why.split(" at line").next().unwrap_or_default().to_owned();
                        self.not_json(start..self.at, why)
                    });
                }
                _ => self.at += 1,
            }
        }
        Err(self.not_json(start..self.at, "this text is never closed".into()))
    }

    fn number(&mut self) -> Result<Kind, Diagnostic> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        let text = self.written(start);
        match Json::parse(text) {
            Ok(_) => Ok(Kind::Number(text.into())),
            Err(_) => Err(self.not_json(start..self.at, "this is no number that JSON can hold".into())),
        }
    }

    fn word(&mut self) -> Result<Kind, Diagnostic> {
        for (word, kind) in [("null", Kind::Null), ("true", Kind::Boolean(true)), ("false", Kind::Boolean(false))] {
            if self.source.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.wrong("a value"))
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.source.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn written(&self, start: usize) -> &str {
        self.source.text.get(start..self.at).unwrap_or_default()
    }

    /// Something else stands where `wanted` should.
    fn wrong(&self, wanted: &str) -> Diagnostic {
        let found = self.source.text.get(self.at..).and_then(|rest| rest.chars().next());
        let (found, end) = match found {
            Some(found) => (format!("`{}`", found.escape_debug()), self.at + found.len_utf8()),
            None => ("the file ends".into(), self.at),
        };
        self.not_json(self.at..end, format!("expected {wanted}, found {found}"))
    }

    fn not_json(&self, span: Range<usize>, why: String) -> Diagnostic {
        let end = self.source.text.ceil_char_boundary(span.end.min(self.source.text.len()));
        Diagnostic::error("not-json", format!("this is not JSON: {why}")).at(self.source, span.start..end)
    }

    fn refused(&self, message: String) -> Diagnostic {
        Diagnostic::error("too-large", message).at(self.source, self.at..self.at)
    }
}

/// What is said of `\ud800` alone.
const HALF: &str = "this escape is half of a character, and the other half isn't beside it";

/// Where a text in quotes has one half of a character that takes two escapes.
fn half(written: &str) -> Option<Range<usize>> {
    let unit = |at: usize| {
        let digits = written.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut at = 0;
    while let Some(found) = written.get(at..)?.find('\\').map(|found| at + found) {
        at = match (unit(found), unit(found + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => found + 12,
            (Some(0xd800..=0xdfff), _) => return Some(found..found + 6),
            (Some(_), _) => found + 6,
            // The escaped character may be of any length.
            (None, _) => found + 1 + written.get(found + 1..)?.chars().next()?.len_utf8(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, Report> {
        parse(&Source::new("l.json", text))
    }

    fn wrong(text: &str) -> String {
        read(text).unwrap_err().0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn values_know_their_place() {
        let node = read(" {\"a\": [1.50, \"x\\n\\u00e9\", null, true]} ").unwrap();
        let items = node.get("a").unwrap().list().unwrap();
        assert_eq!(items[0], Node { span: 8..12, kind: Kind::Number("1.50".into()) });
        assert_eq!(items[1].text(), Some("x\né"));
        assert_eq!((&items[2].kind, &items[3].kind), (&Kind::Null, &Kind::Boolean(true)));
    }

    #[test]
    fn what_is_not_json_is_said_with_its_line() {
        for (text, expected) in [
            ("", "l.json:1: error[not-json]: this is not JSON: expected a value, found the file ends"),
            ("{\"a\": 1,\n]", "l.json:2: error[not-json]: this is not JSON: expected a text in quotes, found `]`"),
            ("[1 2]", "l.json:1: error[not-json]: this is not JSON: expected `,` or `]`, found `2`"),
            ("[1e999]", "l.json:1: error[not-json]: this is not JSON: this is no number that JSON can hold"),
            ("[\"a", "l.json:1: error[not-json]: this is not JSON: this text is never closed"),
            ("[\"\\", "l.json:1: error[not-json]: this is not JSON: this text is never closed"),
            (
                "\"\\ud83d\\ude00 \\\\ud800 \\ud800\"",
                "l.json:1: error[not-json]: this is not JSON: this escape is half of a character, and the other half isn't beside it",
            ),
            ("\"\\ud80\"", "l.json:1: error[not-json]: this is not JSON: invalid escape"),
            ("{} {}", "l.json:1: error[not-json]: this is not JSON: expected the end of the file, found `{`"),
            ("ä", "l.json:1: error[not-json]: this is not JSON: expected a value, found `ä`"),
        ] {
            assert_eq!(wrong(text), expected, "{text}");
        }
    }

    #[test]
    fn every_key_that_is_there_twice_is_named() {
        let found = wrong("{\"a\": 1,\n\"b\": {\"c\": 1,\n\"c\": 2},\n\"\\u0061\": 3}");
        assert_eq!(
            found,
            "l.json:3: error[duplicate-key]: `c` is there twice; l.json:4: error[duplicate-key]: `a` is there twice"
        );
    }

    #[test]
    fn depth_and_number_of_values_are_bounded() {
        let deep = "[".repeat(100_000);
        assert!(wrong(&deep).contains("nested deeper than 64 levels"));
        assert!(read(&format!("{}{}", "[".repeat(60), "]".repeat(60))).is_ok());
        let many = format!("[{}0]", "0,".repeat(MAX_VALUES));
        assert!(wrong(&many).contains("more than 1000000 values"));
    }
}
