//! What is wrong with a template, and why a rendering failed.

use std::{collections::HashMap, error::Error as _, ops::Range};

use minijinja::{
    ErrorKind,
    machinery::{Token, Tokenizer},
    syntax::SyntaxConfig,
};

use super::{FUEL, paid::PAID, written::Written};
use crate::failure::{Code, Failure};

/// Why a text is not a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the template.
    pub span: Range<usize>,
}

impl TemplateError {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { message: message.into(), span }
    }

    /// What MiniJinja says of `text`.
    pub(super) fn of(text: &str, error: &minijinja::Error) -> Self {
        let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        // An error at the end is shown at the last character.
        let last = text.trim_end().char_indices().next_back().map_or(0, |(at, _)| at);
        let span = error.range().unwrap_or_else(|| line(text, error.line().unwrap_or(1)));
        let start = text.floor_char_boundary(span.start.min(last));
        Self::new(start..text.ceil_char_boundary(span.end.clamp(start, text.len())), message)
    }
}

/// The error for a `{{` or `{%` that nothing ends.
pub fn unclosed(text: &str) -> Option<TemplateError> {
    let mut tokens = Tokenizer::new(text, "template", false, SyntaxConfig::default());
    let mut open = None;
    loop {
        match tokens.next_token() {
            Ok(Some((Token::VariableStart, span))) => open = Some((span, "}}")),
            Ok(Some((Token::BlockStart, span))) => open = Some((span, "%}")),
            Ok(Some((Token::VariableEnd | Token::BlockEnd, _))) => open = None,
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(_) => return None,
        }
    }
    let (span, end) = open?;
    let span = span.start_offset as usize..span.end_offset as usize;
    let opening = text.get(span.clone())?;
    Some(TemplateError::new(span, format!("nothing ends this `{opening}`: a `{end}` is missing")))
}

/// Where the line of this number is.
fn line(text: &str, number: usize) -> Range<usize> {
    let start = text.split_inclusive('\n').take(number.saturating_sub(1)).map(str::len).sum::<usize>();
    start..text[start..].find('\n').map_or(text.len(), |at| start + at)
}

/// Why a rendering failed, which could write `limit` bytes.
pub fn failure(error: &minijinja::Error, limit: u64, written: &HashMap<String, Written>) -> Failure {
    let error = cause(error);
    let place = place(error, written).map(|place| place + ": ").unwrap_or_default();
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

/// Where it went wrong.
fn place(error: &minijinja::Error, written: &HashMap<String, Written>) -> Option<String> {
    let (name, line) = (error.name()?, error.line()?);
    // What is paid for is rendered from another text, of as many lines.
    let is_as_written = error.template_source().is_some_and(|source| !source.contains(PAID));
    let part = error.range().filter(|_| is_as_written);
    Some(written.get(name).map_or_else(|| format!("{name}:{line}"), |written| written.place(part, Some(line))))
}

/// What went wrong first: an error in an included template comes wrapped in those of the others.
fn cause(error: &minijinja::Error) -> &minijinja::Error {
    let inner = |error: &minijinja::Error| matches!(error.kind(), ErrorKind::BadInclude | ErrorKind::EvalBlock);
    let mut error = error;
    while inner(error)
        && let Some(source) = error.source().and_then(|source| source.downcast_ref())
    {
        error = source;
    }
    error
}
