//! One value as a complete piece of another language.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

use minijinja::{Error, ErrorKind, State, Value as Jinja, value::ValueKind};
use serde::Serialize;

use super::{Escape, bounded::Bounded};

/// `value` as it stands in a template that is written for `target`.
///
/// # Errors
///
/// When the target can't hold it, or it is longer than the fuel pays for.
pub fn literal(state: &State<'_, '_>, target: Escape, value: &Jinja) -> Result<String, Error> {
    match target {
        Escape::None => plain(state, value),
        Escape::Json => document(state, value),
        Escape::Sql => sql(state, value),
        Escape::Shell => shell(state, value),
        Escape::Html => markup(state, &shown(state, value)?),
        Escape::Xml => xml(state, value),
    }
}

/// Text as it is, lists and objects as JSON, the rest as Jinja writes it.
fn plain(state: &State<'_, '_>, value: &Jinja) -> Result<String, Error> {
    if is_container(value) { document(state, value) } else { shown(state, value) }
}

/// `value` as Jinja writes it.
fn shown(state: &State<'_, '_>, value: &Jinja) -> Result<String, Error> {
    Bounded::text(state, |out| write!(out, "{value}"))
}

/// `value` as one JSON document.
fn document(state: &State<'_, '_>, value: &Jinja) -> Result<String, Error> {
    Bounded::text(state, |out| serde_json::to_writer(out, value).map_err(|error| unfit("JSON", &error)))
}

/// `value` as a JSON document with an indent, or on one line where it is 0.
pub fn indented(state: &State<'_, '_>, value: &Jinja, indent: usize) -> Result<String, Error> {
    if indent == 0 {
        return document(state, value);
    }
    let indent = " ".repeat(indent);
    Bounded::text(state, |out| {
        let style = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
        let mut serializer = serde_json::Serializer::with_formatter(out, style);
        value.serialize(&mut serializer).map_err(|error| unfit("JSON", &error))
    })
}

/// `value` as one literal of standard SQL (ISO/IEC 9075-2, 5.3): quotes are doubled, and a
/// backslash is only a backslash.
pub fn sql(state: &State<'_, '_>, value: &Jinja) -> Result<String, Error> {
    match value.kind() {
        ValueKind::None => Ok("NULL".into()),
        ValueKind::Bool => Ok(if value.is_true() { "TRUE" } else { "FALSE" }.into()),
        ValueKind::Number => match shown(state, value)? {
            number if number.ends_with(|last: char| last.is_ascii_digit()) => Ok(number),
            number => Err(unfit("SQL", &number)),
        },
        ValueKind::Bytes => Bounded::text(state, |out| {
            out.write_str("X'")?;
            value.as_bytes().unwrap_or_default().iter().try_for_each(|byte| write!(out, "{byte:02X}"))?;
            out.write_str("'")
        }),
        _ => quoted(state, &text(state, value)?, '\'', "''"),
    }
}

/// `text` as the name of something in standard SQL (5.2, a delimited identifier).
pub fn sql_name(state: &State<'_, '_>, text: &str) -> Result<String, Error> {
    if text.is_empty() {
        return Err(wrong("an empty text can't be a name in SQL"));
    }
    quoted(state, text, '"', "\"\"")
}

/// `value` as one word of a POSIX shell (2.2.2, single quotes).
pub fn shell(state: &State<'_, '_>, value: &Jinja) -> Result<String, Error> {
    quoted(state, &text(state, value)?, '\'', r"'\''")
}

/// `value` as XML 1.0 text, or an attribute in quotes: what isn't text as JSON.
fn xml(state: &State<'_, '_>, value: &Jinja) -> Result<String, Error> {
    let text = text(state, value)?;
    xml_characters(&text)?;
    // A parser would make a line feed of it.
    Ok(markup(state, &text)?.replace('\r', "&#13;"))
}

/// `value` as an attribute of HTML or XML with its quotes. XML would make spaces of line ends.
pub fn attribute(state: &State<'_, '_>, value: &Jinja) -> Result<String, Error> {
    let text = plain(state, value)?;
    xml_characters(&text)?;
    let safe = markup(state, &text)?.replace('\r', "&#13;").replace('\n', "&#10;").replace('\t', "&#9;");
    Ok(format!("\"{safe}\""))
}

/// Refuses what no document of XML 1.0 can hold, escaped or not (2.2).
fn xml_characters(text: &str) -> Result<(), Error> {
    let fits = |character: char| match character {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        _ => character >= ' ',
    };
    match text.chars().find(|character| !fits(*character)) {
        Some(character) => Err(unfit("XML", &character.escape_unicode())),
        None => Ok(()),
    }
}

/// `text` with all that means something in HTML or XML escaped.
fn markup(state: &State<'_, '_>, text: &str) -> Result<String, Error> {
    let escaped = |character| match character {
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '&' => Some("&amp;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#x27;"),
        _ => None,
    };
    Bounded::text(state, |out| replaced(out, text, escaped))
}

/// A text as it is, and everything else as JSON.
fn text<'v>(state: &State<'_, '_>, value: &'v Jinja) -> Result<Cow<'v, str>, Error> {
    match value.as_str() {
        Some(text) => Ok(Cow::Borrowed(text)),
        None if value.kind() == ValueKind::Plain => shown(state, value).map(Cow::Owned),
        None => document(state, value).map(Cow::Owned),
    }
}

fn quoted(state: &State<'_, '_>, text: &str, quote: char, inside: &'static str) -> Result<String, Error> {
    if text.contains('\0') {
        return Err(wrong("a text with a NUL in it can't be quoted"));
    }
    Bounded::text(state, |out| {
        out.write_char(quote)?;
        replaced(out, text, |character| (character == quote).then_some(inside))?;
        out.write_char(quote)
    })
}

/// Writes `text`, and in it what `other` gives for a character.
pub fn replaced(out: &mut Bounded, text: &str, other: impl Fn(char) -> Option<&'static str>) -> fmt::Result {
    let mut written = 0;
    for (at, character) in text.char_indices() {
        if let Some(instead) = other(character) {
            out.write_str(&text[written..at])?;
            out.write_str(instead)?;
            written = at + character.len_utf8();
        }
    }
    out.write_str(&text[written..])
}

fn is_container(value: &Jinja) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::Iterable)
}

fn unfit(language: &str, what: &dyn fmt::Display) -> Error {
    wrong(format!("{language} can't hold this value: {what}"))
}

/// The error for a value that can't be written.
pub fn wrong(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::BadSerialization, message)
}
