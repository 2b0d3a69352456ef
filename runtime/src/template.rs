//! Templates: MiniJinja, strict about what is not defined, with its own fuel, and with every value
//! made safe for the place that it is put in.

mod includes;
mod placeholder;
mod quotes;

pub(crate) use placeholder::PLACEHOLDER;

use std::{collections::BTreeMap, fmt::Write as _, io};

use minijinja::{
    AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, Value as Jinja, value::ValueKind,
};

use crate::{
    Value,
    agent::Folder,
    failure::{Code, Failure},
    stack,
};

/// What one rendering may cost, in MiniJinja's units: about one an instruction, and one for 64
/// bytes made. So a template ends within a second, and never holds more than 128 MiB.
const FUEL: u64 = 2_000_000;

/// The stack of a render, in bytes: reserved, not touched. A loop can nest a list in a list with
/// every ten units of fuel, and writing it out and dropping it takes stack for every level.
const STACK: usize = 1 << 30;

/// The longest template, in bytes: a chain of operators nests one level for each, in the parser.
const MAX_TEMPLATE: usize = 256 << 10;

/// A template so short, in bytes, that no way to write it nests deeply.
const SHORT: usize = 2048;

/// How deep includes and macros may nest; each level takes native stack.
const MAX_RECURSION: usize = 64;

/// The most templates of one agent that are read before it is rendered; further ones are read then.
const MAX_SOURCES: usize = 100;

/// What every value in a template is made safe for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escape {
    /// Nothing: text as it is, lists and objects as JSON.
    #[default]
    None,
    /// A JSON document: every value is a complete JSON value, with its quotes.
    Json,
    /// A standard SQL statement: every value is a complete literal, with its quotes.
    Sql,
    /// HTML text or an attribute in quotes.
    Html,
    /// A POSIX shell's command line: every value is one word.
    Shell,
}

impl Escape {
    /// The words of a manifest.
    pub const WORDS: [(&'static str, Self); 5] =
        [("none", Self::None), ("json", Self::Json), ("sql", Self::Sql), ("html", Self::Html), ("shell", Self::Shell)];

    fn mode(self) -> AutoEscape {
        match self {
            Self::None => AutoEscape::None,
            Self::Html => AutoEscape::Html,
            Self::Json => AutoEscape::Json,
            Self::Sql => AutoEscape::Custom("sql".into()),
            Self::Shell => AutoEscape::Custom("shell".into()),
        }
    }
}

/// The templates of one agent.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    escape: Escape,
    sources: Vec<(String, String)>,
}

/// Why a text is not a template.
#[derive(Debug)]
pub struct TemplateError {
    /// What is wrong.
    pub message: String,
    /// The line of the template, from 1.
    pub line: usize,
}

/// The names that the template `text` takes from its scope, in the order of the alphabet. What it
/// includes is not looked at.
///
/// # Errors
///
/// When `text` is not a template.
///
/// # Examples
///
/// ```
/// use turingbox::template::free_variables;
///
/// assert_eq!(free_variables("Dear {{ name }}{% for x in items %}, {{ x }}{% endfor %}").unwrap(), ["items", "name"]);
/// ```
pub fn free_variables(text: &str) -> Result<Vec<String>, TemplateError> {
    Templates::new(Escape::None, None).add("template", text)
}

impl Templates {
    /// No templates yet. `folder` is where includes are read from.
    pub fn new(escape: Escape, folder: Option<Folder>) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(MAX_RECURSION);
        environment.set_auto_escape_callback(move |_| escape.mode());
        environment.set_formatter(format);
        environment.add_filter(PLACEHOLDER, placeholder::placeholder);
        if let Some(folder) = folder {
            environment.set_loader(move |name| include(&folder, name));
        }
        Self { environment, escape, sources: Vec::new() }
    }

    /// Adds a template, and says which names it takes from its scope.
    ///
    /// # Errors
    ///
    /// When `text` is not a template.
    pub fn add(&mut self, name: &str, text: &str) -> Result<Vec<String>, TemplateError> {
        if text.len() > MAX_TEMPLATE {
            return Err(TemplateError { message: format!("it is longer than {MAX_TEMPLATE} bytes"), line: 1 });
        }
        if let Some(line) = quotes::quoted_value(self.escape, text) {
            let message = "a value comes with its own quotes: write `{{ name }}` without any around it";
            return Err(TemplateError { message: message.into(), line });
        }
        let add = |environment: &mut Environment<'static>| {
            environment.add_template_owned(name.to_owned(), text.to_owned())?;
            let mut names: Vec<_> = environment.get_template(name)?.undeclared_variables(false).into_iter().collect();
            names.retain(|name| environment.globals().all(|(global, _)| global != name));
            names.sort();
            Ok(names)
        };
        let environment = &mut self.environment;
        let added = match text.len() {
            // Too short to nest deeper than any stack.
            0..=SHORT => add(environment),
            _ => stack::on_deep_stack(STACK, || add(environment))
                .map_err(|error| TemplateError { message: error.to_string(), line: 1 })?,
        };
        added.map_err(|error: minijinja::Error| TemplateError {
            message: error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
            line: error.line().unwrap_or(1),
        })
    }

    /// Reads what `text`, the template `name`, includes by names that are written in it, and what that
    /// includes in turn, so that it is known what will be rendered. What can't be read or is wrong is for
    /// rendering to say.
    pub fn include(&mut self, name: &str, text: &str, folder: &Folder) {
        let mut pending = includes::names(text);
        self.sources.push((name.to_owned(), text.to_owned()));
        while let Some(name) = pending.pop() {
            if self.sources.len() >= MAX_SOURCES || self.sources.iter().any(|(known, _)| *known == name) {
                continue;
            }
            if let Ok(Some(text)) = include(folder, &name)
                && self.add(&name, &text).is_ok()
            {
                pending.extend(includes::names(&text));
                self.sources.push((name, text));
            }
        }
    }

    /// The template and those that it includes, by name.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sources.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Renders the template `name` over `scope`, to at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`Code::Failed`] when the template fails, and [`Code::Fuel`] or [`Code::Output`] when it
    /// works or writes too much.
    pub fn render<'a>(
        &self,
        name: &str,
        scope: impl IntoIterator<Item = (&'a str, Value)>,
        limit: u64,
    ) -> Result<String, Failure> {
        let named = scope.into_iter().map(|(name, value)| Ok((name.to_owned(), jinja(&value)?)));
        let scope = named.collect::<Result<BTreeMap<_, _>, Failure>>()?;
        let template = self.environment.get_template(name).map_err(|error| failure(&error, limit))?;
        let render = || {
            let mut written = Capped { bytes: Vec::new(), left: limit };
            template.render_captured_to(Jinja::from(scope), &mut written).map_err(|error| failure(&error, limit))?;
            Ok(String::from_utf8_lossy(&written.bytes).into_owned())
        };
        // Without a statement there is no loop, and nothing nests deeper than it is written.
        if template.source().contains("{%") {
            stack::on_deep_stack(STACK, render).map_err(Failure::host)?
        } else {
            render()
        }
    }
}

/// A value as templates see it. It is never parsed as a template.
fn jinja(value: &Value) -> Result<Jinja, Failure> {
    match value {
        Value::Text(text) => Ok(Jinja::from(text.as_ref())),
        Value::Data(data) => Ok(Jinja::from_bytes(data.to_vec())),
        Value::Secret(secret) => Err(Failure::new(
            Code::Failed,
            format!("the secret `{}` can't go into a template: what a template writes is on the tape", secret.name()),
        )
        .help("wire it to an input of a proc that the policy grants it to")),
        Value::Json(json) => serde_json::from_str(json.as_str())
            .map_err(|error| Failure::new(Code::Failed, format!("a template can't hold {value:?}: {error}"))),
    }
}

fn include(folder: &Folder, name: &str) -> Result<Option<String>, minijinja::Error> {
    match folder.read(name, MAX_TEMPLATE as u64).map(String::from_utf8) {
        Ok(Ok(text)) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Ok(Err(_)) => Err(minijinja::Error::new(ErrorKind::BadInclude, format!("`{name}` is not UTF-8"))),
        Err(error) => Err(minijinja::Error::new(ErrorKind::BadInclude, format!("`{name}`: {error}"))),
    }
}

fn failure(error: &minijinja::Error, limit: u64) -> Failure {
    let place = match (error.name(), error.line()) {
        (Some(name), Some(line)) => format!("{name}:{line}: "),
        _ => String::new(),
    };
    match error.kind() {
        ErrorKind::OutOfFuel => {
            Failure::new(Code::Fuel, format!("{place}the template worked for more than {FUEL} units"))
                .help("does it loop for ever?")
        }
        ErrorKind::WriteFailure => {
            Failure::new(Code::Output, format!("{place}the template wrote more than {limit} bytes"))
        }
        kind => Failure::new(
            Code::Failed,
            format!("{place}{}", error.detail().map_or_else(|| kind.to_string(), str::to_owned)),
        ),
    }
}

/// A buffer that refuses to grow beyond what is left.
struct Capped {
    bytes: Vec<u8>,
    left: u64,
}

impl io::Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes one value the way the current mode wants it; `{% autoescape %}` can change the mode.
fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Jinja) -> Result<(), minijinja::Error> {
    let container = matches!(value.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::Iterable);
    let text = match state.auto_escape() {
        _ if value.is_safe() => return minijinja::escape_formatter(out, state, value),
        AutoEscape::Json => document(value)?,
        AutoEscape::None if container => document(value)?,
        AutoEscape::Custom(name) if name == "sql" => sql(value)?,
        AutoEscape::Custom(name) if name == "shell" => shell(value)?,
        _ => return minijinja::escape_formatter(out, state, value),
    };
    Ok(out.write_str(&text)?)
}

/// `value` as one JSON document.
fn document(value: &Jinja) -> Result<String, minijinja::Error> {
    serde_json::to_string(value).map_err(|error| wrong(format!("JSON can't hold this value: {error}")))
}

/// `value` as one literal of standard SQL (ISO/IEC 9075-2, 5.3): quotes are doubled, and a
/// backslash is only a backslash.
fn sql(value: &Jinja) -> Result<String, minijinja::Error> {
    Ok(match value.kind() {
        ValueKind::None => "NULL".into(),
        ValueKind::Bool => if value.is_true() { "TRUE" } else { "FALSE" }.into(),
        ValueKind::Number => value.to_string(),
        ValueKind::Bytes => {
            value.as_bytes().unwrap_or_default().iter().fold("X'".to_owned(), |mut hex, byte| {
                // Writing to a string can't fail.
                let _ = write!(hex, "{byte:02X}");
                hex
            }) + "'"
        }
        ValueKind::String => quoted(value.as_str().unwrap_or_default(), "''")?,
        _ => quoted(&document(value)?, "''")?,
    })
}

/// `value` as one word of a POSIX shell (2.2.2, single quotes).
fn shell(value: &Jinja) -> Result<String, minijinja::Error> {
    match value.as_str() {
        Some(text) => quoted(text, r"'\''"),
        None => quoted(&document(value)?, r"'\''"),
    }
}

fn quoted(text: &str, quote: &str) -> Result<String, minijinja::Error> {
    if text.contains('\0') {
        return Err(wrong("a text with a NUL in it can't be quoted"));
    }
    Ok(format!("'{}'", text.replace('\'', quote)))
}

fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::BadSerialization, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Json;

    fn render(escape: Escape, text: &str, value: Value) -> Result<String, Failure> {
        let mut templates = Templates::new(escape, None);
        templates.add("t", text).map_err(|error| Failure::new(Code::Source, error.message))?;
        templates.render("t", [("x", value)], 1000)
    }

    fn json(text: &str) -> Value {
        Value::Json(Json::parse(text).unwrap())
    }

    #[test]
    fn every_target_keeps_a_value_in_its_place() {
        let evil = || Value::text("'; drop table x; -- \" <b> $(id)");
        for (escape, expected) in [
            (Escape::None, "'; drop table x; -- \" <b> $(id)"),
            (Escape::Sql, "'''; drop table x; -- \" <b> $(id)'"),
            (Escape::Json, r#""'; drop table x; -- \" <b> $(id)""#),
            (Escape::Html, "&#x27;; drop table x; -- &quot; &lt;b&gt; $(id)"),
            (Escape::Shell, r#"''\''; drop table x; -- " <b> $(id)'"#),
        ] {
            assert_eq!(render(escape, "{{ x }}", evil()).unwrap(), expected, "{escape:?}");
        }
    }

    #[test]
    fn sql_has_a_literal_for_every_value() {
        for (value, expected) in [
            (json("null"), "NULL"),
            (json("true"), "TRUE"),
            (json("1.5"), "1.5"),
            (json("[\"a'b\"]"), "'[\"a''b\"]'"),
            (Value::data([0xca, 0xfe]), "X'CAFE'"),
        ] {
            assert_eq!(render(Escape::Sql, "{{ x }}", value).unwrap(), expected);
        }
        assert_eq!(render(Escape::Sql, "{{ x }}", Value::text("a\0b")).unwrap_err().code, Code::Failed);
    }

    #[test]
    fn values_are_never_templates() {
        assert_eq!(render(Escape::None, "{{ x }}", Value::text("{{ 7 * 7 }}")).unwrap(), "{{ 7 * 7 }}");
    }

    #[test]
    fn work_memory_and_output_are_bounded() {
        let forever = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}";
        let double = "{% set n = namespace(s='x') %}{% for a in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}";
        let long = "{{ 'x' * 2000 }}";
        for (text, code) in [(forever, Code::Fuel), (double, Code::Fuel), (long, Code::Output)] {
            assert_eq!(render(Escape::None, text, Value::text("")).unwrap_err().code, code, "{text}");
        }
    }

    #[test]
    fn nesting_does_not_end_the_process() {
        let nest = "{% set n = namespace(a=[]) %}{% for i in range(100000) %}{% set n.a = [n.a] %}{% endfor %}";
        for text in [nest.to_owned(), format!("{nest}{{{{ n.a }}}}"), format!("{{{{ 1{} }}}}", " + 1".repeat(60_000))] {
            // Whether it renders or is refused, this process is still there.
            let _ = render(Escape::None, &text, Value::text(""));
        }
        let long = format!("{{{{ 1{} }}}}", " + 1".repeat(100_000));
        assert_eq!(render(Escape::None, &long, Value::text("")).unwrap_err().code, Code::Source);
    }

    #[test]
    fn what_is_not_defined_is_an_error_with_its_line() {
        let error = render(Escape::None, "a\n{{ y }}", Value::text("")).unwrap_err();
        assert!(error.message.starts_with("t:2: "), "{}", error.message);
    }
}
