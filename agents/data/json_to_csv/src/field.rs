//! The fields of CSV (RFC 4180).

use serde_json::value::RawValue;
use shared::quote_end;
use turingbox_sdk::Failure;

/// What is written so far.
pub struct Writer {
    delimiter: char,
    csv: String,
    /// How many fields the row has, and how long `csv` was when it began.
    fields: usize,
    began: usize,
}

impl Writer {
    pub fn new(delimiter: char) -> Self {
        Self { delimiter, csv: String::new(), fields: 0, began: 0 }
    }

    /// A field: nothing for null, a text as it is, anything else as JSON.
    pub fn value(&mut self, value: &RawValue) -> Result<(), Failure> {
        let json = value.get();
        match json.as_bytes().first() {
            Some(b'n') => self.text(""),
            Some(b'"') => self.text(&serde_json::from_str::<String>(json)?),
            _ => self.text(&spaced(json)?),
        }
        Ok(())
    }

    /// A field with a text, in quotes where it has to be.
    pub fn text(&mut self, text: &str) {
        if self.fields > 0 {
            self.csv.push(self.delimiter);
        }
        self.fields += 1;
        if text.contains([self.delimiter, '"', '\r', '\n']) {
            self.csv.push('"');
            self.csv.push_str(&text.replace('"', "\"\""));
            self.csv.push('"');
        } else {
            self.csv.push_str(text);
        }
    }

    /// Ends the row. One with an empty field alone would be an empty line, which is no row.
    pub fn end_row(&mut self) {
        if self.fields == 1 && self.csv.len() == self.began {
            self.csv.push_str("\"\"");
        }
        self.csv.push('\n');
        self.fields = 0;
        self.began = self.csv.len();
    }

    pub fn finish(self) -> String {
        self.csv
    }
}

/// JSON on one line, with a space behind each comma and colon, and its texts as short as can be.
fn spaced(json: &str) -> Result<String, Failure> {
    let mut spaced = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => {
                let length = quote_end(&rest[1..]).map_or(rest.len(), |end| end + 2);
                spaced.push_str(&serde_json::to_string(&serde_json::from_str::<String>(&rest[..length])?)?);
                length
            }
            ',' | ':' => {
                spaced.extend([first, ' ']);
                1
            }
            ' ' | '\t' | '\r' | '\n' => 1,
            other => {
                spaced.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    Ok(spaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_on_one_line() {
        let json = "[ 1.50,\n{\"a\\\"\\u00e4\":\"b, c\\\\\" , \"\":{} } ]";
        assert_eq!(spaced(json), Ok("[1.50, {\"a\\\"ä\": \"b, c\\\\\", \"\": {}}]".into()));
    }

    #[test]
    fn fields_have_quotes_where_they_have_to() {
        let mut csv = Writer::new(';');
        for text in ["a;b", "a,b", "a\"b", "\r", " "] {
            csv.text(text);
        }
        csv.end_row();
        csv.text("");
        csv.end_row();
        csv.end_row();
        assert_eq!(csv.finish(), "\"a;b\";a,b;\"a\"\"b\";\"\r\"; \n\"\"\n\n");
    }
}
