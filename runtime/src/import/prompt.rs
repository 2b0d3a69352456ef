//! Prompts of the original system, `Dear {name}`, as templates.

use std::fmt::Write;

use crate::{import::names::clean, template::PLACEHOLDER};

/// A brace, where it would begin a tag with what follows.
const BRACE: &str = "{{ \"{\" }}";

/// One piece of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

/// The names in braces, in their order, each once. Braces around anything else are braces.
pub fn placeholders(prompt: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for piece in pieces(prompt) {
        if let Piece::Placeholder(name) = piece
            && seen.insert(name)
        {
            names.push(name);
        }
    }
    names
}

/// The template that writes what the original would make of `prompt`. Of the names in braces, those
/// that `known` says are filled in.
pub fn template(prompt: &str, known: impl Fn(&str) -> bool) -> String {
    let mut text = String::with_capacity(prompt.len() + 64);
    for piece in pieces(prompt) {
        match piece {
            Piece::Placeholder(name) if known(name) => {
                if text.ends_with('{') {
                    text.pop();
                    text.push_str(BRACE);
                }
                let braced = serde_json::Value::from(format!("{{{name}}}"));
                // Writing to a string can't fail.
                let _ = write!(text, "{{{{ {} | {PLACEHOLDER}({braced}) }}}}", clean(name));
            }
            Piece::Placeholder(name) => {
                brace(&mut text);
                text.push_str(name);
                text.push('}');
            }
            Piece::Text(literal) => literal_text(literal, &mut text),
        }
    }
    // The engine takes the last line break of a template for the end of the file.
    text.push('\n');
    text
}

/// Writes text such that nothing in it begins a tag.
fn literal_text(literal: &str, text: &mut String) {
    for (at, part) in literal.split('{').enumerate() {
        if at > 0 {
            brace(text);
        }
        if text.ends_with('{') && part.starts_with(['%', '#']) {
            text.pop();
            text.push_str(BRACE);
        }
        text.push_str(part);
    }
}

/// Writes an opening brace.
fn brace(text: &mut String) {
    if text.ends_with('{') {
        text.pop();
        text.push_str("{{ \"{{\" }}");
    } else {
        text.push('{');
    }
}

/// The pieces of a prompt. A placeholder is a name in braces: letters of any script, digits, spaces
/// and what names are written with, on one line.
fn pieces(prompt: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(open) = prompt[at..].find('{').map(|found| at + found) {
        let inner = &prompt[open + 1..];
        let letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
        let name = inner.find(|c| !letter(c)).filter(|end| inner[*end..].starts_with('}'));
        match name.map(|end| &inner[..end]).filter(|name| !name.trim().is_empty()) {
            Some(name) => {
                if start < open {
                    pieces.push(Piece::Text(&prompt[start..open]));
                }
                pieces.push(Piece::Placeholder(name));
                at = open + name.len() + 2;
                start = at;
            }
            None => at = open + 1,
        }
    }
    if start < prompt.len() {
        pieces.push(Piece::Text(&prompt[start..]));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Json, Value,
        template::{Escape, Templates},
    };

    fn rendered(prompt: &str, scope: &[(&str, Value)]) -> String {
        let mut templates = Templates::new(Escape::None, None);
        templates.add("t", &template(prompt, |name| !name.contains("un"))).unwrap();
        templates.render("t", scope.iter().cloned(), 10_000).unwrap()
    }

    fn json(text: &str) -> Value {
        Value::Json(Json::parse(text).unwrap())
    }

    #[test]
    fn placeholders_are_names_in_braces() {
        let prompt = r#"{"model": "{model}", "n": {steps}, "{a b}": {}, {"x": {model}}} {% if %} {{y}}"#;
        assert_eq!(placeholders(prompt), ["model", "steps", "a b", "y"]);
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for prompt in [
            "{",
            "}",
            "{{",
            "}}",
            "{}",
            "{{{",
            "{% raw %}",
            "{# no #}",
            "{{ x }}{",
            "a\n",
            "a\n\n",
            "\r\n{",
            "{\"a\": {\"b\": 1}}",
            "{%",
            "{{%",
            "{{{#",
            "{\n}",
            "-%}",
            "{{-",
            "{ unset }",
            "{{unset}}%",
        ] {
            assert_eq!(rendered(prompt, &[("x", Value::text("?"))]), prompt.replace("{ x }", "?"), "{prompt}");
        }
    }

    #[test]
    fn values_are_filled_in_once() {
        let scope = [("x", Value::text("{y} \"{{ y }}\"")), ("y", json("[1]")), ("n", json("null"))];
        assert_eq!(rendered("{x}{y}{n}{m}", &scope), "{y} \\\"{{ y }}\\\"[1]{n}{m}");
        assert_eq!(rendered("{{x}}", &[("x", Value::data(*b"raw\n\xff\""))]), "{raw\n\"}");
    }
}
