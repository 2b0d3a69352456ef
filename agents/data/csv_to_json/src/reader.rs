//! The rows of a CSV text.

use turingbox_sdk::Failure;

/// One row, and the number of the line that it ends on.
#[derive(Debug, PartialEq)]
pub struct Line {
    pub number: usize,
    pub fields: Vec<String>,
}

/// Where the reader is in a field.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// At its start.
    Start,
    /// In one without quotes. A quote in it is a character like any other.
    Plain,
    /// In one with quotes.
    Quoted,
    /// Behind a quote in one with quotes: its end, or the first of two.
    Quote,
}

/// Reads rows; empty lines are none.
pub fn read(text: &str, delimiter: char) -> Result<Vec<Line>, Failure> {
    let mut reader = Reader { delimiter, ..Reader::default() };
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let line_end = character == '\n' || character == '\r';
        // Of the two that end a line together, the first is not yet its end.
        let ends = line_end && !(character == '\r' && rest.peek() == Some(&'\n'));
        match reader.state {
            State::Quoted => reader.quoted(character),
            _ if line_end => {
                if ends {
                    reader.end_row();
                }
            }
            _ => reader.unquoted(character)?,
        }
        reader.number += usize::from(ends);
    }
    reader.finish(text)
}

struct Reader {
    delimiter: char,
    state: State,
    number: usize,
    field: String,
    fields: Vec<String>,
    lines: Vec<Line>,
}

impl Default for Reader {
    fn default() -> Self {
        let (field, fields, lines) = Default::default();
        Self { delimiter: ',', state: State::Start, number: 1, field, fields, lines }
    }
}

impl Reader {
    fn quoted(&mut self, character: char) {
        match character {
            '"' => self.state = State::Quote,
            other => self.field.push(other),
        }
    }

    fn unquoted(&mut self, character: char) -> Result<(), Failure> {
        match (self.state, character) {
            (_, end) if end == self.delimiter => {
                self.end_field();
                self.state = State::Start;
            }
            (State::Start, '"') => self.state = State::Quoted,
            (State::Quote, '"') => {
                self.field.push('"');
                self.state = State::Quoted;
            }
            (State::Quote, _) => {
                let (line, delimiter) = (self.number, self.delimiter);
                return Err(Failure::new(format!("line {line}: '{delimiter}' expected after '\"'")));
            }
            (_, other) => {
                self.field.push(other);
                self.state = State::Plain;
            }
        }
        Ok(())
    }

    fn end_field(&mut self) {
        self.fields.push(std::mem::take(&mut self.field));
    }

    fn end_row(&mut self) {
        // A line with nothing on it is no row.
        if self.state != State::Start || !self.fields.is_empty() {
            self.end_field();
            let fields = std::mem::take(&mut self.fields);
            self.lines.push(Line { number: self.number, fields });
        }
        self.state = State::Start;
    }

    fn finish(mut self, text: &str) -> Result<Vec<Line>, Failure> {
        if self.state == State::Quoted {
            // The end of the text is on its last line, not behind it.
            let number = self.number - usize::from(text.ends_with(['\n', '\r']));
            return Err(Failure::new(format!("line {number}: unexpected end of data")));
        }
        self.end_row();
        Ok(self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Result<Vec<Vec<String>>, String> {
        let lines = read(text, ',').map_err(|failure| failure.message().to_owned())?;
        Ok(lines.into_iter().map(|line| line.fields).collect())
    }

    #[test]
    fn fields_are_what_stands_between() {
        let read = [
            ("", vec![]),
            ("\n\r\n", vec![]),
            ("a,\n", vec![vec!["a", ""]]),
            ("\"\"", vec![vec![""]]),
            (" \"a\",b\"c", vec![vec![" \"a\"", "b\"c"]]),
            ("\"a\"\"\r\n,\",\r\n\"\"\rb", vec![vec!["a\"\r\n,", ""], vec![""], vec!["b"]]),
        ];
        for (text, expected) in read {
            let expected = expected.into_iter().map(|row| row.into_iter().map(str::to_owned).collect()).collect();
            assert_eq!(fields(text), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_has_its_line() {
        assert_eq!(fields("a\n\"b"), Err("line 2: unexpected end of data".into()));
        assert_eq!(fields("a\n\"b\n"), Err("line 2: unexpected end of data".into()));
        assert_eq!(fields("a\r\n\"b\nc\"d"), Err("line 3: ',' expected after '\"'".into()));
    }
}
