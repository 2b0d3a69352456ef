//! What can be walked: views, and the elements of everything else.

use std::sync::Arc;

use super::{
    bounds::Work,
    data::{Data, Dict},
    number::Int,
    wrong::{Result, wrong},
};

/// What can only be walked.
#[derive(Debug)]
pub enum View {
    /// `range(…)`: the numbers are made one by one.
    Range(Range),
    /// Elements that were made at once.
    Items {
        /// What it is called in messages.
        word: &'static str,
        /// Whether Python knows its length.
        sized: bool,
        /// The elements.
        items: Vec<Data>,
    },
}

/// Numbers from `start`, `length` of them, `step` apart.
#[derive(Clone, Debug)]
pub struct Range {
    start: i64,
    step: i64,
    length: u64,
}

impl Range {
    pub fn new(start: i64, stop: i64, step: i64) -> Result<Self> {
        let distance = match step {
            0 => return wrong("the step of range() can't be 0"),
            1.. => i128::from(stop) - i128::from(start),
            _ => i128::from(start) - i128::from(stop),
        };
        let step_size = i128::from(step).abs();
        let length = if distance > 0 { (distance + step_size - 1) / step_size } else { 0 };
        Ok(Self { start, step, length: u64::try_from(length).unwrap_or(u64::MAX) })
    }

    fn get(&self, at: u64) -> Data {
        let number = i128::from(self.start) + i128::from(self.step) * i128::from(at);
        Data::Int(Int::Small(i64::try_from(number).unwrap_or(self.start)))
    }

    /// The same numbers from the other end.
    pub fn reversed(&self) -> Result<Self> {
        let last = i128::from(self.start) + i128::from(self.step) * (i128::from(self.length) - 1);
        match (i64::try_from(last), self.step.checked_neg()) {
            (Ok(start), Some(step)) => Ok(Self { start, step, length: self.length }),
            _ if self.length == 0 => Ok(self.clone()),
            _ => wrong("the step of this range() can't be turned around"),
        }
    }

    /// Whether a whole number is one of them.
    pub fn contains(&self, number: &Int) -> bool {
        let Int::Small(number) = number else { return false };
        let offset = i128::from(*number) - i128::from(self.start);
        let step = i128::from(self.step);
        offset % step == 0 && (0..i128::from(self.length)).contains(&(offset / step))
    }
}

impl View {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Range(_) => "range()",
            Self::Items { word, .. } => word,
        }
    }

    /// How many elements there are, where Python knows.
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Range(range) => Some(range.length),
            Self::Items { sized, items, .. } => sized.then_some(items.len() as u64),
        }
    }
}

/// A walk over the elements of a value.
pub struct Elements {
    over: Over,
    at: usize,
}

enum Over {
    List(Arc<Vec<Data>>),
    Text(Arc<str>),
    Keys(Arc<Dict>),
    View(Arc<View>),
}

impl Elements {
    /// A walk over `data`, if that can be walked.
    pub fn of(data: &Data) -> Result<Self> {
        let over = match data {
            Data::List(items) | Data::Tuple(items) => Over::List(items.clone()),
            Data::Text(text) => Over::Text(text.clone()),
            Data::Dict(entries) => Over::Keys(entries.clone()),
            Data::View(view) => Over::View(view.clone()),
            _ => return wrong(format!("{} has no elements to walk over", data.kind())),
        };
        Ok(Self { over, at: 0 })
    }

    /// The next element; each is a unit of work.
    pub fn next(&mut self, work: &mut Work) -> Result<Option<Data>> {
        work.charge(1)?;
        let at = self.at;
        self.at += 1;
        Ok(match &self.over {
            Over::List(items) => items.get(at).cloned(),
            Over::Keys(entries) => entries.get_index(at).map(|(key, _)| Data::Text(key.clone())),
            Over::View(view) => match view.as_ref() {
                View::Range(range) => ((at as u64) < range.length).then(|| range.get(at as u64)),
                View::Items { items, .. } => items.get(at).cloned(),
            },
            Over::Text(text) => {
                let next = text[at..].chars().next();
                self.at = at + next.map_or(0, char::len_utf8);
                next.map(|character| Data::text(character.encode_utf8(&mut [0; 4]) as &str))
            }
        })
    }

    /// All of them.
    pub fn collect(mut self, work: &mut Work) -> Result<Vec<Data>> {
        if let Over::View(view) = &self.over
            && let Some(length) = view.len()
        {
            work.items(usize::try_from(length).unwrap_or(usize::MAX))?;
        }
        let mut items = Vec::new();
        while let Some(item) = self.next(work)? {
            items.push(item);
        }
        Ok(items)
    }
}
