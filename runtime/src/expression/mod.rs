//! Safe expressions: `$count > 5`, `len($items) - 1`, `[x['id'] for x in $rows if x['ok']]`.
//!
//! They are Python's, read by a parser of Python and evaluated here over a list of what is allowed:
//! operators, literals, comprehensions, some functions, some methods of texts, lists and dicts.
//! Nothing else can be said: no attribute, no lambda, no name that begins with `_`. What they mean
//! is what Python means; where an answer would be a guess, it is an error.
//!
//! Every expression ends: its length, its nesting, its numbers, its texts and its work are bounded.

mod bounds;
mod compare;
mod data;
mod evaluate;
mod float;
mod functions;
pub(crate) mod json;
mod kinds;
mod methods;
mod node;
mod number;
mod operators;
mod parse;
mod scan;
mod signature;
mod sort;
mod subscript;
mod surely;
#[cfg(test)]
mod tests;
mod text;
mod view;
mod write;
mod wrong;

use std::{fmt, ops::Range, sync::Arc};

pub use bounds::{MAX_BITS, MAX_ITEMS, MAX_NESTING, MAX_SOURCE, MAX_TEXT, MAX_WORK};
pub(crate) use data::Data;
pub(crate) use float::shown as shown_float;
pub(crate) use kinds::Kinds;
pub(crate) use number::Int;
pub use wrong::ExpressionError;

use crate::{
    Hint, Value,
    agent::Reference,
    failure::{Code, Failure},
};

/// An expression that has been read.
///
/// # Examples
///
/// ```
/// use turingbox::{Hint, Value, expression::{Expression, Scope}};
///
/// struct Name;
/// impl Scope for Name {
///     fn value(&self, name: &str) -> Option<Value> {
///         (name == "name").then(|| Value::text("Ada"))
///     }
///     fn hint(&self, _: &str) -> Option<&Hint> {
///         None
///     }
/// }
///
/// let expression = Expression::parse("$name.upper() + '!'").unwrap();
/// assert_eq!(expression.free_variables(), ["name"]);
/// assert_eq!(expression.evaluate(&Name, 100).unwrap(), Value::text("ADA!"));
/// ```
pub struct Expression {
    source: Arc<str>,
    root: node::Node,
    references: Vec<Reference>,
    names: Vec<String>,
    /// Where each name is written first.
    starts: Vec<usize>,
    /// The references that lead into what a name holds, and where each is written.
    paths: Vec<(usize, Reference)>,
    locals: usize,
    again: bool,
}

/// What the names of an expression stand for.
pub trait Scope {
    /// The value of a name, if it is set.
    fn value(&self, name: &str) -> Option<Value>;

    /// What the value of a name is expected to be: a text is read as that.
    fn hint(&self, name: &str) -> Option<&Hint>;
}

/// A scope without a name.
struct Nothing;

impl Scope for Nothing {
    fn value(&self, _: &str) -> Option<Value> {
        None
    }

    fn hint(&self, _: &str) -> Option<&Hint> {
        None
    }
}

/// The names that the expression `text` takes from its scope, in the order of the alphabet.
///
/// # Errors
///
/// When `text` is not an expression.
pub fn free_variables(text: &str) -> Result<Vec<String>, ExpressionError> {
    Expression::parse(text).map(|expression| expression.names)
}

impl Expression {
    /// Reads `text`.
    ///
    /// # Errors
    ///
    /// When it is not Python, or uses what isn't allowed.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let parsed = parse::parse(text)?;
        let paths = parsed.places.iter().filter(|(_, reference)| !reference.path.is_empty()).cloned().collect();
        let mut names: Vec<_> = parsed.places.into_iter().map(|(start, reference)| (reference.name, start)).collect();
        names.sort();
        names.dedup_by(|next, first| next.0 == first.0);
        let (names, starts) = names.into_iter().unzip();
        Ok(Self {
            source: text.into(),
            root: parsed.root,
            references: parsed.references,
            names,
            starts,
            paths,
            locals: parsed.locals,
            again: parsed.again,
        })
    }

    /// The names that it takes from its scope, in the order of the alphabet.
    pub fn free_variables(&self) -> &[String] {
        &self.names
    }

    /// Its names as [`Self::free_variables`] has them, and where each is written first.
    pub(crate) fn name_places(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        let place = |(name, start): (&'_ String, &usize)| *start..start + "$".len() + name.len();
        self.names.iter().zip(&self.starts).map(move |named| (named.0.as_str(), place(named)))
    }

    /// The ways into what its names hold: where each is written, and whether it is surely gone.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (&Reference, Range<usize>, bool)> {
        let mut sure = Vec::new();
        self.root.surely_read(&mut sure);
        sure.sort_unstable();
        self.paths.iter().map(move |(start, reference)| {
            (reference, *start..start + reference.to_string().len(), sure.binary_search(start).is_ok())
        })
    }

    /// The kinds of what it can give, whatever its names stand for.
    pub(crate) fn kinds(&self) -> Kinds {
        Kinds::of(&self.root)
    }

    /// Its value, if no name is in it and `budget` has the work for it left: or why it always fails.
    pub(crate) fn constant(&self, budget: &mut u64) -> Option<Result<Value, ExpressionError>> {
        if !self.names.is_empty() || *budget < MAX_WORK {
            return None;
        }
        let mut evaluator = evaluate::Evaluator::new(self, &Nothing);
        let value = evaluator.run(MAX_TEXT as u64);
        *budget -= evaluator.spent();
        match value {
            Ok(value) => Some(Ok(value)),
            Err(wrong) if wrong.code == Code::Expression => {
                let span = wrong.span.unwrap_or(0..self.source.len());
                Some(Err(ExpressionError { message: wrong.message, span, help: wrong.help, is_python: true }))
            }
            // How long a value may be, a policy says.
            Err(_) => None,
        }
    }

    /// What it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its value over `scope`, in at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`Code::Expression`] when it can't be evaluated, or is more work than the bounds allow;
    /// [`Code::Unset`] when a name stands for nothing; [`Code::Output`] when the result is longer
    /// than `limit`.
    pub fn evaluate(&self, scope: &dyn Scope, limit: u64) -> Result<Value, Failure> {
        evaluate::Evaluator::new(self, scope).run(limit).map_err(|wrong| self.failure(*wrong))
    }

    fn failure(&self, wrong: wrong::Wrong) -> Failure {
        let message = match (&wrong.span, wrong.code) {
            (Some(span), Code::Expression) => format!("in `{}`: {}", self.excerpt(span), wrong.message),
            _ => wrong.message,
        };
        Failure { help: wrong.help, ..Failure::new(wrong.code, message) }
    }

    /// What stands there, on one line and not too long.
    fn excerpt(&self, span: &Range<usize>) -> String {
        const SHOWN: usize = 60;
        let text = self.source.get(span.clone()).unwrap_or_default();
        let mut excerpt = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((end, _)) = excerpt.char_indices().nth(SHOWN) {
            excerpt.truncate(end);
            excerpt.push('…');
        }
        excerpt
    }
}

/// Two expressions are the same when they are written the same.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Expression {}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}
