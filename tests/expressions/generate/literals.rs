//! Literals: numbers of all sizes, and texts in all scripts.

use super::{Generator, Kind};

const INTS: &[&str] =
    &["0", "1", "2", "3", "-1", "-4", "10", "255", "1_000", "0x1F", "9007199254740993", "18446744073709551617"];

const FLOATS: &[&str] =
    &["0.0", "-0.0", "0.5", "1.5", "2.5", "-2.675", "1e16", "1e-5", "123456.789", "1e22", "5e-324", "3.0", "0.1"];

const TEXTS: &[&str] = &[
    "",
    "a",
    "b",
    "ab",
    "A",
    "Hello World",
    "hELLO",
    " ",
    "  a b  ",
    "a,b,,c",
    ",",
    "x=1;y=2",
    "7",
    "-3",
    "+05",
    "2.50",
    "1e5",
    "1_0",
    "0x1",
    "é",
    "naïve café",
    "ÀÉ",
    "ß",
    "Straße",
    "ΑΣ",
    "ΌΣΟΣ x",
    "ﬁ",
    "🜁",
    "a🜁b",
    "日本",
    "\u{a0}x\u{2003}",
    "a\nb\r\nc",
    "\t\u{1c}x",
    "line\u{2028}two",
    "'quoted\"",
    "back\\slash",
    "{{x}}",
    "abcabc",
    "aaa",
    "i\u{307}İ",
    "ǅ",
];

const BYTES: &[&str] = &["b''", "b'a'", r"b'n\xc3\xa9'", r"b'\xff'", "b'ab' b'c'"];

impl Generator {
    pub(super) fn literal(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Int => self.one_of(INTS).to_owned(),
            Kind::Float => self.one_of(FLOATS).to_owned(),
            Kind::Bool => self.one_of(&["True", "False"]).to_owned(),
            Kind::Text => self.text_literal(),
            Kind::List => {
                self.one_of(&["[]", "[1, 2, 3]", "(1,)", "('a', 'b')", "[[1, 'x'], [2, 'y']]", "()"]).to_owned()
            }
            Kind::Dict => self.one_of(&["{}", "{'a': 1}", "{'b': [2], 'a': 'x'}", "{'k': {'a': None}}"]).to_owned(),
            Kind::Nothing => "None".to_owned(),
        }
    }

    pub(super) fn bytes_literal(&mut self) -> String {
        self.one_of(BYTES).to_owned()
    }

    /// A number that repeats, pads or counts without making much.
    pub(super) fn small(&mut self) -> String {
        self.one_of(&["0", "1", "2", "3", "5", "-1", "-2", "True", "8", "13"]).to_owned()
    }

    /// A text between quotes of either kind, with some characters escaped.
    pub(super) fn text_literal(&mut self) -> String {
        let text = self.one_of(TEXTS);
        let quote = if self.once_in(2) { '\'' } else { '"' };
        let mut literal = String::from(quote);
        for character in text.chars() {
            let code = u32::from(character);
            match character {
                '\\' => literal.push_str("\\\\"),
                '\n' => literal.push_str("\\n"),
                '\r' => literal.push_str("\\r"),
                _ if character == quote || character.is_ascii_control() => literal.push_str(&format!("\\x{code:02x}")),
                _ if code > 0xffff && self.once_in(2) => literal.push_str(&format!("\\U{code:08x}")),
                _ if !character.is_ascii() && code <= 0xffff && self.once_in(3) => {
                    literal.push_str(&format!("\\u{code:04x}"));
                }
                _ => literal.push(character),
            }
        }
        literal.push(quote);
        literal
    }
}
