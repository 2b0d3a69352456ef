//! Tables: RFC 4180, with a header.

use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};

use crate::{
    Failure,
    batch::{
        Digest, Item, MAX_ITEM, Shape,
        item::{Keyed, wrong},
    },
    diagnostic::list,
};

/// The rows of a table.
pub struct Table<R> {
    reader: csv::Reader<Bounded<R>>,
    columns: Vec<String>,
    row: ByteRecord,
    /// The line of the latest row.
    line: u64,
}

impl<R: Read> Table<R> {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// When the columns are not what `shape` wants. An empty file is a table without rows.
    pub fn open(from: R, delimiter: u8, shape: &Shape) -> Result<Self, Failure> {
        let bounded = Bounded { from, left: MAX_ITEM };
        let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bounded);
        let header = reader.byte_headers().map_err(|error| wrong(format!("the header can't be read: {error}")))?;
        let columns: Result<Vec<_>, _> = header.iter().map(|name| String::from_utf8(name.to_vec())).collect();
        let columns = columns.map_err(|_| wrong("the header isn't UTF-8"))?;
        let repeated: Vec<_> = columns
            .iter()
            .enumerate()
            .filter(|(at, name)| columns[..*at].contains(name))
            .map(|(_, name)| name)
            .collect();
        if !repeated.is_empty() {
            return Err(wrong(format!("the table has the column {} twice", list(&repeated))));
        }
        if let (false, Some(misfit)) = (columns.is_empty(), shape.misfit(columns.iter().map(String::as_str))) {
            return Err(misfit);
        }
        Ok(Self { reader, columns, row: ByteRecord::new(), line: 1 })
    }

    /// The next row.
    pub fn row(&mut self, shape: &Shape) -> io::Result<Option<Item>> {
        self.reader.get_mut().left = MAX_ITEM;
        if !self.reader.read_byte_record(&mut self.row).map_err(unwrapped)? {
            return Ok(None);
        }
        let mut whole = Vec::with_capacity(self.row.as_slice().len() + self.row.len());
        for cell in &self.row {
            whole.extend_from_slice(cell);
            // No cell of a text has it; and where one had, two rows would have one digest, no more.
            whole.push(0);
        }
        // Rows that a carriage return alone parts are all on one line, and no two may have one number.
        self.line = self.row.position().map_or(0, csv::Position::line).max(self.line + 1);
        let (key, inputs) = self.inputs(shape);
        Ok(Some(Item { number: self.line, name: None, digest: Digest::of(&whole), key, inputs, size: whole.len() }))
    }

    fn inputs(&self, shape: &Shape) -> Keyed {
        if self.row.len() != self.columns.len() {
            let message = format!("the row has {} cells, and the table {} columns", self.row.len(), self.columns.len());
            return (None, Err(wrong(message)));
        }
        let cells: Result<Vec<_>, _> = self.row.iter().map(std::str::from_utf8).collect();
        match cells {
            Ok(cells) => shape.of_row(self.columns.iter().map(String::as_str).zip(cells.iter().copied())),
            Err(_) => (None, Err(wrong("a cell isn't UTF-8"))),
        }
    }
}

/// The reader's own error: what is wrong with a table, its text says.
fn unwrapped(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, format!("{other:?}")),
    }
}

/// Ends a row that is too long: a quote that nothing closes would take in the rest of the file.
pub struct Bounded<R> {
    from: R,
    left: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.from.read(buffer)?;
        self.left = self.left.checked_sub(length).ok_or_else(|| {
            let message = format!("a row is longer than {} MiB: is there a quote that nothing closes?", MAX_ITEM >> 20);
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
        Ok(length)
    }
}
