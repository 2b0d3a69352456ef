//! Templates: MiniJinja, strict about what is not defined, with its own fuel, and with every value
//! made safe for the place that it is put in.

mod bounded;
mod cut;
mod error;
mod escape;
mod exact;
mod filters;
mod literal;
mod paid;
mod placeholder;
mod quotes;
mod tools;
mod uses;
mod written;

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use minijinja::{Environment, ErrorKind, Output, State, Value as Jinja};

use crate::{
    Value,
    agent::Folder,
    failure::{Code, Failure},
    stack,
};
use filters::Made;
use literal::literal;

pub use error::TemplateError;
pub use escape::Escape;
pub(crate) use placeholder::PLACEHOLDER;
pub(crate) use tools::{known, tools};
pub use uses::{Include, Name, Tool, ToolKind, Uses, free_variables};
pub use written::Written;

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

/// What the templates that an agent includes may have together, in bytes: they are kept once read.
const MAX_INCLUDED: u64 = 16 << 20;

/// The templates of one agent.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    escape: Escape,
    sources: Vec<(String, String)>,
    /// Where each template is written, as far as that is known.
    written: HashMap<String, Written>,
}

impl Templates {
    /// No templates yet. `folder` is where includes are read from.
    pub fn new(escape: Escape, folder: Option<Folder>) -> Self {
        let mut environment = tools::environment();
        environment.set_auto_escape_callback(move |_| escape.mode());
        if let Some(folder) = folder {
            let left = AtomicU64::new(MAX_INCLUDED);
            environment.set_loader(move |name| include(&folder, name, &left));
        }
        Self { environment, escape, sources: Vec::new(), written: HashMap::new() }
    }

    /// Adds a template, and says what it uses.
    ///
    /// # Errors
    ///
    /// When `text` is not a template.
    pub fn add(&mut self, name: &str, text: &str) -> Result<Uses, TemplateError> {
        let uses = read(self.escape, text)?;
        let environment = &mut self.environment;
        let paid = if uses.grows { paid::paid(text, &uses) } else { text.to_owned() };
        let added = at_its_depth(text, || Ok(environment.add_template_owned(name.to_owned(), paid)))?;
        added.map_err(|error| TemplateError::of(text, &error))?;
        Ok(uses)
    }

    /// Says where the template `name` is written.
    pub fn is_written(&mut self, name: &str, written: Written) {
        self.written.insert(name.to_owned(), written);
    }

    /// Reads what `text`, the template `name`, includes by names that are written in it, and what that
    /// includes in turn, so that it is known what will be rendered. What can't be read or is wrong is for
    /// rendering to say.
    pub fn include(&mut self, name: &str, text: &str, uses: &Uses, folder: &Folder) {
        let named = |uses: &Uses| uses.includes.iter().flat_map(|include| include.names.clone()).collect::<Vec<_>>();
        let mut pending = named(uses);
        self.sources.push((name.to_owned(), text.to_owned()));
        while let Some(name) = pending.pop() {
            if self.sources.len() >= MAX_SOURCES || self.sources.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let Ok(text) = folder.text(&name, MAX_TEMPLATE as u64) else { continue };
            if let Ok(uses) = self.add(&name, &text) {
                pending.extend(named(&uses));
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
        let template =
            self.environment.get_template(name).map_err(|error| error::failure(&error, limit, &self.written))?;
        let render = || {
            let mut written = Capped { bytes: Vec::new(), left: limit };
            template
                .render_captured_to(Jinja::from(scope), &mut written)
                .map_err(|error| error::failure(&error, limit, &self.written))?;
            Ok(String::from_utf8_lossy(&written.bytes).into_owned())
        };
        // Without a statement there is no loop, and nothing nests deeper than it is written.
        if template.source().contains("{%") {
            stack::on_deep_stack(STACK, render).map_err(Failure::host)?
        } else {
            caught(render)?
        }
    }
}

/// What the template `text` uses, which is written for `escape`.
///
/// # Errors
///
/// When it is not a template, or puts quotes around a value that comes with its own.
pub fn read(escape: Escape, text: &str) -> Result<Uses, TemplateError> {
    if text.len() > MAX_TEMPLATE {
        return Err(TemplateError::new(0..0, format!("it is longer than {MAX_TEMPLATE} bytes")));
    }
    if let Some(at) = quotes::quoted_value(escape, text) {
        let message = "a value comes with its own quotes: write `{{ name }}` without any around it";
        return Err(TemplateError::new(at..at + 2, message));
    }
    Uses::of(text)
}

/// Does what nests as deeply as `text` can be nested.
fn at_its_depth<T: Send>(
    text: &str,
    work: impl FnOnce() -> Result<T, TemplateError> + Send,
) -> Result<T, TemplateError> {
    let done = match text.len() {
        // Too short to nest deeper than any stack.
        0..=SHORT => caught(work),
        _ => stack::on_deep_stack(STACK, work).map_err(Failure::host),
    };
    done.map_err(|failure| TemplateError::new(0..0, failure.message))?
}

/// Does `work` on this stack; a panic of the template engine's is a failure like any other.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    // What a panic leaves half done is thrown away with the failure.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .map_err(|_| Failure::host("the template engine panicked"))
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
        Value::Json(json) => exact::read(json.as_str())
            .map_err(|why| Failure::new(Code::Failed, format!("a template can't hold {value:?}: {why}"))),
    }
}

/// Reads an included template, of which `left` bytes may still be read.
fn include(folder: &Folder, name: &str, left: &AtomicU64) -> Result<Option<String>, minijinja::Error> {
    let read = folder.text(name, MAX_TEMPLATE as u64);
    let size = read.as_ref().map_or(0, |text| text.len() as u64);
    if left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(size)).is_err() {
        let message = format!("with `{name}`, the included templates are longer than {MAX_INCLUDED} bytes together");
        return Err(minijinja::Error::new(ErrorKind::BadInclude, message));
    }
    match read {
        // What a template finds where it is included may have been made there.
        Ok(text) => match Uses::of(&text) {
            Ok(uses) => Ok(Some(paid::paid(&text, &uses))),
            Err(error) => {
                let message = format!("`{name}` is not a template: {error}");
                Err(minijinja::Error::new(ErrorKind::BadInclude, message))
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(minijinja::Error::new(ErrorKind::BadInclude, format!("`{name}` is not UTF-8")))
        }
        Err(error) => Err(minijinja::Error::new(ErrorKind::BadInclude, format!("`{name}`: {error}"))),
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
    let target = Escape::of(state.auto_escape());
    let text = match Made::for_target(value, target) {
        Some(text) => text,
        // Safe is what the author calls so, and what was written for the target already.
        None if value.is_safe() => return minijinja::escape_formatter(out, state, value),
        None => literal(state, target, value)?,
    };
    Ok(out.write_str(&text)?)
}

#[cfg(test)]
mod tests;
