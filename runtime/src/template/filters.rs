//! The filters that are not MiniJinja's own, or that are more careful here.
//!
//! A filter that writes for a target gives what is safe for that target and for no other: in a
//! template that is written for another one, it is escaped like any text.

use std::{fmt, fmt::Write as _, sync::Arc};

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, State, Value as Jinja,
    value::{Kwargs, Object, ObjectRepr, ValueKind},
};

use super::{
    Escape,
    bounded::{BYTES_A_UNIT, Bounded},
    literal::{self, literal, wrong},
};

/// The widest indent of `tojson`, in spaces: it is written once for each level of each line.
const MAX_INDENT: usize = 16;

/// Their names.
pub const NAMES: [&str; 8] = ["e", "escape", "shellquote", "sqlident", "sqlstr", "tojson", "urlencode", "xmlattr"];

/// Adds them to `environment`, which has MiniJinja's.
pub fn add(environment: &mut Environment<'_>) {
    environment.add_filter("sqlstr", sqlstr);
    environment.add_filter("sqlident", sqlident);
    environment.add_filter("shellquote", shellquote);
    environment.add_filter("xmlattr", xmlattr);
    environment.add_filter("tojson", tojson);
    environment.add_filter("escape", escape);
    environment.add_filter("e", escape);
}

/// A text that is complete in some languages, and only a text in all others.
#[derive(Debug)]
pub struct Made {
    text: String,
    targets: &'static [Escape],
}

impl Made {
    /// A whole number, by its digits: it is written alike everywhere.
    pub fn number(digits: String) -> Jinja {
        const EVERYWHERE: &[Escape] =
            &[Escape::None, Escape::Json, Escape::Sql, Escape::Html, Escape::Xml, Escape::Shell];
        Jinja::from_object(Self { text: digits, targets: EVERYWHERE })
    }

    /// The text, where `value` is complete in `target` as it is.
    pub fn for_target(value: &Jinja, target: Escape) -> Option<String> {
        let made = value.downcast_object_ref::<Self>()?;
        made.targets.contains(&target).then(|| made.text.clone())
    }
}

impl Object for Made {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.text.is_empty()
    }
}

/// What a filter gives: where nothing is escaped, or the target is another, that is only a text.
fn made(state: &State<'_, '_>, text: String, targets: &'static [Escape]) -> Result<Jinja, Error> {
    // MiniJinja doesn't know how long an object is.
    state.consume_fuel(text.len() as u64 / BYTES_A_UNIT)?;
    Ok(match targets.contains(&Escape::of(state.auto_escape())) {
        true => Jinja::from_object(Made { text, targets }),
        false => Jinja::from(text),
    })
}

/// What isn't there is an error, here as everywhere.
fn defined(value: &Jinja) -> Result<(), Error> {
    if value.is_undefined() { Err(Error::from(ErrorKind::UndefinedError)) } else { Ok(()) }
}

fn sqlstr(state: &State<'_, '_>, value: &Jinja) -> Result<Jinja, Error> {
    defined(value)?;
    made(state, literal::sql(state, value)?, &[Escape::Sql])
}

fn sqlident(state: &State<'_, '_>, value: &Jinja) -> Result<Jinja, Error> {
    let Some(name) = value.as_str() else {
        return Err(wrong(format!("a name in SQL is a text, not a {}", value.kind())));
    };
    made(state, literal::sql_name(state, name)?, &[Escape::Sql])
}

fn shellquote(state: &State<'_, '_>, value: &Jinja) -> Result<Jinja, Error> {
    defined(value)?;
    made(state, literal::shell(state, value)?, &[Escape::Shell])
}

/// As in Jinja: ` key="value"` for each entry that is neither none nor undefined.
fn xmlattr(state: &State<'_, '_>, value: &Jinja, autospace: Option<bool>) -> Result<Jinja, Error> {
    if value.kind() != ValueKind::Map {
        return Err(wrong(format!("attributes are an object, not a {}", value.kind())));
    }
    let mut before = if autospace == Some(false) { "" } else { " " };
    let text = Bounded::text(state, |out| {
        for key in value.try_iter()? {
            let value = value.get_item(&key)?;
            if value.is_none() || value.is_undefined() {
                continue;
            }
            let name = key.as_str().filter(|name| is_attribute(name));
            let name = name.ok_or_else(|| wrong(format!("{key:?} can't be the name of an attribute")))?;
            write!(out, "{before}{name}={}", literal::attribute(state, &value)?)?;
            before = " ";
        }
        Ok::<_, Error>(())
    })?;
    made(state, text, &[Escape::Html, Escape::Xml])
}

/// Whether `name` can be the name of an attribute in HTML and in XML, and ends nothing there.
fn is_attribute(name: &str) -> bool {
    let begins = |c: char| c.is_alphabetic() || matches!(c, '_' | ':');
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.');
    name.starts_with(begins) && name.chars().all(goes_on)
}

/// As in Jinja: JSON in which nothing means something in HTML, so that it may stand in a script.
fn tojson(state: &State<'_, '_>, value: &Jinja, indent: Option<Jinja>, options: Kwargs) -> Result<Jinja, Error> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => options.get("indent")?,
    };
    options.assert_all_used()?;
    let indent = match indent {
        None => 0,
        Some(yes) if yes.kind() == ValueKind::Bool => 2 * usize::from(yes.is_true()),
        Some(width) => usize::try_from(width)?,
    };
    if indent > MAX_INDENT {
        return Err(wrong(format!("an indent of {indent} is more than {MAX_INDENT}")));
    }
    defined(value)?;
    let document = literal::indented(state, value, indent)?;
    // Outside of texts, JSON has none of these.
    let escaped = |character| match character {
        '<' => Some("\\u003c"),
        '>' => Some("\\u003e"),
        '&' => Some("\\u0026"),
        '\'' => Some("\\u0027"),
        _ => None,
    };
    let text = Bounded::text(state, |out| literal::replaced(out, &document, escaped))?;
    made(state, text, &[Escape::Json])
}

/// As in Jinja: what `{{ value }}` writes for the target; for HTML, where there is no target.
fn escape(state: &State<'_, '_>, value: &Jinja) -> Result<Jinja, Error> {
    defined(value)?;
    let targets: &'static [Escape] = match state.auto_escape() {
        AutoEscape::None => &[Escape::Html],
        mode => match Escape::of(mode) {
            Escape::Json => &[Escape::Json],
            Escape::Sql => &[Escape::Sql],
            Escape::Shell => &[Escape::Shell],
            Escape::Xml => &[Escape::Xml],
            Escape::Html | Escape::None => &[Escape::Html],
        },
    };
    if value.is_safe() || Made::for_target(value, targets[0]).is_some() {
        return Ok(value.clone());
    }
    made(state, literal(state, targets[0], value)?, targets)
}
