//! Functions that walk over something, or make something to walk over.

use std::sync::Arc;

use crate::expression::{
    bounds::Work,
    data::{Data, Dict},
    number::Int,
    signature::Given,
    sort,
    view::{Elements, Range, View},
    wrong::{Result, Wrong, wrong},
};

pub fn sorted(given: &Given, work: &mut Work) -> Result<Data> {
    let items = collected(given, work)?;
    let descending = given.by_name("reverse").is_some_and(Data::is_true);
    Ok(Data::list(sort::sort(items, descending, work)?))
}

pub fn reversed(given: &Given, work: &mut Work) -> Result<Data> {
    let data = given.get(0);
    if let Data::View(view) = data {
        match view.as_ref() {
            View::Range(range) => return Ok(Data::View(Arc::new(View::Range(range.reversed()?)))),
            View::Items { sized: false, word, .. } => return Err(crate::expression::data::unwrapped(word)),
            View::Items { .. } => {}
        }
    }
    let mut items = Elements::of(data)?.collect(work)?;
    items.reverse();
    Ok(view("reversed()", items))
}

pub fn range(given: &Given, _: &mut Work) -> Result<Data> {
    let mut bounds = Vec::with_capacity(3);
    for data in &given.positional {
        match data.int() {
            Some(Int::Small(bound)) => bounds.push(bound),
            Some(_) => return wrong("the bounds of range() have 64 bits"),
            None => return wrong(format!("range() takes whole numbers, and not {}", data.kind())),
        }
    }
    let range = match bounds.as_slice() {
        [stop] => Range::new(0, *stop, 1),
        [start, stop] => Range::new(*start, *stop, 1),
        [start, stop, step, ..] => Range::new(*start, *stop, *step),
        [] => Range::new(0, 0, 1),
    };
    Ok(Data::View(Arc::new(View::Range(range?))))
}

pub fn enumerate(given: &Given, work: &mut Work) -> Result<Data> {
    let mut count = match given.find(1, "start") {
        None => Int::Small(0),
        Some(start) => match start.int() {
            Some(start) => start,
            None => return wrong(format!("enumerate() starts at a whole number, and not {}", start.kind())),
        },
    };
    let mut elements = Elements::of(given.get(0))?;
    let mut items = Vec::new();
    while let Some(element) = elements.next(work)? {
        work.charge(1)?;
        items.push(Data::tuple(vec![Data::Int(count.clone()), element]));
        count = count.add(&Int::Small(1))?;
    }
    Ok(view("enumerate()", items))
}

pub fn zip(given: &Given, work: &mut Work) -> Result<Data> {
    let mut walks = given.positional.iter().map(Elements::of).collect::<Result<Vec<_>>>()?;
    let mut items = Vec::new();
    'rows: while !walks.is_empty() {
        let mut row = Vec::with_capacity(walks.len());
        for walk in &mut walks {
            match walk.next(work)? {
                Some(element) => row.push(element),
                None => break 'rows,
            }
        }
        work.charge(1)?;
        items.push(Data::tuple(row));
    }
    Ok(view("zip()", items))
}

pub fn list(given: &Given, work: &mut Work) -> Result<Data> {
    Ok(Data::list(collected(given, work)?))
}

pub fn tuple(given: &Given, work: &mut Work) -> Result<Data> {
    match given.get(0) {
        Data::Tuple(_) => Ok(given.get(0).clone()),
        _ => Ok(Data::tuple(collected(given, work)?)),
    }
}

pub fn dict(given: &Given, work: &mut Work) -> Result<Data> {
    let Some(data) = given.positional.first() else { return Ok(Data::Dict(Arc::default())) };
    if let Data::Dict(_) = data {
        return Ok(data.clone());
    }
    let mut entries = Dict::new();
    let mut elements = Elements::of(data)?;
    while let Some(pair) = elements.next(work)? {
        let parts = Elements::of(&pair)?.collect(work)?;
        let [key, value] = parts.as_slice() else {
            return wrong(format!("dict() takes pairs, and this has {} elements", parts.len()));
        };
        entries.insert(key_of(key)?, value.clone());
    }
    Ok(Data::Dict(Arc::new(entries)))
}

/// The key of a dict that `data` is.
pub fn key_of(data: &Data) -> Result<Arc<str>> {
    match data {
        Data::Text(key) => Ok(key.clone()),
        _ => Err(Wrong::new(format!("the keys of a dict are texts here, and not {}", data.kind()))
            .help("write str(…) around it: JSON has no other keys")),
    }
}

/// The elements of the argument; none, where there is none.
fn collected(given: &Given, work: &mut Work) -> Result<Vec<Data>> {
    match given.positional.first() {
        Some(data) => Elements::of(data)?.collect(work),
        None => Ok(Vec::new()),
    }
}

fn view(word: &'static str, items: Vec<Data>) -> Data {
    Data::View(Arc::new(View::Items { word, sized: false, items }))
}
