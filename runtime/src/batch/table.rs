//! Tables: RFC 4180, with a header.

use std::{
    collections::HashSet,
    io::{self, Read},
};

use csv::{ByteRecord, ReaderBuilder};

use crate::{
    Failure,
    batch::{
        Item, MAX_ITEM, Shape,
        item::{Keyed, wrong},
        lines::{LineEnds, Places},
    },
    diagnostic::{counted, list},
};

/// The rows of a table.
pub struct Table<R> {
    reader: csv::Reader<Bounded<R>>,
    columns: Vec<String>,
    row: ByteRecord,
}

impl<R: Read> Table<R> {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// When the columns are not what `shape` wants. An empty file is a table without rows.
    pub fn open(from: R, delimiter: u8, shape: &Shape) -> Result<Self, Failure> {
        let bounded = Bounded { from, left: MAX_ITEM, end: End::Ahead, places: Places::default() };
        let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bounded);
        let header = reader.byte_headers().map_err(|error| wrong(format!("the header can't be read: {error}")))?;
        let columns: Result<Vec<_>, _> = header.iter().map(|name| String::from_utf8(name.to_vec())).collect();
        let columns = columns.map_err(|_| wrong("the header isn't UTF-8"))?;
        if !columns.is_empty() && reader.get_ref().is_passed() {
            return Err(unclosed("the header"));
        }
        let mut known = HashSet::new();
        if let Some(repeated) = columns.iter().find(|name| !known.insert(name.as_str())) {
            return Err(wrong(format!("the table has the column {} twice", list(&[repeated.as_str()]))));
        }
        if let (false, Some(misfit)) = (columns.is_empty(), shape.misfit(columns.iter().map(String::as_str))) {
            return Err(misfit);
        }
        Ok(Self { reader, columns, row: ByteRecord::new() })
    }

    /// The next row.
    pub fn row(&mut self, shape: &Shape) -> io::Result<Option<Item>> {
        self.reader.get_mut().left = MAX_ITEM;
        if !self.reader.read_byte_record(&mut self.row).map_err(unwrapped)? {
            return Ok(None);
        }
        let mut whole = Vec::with_capacity(self.row.as_slice().len() + self.row.len());
        let mut within = 0;
        for cell in &self.row {
            within += LineEnds::of(cell);
            whole.extend_from_slice(cell);
            // No cell of a text has it; and where one had, two rows would have one digest, no more.
            whole.push(0);
        }
        let number = (1 + self.lines_before_the_end()).saturating_sub(within);
        let (key, inputs) = self.inputs(shape);
        Ok(Some(Item { number, name: None, digest: shape.digest(&whole), key, inputs, size: whole.len() }))
    }

    /// How many lines end before the row's own end. Behind a quote that nothing closes it has none.
    fn lines_before_the_end(&mut self) -> u64 {
        let behind = self.reader.position().byte();
        let bounded = self.reader.get_mut();
        let end = behind.saturating_sub(u64::from(!bounded.is_passed()));
        bounded.places.ends_before(end)
    }

    fn inputs(&self, shape: &Shape) -> Keyed {
        if self.reader.get_ref().is_passed() {
            return (None, Err(unclosed("the row")));
        }
        if self.row.len() != self.columns.len() {
            let (cells, columns) = (counted(self.row.len(), "cell"), counted(self.columns.len(), "column"));
            let message = format!("the row has {cells}, and the table {columns}");
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

/// What is wrong where the end came before that of a quote: what was to be other rows is in one.
fn unclosed(what: &str) -> Failure {
    wrong(format!("{what} has a quote that nothing closes, so all that comes after is in it"))
        .help("close it; a quote that is text in a quoted cell is written twice")
}

/// Ends a row that is too long: a quote that nothing closes would take in the rest of the file. And gives the
/// last row the line end that it may lack: a row that ends with the file after that is one within a quote.
pub struct Bounded<R> {
    from: R,
    left: usize,
    end: End,
    places: Places,
}

/// How far the end is.
#[derive(PartialEq, Eq)]
enum End {
    /// There may be more.
    Ahead,
    /// There is a line end.
    Line,
    /// Somebody read on behind it.
    Passed,
}

impl<R> Bounded<R> {
    /// Whether somebody wanted more than there is.
    fn is_passed(&self) -> bool {
        self.end == End::Passed
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(first) = buffer.first_mut() else { return Ok(0) };
        if self.end != End::Ahead {
            self.end = End::Passed;
            return Ok(0);
        }
        *first = b'\n';
        let length = self.from.read(buffer)?;
        if length == 0 {
            self.end = End::Line;
            self.places.read(b"\n");
            return Ok(1);
        }
        self.places.read(&buffer[..length]);
        self.left = self.left.checked_sub(length).ok_or_else(|| {
            let message = format!("a row is longer than {} MiB: is there a quote that nothing closes?", MAX_ITEM >> 20);
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::item::tests::shape;

    /// The lines of the rows that are none, and how many rows there are.
    fn read(text: &str) -> (Vec<u64>, usize) {
        let shape = shape("[inputs.name]");
        let mut table = Table::open(text.as_bytes(), b',', &shape).unwrap();
        let rows: Vec<_> = std::iter::from_fn(|| table.row(&shape).unwrap()).collect();
        (rows.iter().filter(|row| row.inputs.is_err()).map(|row| row.number).collect(), rows.len())
    }

    #[test]
    fn a_quote_that_nothing_closes_loses_no_row_in_silence() {
        for text in ["name\nAda\n\"Grace\nAlan\n", "name\nAda\n\"Grace", "name\nAda\n\"", "name\r\nAda\r\n\"Grace\"\""]
        {
            assert_eq!(read(text), (vec![3], 2), "{text:?}");
        }
        for text in
            ["name\nAda\n\"Grace\"", "name\rAda\rGrace\r", "name\n\"Ada\n\"\n\n\"\"\"\"\r\n", "\"name\"\nAda\nGr\"ace"]
        {
            assert_eq!(read(text), (vec![], 2), "{text:?}");
        }
        assert_eq!((read("name"), read("name\n"), read("")), ((vec![], 0), (vec![], 0), (vec![], 0)));
        let header = Table::open("\"name\nAda\n".as_bytes(), b',', &shape("[inputs.name]"));
        assert!(header.err().unwrap().message.contains("the header has a quote"));
    }

    fn numbers(text: &str) -> Vec<u64> {
        let shape = shape("[inputs.name]\n[inputs.more]\noptional = true");
        let mut table = Table::open(text.as_bytes(), b',', &shape).unwrap();
        std::iter::from_fn(|| table.row(&shape).unwrap()).map(|row| row.number).collect()
    }

    #[test]
    fn a_row_is_known_by_the_line_that_it_begins_on() {
        for (text, expected) in [
            ("name\na\n\n\nb\n", &[2, 5][..]),
            ("\n\nname\n\na", &[5]),
            ("name\r\n\"a\r\nb\"\r\n\r\nc\r\n\"d\r\ne\r\nf\"\r\ng\r\n", &[2, 5, 6, 9]),
            ("name\n\"a\n\n\"\n\"\n\"\nc", &[2, 5, 7]),
            ("name,more\r\n\"\r\",\"\nb\"\r\nc,\n", &[2, 5]),
            ("name\ra\r\rb", &[2, 4]),
            ("name\r\na\nb\r\n\nc\rd\n", &[2, 3, 5, 6]),
            ("name\na\n\n\"b\n\nc", &[2, 4]),
        ] {
            assert_eq!(numbers(text), expected, "{text:?}");
        }
    }

    /// The ends of lines fall before, on and behind the end of what is read at once.
    #[test]
    fn lines_are_counted_over_all_that_is_read() {
        for length in 1..5 {
            let name = "x".repeat(length);
            let text = format!("name\r\n{}", format!("\"{name}\r\n\"\r\n\r\n").repeat(20_000));
            let expected: Vec<_> = (0..20_000).map(|row| 2 + 3 * row).collect();
            assert!(numbers(&text) == expected, "{length}");
        }
    }

    #[test]
    fn no_row_is_read_for_ever() {
        let endless = || Read::chain("name\n\"".as_bytes(), io::repeat(b'a'));
        let shape = shape("[inputs.name]");
        let header = Table::open(Read::chain("\"".as_bytes(), io::repeat(b'a')), b',', &shape);
        assert!(header.err().unwrap().message.contains("a row is longer than 16 MiB"));
        let row = Table::open(endless(), b',', &shape).unwrap().row(&shape);
        assert!(row.err().unwrap().to_string().contains("a row is longer than 16 MiB"));
    }
}
