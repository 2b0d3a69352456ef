//! Tab completion: `source <(COMPLETE=bash turingbox)`, and likewise for zsh, fish and elvish.
//! Agents' names and their inputs are completed too.

use clap::{CommandFactory, FromArgMatches};
use clap_complete::{
    CompleteEnv,
    engine::{ArgValueCompleter, CompletionCandidate},
};

use crate::{
    agent::Entry,
    cli::{Cli, Globals, batch, bench, run, setup, terminal::escape},
};

/// Answers the shell, and ends the process, when it is a shell that asks.
pub fn answer() {
    CompleteEnv::with_factory(command).complete();
}

/// Completes agents' names.
pub fn agents() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &std::ffi::OsStr| {
        let current = current.to_str().unwrap_or_default();
        let library = setup::library(&Globals::default()).unwrap_or_default();
        let candidate = |(name, entry): (&str, &Entry)| {
            let candidate = CompletionCandidate::new(name);
            match entry {
                Entry::Valid(manifest) => candidate.help(Some(escape(&manifest.help).into_owned().into())),
                Entry::Broken(_) => candidate,
            }
        };
        library.iter().filter(|(name, _)| name.starts_with(current)).map(candidate).collect()
    })
}

/// The command line, in which a command that takes the inputs of an agent knows those of the one that the shell's line
/// names.
fn command() -> clap::Command {
    let command = Cli::command();
    let words: Vec<_> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let known = Cli::command().ignore_errors(true).try_get_matches_from(&words).ok();
    let Some((word, matches)) = known.as_ref().and_then(|matches| matches.subcommand()) else { return command };
    let of_agent = match word {
        "run" => run::command,
        "batch" => batch::command,
        "bench" => bench::command,
        _ => return command,
    };
    let library = setup::library(&Globals::from_arg_matches(matches).unwrap_or_default()).unwrap_or_default();
    let behind = words.iter().skip_while(|known| *known != word).skip(1);
    let named = behind.filter_map(|word| word.to_str()).find_map(|word| match library.get(word) {
        Some(Entry::Valid(manifest)) => Some(manifest.clone()),
        _ => None,
    });
    match named {
        Some(manifest) => command.mut_subcommand(word, |_| {
            let agent = clap::Arg::new("AGENT").index(1);
            of_agent(&manifest).name(word.to_owned()).arg(agent).disable_help_flag(false)
        }),
        None => command,
    }
}
