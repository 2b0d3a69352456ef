//! Reads CSV.

mod reader;

use std::collections::HashSet;

use serde::{Serialize, Serializer, ser::SerializeMap};
use turingbox_sdk::{Failure, Outputs, agent};

use crate::reader::{Line, read};

/// Turn CSV into a list of rows
#[agent]
fn csv_to_json(
    /// The CSV text (RFC 4180: fields may be quoted, quotes doubled)
    csv: String,
    /// The character between two fields
    #[input(default = ",")]
    delimiter: String,
    /// The first row names the fields: rows become objects; else they are lists
    #[input(default = true)]
    header: bool,
) -> Result<Table, Failure> {
    let mut characters = delimiter.chars();
    let delimiter = match (characters.next(), characters.next()) {
        (Some('"' | '\r' | '\n'), None) => Err(Failure::new("delimiter can't be a quote or a line end")),
        (Some(delimiter), None) => Ok(delimiter),
        _ => Err(Failure::new(format!("delimiter must be one character, not '{delimiter}'"))),
    }?;
    let mut lines = read(csv.strip_prefix('\u{feff}').unwrap_or(&csv), delimiter)?;
    if !header || lines.is_empty() {
        return Ok(Table { rows: lines.into_iter().map(|line| Row::List(line.fields)).collect() });
    }
    let names = lines.remove(0).fields;
    unique(&names)?;
    Ok(Table { rows: lines.into_iter().map(|line| named(&names, line)).collect::<Result<_, _>>()? })
}

#[derive(Outputs)]
struct Table {
    /// The rows; every value is a text
    rows: Vec<Row>,
}

enum Row {
    List(Vec<String>),
    Object(Vec<(String, String)>),
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::List(fields) => fields.serialize(serializer),
            Self::Object(fields) => {
                let mut object = serializer.serialize_map(Some(fields.len()))?;
                fields.iter().try_for_each(|(name, field)| object.serialize_entry(name, field))?;
                object.end()
            }
        }
    }
}

fn unique(names: &[String]) -> Result<(), Failure> {
    let mut known = HashSet::new();
    let mut twice: Vec<_> = names.iter().filter(|name| !known.insert(name.as_str())).map(String::as_str).collect();
    twice.sort_unstable();
    twice.dedup();
    match twice.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(format!("the header names {} more than once", twice.join(", ")))),
    }
}

fn named(names: &[String], line: Line) -> Result<Row, Failure> {
    let Line { number, fields } = line;
    if fields.len() != names.len() {
        let (found, wanted) = (fields.len(), names.len());
        return Err(Failure::new(format!("line {number}: {found} fields, but the header has {wanted}")));
    }
    Ok(Row::Object(names.iter().cloned().zip(fields).collect()))
}
