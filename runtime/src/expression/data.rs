//! What an expression computes with.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{
    number::Int,
    view::View,
    wrong::{Result, Wrong},
};

/// A value, as Python has it. Cloning is cheap: the contents are shared.
#[derive(Clone, Debug)]
pub enum Data {
    None,
    Bool(bool),
    Int(Int),
    Float(f64),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    List(Arc<Vec<Data>>),
    Tuple(Arc<Vec<Data>>),
    Dict(Arc<Dict>),
    /// What can be walked, and nothing else: `range(…)`, `zip(…)`, `$dict.keys()`.
    View(Arc<View>),
}

/// A dict: its keys are texts, as in JSON.
pub type Dict = IndexMap<Arc<str>, Data>;

/// A number of either kind; a boolean is a whole one.
pub enum Number {
    Int(Int),
    Float(f64),
}

impl Data {
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items))
    }

    pub fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(Arc::new(items))
    }

    /// The word for this kind of value in messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Tuple(_) => "a tuple",
            Self::Dict(_) => "a dict",
            Self::View(view) => view.word(),
        }
    }

    /// Whether it counts as true.
    pub fn is_true(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(flag) => *flag,
            Self::Int(int) => !int.is_zero(),
            Self::Float(float) => *float != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(items) | Self::Tuple(items) => !items.is_empty(),
            Self::Dict(entries) => !entries.is_empty(),
            // What has no length is true in Python, even when there is nothing in it.
            Self::View(view) => view.len() != Some(0),
        }
    }

    /// The number it is, if it is one.
    pub fn number(&self) -> Option<Number> {
        match self {
            Self::Bool(flag) => Some(Number::Int(Int::Small(i64::from(*flag)))),
            Self::Int(int) => Some(Number::Int(int.clone())),
            Self::Float(float) => Some(Number::Float(*float)),
            _ => None,
        }
    }

    /// The whole number it is, if it is one.
    pub fn int(&self) -> Option<Int> {
        match self.number() {
            Some(Number::Int(int)) => Some(int),
            _ => None,
        }
    }

    /// The value, unless it can only be walked: then it isn't kept, compared, printed or returned.
    pub fn stored(self) -> Result<Self> {
        match &self {
            Self::View(view) => Err(unwrapped(view.word())),
            _ => Ok(self),
        }
    }

    /// The value as a message shows it: its start.
    pub fn shown(&self) -> String {
        match self {
            Self::Bool(true) => "True".into(),
            Self::Bool(false) => "False".into(),
            Self::Int(int) => shortened(&int.to_string()),
            Self::Float(float) => super::float::shown(*float),
            Self::Text(text) => quoted(text),
            _ => self.kind().into(),
        }
    }
}

impl Number {
    pub fn to_f64(&self) -> f64 {
        match self {
            Self::Int(int) => int.to_f64(),
            Self::Float(float) => *float,
        }
    }
}

/// The error for a view where a value is wanted.
pub fn unwrapped(word: &str) -> Box<Wrong> {
    Wrong::new(format!("{word} can only be walked over")).help("wrap it in list()")
}

/// The start of a text, in quotes and with nothing in it that a terminal acts on.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", shortened(text))
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
