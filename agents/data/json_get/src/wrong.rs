//! Where a text is no JSON, in the words of Python's `json`: most agents are written in it, and nobody should have
//! to know which aren't. What is looked for first is as in CPython's `Modules/_json.c`.

/// What is wrong, and behind how many bytes.
type Wrong = (&'static str, usize);

/// What is wrong with a text, and where; `None` where Python would take it.
pub fn wrong(text: &str) -> Option<String> {
    let (what, at) = Scanner { bytes: text.as_bytes(), at: 0 }.document().err()?;
    let before = text.get(..at)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next()?.chars().count() + 1;
    Some(format!("{what}: line {line} column {column} (char {})", before.chars().count()))
}

struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    fn document(&mut self) -> Result<(), Wrong> {
        if self.bytes.starts_with("\u{feff}".as_bytes()) {
            return Err(("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0));
        }
        // What closes the lists and objects that are open. No recursion: a text may be nested as deep as it likes.
        let mut open = Vec::new();
        loop {
            self.space();
            if self.begins(&mut open)? {
                continue;
            }
            if !self.goes_on(&mut open)? {
                break;
            }
        }
        if self.at < self.bytes.len() { Err(("Extra data", self.at)) } else { Ok(()) }
    }

    /// One value, or the beginning of one that holds others: then whether another value has to follow.
    fn begins(&mut self, open: &mut Vec<u8>) -> Result<bool, Wrong> {
        match self.peek() {
            Some(b'"') => self.string()?,
            Some(b'[') => return Ok(self.opens(b']', open)),
            Some(b'{') => {
                let follows = self.opens(b'}', open);
                if follows {
                    self.name()?;
                }
                return Ok(follows);
            }
            _ => self.plain()?,
        }
        Ok(false)
    }

    fn opens(&mut self, closing: u8, open: &mut Vec<u8>) -> bool {
        self.at += 1;
        self.space();
        if self.takes(closing) {
            return false;
        }
        open.push(closing);
        true
    }

    /// What is between values, up to the next one; whether there is one.
    fn goes_on(&mut self, open: &mut Vec<u8>) -> Result<bool, Wrong> {
        loop {
            self.space();
            let Some(&closing) = open.last() else { return Ok(false) };
            if self.takes(closing) {
                open.pop();
                continue;
            }
            let comma = self.at;
            if !self.takes(b',') {
                return Err(("Expecting ',' delimiter", comma));
            }
            self.space();
            if self.peek() == Some(closing) {
                let what = match closing {
                    b']' => "Illegal trailing comma before end of array",
                    _ => "Illegal trailing comma before end of object",
                };
                return Err((what, comma));
            }
            if closing == b'}' {
                self.name()?;
            }
            return Ok(true);
        }
    }

    fn name(&mut self) -> Result<(), Wrong> {
        if self.peek() != Some(b'"') {
            return Err(("Expecting property name enclosed in double quotes", self.at));
        }
        self.string()?;
        self.space();
        if self.takes(b':') { Ok(()) } else { Err(("Expecting ':' delimiter", self.at)) }
    }

    fn string(&mut self) -> Result<(), Wrong> {
        let begin = self.at;
        let unterminated = Err(("Unterminated string starting at", begin));
        self.at += 1;
        loop {
            match self.peek() {
                None => return unterminated,
                Some(b'"') => break,
                Some(b'\\') => match self.bytes.get(self.at + 1) {
                    None => return unterminated,
                    Some(b'u') if !self.is_unicode() => return Err(("Invalid \\uXXXX escape", self.at + 1)),
                    Some(b'u') => self.at += 6,
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
                    Some(_) => return Err(("Invalid \\escape", self.at)),
                },
                Some(0..=0x1f) => return Err(("Invalid control character at", self.at)),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Whether four digits follow, and anything behind them.
    fn is_unicode(&self) -> bool {
        let digits = self.bytes.get(self.at + 2..self.at + 6);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) && self.bytes.len() > self.at + 6
    }

    /// A number, or a word.
    fn plain(&mut self) -> Result<(), Wrong> {
        let rest = &self.bytes[self.at..];
        let words: [&[u8]; 3] = [b"null", b"true", b"false"];
        if let Some(word) = words.into_iter().find(|word| rest.starts_with(word)) {
            self.at += word.len();
            return Ok(());
        }
        let (begin, _) = (self.at, self.takes(b'-'));
        if !self.takes(b'0') && self.digits() == 0 {
            return Err(("Expecting value", begin));
        }
        // What looks like the rest of a number and isn't ends it in front.
        self.part(|scanner| scanner.takes(b'.'));
        self.part(|scanner| {
            let is_exponent = scanner.takes(b'e') || scanner.takes(b'E');
            let _sign = is_exponent && (scanner.takes(b'+') || scanner.takes(b'-'));
            is_exponent
        });
        Ok(())
    }

    fn part(&mut self, begins: impl Fn(&mut Self) -> bool) {
        let before = self.at;
        if !begins(self) || self.digits() == 0 {
            self.at = before;
        }
    }

    fn digits(&mut self) -> usize {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn takes(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words are those that CPython 3.14 says of the same texts; `tests/agents.rs` asks it.
    #[test]
    fn what_is_no_json_is_said() {
        for (text, said) in [
            ("", "Expecting value: line 1 column 1 (char 0)"),
            ("{a}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
            ("[1,2,3\n,\n 4 5]", "Expecting ',' delimiter: line 3 column 4 (char 12)"),
            ("{\"é\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"),
            ("[1]\n\n\n2", "Extra data: line 4 column 1 (char 6)"),
            ("1.e5", "Extra data: line 1 column 2 (char 1)"),
            ("\"\\u12\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
            ("{\"a\":1,}", "Illegal trailing comma before end of object: line 1 column 7 (char 6)"),
        ] {
            assert_eq!(wrong(text).as_deref(), Some(said), "{text}");
        }
        let deep = "[".repeat(1_000_000);
        assert_eq!(wrong(&deep).as_deref(), Some("Expecting value: line 1 column 1000001 (char 1000000)"));
    }

    #[test]
    fn what_is_json_is_taken() {
        for text in
            ["[]", "{}", " [ 1 , {\"a\" : [ ] } ] ", "-0.5e+3", "1E9", "\"\\u00e9\\n\\\"\"", "[null,true,false]"]
        {
            assert_eq!(wrong(text), None, "{text}");
            assert!(serde_json::from_str::<&serde_json::value::RawValue>(text.trim()).is_ok(), "{text}");
        }
    }
}
