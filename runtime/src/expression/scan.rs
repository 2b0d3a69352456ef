//! The first look at the text of an expression: it finds the `$names`, which Python has not, and
//! bounds what the parser gets to see.

use std::ops::Range;

use super::{
    bounds::MAX_NESTING,
    wrong::{ExpressionError, OF_A_SECRET},
};
use crate::agent::{Reference, is_name};

/// A text with its references taken out.
pub struct Scanned {
    /// The same text with a name that Python knows, of the same width, for each reference.
    pub code: String,
    /// What each reference refers to, and where it begins.
    pub references: Vec<(usize, Reference)>,
    /// What is not allowed, though the parser would read it.
    pub refused: Option<ExpressionError>,
}

/// Looks through `text`.
pub fn scan(text: &str) -> Result<Scanned, ExpressionError> {
    let scanned = Scanned { code: text.to_owned(), references: Vec::new(), refused: None };
    let mut scanner = Scanner { text, at: 0, brackets: Vec::new(), scanned, code: text.as_bytes().to_vec() };
    while let Some(byte) = scanner.peek(0) {
        scanner.step(byte)?;
    }
    if let Some((bracket, at)) = scanner.brackets.pop() {
        return Err(ExpressionError::syntax(format!("this `{}` is never closed", char::from(bracket)), at..at + 1));
    }
    let Scanner { mut scanned, code, .. } = scanner;
    // Only whole references and prefixes of ASCII were overwritten.
    scanned.code = String::from_utf8(code).unwrap_or_default();
    Ok(scanned)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    brackets: Vec<(u8, usize)>,
    scanned: Scanned,
    code: Vec<u8>,
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn step(&mut self, byte: u8) -> Result<(), ExpressionError> {
        match byte {
            b'$' => return self.reference(),
            b'"' | b'\'' => return self.string(self.at),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => return self.word(),
            // A number goes on like a word: `0x1f`, `1e5`.
            b'0'..=b'9' => return self.number(),
            b'(' | b'[' | b'{' => self.open(byte)?,
            b')' | b']' | b'}' => self.close(byte)?,
            b',' if self.brackets.is_empty() => {
                let help = "write ( … ) or [ … ] around values";
                return Err(self.unexpected("a comma outside of brackets").help(help));
            }
            b' ' | b'\t' | b'\n' | b'!'..=b'~' if byte != b'#' && byte != b'\\' => {}
            _ => {
                let character = self.text[self.at..].chars().next().unwrap_or_default();
                return Err(self.unexpected(&format!("`{}` outside of quotes", character.escape_debug())));
            }
        }
        self.at += 1;
        Ok(())
    }

    fn unexpected(&self, what: &str) -> ExpressionError {
        let width = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        ExpressionError::syntax(format!("{what} is not expected here"), self.at..self.at + width)
    }

    fn open(&mut self, bracket: u8) -> Result<(), ExpressionError> {
        self.brackets.push((bracket, self.at));
        if self.brackets.len() > MAX_NESTING {
            return Err(ExpressionError::refused(
                format!("brackets nest deeper than {MAX_NESTING} levels"),
                self.at..self.at + 1,
            ));
        }
        Ok(())
    }

    fn close(&mut self, bracket: u8) -> Result<(), ExpressionError> {
        let opened = self.brackets.pop().map(|(bracket, _)| bracket);
        if matches!((opened, bracket), (Some(b'('), b')') | (Some(b'['), b']') | (Some(b'{'), b'}')) {
            return Ok(());
        }
        let message = format!("this `{}` closes nothing", char::from(bracket));
        Err(ExpressionError::syntax(message, self.at..self.at + 1))
    }

    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Where the bytes end, from here on, that names are made of.
    fn name_end(&self, from: usize) -> usize {
        let is_in_name = |byte: &u8| *byte == b'_' || byte.is_ascii_alphanumeric();
        from + self.text.as_bytes()[from..].iter().take_while(|byte| is_in_name(byte)).count()
    }

    fn number(&mut self) -> Result<(), ExpressionError> {
        self.at = self.name_end(self.at);
        self.not_before_a_dollar()
    }

    fn word(&mut self) -> Result<(), ExpressionError> {
        let start = self.at;
        self.at = self.name_end(start);
        let prefix = self.text[start..self.at].to_ascii_lowercase();
        let prefixes = ["r", "u", "b", "f", "t", "br", "rb", "fr", "rf", "tr", "rt"];
        if matches!(self.peek(0), Some(b'"' | b'\'')) && prefixes.contains(&prefix.as_str()) {
            return self.string(start);
        }
        self.not_before_a_dollar()
    }

    fn not_before_a_dollar(&self) -> Result<(), ExpressionError> {
        if self.peek(0) == Some(b'$') { Err(self.unexpected("`$`")) } else { Ok(()) }
    }

    /// `$name`, and the way down into it; the last name before a bracket is a method.
    fn reference(&mut self) -> Result<(), ExpressionError> {
        let start = self.at;
        if !matches!(self.peek(1), Some(b'_' | b'a'..=b'z' | b'A'..=b'Z')) {
            let message = "a name has to follow the `$`";
            return Err(ExpressionError::syntax(message, start..start + 1).help("write $name; a price goes in quotes"));
        }
        let mut end = self.name_end(start + 1);
        let name = self.text[start + 1..end].to_owned();
        if !is_name(&name) {
            return Err(ExpressionError::syntax("this name is too long to be one", start..end));
        }
        let mut path = Vec::new();
        while self.text.as_bytes().get(end) == Some(&b'.') {
            let key_end = self.name_end(end + 1);
            let key = &self.text[end + 1..key_end];
            let is_position = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
            if self.text[key_end..].trim_start_matches([' ', '\t']).starts_with('(') && !is_position {
                break;
            }
            if key.is_empty() || !is_position && key.starts_with(|first: char| first.is_ascii_digit()) {
                let message = "a name or a position has to follow the `.`";
                return Err(ExpressionError::syntax(message, end..key_end.max(end + 1)));
            }
            path.push(key.to_owned());
            end = key_end;
        }
        self.refuse_reference(&name, &path, start..end);
        self.at = end;
        self.scanned.references.push((start, Reference { name, path }));
        // A name of Python's that is no word of its.
        self.code[start] = b'R';
        self.code[start + 1..end].fill(b'_');
        self.not_before_a_dollar()
    }

    fn refuse_reference(&mut self, name: &str, path: &[String], span: Range<usize>) {
        if name == "env" && !path.is_empty() {
            let error = ExpressionError::refused(OF_A_SECRET, span);
            self.refuse(error.help("give it to an agent that the policy grants it to, and let that make more of it"));
        } else if name.starts_with('_') {
            self.refuse(ExpressionError::refused("a name that begins with `_` can't be in an expression", span));
        } else if let Some(key) = path.iter().find(|key| key.starts_with('_')) {
            let error = ExpressionError::refused("a name that begins with `_` can't be in an expression", span);
            self.refuse(error.help(format!("write ['{key}'] for a key of that name")));
        }
    }

    fn refuse(&mut self, error: ExpressionError) {
        self.scanned.refused.get_or_insert(error);
    }

    /// A literal whose prefix begins at `start`, and whose quotes begin here.
    fn string(&mut self, start: usize) -> Result<(), ExpressionError> {
        let prefix = self.text[start..self.at].to_ascii_lowercase();
        if prefix.contains(['f', 't']) {
            self.refuse(
                ExpressionError::refused("an f-string can't be in an expression", start..self.at + 1)
                    .help("write + between the parts, or \"{{ name }}\" instead of an expression"),
            );
            // The parser reads what is in the quotes as plain text.
            self.code[start..self.at].fill(b' ');
        }
        let Some(quote) = self.peek(0) else { return Ok(()) };
        let triple = self.peek(1) == Some(quote) && self.peek(2) == Some(quote);
        let closing = [quote; 3];
        let closing = &closing[..if triple { 3 } else { 1 }];
        let open = self.at;
        self.at += closing.len();
        while !self.rest().starts_with(closing) {
            match self.peek(0) {
                Some(b'\n') if !triple => break,
                Some(b'\\') => {
                    if !prefix.contains(['r', 'b']) {
                        self.escape();
                    }
                    // What follows is part of it, but for characters that aren't allowed at all.
                    self.at += if self.peek(1).is_none_or(is_control) { 1 } else { 2 };
                }
                Some(byte) if is_control(byte) => {
                    return Err(self.unexpected("a control character"));
                }
                Some(_) => self.at += 1,
                None => break,
            }
        }
        if !self.rest().starts_with(closing) {
            return Err(ExpressionError::syntax("this text is never closed", open..open + 1));
        }
        self.at += closing.len();
        self.not_before_a_dollar()
    }

    /// Refuses half of a pair, which no text can hold.
    fn escape(&mut self) {
        let digits = match self.peek(1) {
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => return,
        };
        let written = self.text.get(self.at + 2..self.at + 2 + digits);
        if let Some(Ok(0xd800..=0xdfff)) = written.map(|digits| u32::from_str_radix(digits, 16)) {
            let span = self.at..self.at + 2 + digits;
            let error = ExpressionError::refused("half of a surrogate pair is not a character", span);
            self.refuse(error.help("write the character itself, or \\U and its eight digits"));
        }
    }
}

/// Whether a byte is a control character that Python's reader has other plans with.
fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\n' | b'\t')
}
