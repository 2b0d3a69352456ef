//! The filter `placeholder`: a value the way prompts of the original system have it, cleaned for a
//! text in JSON. `turingbox import` writes templates with it; see `agents/IMPORT.md`.

use std::fmt::Write;

use minijinja::{ErrorKind, Value as Jinja, value::ValueKind};

use crate::expression::shown_float;

/// The filter's name.
pub(crate) const PLACEHOLDER: &str = "placeholder";

/// How deep lists and objects may nest: JSON that comes in nests no deeper, and what a template
/// builds itself may.
const MAX_NESTING: usize = 128;

/// `value` as text; `unset` where there is none.
pub(super) fn placeholder(value: &Jinja, unset: String) -> Result<String, minijinja::Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(unset),
        ValueKind::String => Ok(cleaned(value.as_str().unwrap_or_default())),
        ValueKind::Bytes => {
            let chunks = value.as_bytes().unwrap_or_default().utf8_chunks();
            Ok(chunks.map(|chunk| chunk.valid()).collect())
        }
        _ => {
            let mut text = String::new();
            write_python(value, &mut text, 0)?;
            Ok(text)
        }
    }
}

/// `text` for the inside of a text in JSON. Controls go last: what they part until then is not taken
/// together. Whatever comes of that, no quote is freed, neither one of the value's nor the one behind
/// it.
fn cleaned(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    // Backslashes that wait for what comes behind them.
    let mut waiting = 0;
    for c in text.chars() {
        let escaped = matches!(c, '"' | '\n' | '\r');
        if c != '\\' {
            let run = collapsed(2 * waiting + usize::from(escaped));
            clean.extend(std::iter::repeat_n('\\', run));
        }
        match c {
            '\\' => {
                waiting += 1;
                continue;
            }
            '"' => {
                if backslashes(&clean).is_multiple_of(2) {
                    clean.pop();
                }
                clean.push('"');
            }
            '\n' | '\r' => clean.push('n'),
            _ if c.is_control() => {}
            _ => clean.push(c),
        }
        waiting = 0;
    }
    clean.extend(std::iter::repeat_n('\\', collapsed(2 * waiting)));
    if !backslashes(&clean).is_multiple_of(2) {
        clean.push('\\');
    }
    clean
}

/// What the original leaves of so many backslashes in a row: it replaces six by two, then five, and
/// so on.
fn collapsed(run: usize) -> usize {
    [(6, 2), (5, 2), (4, 2), (3, 2), (2, 1)].into_iter().fold(run, |run, (from, to)| run / from * to + run % from)
}

/// How many backslashes `text` ends with.
fn backslashes(text: &str) -> usize {
    text.len() - text.trim_end_matches('\\').len()
}

/// Writes a value as Python's `str` would.
fn write_python(value: &Jinja, text: &mut String, depth: usize) -> Result<(), minijinja::Error> {
    if depth > MAX_NESTING {
        let message = format!("the value is nested deeper than {MAX_NESTING} levels");
        return Err(minijinja::Error::new(ErrorKind::BadSerialization, message));
    }
    match value.kind() {
        ValueKind::None | ValueKind::Undefined => text.push_str("None"),
        ValueKind::Bool => text.push_str(if value.is_true() { "True" } else { "False" }),
        ValueKind::String => quote(value.as_str().unwrap_or_default(), text),
        ValueKind::Number if !value.is_integer() => match f64::try_from(value.clone()) {
            Ok(number) => text.push_str(&shown_float(number)),
            Err(_) => text.push_str(&value.to_string()),
        },
        ValueKind::Seq | ValueKind::Iterable => {
            text.push('[');
            for (at, item) in value.try_iter()?.enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_python(&item, text, depth + 1)?;
            }
            text.push(']');
        }
        ValueKind::Map => {
            text.push('{');
            for (at, key) in value.try_iter()?.enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_python(&key, text, depth + 1)?;
                text.push_str(": ");
                write_python(&value.get_item(&key)?, text, depth + 1)?;
            }
            text.push('}');
        }
        _ => text.push_str(&value.to_string()),
    }
    Ok(())
}

/// Writes `value` in the quotes that Python would choose.
fn quote(value: &str, text: &mut String) {
    let quote = if value.contains('\'') && !value.contains('"') { '"' } else { '\'' };
    text.push(quote);
    for c in value.chars() {
        match c {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\\' => text.push_str("\\\\"),
            _ if c == quote => {
                text.push('\\');
                text.push(c);
            }
            _ if !unseen(c) => text.push(c),
            // Writing to a string can't fail.
            _ if u32::from(c) < 0x100 => drop(write!(text, "\\x{:02x}", u32::from(c))),
            _ => drop(write!(text, "\\u{:04x}", u32::from(c))),
        }
    }
    text.push(quote);
}

/// Whether a character is written as its number: controls, formats, and spaces but the plain one.
fn unseen(c: char) -> bool {
    let format = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    c.is_control() || format || (c.is_whitespace() && c != ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(json: &str) -> String {
        placeholder(&serde_json::from_str(json).unwrap(), "{x}".into()).unwrap()
    }

    #[test]
    fn text_is_cleaned_for_json() {
        for (text, expected) in [
            ("two\nlines\r", r"two\nlines\n"),
            ("a \"quoted\" word", r#"a \"quoted\" word"#),
            (r#"once \"cleaned\"\n"#, r#"once \"cleaned\"\n"#),
            (r"\d and \\d", r"\d and \d"),
            ("\t\u{7}\u{85}x", "x"),
            // Were it left alone, the quote behind the value would be the value's.
            ("ends with \\", r"ends with \\"),
            ("\\\u{1}\"", "\\\""),
        ] {
            let clean = cleaned(text);
            assert_eq!(clean, expected);
            // What one template has written may go into another.
            assert_eq!(cleaned(&clean), clean);
        }
    }

    #[test]
    fn controls_go_last() {
        for (text, expected) in [
            ("b\\\t\rc", r"b\\nc"),
            ("\\\t\\x", r"\\x"),
            ("\\\t\\\"", r#"\""#),
            ("x\\\t", r"x\\"),
            (&format!("{}x", "\\".repeat(30)), r"\\x"),
        ] {
            assert_eq!(cleaned(text), expected, "{text:?}");
        }
    }

    #[test]
    fn no_text_leaves_its_quotes() {
        for run in 0..40 {
            for end in ["", "\"", "\n", "/", "\"}", "\t", "\t\"", "\t\\\"", "\t\\", "\t\t\n\""] {
                let text = format!("{}{end}", "\\".repeat(run));
                let document = format!("[\"{}\"]", cleaned(&text));
                assert!(serde_json::from_str::<Vec<String>>(&document).is_ok(), "{document}");
            }
        }
    }

    #[test]
    fn everything_else_is_what_python_writes() {
        for (json, expected) in [
            ("5", "5"),
            ("-1.50", "-1.5"),
            ("1.0", "1.0"),
            ("1e16", "1e+16"),
            ("1.5e-5", "1.5e-05"),
            ("0.0001", "0.0001"),
            ("123456789012345.0", "123456789012345.0"),
            ("true", "True"),
            ("null", "{x}"),
            (r#"["a", 1, null, {"b": false}]"#, "['a', 1, None, {'b': False}]"),
            (r#"["it's", "\"", "'\"", "\n\\\u00e9\u00a0\u202e"]"#, r#"["it's", '"', '\'"', '\n\\é\xa0\u202e']"#),
            ("[]", "[]"),
            ("{}", "{}"),
        ] {
            assert_eq!(python(json), expected, "{json}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let mut value = Jinja::from(1);
        for _ in 0..200 {
            value = Jinja::from(vec![value]);
        }
        assert!(placeholder(&value, String::new()).is_err());
    }
}
