//! What a step's input says: a constant, a reference into scope, an expression or a template over it.

use std::{fmt, ops::Range, sync::Arc};

use crate::{
    Json, Secret, Value,
    agent::name::is_name,
    diagnostic::Diagnostic,
    document::{Item, TOO_LARGE},
    expression::{Expression, ExpressionError, json},
    source::Place,
};

mod literal;

/// Where the value of a step's input, or of a workflow's output, comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Wire {
    /// The value itself.
    Constant(Value),
    /// `"$name"` or `"$name.key.0"`.
    Reference(Reference),
    /// `{ from = "$name", default = … }`.
    Default {
        /// Where the value is, if it is set.
        from: Reference,
        /// The value, if it isn't.
        default: Value,
    },
    /// `"$count > 5"`.
    Expression(Arc<Expression>),
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

/// What a text without a tag is.
enum Short {
    Wire(Wire),
    /// Itself; if a `$name` in it looks as if it was meant, why it is no expression.
    Literal(Option<ExpressionError>),
    /// An expression that says what it may not.
    Refused(ExpressionError),
}

impl Wire {
    /// Reads the short forms and the ones that say which they are; with what is worth a look.
    pub(super) fn read(item: &Item<'_>) -> Result<(Self, Vec<Diagnostic>), Diagnostic> {
        if item.is_text() {
            let text = item.clone().text()?;
            return match Self::short(text) {
                Short::Wire(wire) => Ok((wire, Vec::new())),
                Short::Literal(error) => {
                    let warning = literal::text(item, text, error);
                    Ok((Self::Constant(Value::text(text)), warning.into_iter().collect()))
                }
                Short::Refused(error) => Err(refused(item, text, error, true)),
            };
        }
        // An element of an array has no key, so it is no tag.
        let tagged = item.inner();
        let wire = match tagged.as_slice() {
            [inner] if inner.key == "text" => Self::Constant(Value::text(inner.clone().text()?)),
            [inner] if inner.key == "json" => Self::Constant(Value::Json(Json::from(inner.json().map_err(fitting)?))),
            [inner] if inner.key == "expr" => Self::read_expression(inner, inner.clone().text()?)?,
            [a, b] if a.key == "from" && b.key == "default" => Self::read_default(a, b)?,
            [a, b] if a.key == "default" && b.key == "from" => Self::read_default(b, a)?,
            _ => return Ok((Self::Constant(item.value().map_err(fitting)?), literal::warnings(item, &tagged))),
        };
        Ok((wire, Vec::new()))
    }

    /// Where what a wire says is written: an expression within its table.
    pub(super) fn place(item: &Item<'_>) -> Place {
        match item.inner().as_slice() {
            [inner] if inner.key == "expr" => inner.place(),
            _ => item.place(),
        }
    }

    fn short(text: &str) -> Short {
        if ["{{", "{%", "{#"].iter().any(|opening| text.contains(opening)) {
            return Short::Wire(Self::Template(text.to_owned()));
        }
        if !holds_name(text) {
            return Short::Literal(None);
        }
        if let Some(wire) = Self::whole(text) {
            return Short::Wire(wire);
        }
        match Expression::parse(text) {
            Ok(expression) if expression.free_variables().is_empty() => {
                let span = text.find('$').map_or(0..0, |at| at..at + 1);
                let message = "the names in it are in quotes".into();
                Short::Literal(Some(ExpressionError { message, span, help: None, is_python: false }))
            }
            Ok(expression) => Short::Wire(Self::Expression(Arc::new(expression))),
            Err(error) if error.is_python => Short::Refused(error),
            Err(error) => Short::Literal(Some(error)),
        }
    }

    /// A secret or a reference, which stand for the whole value.
    fn whole(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix("$env.") {
            return is_name(name).then(|| Self::Constant(Value::Secret(Secret::new(name))));
        }
        Reference::parse(text).map(Self::Reference)
    }

    fn read_expression(item: &Item<'_>, text: &str) -> Result<Self, Diagnostic> {
        match Self::whole(text) {
            // Here a `-` is a minus, and never a part of a name.
            Some(wire) if !text.contains('-') => Ok(wire),
            _ => Self::expression(item).map(|expression| Self::Expression(Arc::new(expression))),
        }
    }

    /// A text that is an expression, and nothing else.
    pub(super) fn expression(item: &Item<'_>) -> Result<Expression, Diagnostic> {
        let text = item.clone().text()?;
        Expression::parse(text).map_err(|error| refused(item, text, error, false))
    }

    fn read_default(from: &Item<'_>, default: &Item<'_>) -> Result<Self, Diagnostic> {
        let text = from.clone().text()?;
        match Reference::parse(text).filter(|_| !text.starts_with("$env.")) {
            Some(from) => Ok(Self::Default { from, default: default.value()? }),
            None => Err(from
                .wrong("bad-name", "the value of `from` has to be `$name` or `$name.key`")
                .help("{ from = \"$name\", default = … }; or write { json = { … } } if this table is meant")),
        }
    }
}

/// Says how a number is written that TOML has not.
fn fitting(wrong: Diagnostic) -> Diagnostic {
    if wrong.code == TOO_LARGE { wrong.help("write { expr = \"…\" } around a larger number") } else { wrong }
}

/// The error for an expression, at its place in the file.
fn refused(item: &Item<'_>, text: &str, error: ExpressionError, short: bool) -> Diagnostic {
    let code = if error.is_secret() { "bad-name" } else { "expression" };
    let span = error.span.clone();
    let meant = short.then_some("write { text = \"…\" } if the text is meant, and \"{{ name }}\" to fill a name in");
    let help: Vec<_> = error.help.as_deref().into_iter().chain(meant.filter(|_| code == "expression")).collect();
    pointed(item.wrong(code, error.message), text, &span).maybe_help((!help.is_empty()).then(|| help.join("; ")))
}

/// The diagnostic at a part of the text, where the file has the text as it is: without escapes.
fn pointed(mut wrong: Diagnostic, text: &str, span: &Range<usize>) -> Diagnostic {
    let Some(place) = &mut wrong.place else { return wrong };
    if let (Some(start), false) = (place.inside(text), text.is_empty()) {
        // What ends too early is shown at its last character.
        let end = span.end.max(1);
        let last = text[..end].char_indices().last().map_or(0, |(at, _)| at);
        place.span = start + span.start.min(last)..start + end;
    }
    wrong
}

fn holds_name(text: &str) -> bool {
    let begins_name = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.match_indices('$').any(|(at, _)| text[at + 1..].starts_with(begins_name))
}

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
            document = part(document, key)?;
        }
        match serde_json::from_str::<String>(document) {
            Ok(text) => Some(Value::text(text)),
            Err(_) => Json::parse(document).ok().map(Value::Json),
        }
    }
}

/// The part of `document` at a key, or at a position in a list.
fn part<'a>(document: &'a str, key: &str) -> Option<&'a str> {
    if is_position(key) && document.trim_start().starts_with('[') {
        return json::element(document, key.parse().ok()?);
    }
    json::member(document, key)
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
mod tests;
