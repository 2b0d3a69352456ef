//! What a program is started with, out of the inputs of its call.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::Value as J;

use crate::{
    agent::{Argument, Command, Form, Part},
    failure::{Code, Failure},
    sandbox::bindings::{Input, Lent},
};

/// The most that all arguments and variables of a program take together, in bytes: as much as Linux gives a
/// program of its own.
const MAX_BYTES: usize = 2 << 20;

/// The most arguments of a program: each costs it and us some more than its bytes.
const MAX_ARGUMENTS: usize = 50_000;

/// The argument after which programs take no more options.
const END_OF_OPTIONS: &str = "--";

/// What a program is started with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Started {
    /// Its arguments, the first of them its name.
    pub arguments: Vec<String>,
    /// Its variables.
    pub environment: Vec<(String, String)>,
    /// What it reads from standard input.
    pub stdin: Bytes,
    /// Its files.
    pub files: Vec<(String, Bytes)>,
}

impl Started {
    /// # Errors
    ///
    /// When an input can't be what the manifest makes of it.
    pub fn new(command: &Command, inputs: &[Input<'_>]) -> Result<Self, Failure> {
        let inputs = Inputs(inputs.iter().map(|input| (input.name, &input.value)).collect());
        let mut started = Self { arguments: vec![name(&command.file).to_owned()], ..Self::default() };
        let mut are_values = false;
        for argument in &command.arguments {
            are_values |= matches!(argument, Argument::Literal(text) if text == END_OF_OPTIONS);
            started.arguments.extend(inputs.arguments(argument, are_values)?);
        }
        for (name, part) in &command.environment {
            if let Some(value) = inputs.text_part(part)? {
                started.environment.push((name.clone(), value));
            }
        }
        for (name, part) in &command.files {
            started.files.extend(inputs.bytes_part(part).map(|bytes| (name.clone(), bytes)));
        }
        started.stdin = command.stdin.as_ref().and_then(|name| inputs.get(name)).map(bytes).unwrap_or_default();
        started.bounded()
    }

    fn bounded(self) -> Result<Self, Failure> {
        let variables = self.environment.iter().map(|(name, value)| name.len() + value.len());
        let size: usize = self.arguments.iter().map(String::len).chain(variables).sum();
        if size <= MAX_BYTES && self.arguments.len() <= MAX_ARGUMENTS {
            return Ok(self);
        }
        let message = format!(
            "the program's {} arguments and its variables take {size} bytes; {MAX_ARGUMENTS} and {MAX_BYTES} are the most",
            self.arguments.len()
        );
        Err(Failure::new(Code::Input, message).help("give what is long as `stdin`, or in a file"))
    }
}

/// What a program calls itself: its file's name, without the ending.
fn name(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".wasm").unwrap_or(name)
}

struct Inputs<'a>(HashMap<&'a str, &'a Lent<'a>>);

impl<'a> Inputs<'a> {
    fn get(&self, name: &str) -> Option<&'a Lent<'a>> {
        self.0.get(name).copied()
    }

    /// The arguments that one entry makes. After `--`, all are values.
    fn arguments(&self, argument: &Argument, are_values: bool) -> Result<Vec<String>, Failure> {
        let (input, form) = match argument {
            Argument::Literal(text) => return Ok(vec![text.clone()]),
            Argument::Input { input, form } => (input, form),
        };
        let Some(value) = self.get(input) else { return Ok(Vec::new()) };
        let texts = match (value, form) {
            (Lent::Json(json), Form::Flag(flag)) if json.trim() == "true" => return Ok(vec![flag.clone()]),
            (Lent::Json(json), Form::Flag(_)) if json.trim() == "false" => return Ok(Vec::new()),
            (value, _) => texts(input, value)?,
        };
        if let (Form::Plain { dash: false }, false) = (form, are_values) {
            texts.iter().try_for_each(|text| no_option(input, value, text))?;
        }
        let written = |text: String| match form {
            Form::Plain { .. } => vec![text],
            Form::Flag(flag) => vec![flag.clone(), text],
            Form::Prefix(prefix) => vec![format!("{prefix}{text}")],
        };
        Ok(texts.into_iter().flat_map(written).collect())
    }

    fn text_part(&self, part: &Part) -> Result<Option<String>, Failure> {
        match part {
            Part::Literal(text) => Ok(Some(text.clone())),
            Part::Input(input) => self.get(input).map(|value| whole(input, value)).transpose(),
        }
    }

    fn bytes_part(&self, part: &Part) -> Option<Bytes> {
        match part {
            Part::Literal(text) => Some(text.clone().into()),
            Part::Input(input) => self.get(input).map(bytes),
        }
    }
}

fn bytes(value: &Lent<'_>) -> Bytes {
    match value {
        Lent::Text(text) | Lent::Json(text) => Bytes::copy_from_slice(text.as_bytes()),
        Lent::Data(data) => Bytes::copy_from_slice(data),
    }
}

/// The texts of a value: of a list each element's, of `null` none.
fn texts(input: &str, value: &Lent<'_>) -> Result<Vec<String>, Failure> {
    let Lent::Json(json) = value else { return Ok(vec![whole(input, value)?]) };
    let texts = match serde_json::from_str(json) {
        Ok(J::Array(items)) => items.iter().map(text).collect(),
        Ok(J::Null) => Vec::new(),
        // A number keeps the digits that it came with.
        Ok(J::String(text)) => vec![text],
        _ => vec![json.trim().to_owned()],
    };
    texts.into_iter().map(|text| plain(input, text)).collect()
}

/// The one text of a value.
fn whole(input: &str, value: &Lent<'_>) -> Result<String, Failure> {
    let text = match value {
        Lent::Text(text) => (*text).to_owned(),
        Lent::Json(json) => match serde_json::from_str(json) {
            Ok(J::String(text)) => text,
            _ => json.trim().to_owned(),
        },
        Lent::Data(data) => String::from_utf8(data.to_vec()).map_err(|_| {
            let message = format!("the input `{input}` is not UTF-8, and a program's arguments and variables are text");
            Failure::new(Code::Input, message).help("give it as `stdin`, or in a file")
        })?,
    };
    plain(input, text)
}

fn text(element: &J) -> String {
    match element {
        J::String(text) => text.clone(),
        element => element.to_string(),
    }
}

fn plain(input: &str, text: String) -> Result<String, Failure> {
    match text.contains('\0') {
        false => Ok(text),
        true => {
            let message = format!("the input `{input}` has a NUL in it, which a program takes for the end of a text");
            Err(Failure::new(Code::Input, message))
        }
    }
}

/// Refuses a value that the program would take for an option. A number is none.
fn no_option(input: &str, value: &Lent<'_>, text: &str) -> Result<(), Failure> {
    let is_number = matches!(value, Lent::Json(_)) && serde_json::from_str::<serde_json::Number>(text).is_ok();
    if !text.starts_with('-') || is_number {
        return Ok(());
    }
    let message = format!("the input `{input}` begins with `-`, and the program would take it for an option");
    Err(Failure::new(Code::Input, message).help(
        "put \"--\" before it in `arguments`, if the program knows that, or say `dash = true` if options are meant",
    ))
}

#[cfg(test)]
mod tests;
