//! What a step's input says: a constant, a reference into scope, or a template over it.

use std::fmt;

use serde_json::value::RawValue;

use crate::{
    Json, Secret, Value,
    agent::name::is_name,
    diagnostic::{Diagnostic, Severity},
    document::Item,
};

/// Where the value of a step's input, or of a workflow's output, comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Wire {
    /// The value itself.
    Constant(Value),
    /// `"$name"` or `"$name.key.0"`.
    Reference(Reference),
    /// `"Dear {{ name }}"`.
    Template(String),
}

/// A name in scope, and the way down into the JSON it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The name in scope.
    pub name: String,
    /// Keys of objects and positions in lists, outermost first.
    pub path: Vec<String>,
}

impl Wire {
    /// Reads the short forms and the ones that say which they are.
    pub(super) fn read(item: &Item<'_>) -> Result<Self, Diagnostic> {
        if item.is_text() {
            return Self::read_text(item, item.clone().text()?);
        }
        let tagged = item.clone().table().map(|table| table.entries()).unwrap_or_default();
        match tagged.as_slice() {
            [inner] if inner.key == "text" => Ok(Self::Constant(Value::text(inner.clone().text()?))),
            [inner] if inner.key == "json" => Ok(Self::Constant(Value::Json(Json::from(inner.json()?)))),
            [inner] if inner.key == "expr" => Self::read_expression(inner, inner.clone().text()?),
            _ => Ok(Self::Constant(item.value()?)),
        }
    }

    /// What to warn of in a text that is taken as it is, though it holds a `$name`.
    pub(super) fn warning(item: &Item<'_>) -> Option<Diagnostic> {
        let text = item.clone().text().ok()?;
        let literal = matches!(Self::read(item), Ok(Self::Constant(_)));
        (literal && holds_name(text)).then(|| Diagnostic {
            severity: Severity::Warning,
            ..item
                .wrong("literal-dollar", "this text is taken as it is: a name in it is not filled in")
                .help("write \"{{ name }}\" to fill it in, or { text = \"…\" } if it is meant")
        })
    }

    fn read_text(item: &Item<'_>, text: &str) -> Result<Self, Diagnostic> {
        if ["{{", "{%", "{#"].iter().any(|opening| text.contains(opening)) {
            return Ok(Self::Template(text.to_owned()));
        }
        if is_expression(text) {
            return Self::read_expression(item, text);
        }
        Ok(Self::Constant(Value::text(text)))
    }

    fn read_expression(item: &Item<'_>, text: &str) -> Result<Self, Diagnostic> {
        if let Some(name) = text.strip_prefix("$env.") {
            let is_variable = is_name(name);
            return if is_variable { Ok(Self::Constant(Value::Secret(Secret::new(name)))) } else { Err(whole(item)) };
        }
        match Reference::parse(text) {
            Some(reference) => Ok(Self::Reference(reference)),
            None => Err(item
                .wrong("not-supported", "expressions are not supported by this version")
                .label("only `$name` and `$name.key` are")
                .help("compute it in a step before, or write { text = \"…\" } if the text is meant")),
        }
    }
}

fn whole(item: &Item<'_>) -> Diagnostic {
    item.wrong("bad-name", "`$env.NAME` stands for the whole value, and nothing is made of it")
        .help("give it to an agent that the policy grants it to, and let that make more of it")
}

/// Whether `text` holds a `$name` and is Python once the dollar signs are gone.
fn is_expression(text: &str) -> bool {
    holds_name(text) && text.len() <= MAX_EXPRESSION && {
        use rustpython_parser::{Parse, ast};
        ast::Expr::parse(&text.replace('$', ""), "<step>").is_ok()
    }
}

fn holds_name(text: &str) -> bool {
    let begins_name = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.match_indices('$').any(|(at, _)| text[at + 1..].starts_with(begins_name))
}

/// The longest expression, in bytes: the parser recurses, so its input is bounded.
const MAX_EXPRESSION: usize = 1000;

impl Reference {
    /// `$name`, `$name.key` or `$name.key.0`, and nothing else.
    ///
    /// # Examples
    ///
    /// ```
    /// use turingbox::Reference;
    ///
    /// assert_eq!(Reference::parse("$status.value").unwrap().path, ["value"]);
    /// assert_eq!(Reference::parse("$5"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('$')?.split('.');
        let name = parts.next().filter(|name| is_name(name))?.to_owned();
        let path: Vec<_> = parts.map(str::to_owned).collect();
        path.iter().all(|key| is_name(key) || is_position(key)).then_some(Self { name, path })
    }

    /// The part of `value` that the path leads to.
    pub fn follow(&self, value: &Value) -> Option<Value> {
        if self.path.is_empty() {
            return Some(value.clone());
        }
        let Value::Json(json) = value else { return None };
        let mut document = json.as_str();
        for key in &self.path {
            document = member(document, key)?;
        }
        match serde_json::from_str::<String>(document) {
            Ok(text) => Some(Value::text(text)),
            Err(_) => Json::parse(document).ok().map(Value::Json),
        }
    }
}

/// The part of `document` called `key`, as it is written there: no digit of a number is lost.
fn member<'a>(document: &'a str, key: &str) -> Option<&'a str> {
    use std::{borrow::Cow, collections::HashMap};
    if is_position(key) && document.trim_start().starts_with('[') {
        let list: Vec<&RawValue> = serde_json::from_str(document).ok()?;
        return list.get(key.parse::<usize>().ok()?).map(|part| part.get());
    }
    let object: HashMap<Cow<'a, str>, &'a RawValue> = serde_json::from_str(document).ok()?;
    object.get(key).map(|part| part.get())
}

fn is_position(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.name)?;
        self.path.iter().try_for_each(|key| write!(f, ".{key}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_whole_texts() {
        for text in ["$", "$5", "$$", "$a b", "$a.", "a", "$a..b", "$a > 5"] {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }

    #[test]
    fn paths_lead_into_json_only() {
        let value = Value::Json(Json::parse(r#"{"lines":[{"qty":2}]}"#).unwrap());
        let follow = |path: &str| Reference::parse(path).unwrap().follow(&value);
        assert_eq!(follow("$order.lines.0.qty"), Some(Value::Json(Json::parse("2").unwrap())));
        assert_eq!(follow("$order.lines.1"), None);
        assert_eq!(Reference::parse("$t.x").unwrap().follow(&Value::text("{}")), None);
    }

    #[test]
    fn prices_are_not_expressions() {
        assert!(is_expression("$a + 1"));
        assert!(is_expression("len($items) - 1"));
        assert!(!is_expression("costs $five today"));
        assert!(!is_expression("$5"));
    }
}
