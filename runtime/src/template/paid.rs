//! What a template takes is paid for by its size when it is written, not when it is held.
//!
//! A list can hold the same list twice, which holds another twice, and so on: it is made with a few
//! units of fuel, and joining it to a text, or comparing it, takes years. A namespace can even hold
//! itself. MiniJinja counts neither. So wherever such a value is taken from a variable, or made by
//! multiplying, the template is made to walk over it first, with a unit of fuel for each step.

use minijinja::{
    Error, ErrorKind, State, Value as Jinja,
    machinery::{Token, Tokenizer},
    syntax::SyntaxConfig,
    value::ValueKind,
};

use super::Uses;

/// The filter that walks over a value.
pub const PAID: &str = "__paid";

/// How deep a value may be nested: eight times what JSON can be, and no stack ends before.
const MAX_DEPTH: usize = 1000;

/// The template `text` with all that it takes paid for.
pub fn paid(text: &str, uses: &Uses) -> String {
    let tokens = tokens(text);
    let mut marks: Vec<(usize, bool, usize)> = Vec::new();
    for span in &uses.taken {
        let (start, end) = whole(&tokens, span.start, span.end);
        marks.push((start, true, usize::MAX - end));
        marks.push((end, false, usize::MAX - start));
    }
    // What ends at a place ends before something else begins there; the inner ends first, and the
    // outer begins first.
    marks.sort_unstable();
    let mut written = String::with_capacity(text.len() + marks.len() * 8);
    let mut at = 0;
    for (place, opens, _) in marks {
        written.push_str(text.get(at..place).unwrap_or_default());
        at = place;
        match opens {
            true => written.push_str("(("),
            false => written.push_str(&format!(")|{PAID})")),
        }
    }
    written.push_str(text.get(at..).unwrap_or_default());
    written
}

/// A bracket: where it begins and ends, and by how much it goes deeper.
struct Bracket {
    start: usize,
    end: usize,
    deeper: i32,
    round: bool,
}

fn tokens(text: &str) -> Vec<Bracket> {
    let mut tokenizer = Tokenizer::new(text, "template", false, SyntaxConfig::default());
    let mut brackets = Vec::new();
    while let Ok(Some((token, span))) = tokenizer.next_token() {
        let (deeper, round) = match token {
            Token::ParenOpen => (1, true),
            Token::ParenClose => (-1, true),
            Token::BracketOpen | Token::BraceOpen => (1, false),
            Token::BracketClose | Token::BraceClose => (-1, false),
            _ => continue,
        };
        brackets.push(Bracket { start: span.start_offset as usize, end: span.end_offset as usize, deeper, round });
    }
    brackets
}

/// From `start` to `end`, with the round brackets that belong to it: MiniJinja leaves those around a
/// part out.
fn whole(brackets: &[Bracket], start: usize, end: usize) -> (usize, usize) {
    let first = brackets.partition_point(|bracket| bracket.start < start);
    let behind = brackets.partition_point(|bracket| bracket.start < end);
    let (mut depth, mut lowest) = (0_i32, 0_i32);
    for bracket in &brackets[first..behind] {
        depth += bracket.deeper;
        lowest = lowest.min(depth);
    }
    let (mut start, mut end) = (start, end);
    let before = brackets[..first].iter().rev().take_while(|bracket| bracket.round && bracket.deeper > 0);
    for bracket in before.take(lowest.unsigned_abs() as usize) {
        start = bracket.start;
    }
    let after = brackets[behind..].iter().take_while(|bracket| bracket.round && bracket.deeper < 0);
    for bracket in after.take((depth - lowest).unsigned_abs() as usize) {
        end = bracket.end;
    }
    (start, end)
}

/// Walks over `value`, and takes fuel for it.
pub fn pay(state: &State<'_, '_>, value: Jinja) -> Result<Jinja, Error> {
    let mut open = vec![];
    enter(&value, &mut open)?;
    while let Some(values) = open.last_mut() {
        let Some(inner) = values.next() else {
            open.pop();
            continue;
        };
        state.consume_fuel(1)?;
        enter(&inner, &mut open)?;
        if open.len() > MAX_DEPTH {
            let message = format!("a value is nested deeper than {MAX_DEPTH} levels");
            return Err(Error::new(ErrorKind::InvalidOperation, message));
        }
    }
    Ok(value)
}

type Values = Box<dyn Iterator<Item = Jinja>>;

/// What is in a list or an object is walked over next.
fn enter(value: &Jinja, open: &mut Vec<Values>) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => open.push(Box::new(value.try_iter()?)),
        ValueKind::Map => {
            let map = value.clone();
            open.push(Box::new(value.try_iter()?.filter_map(move |key| map.get_item(&key).ok())));
        }
        _ => {}
    }
    Ok(())
}
