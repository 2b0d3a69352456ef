//! `turingbox policy`: what a policy says, what it could say less of, and what it should say.

pub(crate) mod check;
mod explain;
mod suggest;

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

pub(crate) use explain::named;
pub(crate) use suggest::named_agents;

use crate::{
    Diagnostic, Library,
    agent::Entry,
    audit::Record,
    cli::{Globals, Stop},
    policy::{Named, Recorded},
    source::Source,
};

/// The longest line of an audit log, in bytes: a request of 512, escaped, and names beside it.
const MAX_LINE: u64 = 64 << 10;

#[derive(Args)]
pub struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Subcommand)]
enum PolicyCommand {
    /// Say what a policy allows an agent and which lines say so; or whether, and why, a request is allowed
    Explain(explain::ExplainArgs),
    /// Write the least policy that recorded runs needed
    Suggest(suggest::SuggestArgs),
    /// Find what is wrong with a policy, and what it grants for nothing
    Check(check::CheckArgs),
}

/// Runs one of the commands.
pub fn policy(globals: &Globals, arguments: &PolicyArgs) -> Result<(), Stop> {
    match &arguments.command {
        PolicyCommand::Explain(arguments) => explain::explain(globals, arguments),
        PolicyCommand::Suggest(arguments) => suggest::suggest(globals, arguments),
        PolicyCommand::Check(arguments) => check::check(globals, arguments),
    }
}

/// The name and the path of the agent that `name` names, by the one or by the other.
pub(crate) fn find<'l>(library: &'l Library, name: &str) -> Option<Named<'l>> {
    let named = |entry: &'l Entry| match entry {
        Entry::Valid(manifest) => Some((manifest.name.as_str(), manifest.path.as_str())),
        Entry::Broken(_) => None,
    };
    let by_path = || library.iter().filter_map(|(_, entry)| named(entry)).find(|(_, path)| *path == name);
    library.get(name).and_then(named).or_else(by_path)
}

/// What the audit logs hold.
fn recorded(files: &[PathBuf]) -> Result<Recorded, Stop> {
    let mut recorded = Recorded::default();
    for path in files {
        let unreadable = |error| Stop::Usage(format!("the audit log `{}` can't be read: {error}", path.display()));
        let mut log = BufReader::new(File::open(path).map_err(unreadable)?);
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            if log.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
                break;
            }
            let record = serde_json::from_slice::<Record>(&line);
            recorded.add(&record.map_err(|error| not_a_record(path, number, &line, &error))?);
        }
    }
    Ok(recorded)
}

fn not_a_record(path: &Path, number: u64, line: &[u8], error: &serde_json::Error) -> Stop {
    let file = format!("{}:{number}", path.display());
    let why = match line.ends_with(b"\n") {
        true => {
            let error = error.to_string();
            format!("this is not a record of an audit log: {}", error.split(" at line ").next().unwrap_or_default())
        }
        false => "the last record is cut off, or too long".to_owned(),
    };
    let help = "`turingbox run AGENT --audit FILE` writes such logs: one JSON object a line";
    Diagnostic::error("bad-record", why).at(&Source::new(file, ""), 0..0).help(help).into()
}

impl From<Diagnostic> for Stop {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Files(diagnostic.into())
    }
}
