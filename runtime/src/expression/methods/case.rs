//! Methods of texts about the kinds of their characters.
//!
//! Rust's tables and Python's are Unicode's. Where Python goes by a table that isn't here, the answer
//! is an error: a guess would be right for most names and wrong for somebody's.

use std::sync::Arc;

use super::{Data, Given, Result, Work, Wrong};
use crate::expression::text::is_space;

pub fn upper(text: &Arc<str>, _: &Given, work: &mut Work) -> Result<Data> {
    work.text(text.len())?;
    Ok(Data::text(text.to_uppercase()))
}

pub fn lower(text: &Arc<str>, _: &Given, work: &mut Work) -> Result<Data> {
    work.text(text.len())?;
    Ok(Data::text(text.to_lowercase()))
}

pub fn capitalize(text: &Arc<str>, _: &Given, work: &mut Work) -> Result<Data> {
    work.text(text.len())?;
    let Some(first) = text.chars().next() else { return Ok(Data::Text(text.clone())) };
    // What a sigma becomes depends on all of the text.
    let lower = text.to_lowercase();
    let rest = first.to_lowercase().map(char::len_utf8).sum();
    Ok(Data::text(titled(first)?.to_string() + lower.get(rest..).unwrap_or_default()))
}

pub fn title(text: &Arc<str>, _: &Given, work: &mut Work) -> Result<Data> {
    work.text(text.len())?;
    let mut titled_text = String::with_capacity(text.len());
    let mut after_letter = false;
    for character in text.chars() {
        if after_letter {
            titled_text.extend(lowered(character)?);
        } else {
            titled_text.push(titled(character)?);
        }
        after_letter = is_cased(character);
    }
    Ok(Data::text(titled_text))
}

pub fn swapcase(text: &Arc<str>, _: &Given, work: &mut Work) -> Result<Data> {
    work.text(text.len())?;
    let mut swapped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            _ if character.is_uppercase() => swapped.extend(lowered(character)?),
            _ if character.is_lowercase() => swapped.extend(character.to_uppercase()),
            _ => swapped.push(character),
        }
    }
    Ok(Data::text(swapped))
}

pub fn isupper(text: &Arc<str>, _: &Given, work: &mut Work) -> Result<Data> {
    work.bytes(text.len())?;
    let none_else = !text.chars().any(|character| character.is_lowercase() || is_title(character));
    Ok(Data::Bool(none_else && text.chars().any(char::is_uppercase)))
}

pub fn islower(text: &Arc<str>, _: &Given, work: &mut Work) -> Result<Data> {
    work.bytes(text.len())?;
    let none_else = !text.chars().any(|character| character.is_uppercase() || is_title(character));
    Ok(Data::Bool(none_else && text.chars().any(char::is_lowercase)))
}

pub fn isspace(text: &Arc<str>, _: &Given, work: &mut Work) -> Result<Data> {
    work.bytes(text.len())?;
    Ok(Data::Bool(!text.is_empty() && text.chars().all(is_space)))
}

pub fn isdigit(text: &Arc<str>, _: &Given, work: &mut Work) -> Result<Data> {
    ascii_only(text, "isdigit", |character| character.is_ascii_digit(), work)
}

pub fn isalpha(text: &Arc<str>, _: &Given, work: &mut Work) -> Result<Data> {
    ascii_only(text, "isalpha", |character| character.is_ascii_alphabetic(), work)
}

pub fn isalnum(text: &Arc<str>, _: &Given, work: &mut Work) -> Result<Data> {
    ascii_only(text, "isalnum", |character| character.is_ascii_alphanumeric(), work)
}

/// Whether all characters are of a kind, as far as ASCII can tell.
fn ascii_only(text: &str, word: &str, is: fn(char) -> bool, work: &mut Work) -> Result<Data> {
    work.bytes(text.len())?;
    match text.chars().find(|character| !character.is_ascii()) {
        _ if text.is_empty() || text.chars().any(|character| character.is_ascii() && !is(character)) => {
            Ok(Data::Bool(false))
        }
        None => Ok(Data::Bool(true)),
        Some(other) => Err(unknown(&format!("`{word}`"), other)),
    }
}

/// The character that begins a word instead of this one.
fn titled(character: char) -> Result<char> {
    // Digraphs have a form of their own, and letters of Georgian stay as they are.
    if matches!(character, 'Ǆ'..='ǌ' | 'Ǳ'..='ǳ' | 'ა'..='ჿ') || is_title(character) {
        return Err(unknown("how a word begins", character));
    }
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => Ok(upper),
        _ => Err(unknown("how a word begins", character)),
    }
}

/// The small letter; what a sigma becomes depends on what is around it.
fn lowered(character: char) -> Result<std::char::ToLowercase> {
    if character == 'Σ' { Err(unknown("how a word ends", character)) } else { Ok(character.to_lowercase()) }
}

fn unknown(what: &str, character: char) -> Box<Wrong> {
    Wrong::new(format!("{what} is not known here for `{}`", character.escape_debug()))
        .help("beyond ASCII, do this in a proc")
}

fn is_cased(character: char) -> bool {
    character.is_uppercase() || character.is_lowercase() || is_title(character)
}

/// Whether a character is a capital with a small letter or an iota behind it (category Lt).
fn is_title(character: char) -> bool {
    matches!(character,
        'ǅ' | 'ǈ' | 'ǋ' | 'ǲ' | '\u{1f88}'..='\u{1f8f}' | '\u{1f98}'..='\u{1f9f}' | '\u{1fa8}'..='\u{1faf}'
        | '\u{1fbc}' | '\u{1fcc}' | '\u{1ffc}')
}
