//! The methods that an expression may call, by the type of what they are called on.

mod case;
mod find;
mod list;
mod make;
mod split;

use std::sync::Arc;

use super::{
    bounds::Work,
    data::{Data, Dict, quoted},
    kinds::Kinds,
    signature::{Given, Signature},
    view::View,
    wrong::{Result, Wrong, wrong},
};

/// A method of texts.
pub type TextMethod = Signature<fn(&Arc<str>, &Given, &mut Work) -> Result<Data>>;
/// A method of lists and tuples.
pub type ListMethod = Signature<fn(&[Data], &Given, &mut Work) -> Result<Data>>;
/// A method of dicts.
pub type DictMethod = Signature<fn(&Dict, &Given, &mut Work) -> Result<Data>>;
/// A method of bytes.
pub type BytesMethod = Signature<fn(&[u8], &Given, &mut Work) -> Result<Data>>;

const TEXT: &[TextMethod] = &[
    TextMethod::new("upper", 0, 0, case::upper).gives(Kinds::TEXT),
    TextMethod::new("lower", 0, 0, case::lower).gives(Kinds::TEXT),
    TextMethod::new("title", 0, 0, case::title).gives(Kinds::TEXT),
    TextMethod::new("capitalize", 0, 0, case::capitalize).gives(Kinds::TEXT),
    TextMethod::new("swapcase", 0, 0, case::swapcase).gives(Kinds::TEXT),
    TextMethod::new("isupper", 0, 0, case::isupper).gives(Kinds::BOOL),
    TextMethod::new("islower", 0, 0, case::islower).gives(Kinds::BOOL),
    TextMethod::new("isdigit", 0, 0, case::isdigit).gives(Kinds::BOOL),
    TextMethod::new("isalpha", 0, 0, case::isalpha).gives(Kinds::BOOL),
    TextMethod::new("isalnum", 0, 0, case::isalnum).gives(Kinds::BOOL),
    TextMethod::new("isspace", 0, 0, case::isspace).gives(Kinds::BOOL),
    TextMethod::new("strip", 0, 1, split::strip).gives(Kinds::TEXT),
    TextMethod::new("lstrip", 0, 1, split::lstrip).gives(Kinds::TEXT),
    TextMethod::new("rstrip", 0, 1, split::rstrip).gives(Kinds::TEXT),
    TextMethod::new("split", 0, 2, split::split).gives(Kinds::LIST).named(split::NAMED),
    TextMethod::new("rsplit", 0, 2, split::rsplit).gives(Kinds::LIST).named(split::NAMED),
    TextMethod::new("splitlines", 0, 1, split::splitlines).gives(Kinds::LIST).named(&[("keepends", Some(0))]),
    TextMethod::new("partition", 1, 1, split::partition).gives(Kinds::LIST),
    TextMethod::new("rpartition", 1, 1, split::rpartition).gives(Kinds::LIST),
    TextMethod::new("removeprefix", 1, 1, split::removeprefix).gives(Kinds::TEXT),
    TextMethod::new("removesuffix", 1, 1, split::removesuffix).gives(Kinds::TEXT),
    TextMethod::new("startswith", 1, 3, find::startswith).gives(Kinds::BOOL),
    TextMethod::new("endswith", 1, 3, find::endswith).gives(Kinds::BOOL),
    TextMethod::new("find", 1, 3, find::find).gives(Kinds::INT),
    TextMethod::new("rfind", 1, 3, find::rfind).gives(Kinds::INT),
    TextMethod::new("index", 1, 3, find::index).gives(Kinds::INT),
    TextMethod::new("rindex", 1, 3, find::rindex).gives(Kinds::INT),
    TextMethod::new("count", 1, 3, find::count).gives(Kinds::INT),
    TextMethod::new("join", 1, 1, make::join).gives(Kinds::TEXT).walks(),
    TextMethod::new("replace", 2, 3, make::replace).gives(Kinds::TEXT).named(&[("count", Some(2))]),
    TextMethod::new("zfill", 1, 1, make::zfill).gives(Kinds::TEXT),
    TextMethod::new("ljust", 1, 2, make::ljust).gives(Kinds::TEXT),
    TextMethod::new("rjust", 1, 2, make::rjust).gives(Kinds::TEXT),
    TextMethod::new("center", 1, 2, make::center).gives(Kinds::TEXT),
];

const LIST: &[ListMethod] = &[
    ListMethod::new("index", 1, 3, list::index).gives(Kinds::INT),
    ListMethod::new("count", 1, 1, list::count).gives(Kinds::INT),
];

const DICT: &[DictMethod] = &[
    DictMethod::new("get", 1, 2, get),
    DictMethod::new("keys", 0, 0, keys).gives(Kinds::NOTHING),
    DictMethod::new("values", 0, 0, values).gives(Kinds::NOTHING),
    DictMethod::new("items", 0, 0, items).gives(Kinds::NOTHING),
];

const BYTES: &[BytesMethod] =
    &[BytesMethod::new("decode", 0, 1, decode).gives(Kinds::TEXT).named(&[("encoding", Some(0))])];

/// The methods of one name.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    word: &'static str,
    text: Option<&'static TextMethod>,
    list: Option<&'static ListMethod>,
    dict: Option<&'static DictMethod>,
    bytes: Option<&'static BytesMethod>,
}

impl Method {
    /// The methods called `word`, if there are any.
    pub fn named(word: &str) -> Option<Self> {
        let text = TEXT.iter().find(|method| method.word == word);
        let list = LIST.iter().find(|method| method.word == word);
        let dict = DICT.iter().find(|method| method.word == word);
        let bytes = BYTES.iter().find(|method| method.word == word);
        let words = [text.map(|m| m.word), list.map(|m| m.word), dict.map(|m| m.word), bytes.map(|m| m.word)];
        Some(Self { word: words.into_iter().flatten().next()?, text, list, dict, bytes })
    }

    /// The names of all methods.
    pub fn words() -> Vec<&'static str> {
        let list = LIST.iter().map(|method| method.word);
        let other = DICT.iter().map(|method| method.word).chain(BYTES.iter().map(|method| method.word));
        let mut words: Vec<_> = TEXT.iter().map(|method| method.word).chain(list).chain(other).collect();
        words.sort_unstable();
        words.dedup();
        words
    }

    /// The name of an argument that one of them takes.
    pub fn argument(&self, name: &str) -> Option<&'static str> {
        let text = self.text.map_or(&[][..], |method| method.named);
        let bytes = self.bytes.map_or(&[][..], |method| method.named);
        text.iter().chain(bytes).map(|(known, _)| *known).find(|known| *known == name)
    }

    /// Whether one of them takes these arguments; else what is wanted.
    pub fn fits(&self, positional: usize, names: &[&str]) -> std::result::Result<(), String> {
        fn ask<F>(method: Option<&Signature<F>>, positional: usize, names: &[&str]) -> Option<(bool, String)> {
            method.map(|method| (method.fits(positional, names.iter().copied()), method.wanted()))
        }
        let all = [
            ask(self.text, positional, names),
            ask(self.list, positional, names),
            ask(self.dict, positional, names),
            ask(self.bytes, positional, names),
        ];
        let mut known = all.into_iter().flatten();
        match known.clone().any(|(fits, _)| fits) {
            true => Ok(()),
            false => Err(known.next().map(|(_, wanted)| wanted).unwrap_or_default()),
        }
    }

    /// The kinds of what it gives, of a receiver of one of these kinds.
    pub fn gives(&self, receiver: Kinds) -> Kinds {
        fn of<F>(method: Option<&Signature<F>>, fits: bool) -> Kinds {
            method.filter(|_| fits).map_or(Kinds::NOTHING, |method| method.gives)
        }
        of(self.text, receiver.has(Kinds::TEXT))
            | of(self.list, receiver.has(Kinds::LIST))
            | of(self.dict, receiver.has(Kinds::DICT))
            | of(self.bytes, receiver.has(Kinds::BYTES))
    }

    /// Whether it walks all of what it is given.
    pub fn walks(&self) -> bool {
        self.text.is_some_and(|method| method.generator)
    }

    /// Calls the one of `receiver`.
    pub fn call(&self, receiver: &Data, given: &Given, work: &mut Work) -> Result<Data> {
        match receiver {
            Data::Text(text) => (self.of(self.text, receiver, given)?.call)(text, given, work),
            Data::List(items) | Data::Tuple(items) => (self.of(self.list, receiver, given)?.call)(items, given, work),
            Data::Dict(entries) => (self.of(self.dict, receiver, given)?.call)(entries, given, work),
            Data::Bytes(bytes) => (self.of(self.bytes, receiver, given)?.call)(bytes, given, work),
            _ => self.of::<()>(None, receiver, given).and(Ok(Data::None)),
        }
    }

    fn of<F>(
        &self,
        method: Option<&'static Signature<F>>,
        receiver: &Data,
        given: &Given,
    ) -> Result<&'static Signature<F>> {
        match method {
            Some(method) if method.fits(given.positional.len(), given.named.iter().map(|(name, _)| *name)) => {
                Ok(method)
            }
            Some(method) => wrong(format!("`{}` of {} {}", self.word, receiver.kind(), method.wanted())),
            None => wrong(format!("{} has no method `{}`", receiver.kind(), self.word)),
        }
    }
}

/// The text that an argument is.
fn text(data: &Data) -> Result<&Arc<str>> {
    match data {
        Data::Text(text) => Ok(text),
        _ => wrong(format!("a text is wanted here, and not {}", data.kind())),
    }
}

fn get(entries: &Dict, given: &Given, _: &mut Work) -> Result<Data> {
    match given.get(0) {
        Data::Text(key) => Ok(entries.get(key).unwrap_or(given.get(1)).clone()),
        Data::List(_) | Data::Dict(_) | Data::View(_) => wrong(format!("{} is no key", given.get(0).kind())),
        _ => Ok(given.get(1).clone()),
    }
}

fn keys(entries: &Dict, _: &Given, work: &mut Work) -> Result<Data> {
    work.items(entries.len())?;
    Ok(view(".keys()", entries.keys().map(|key| Data::Text(key.clone())).collect()))
}

fn values(entries: &Dict, _: &Given, work: &mut Work) -> Result<Data> {
    work.items(entries.len())?;
    Ok(view(".values()", entries.values().cloned().collect()))
}

fn items(entries: &Dict, _: &Given, work: &mut Work) -> Result<Data> {
    work.items(entries.len().saturating_mul(3))?;
    let pair = |(key, value): (&Arc<str>, &Data)| Data::tuple(vec![Data::Text(key.clone()), value.clone()]);
    Ok(view(".items()", entries.iter().map(pair).collect()))
}

fn view(word: &'static str, items: Vec<Data>) -> Data {
    Data::View(Arc::new(View::Items { word, sized: true, items }))
}

fn decode(bytes: &[u8], given: &Given, work: &mut Work) -> Result<Data> {
    if let Some(encoding) = given.find(0, "encoding") {
        let name = text(encoding)?;
        if !["utf-8", "utf8", "UTF-8", "UTF8"].contains(&name.as_ref()) {
            return Err(Wrong::new(format!("there is no decoding of {}", quoted(name))).help("UTF-8 is what there is"));
        }
    }
    work.text(bytes.len())?;
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Data::text(text)),
        Err(error) => wrong(format!("these bytes are not UTF-8: byte {} is wrong", error.valid_up_to())),
    }
}
