//! Writes CSV.

mod field;

use std::collections::HashSet;

use serde_json::value::RawValue;
use shared::{kind, members};
use turingbox_sdk::{Failure, Outputs, agent};

use crate::field::Writer;

/// Turn a list of rows into CSV
#[agent]
#[expect(clippy::boxed_local, reason = "serde gives what is written in a box alone")]
fn json_to_csv(
    /// A list of objects (the CSV gets a header) or a list of lists (it gets none)
    rows: Box<RawValue>,
    /// The character between two fields
    #[input(default = ",")]
    delimiter: String,
    /// For objects: which keys, in which order; without it all keys, in the order they are met
    columns: Option<Vec<String>>,
) -> Result<Written, Failure> {
    let mut characters = delimiter.chars();
    let mut csv = match (characters.next(), characters.next()) {
        (Some('"' | '\r' | '\n'), None) => Err(Failure::new("delimiter can't be a quote or a line end")),
        (Some(delimiter), None) => Ok(Writer::new(delimiter)),
        _ => Err(Failure::new(format!("delimiter must be one character, not '{delimiter}'"))),
    }?;
    let rows: Vec<&RawValue> = serde_json::from_str(rows.get())
        .map_err(|_| Failure::new(format!("rows must be a list, not {}", kind(rows.get()))))?;
    let are = |open: char| rows.iter().all(|row| row.get().starts_with(open));
    match (are('['), are('{')) {
        (true, _) => lists(&rows, &mut csv)?,
        (_, true) => objects(&rows, columns, &mut csv)?,
        _ => return Err(Failure::new("rows must be all objects or all lists")),
    }
    Ok(Written { csv: csv.finish() })
}

#[derive(Debug, Outputs, PartialEq)]
struct Written {
    /// The CSV text; null is an empty field, a list or object is JSON
    csv: String,
}

fn lists(rows: &[&RawValue], csv: &mut Writer) -> Result<(), Failure> {
    for row in rows {
        for item in serde_json::from_str::<Vec<&RawValue>>(row.get())? {
            csv.value(item)?;
        }
        csv.end_row();
    }
    Ok(())
}

fn objects(rows: &[&RawValue], columns: Option<Vec<String>>, csv: &mut Writer) -> Result<(), Failure> {
    let rows = rows.iter().map(|row| members(row.get())).collect::<Result<Vec<_>, _>>()?;
    let columns = columns.filter(|columns| !columns.is_empty()).unwrap_or_else(|| {
        let mut met = HashSet::new();
        let names = rows.iter().flatten().map(|(name, _)| name);
        names.filter(|name| met.insert(name.as_str())).cloned().collect()
    });
    for name in &columns {
        csv.text(name);
    }
    csv.end_row();
    for row in &rows {
        for column in &columns {
            match row.iter().rfind(|(name, _)| name == column) {
                Some((_, value)) => csv.value(value)?,
                None => csv.text(""),
            }
        }
        csv.end_row();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rows: &str, columns: Option<&[&str]>) -> Result<String, String> {
        let columns = columns.map(|names| names.iter().map(|&name| name.to_owned()).collect());
        let rows = RawValue::from_string(rows.into()).unwrap_or_default();
        json_to_csv(rows, ",".into(), columns)
            .map(|written| written.csv)
            .map_err(|failure| failure.message().to_owned())
    }

    #[test]
    fn rows_are_written() {
        for (rows, csv) in [
            ("[]", ""),
            ("[[]]", "\n"),
            ("[[null], [\"\"], [1.50, true]]", "\"\"\n\"\"\n1.50,true\n"),
            ("[{}]", "\n\n"),
            ("[{\"a\": 1, \"b\": \"x\\ny\"}, {\"c\": null, \"a\": 2}]", "a,b,c\n1,\"x\ny\",\n2,,\n"),
            ("[{\"a\": 1, \"a\": 2}]", "a\n2\n"),
        ] {
            assert_eq!(written(rows, None), Ok(csv.into()), "{rows}");
        }
        assert_eq!(written("[{\"a\": 1, \"b\": 2}]", Some(&["b", "z"])), Ok("b,z\n2,\n".into()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(written("{}", None), Err("rows must be a list, not dict".into()));
        assert_eq!(written("[1]", None), Err("rows must be all objects or all lists".into()));
        assert!(json_to_csv(RawValue::NULL.to_owned(), "ab".into(), None).is_err());
        assert!(json_to_csv(RawValue::NULL.to_owned(), "\"".into(), None).is_err());
    }
}
