//! The command line that goes on with a batch.

use std::ffi::OsStr;

use clap::{ArgAction, ArgMatches};

use crate::{
    Hint,
    agent::Manifest,
    cli::{inputs, named::Named},
};

/// What stands for a secret, which is never written down.
const HIDDEN: &str = "…";

/// Options that say how a batch begins, and not what it is.
const OF_ONE_RUN: [&str; 2] = ["force", "resume"];

/// The command line that goes on with this one, of which the last `behind` words are those behind the agent's
/// name. Secrets aren't in it.
pub fn again(named: &Named, behind: usize) -> String {
    let words: Vec<_> = std::env::args_os().collect();
    let before = words.get(1..words.len().saturating_sub(behind)).unwrap_or_default();
    let before = before.iter().map(|word| quoted(word));
    let all = std::iter::once("turingbox".to_owned()).chain(before).chain(options(named));
    all.chain(["--resume".to_owned()]).collect::<Vec<_>>().join(" ")
}

/// The options behind the agent's name, in their order, as they were understood: what looks like an option may
/// be the value of another.
fn options(named: &Named) -> impl Iterator<Item = String> {
    let mut said: Vec<(usize, String)> = Vec::new();
    for argument in named.arguments() {
        let (id, Some(long)) = (argument.get_id().as_str(), argument.get_long()) else { continue };
        if OF_ONE_RUN.contains(&id) || named.matches.value_source(id) != Some(clap::parser::ValueSource::CommandLine) {
            continue;
        }
        let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
        let option = |value: &OsStr| match takes_value {
            true => format!("--{long}{}", shown(value, is_secret(&named.manifest, id))),
            false => format!("--{long}"),
        };
        said.extend(places(&named.matches, id).map(|(place, value)| (place, option(value))));
    }
    said.sort_unstable_by_key(|(place, _)| *place);
    said.into_iter().map(|(_, option)| option)
}

/// The values of an option, and where each stands.
fn places<'m>(matches: &'m ArgMatches, id: &str) -> impl Iterator<Item = (usize, &'m OsStr)> {
    let places = matches.indices_of(id).into_iter().flatten();
    places.zip(matches.get_raw(id).into_iter().flatten())
}

fn is_secret(manifest: &Manifest, id: &str) -> bool {
    let input = inputs::name(id).and_then(|name| manifest.input(name));
    input.is_some_and(|input| input.hint == Hint::Secret)
}

/// A value behind its option. What begins with a hyphen would be an option by itself.
fn shown(value: &OsStr, is_secret: bool) -> String {
    let text = value.to_string_lossy();
    // A file or a variable that has a secret is none; `@@` begins a text.
    let is_named = text.starts_with("$env.") || (text.starts_with('@') && !text.starts_with("@@"));
    match is_secret && !is_named {
        true => format!(" {HIDDEN}"),
        false if text.starts_with('-') => format!("={}", quoted(value)),
        false => format!(" {}", quoted(value)),
    }
}

/// A word for a shell.
fn quoted(word: &OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:%@+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
