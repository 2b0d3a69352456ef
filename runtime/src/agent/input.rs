//! What an agent takes and gives: named inputs with a type hint, named outputs.

use std::str::FromStr;

use crate::{
    Json, Value,
    agent::{
        command::{Taken, read_taken},
        name::key_name,
        wire::Wire,
    },
    diagnostic::{Diagnostic, Report, list},
    document::{Item, Table},
    source::Place,
};

/// The most choices of one input: a person picks one from a list.
const MAX_CHOICES: usize = 1000;

/// The most choices that a message lists.
const LISTED: usize = 20;

/// What `type` can be.
const TYPES: [&str; 11] =
    ["text", "number", "integer", "boolean", "json", "bytes", "file", "date", "choice", "step", "secret"];

/// One input of an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its name: a keyword argument in Python, an option on the command line.
    pub name: String,
    /// One line for a person.
    pub help: String,
    /// What a value is expected to be.
    pub hint: Hint,
    /// The value where none is given.
    pub default: Option<Value>,
    /// Whether the agent does without, when there is no default either.
    pub optional: bool,
}

/// One output of an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// One line for a person.
    pub help: String,
    /// Where a workflow takes it from.
    pub from: Option<Wire>,
    /// Where it comes from, if the agent is a program.
    pub taken: Option<Taken>,
    /// Whether the agent never leaves it out.
    pub always: bool,
    /// Whether only those get it who ask for it by its name: it isn't printed, and no result of its own accord.
    pub internal: bool,
    /// Where the manifest says so: the value of `from`, or else the output's name.
    pub place: Option<Place>,
}

impl Input {
    /// Whether a caller must give a value.
    pub fn is_required(&self) -> bool {
        self.default.is_none() && !self.optional
    }
}

/// A type hint: for the command line, the checks and the studio. The engine has no types.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Hint {
    /// Any text.
    #[default]
    Text,
    /// A number, whole or not, within bounds.
    Number(Bounds),
    /// A whole number, within bounds.
    Integer(Bounds),
    /// `true` or `false`.
    Boolean,
    /// One JSON document.
    Json,
    /// Any bytes.
    Bytes,
    /// The path of a file, as the agent sees it.
    File,
    /// A date, `2026-11-22`, or a date and time (RFC 3339).
    Date,
    /// One of these texts.
    Choice(Vec<String>),
    /// A step of the workflow that uses the agent: its id, or its position.
    Step,
    /// A secret: the agent gets the value where the policy grants its name, and nobody else does.
    Secret,
}

/// The least and the largest number allowed, both inclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The least, if there is one.
    pub min: Option<f64>,
    /// The largest, if there is one.
    pub max: Option<f64>,
}

impl Hint {
    /// The word for the type.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number(_) => "number",
            Self::Integer(_) => "integer",
            Self::Boolean => "boolean",
            Self::Json => "json",
            Self::Bytes => "bytes",
            Self::File => "file",
            Self::Date => "date",
            Self::Choice(_) => "choice",
            Self::Step => "step",
            Self::Secret => "secret",
        }
    }

    /// The value that `bytes`, as written on a command line, mean.
    ///
    /// # Errors
    ///
    /// One line that says what was expected.
    ///
    /// # Examples
    ///
    /// ```
    /// use turingbox::{Hint, Value};
    ///
    /// assert_eq!(Hint::Text.read(b"5".to_vec()), Ok(Value::text("5")));
    /// assert!(Hint::Json.read(b"[1".to_vec()).is_err());
    /// ```
    pub fn read(&self, bytes: Vec<u8>) -> Result<Value, String> {
        if *self == Self::Bytes {
            return Ok(Value::data(bytes));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            format!(
                "this is not UTF-8 text (byte {} is wrong); an input of type `bytes` takes any",
                error.utf8_error().valid_up_to()
            )
        })?;
        match self {
            Self::Number(_) | Self::Integer(_) | Self::Boolean | Self::Json => {
                let value = Json::parse(text.trim()).map_err(|error| match self {
                    Self::Json => self.expected(&error.to_string()),
                    _ if is_too_large(&text) => {
                        self.expected(&format!("{:?} is too large, the largest is 1.8e308", Value::text(text.as_str())))
                    }
                    _ => self.expected(&format!("{:?}", Value::text(text.as_str()))),
                })?;
                self.check(Value::Json(value))
            }
            Self::Step => match Json::parse(text.trim()) {
                Ok(position) if is_whole(&position) => self.check(Value::Json(position)),
                _ => self.check(Value::text(text)),
            },
            _ => self.check(Value::text(text)),
        }
    }

    /// `value`, where it is what the hint says.
    ///
    /// # Errors
    ///
    /// One line that says what was expected.
    pub fn check(&self, value: Value) -> Result<Value, String> {
        let fits = match (self, &value) {
            (Self::Text | Self::File | Self::Secret, Value::Text(_))
            | (Self::Text | Self::Secret, Value::Secret(_))
            | (Self::Json, Value::Json(_))
            | (Self::Bytes, Value::Data(_)) => true,
            (Self::Number(bounds), Value::Json(json)) => json.to_value().as_f64().is_some_and(|n| bounds.hold(n)),
            (Self::Integer(bounds), Value::Json(json)) => {
                is_whole(json) && json.as_str().trim().parse().is_ok_and(|n| bounds.hold(n))
            }
            (Self::Boolean, Value::Json(json)) => json.to_value().is_boolean(),
            (Self::Date, Value::Text(text)) => {
                toml::value::Datetime::from_str(text).is_ok_and(|date| date.date.is_some())
            }
            (Self::Step, Value::Text(text)) => super::is_name(text) || text.trim().parse::<u32>().is_ok(),
            (Self::Step, Value::Json(json)) => {
                is_whole(json) && json.to_integer().is_some_and(|position| position >= 0)
            }
            (Self::Choice(choices), Value::Text(text)) => choices.iter().any(|choice| **choice == **text),
            _ => false,
        };
        if fits { Ok(value) } else { Err(self.expected(&format!("{value:?}"))) }
    }

    fn expected(&self, found: &str) -> String {
        format!("expected {}: {found}", self.wanted())
    }

    /// What is expected, for a message.
    pub(crate) fn wanted(&self) -> String {
        match self {
            Self::Number(bounds) => format!("a number{bounds}"),
            Self::Integer(bounds) => format!("a whole number{bounds}"),
            Self::Boolean => "`true` or `false`".into(),
            Self::Json => "one JSON document".into(),
            Self::Date => "a date like 2026-11-22, or a date and time like 2026-11-22T08:30:00Z".into(),
            Self::Choice(choices) if choices.len() > LISTED => {
                format!("one of {} and {} others", list(&choices[..LISTED]), choices.len() - LISTED)
            }
            Self::Choice(choices) => format!("one of {}", list(choices)),
            Self::Step => "the id or the position of a step".into(),
            Self::Text | Self::File | Self::Secret => "text".into(),
            Self::Bytes => "bytes".into(),
        }
    }
}

/// Whether a text is a number that no JSON document holds.
fn is_too_large(text: &str) -> bool {
    let digits = text.trim().trim_start_matches('-');
    digits.starts_with(|first: char| first.is_ascii_digit()) && digits.parse().is_ok_and(f64::is_infinite)
}

fn is_whole(json: &Json) -> bool {
    let digits = json.as_str().trim().trim_start_matches('-');
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl Bounds {
    fn hold_a_whole_number(self) -> bool {
        self.min.is_none_or(|min| self.hold(min.ceil()))
    }

    fn hold(self, number: f64) -> bool {
        self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
    }
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.min, self.max) {
            (Some(min), Some(max)) => write!(f, " from {min} to {max}"),
            (Some(min), None) => write!(f, " of at least {min}"),
            (None, Some(max)) => write!(f, " of at most {max}"),
            (None, None) => Ok(()),
        }
    }
}

/// Reads `[inputs]`.
pub(super) fn read_inputs(top: &mut Table<'_>, report: &mut Report) -> Vec<Input> {
    let Some(table) = top.take("inputs", report, Item::table) else { return Vec::new() };
    table.entries().into_iter().filter_map(|item| read_input(item, report)).collect()
}

fn read_input(item: Item<'_>, report: &mut Report) -> Option<Input> {
    let name = key_name(&item, "an input").map_err(|wrong| report.push(wrong)).ok()?;
    let mut table = item.table().map_err(|wrong| report.push(wrong)).ok()?;
    let hint = read_hint(&mut table, report);
    let default = table.take("default", report, |item| {
        let value = match hint {
            // A JSON input may well have a text as its default.
            Hint::Json => Value::Json(Json::from(item.json()?)),
            Hint::Bytes => Value::data(item.clone().text()?.as_bytes()),
            Hint::Secret => {
                return Err(item
                    .wrong("unused-key", "a secret has no default: what is in a manifest is no secret")
                    .help("optional = true"));
            }
            _ => item.value()?,
        };
        hint.check(value).map_err(|expected| item.wrong("wrong-type", expected))
    });
    let input = Input {
        name,
        help: table.take("help", report, Item::string).unwrap_or_default(),
        hint,
        default,
        optional: table.take("optional", report, Item::boolean).unwrap_or_default(),
    };
    // The studio's business: how the field looks.
    table.take("ui", report, Item::table);
    table.finish(report);
    Some(input)
}

fn choices(item: Item<'_>) -> Result<Vec<String>, Diagnostic> {
    let choices = item.clone().texts()?;
    if choices.len() > MAX_CHOICES {
        return Err(item.wrong("too-many-choices", format!("{} choices are more than {MAX_CHOICES}", choices.len())));
    }
    Ok(choices)
}

fn read_hint(table: &mut Table<'_>, report: &mut Report) -> Hint {
    let min = table.take("min", report, Item::number);
    let max = table.take("max", report, |item| match (item.clone().number()?, min) {
        (max, Some(min)) if min > max => Err(item
            .wrong("no-value", format!("no number is from {min} to {max}"))
            .help("`min` is the least, `max` the largest")),
        (max, _) => Ok(max),
    });
    let bounds = Bounds { min, max };
    let choices = table.take("choices", report, choices);
    let kinds = TYPES.map(|kind| (kind, kind));
    let unfit = |key: &str, item: &Item<'_>| {
        item.wrong(
            "unused-key",
            format!("`{key}` means nothing for an input of type `{}`", item.clone().text().unwrap_or_default()),
        )
    };
    let (bounded, chosen) = (bounds != Bounds::default(), choices.is_some());
    let hint = table.take("type", report, |item| {
        let kind = item.clone().text()?;
        if bounded && !["number", "integer"].contains(&kind) {
            return Err(unfit("min` and `max", &item));
        }
        if chosen && kind != "choice" {
            return Err(unfit("choices", &item));
        }
        let no_value = |message: String| Err(item.wrong("no-value", message));
        Ok(match item.clone().choice(&kinds)? {
            "integer" if !bounds.hold_a_whole_number() => return no_value(format!("no whole number is{bounds}")),
            "number" => Hint::Number(bounds),
            "integer" => Hint::Integer(bounds),
            "boolean" => Hint::Boolean,
            "json" => Hint::Json,
            "bytes" => Hint::Bytes,
            "file" => Hint::File,
            "date" => Hint::Date,
            "choice" => match choices.clone() {
                Some(choices) if choices.is_empty() => return no_value("no value is one of no `choices`".into()),
                Some(choices) => Hint::Choice(choices),
                None => {
                    return Err(item
                        .wrong("missing-key", "an input of type `choice` needs `choices`")
                        .help("choices = [\"a\", \"b\"]"));
                }
            },
            "step" => Hint::Step,
            "secret" => Hint::Secret,
            _ => Hint::Text,
        })
    });
    hint.unwrap_or_default()
}

/// Reads `[outputs]`, of an agent that is a program or of another.
pub(super) fn read_outputs(top: &mut Table<'_>, is_command: bool, report: &mut Report) -> Vec<Output> {
    let Some(table) = top.take("outputs", report, Item::table) else { return Vec::new() };
    let items = table.entries();
    let sole = is_command.then_some(items.len() == 1);
    items.into_iter().filter_map(|item| read_output(item, sole, report)).collect()
}

/// Reads an output; `sole` says of one of a program whether it is the only one.
fn read_output(item: Item<'_>, sole: Option<bool>, report: &mut Report) -> Option<Output> {
    let name = key_name(&item, "an output").map_err(|wrong| report.push(wrong)).ok()?;
    if name == crate::agent::STATUS {
        report
            .push(item.wrong("bad-name", "`status` is every agent's output already").help("leave it out of [outputs]"));
    }
    let mut place = item.key_place();
    let mut table = item.table().map_err(|wrong| report.push(wrong)).ok()?;
    let help = table.take("help", report, Item::string).unwrap_or_default();
    let (mut from, mut taken, mut warnings) = (None, None, Vec::new());
    match sole {
        Some(sole) => taken = read_taken(&mut table, sole, &place, report),
        None => {
            from = table.take("from", report, |item| {
                place = Wire::place(&item);
                let (wire, more) = Wire::read(&item)?;
                warnings = more;
                Ok(wire)
            });
        }
    }
    report.0.extend(warnings);
    let always = table.take("always", report, Item::boolean).unwrap_or_default();
    let internal = table.take("internal", report, Item::boolean).unwrap_or_default();
    if sole.is_none() {
        // A hint for the checks and the studio, of the same words as an input's.
        table.take("type", report, Item::text);
    }
    let output = Output { name, help, from, taken, always, internal, place: Some(place) };
    table.finish(report);
    Some(output)
}

#[cfg(test)]
mod tests;
