//! Why a text is no expression, and why one fails.

use std::ops::Range;

use crate::failure::Code;

/// What is wrong with `$env.NAME` in an expression.
pub const OF_A_SECRET: &str = "`$env.NAME` stands for the whole value, and nothing is made of it";

/// Why a text is not an expression that is evaluated here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where in the text, in bytes.
    pub span: Range<usize>,
    /// How to mend it.
    pub help: Option<String>,
    /// Whether the text is Python, and only uses what isn't allowed: then it was meant as one.
    pub is_python: bool,
}

impl ExpressionError {
    /// The text is not Python.
    pub(super) fn syntax(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), span, help: None, is_python: false }
    }

    /// The text is Python that isn't allowed.
    pub(super) fn refused(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), span, help: None, is_python: true }
    }

    /// Whether it makes something of a secret.
    pub(crate) fn is_secret(&self) -> bool {
        self.message == OF_A_SECRET
    }

    /// Says how to mend it.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Why an evaluation failed. The evaluator adds the place.
#[derive(Debug)]
pub struct Wrong {
    pub code: Code,
    pub message: String,
    pub help: Option<String>,
    pub span: Option<Range<usize>>,
}

/// In a box, since the results of operators are small otherwise.
pub type Result<T> = std::result::Result<T, Box<Wrong>>;

impl Wrong {
    pub fn new(message: impl Into<String>) -> Box<Self> {
        Box::new(Self { code: Code::Expression, message: message.into(), help: None, span: None })
    }

    pub fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }

    pub fn code(mut self: Box<Self>, code: Code) -> Box<Self> {
        self.code = code;
        self
    }

    /// Says where, unless a node further in has said so.
    pub fn at(mut self: Box<Self>, span: &Range<usize>) -> Box<Self> {
        self.span.get_or_insert_with(|| span.clone());
        self
    }
}

/// A failure with this message.
pub fn wrong<T>(message: impl Into<String>) -> Result<T> {
    Err(Wrong::new(message))
}
