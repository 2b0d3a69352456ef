//! Tab completion: `source <(COMPLETE=bash turingbox)`, and likewise for zsh, fish and elvish.
//! Agents' names and their inputs are completed too.

use clap::{CommandFactory, FromArgMatches};
use clap_complete::{
    CompleteEnv,
    engine::{ArgValueCompleter, CompletionCandidate},
};

use crate::{
    agent::Entry,
    cli::{Cli, Globals, run, setup},
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
                Entry::Valid(manifest) => candidate.help(Some(manifest.help.clone().into())),
                Entry::Broken(_) => candidate,
            }
        };
        library.iter().filter(|(name, _)| name.starts_with(current)).map(candidate).collect()
    })
}

/// The command line, in which `run` knows the inputs of the agent that the shell's line names.
fn command() -> clap::Command {
    let command = Cli::command();
    let words: Vec<_> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let Some(run) = words.iter().position(|word| word == "run") else { return command };
    let globals = Cli::command()
        .ignore_errors(true)
        .try_get_matches_from(&words)
        .ok()
        .and_then(|matches| Globals::from_arg_matches(matches.subcommand()?.1).ok())
        .unwrap_or_default();
    let library = setup::library(&globals).unwrap_or_default();
    let named = words[run + 1..].iter().filter_map(|word| word.to_str()).find_map(|word| match library.get(word) {
        Some(Entry::Valid(manifest)) => Some(manifest.clone()),
        _ => None,
    });
    match named {
        Some(manifest) => command.mut_subcommand("run", |_| {
            run::command(&manifest).name("run").arg(clap::Arg::new("AGENT").index(1)).disable_help_flag(false)
        }),
        None => command,
    }
}
