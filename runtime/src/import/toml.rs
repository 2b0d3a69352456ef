//! Values as TOML, written the way a person would.

use std::fmt::Write;

use crate::import::json::{Kind, Node};

/// The longest expression that is written: what an expression may be has a bound of its own.
const MAX_EXPRESSION: usize = 4000;

/// The longest table that stands on one line.
const MAX_LINE: usize = 100;

/// `text` in quotes.
pub fn quoted(text: &str) -> String {
    // What JSON escapes, TOML reads; it wants one character more.
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

/// A constant as a step's input.
pub fn constant(node: &Node) -> String {
    match &node.kind {
        Kind::Text(text) => literal(text),
        Kind::List(_) if is_plain(node) => value(node),
        Kind::Object(_) if is_plain(node) => format!("{{ json = {} }}", value(node)),
        _ if is_plain(node) => value(node),
        _ => {
            let expression = python(node);
            if expression.len() <= MAX_EXPRESSION {
                format!("{{ expr = {} }}", quoted(&expression))
            } else {
                format!("{{ json = {} }}", value(node))
            }
        }
    }
}

/// Whether a constant loses what TOML can't hold, because it is too long to be an expression.
pub fn loses(node: &Node) -> bool {
    !is_plain(node) && python(node).len() > MAX_EXPRESSION
}

/// A text that is taken as it is.
pub fn literal(text: &str) -> String {
    let special = text.contains('$') || ["{{", "{%", "{#"].iter().any(|opening| text.contains(opening));
    if special { format!("{{ text = {} }}", quoted(text)) } else { quoted(text) }
}

/// `key = { a = 1, b = 2 }`, or `[steps.key]` with a line for each where that is long.
pub fn step_table(key: &str, entries: &[(String, String)]) -> String {
    if entries.is_empty() {
        return format!("{key} = {{}}\n");
    }
    let pairs: Vec<_> = entries.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let line = format!("{key} = {{ {} }}\n", pairs.join(", "));
    if line.len() <= MAX_LINE { line } else { format!("[steps.{key}]\n{}\n", pairs.join("\n")) }
}

/// Whether TOML can hold all of a value: it has no null, and whole numbers of 64 bits.
fn is_plain(node: &Node) -> bool {
    match &node.kind {
        Kind::Null => false,
        Kind::Number(number) => number.contains(['.', 'e', 'E']) || number.parse::<i64>().is_ok(),
        Kind::List(items) => items.iter().all(is_plain),
        Kind::Object(entries) => entries.iter().all(|(_, value)| is_plain(value)),
        Kind::Boolean(_) | Kind::Text(_) => true,
    }
}

/// The value, without what TOML can't hold.
fn value(node: &Node) -> String {
    let mut text = String::new();
    write_value(node, &mut text);
    text
}

fn write_value(node: &Node, text: &mut String) {
    match &node.kind {
        Kind::Null => text.push_str("\"\""),
        Kind::Boolean(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Kind::Number(number) if is_plain(node) => text.push_str(number),
        Kind::Number(number) => drop(write!(text, "{number}.0")),
        Kind::Text(inner) => text.push_str(&quoted(inner)),
        Kind::List(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_value(item, text);
            }
            text.push(']');
        }
        Kind::Object(entries) => {
            text.push_str("{ ");
            for (at, (key, item)) in entries.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                text.push_str(&quoted(&key.text));
                text.push_str(" = ");
                write_value(item, text);
            }
            text.push_str(" }");
        }
    }
}

/// The value as Python writes it.
fn python(node: &Node) -> String {
    let mut text = String::new();
    write_python(node, &mut text);
    text
}

fn write_python(node: &Node, text: &mut String) {
    match &node.kind {
        Kind::Null => text.push_str("None"),
        Kind::Boolean(flag) => text.push_str(if *flag { "True" } else { "False" }),
        Kind::Number(number) => text.push_str(number),
        Kind::Text(inner) => text.push_str(&serde_json::Value::from(&**inner).to_string()),
        Kind::List(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_python(item, text);
            }
            text.push(']');
        }
        Kind::Object(entries) => {
            text.push('{');
            for (at, (key, item)) in entries.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                text.push_str(&serde_json::Value::from(&*key.text).to_string());
                text.push_str(": ");
                write_python(item, text);
            }
            text.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{import::json::parse, source::Source};

    #[test]
    fn constants_mean_what_they_meant() {
        for (json, expected) in [
            (r#""plain \"text\"\n\u007f""#, r#""plain \"text\"\n\u007F""#),
            (r#""$5 and {{ x }}""#, r#"{ text = "$5 and {{ x }}" }"#),
            ("1.50", "1.50"),
            ("-3", "-3"),
            ("true", "true"),
            ("null", r#"{ expr = "None" }"#),
            ("123456789012345678901234567890", r#"{ expr = "123456789012345678901234567890" }"#),
            (r#"["$a", [1]]"#, r#"["$a", [1]]"#),
            (r#"{"a b": {"c": 1e5}}"#, r#"{ json = { "a b" = { "c" = 1e5 } } }"#),
            (r#"[{"a": null}, "b"]"#, r#"{ expr = "[{\"a\": None}, \"b\"]" }"#),
        ] {
            let node = parse(&Source::new("l.json", json)).unwrap();
            assert_eq!(constant(&node), expected);
            assert!(!loses(&node));
            let toml = format!("x = {}", constant(&node));
            assert!(toml.parse::<toml::Table>().is_ok(), "{toml}");
        }
    }

    #[test]
    fn tables_stand_on_a_line_where_they_can() {
        let entries = |value: &str| [("a".to_owned(), "1".to_owned()), ("b".to_owned(), quoted(value))];
        assert_eq!(step_table("inputs", &entries("x")), "inputs = { a = 1, b = \"x\" }\n");
        let long = "x".repeat(100);
        assert_eq!(step_table("inputs", &entries(&long)), format!("[steps.inputs]\na = 1\nb = \"{long}\"\n"));
    }
}
