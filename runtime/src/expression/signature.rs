//! What a function or a method takes.

use super::{
    data::Data,
    kinds::Kinds,
    wrong::{Result, wrong},
};

/// A function, or a method of one type, that may be called.
#[derive(Debug)]
pub struct Signature<F> {
    /// Its name.
    pub word: &'static str,
    /// How many arguments it takes at least, and at most, by position.
    pub least: usize,
    /// See `least`.
    pub most: usize,
    /// The arguments that can be given by name; a position, for those that have one.
    pub named: &'static [(&'static str, Option<usize>)],
    /// Whether its argument may be a generator: then it walks all of it.
    pub generator: bool,
    /// The kinds of what it gives.
    pub gives: Kinds,
    /// What it does.
    pub call: F,
}

/// No bound.
pub const ANY: usize = usize::MAX;

impl<F> Signature<F> {
    pub const fn new(word: &'static str, least: usize, most: usize, call: F) -> Self {
        Self { word, least, most, named: &[], generator: false, gives: Kinds::ANY, call }
    }

    pub const fn named(mut self, named: &'static [(&'static str, Option<usize>)]) -> Self {
        self.named = named;
        self
    }

    pub const fn walks(mut self) -> Self {
        self.generator = true;
        self
    }

    pub const fn gives(mut self, gives: Kinds) -> Self {
        self.gives = gives;
        self
    }

    /// Whether it takes `positional` arguments and those of these names.
    pub fn fits<'a>(&self, positional: usize, names: impl IntoIterator<Item = &'a str>) -> bool {
        let free = |name: &str| {
            self.named.iter().any(|(known, place)| *known == name && place.is_none_or(|place| place >= positional))
        };
        (self.least..=self.most).contains(&positional) && names.into_iter().all(free)
    }

    /// How many arguments it takes, for a message.
    pub fn wanted(&self) -> String {
        let count = |number: usize| crate::diagnostic::counted(number, "argument");
        match (self.least, self.most) {
            (least, ANY) => format!("takes at least {}", count(least)),
            (0, 0) => "takes no argument".into(),
            (least, most) if least == most => format!("takes {}", count(most)),
            (least, most) => format!("takes {least} to {}", count(most)),
        }
    }
}

/// The arguments of a call.
pub struct Given {
    /// By position.
    pub positional: Vec<Data>,
    /// By name.
    pub named: Vec<(&'static str, Data)>,
}

impl Given {
    /// The argument at a position; `None`, where it isn't given.
    pub fn get(&self, at: usize) -> &Data {
        self.positional.get(at).unwrap_or(&Data::None)
    }

    /// The argument at a position, or of a name.
    pub fn find(&self, at: usize, name: &str) -> Option<&Data> {
        self.positional.get(at).or_else(|| self.by_name(name))
    }

    /// The argument of a name.
    pub fn by_name(&self, name: &str) -> Option<&Data> {
        self.named.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The argument at a position, or of a name, as a whole number.
    pub fn int(&self, at: usize, name: &str) -> Result<Option<i64>> {
        match self.find(at, name) {
            None => Ok(None),
            Some(data) => match data.int() {
                Some(int) => Ok(Some(int.clamped())),
                None => wrong(format!("a whole number is wanted here, and not {}", data.kind())),
            },
        }
    }
}
