//! `turingbox policy suggest`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{
    Library, Program,
    cli::{Globals, Stop, policy, render, setup, terminal},
    policy::{Ground, Named, Recorded},
};

#[derive(Args)]
#[command(after_help = "With --policy, the one that the runs were under, folders and limits are taken from it.")]
pub struct SuggestArgs {
    /// The agents, each with those that it can reach [default: all that are recorded]
    #[arg(value_name = "AGENT", add = crate::cli::complete::agents())]
    names: Vec<String>,
    /// Audit logs, as `turingbox run --audit FILE` writes them
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    audit: Vec<PathBuf>,
    /// Grant nothing that was denied; list it in comments
    #[arg(long)]
    allowed_only: bool,
}

/// Prints the least policy that recorded runs needed.
pub fn suggest(globals: &Globals, arguments: &SuggestArgs) -> Result<(), Stop> {
    let library = setup::library(globals)?;
    let mut recorded = policy::recorded(&arguments.audit)?;
    let under = setup::policy(globals)?;
    let wanted = reached(&library, &arguments.names);
    if !wanted.is_empty() {
        recorded.retain(|agent| wanted.iter().any(|name| name == agent));
    }
    let agents = named_agents(&library, &recorded, wanted.iter().map(String::as_str));
    let base = setup::here()?;
    let ground = Ground { policy: &under, base: &base, with_denied: !arguments.allowed_only };
    let suggestion = recorded.suggest(&agents, &ground);
    if recorded.agents().next().is_none() {
        render::warning("nothing is recorded of these agents");
    }
    if globals.json {
        let (policy, grants, denied) = (&suggestion.policy, suggestion.grants, suggestion.denied);
        return terminal::print_json(&json!({ "policy": policy, "grants": grants, "denied": denied }));
    }
    terminal::print_line(terminal::escape(suggestion.policy.trim_end()).as_ref())
}

/// The agents called `names`, and all that they can reach. One that can't be loaded is itself alone.
fn reached(library: &Library, names: &[String]) -> Vec<String> {
    let mut reached: Vec<String> = Vec::new();
    for name in names {
        let name = policy::find(library, name).map_or(name.as_str(), |(name, _)| name);
        let below = Program::load(library, name).ok().map(|(program, _)| program);
        let below = below.iter().flat_map(|program| program.agents()).map(|(_, agent)| agent.manifest.name.clone());
        reached.extend(below.chain([name.to_owned()]));
    }
    reached.sort();
    reached.dedup();
    reached
}

/// The recorded agents and `more`, sorted, each with its path where the library has it.
pub fn named_agents<'a>(
    library: &'a Library,
    recorded: &'a Recorded,
    more: impl Iterator<Item = &'a str>,
) -> Vec<Named<'a>> {
    let mut names: Vec<_> = recorded.agents().chain(more).collect();
    names.sort_unstable();
    names.dedup();
    let path = |name: &'a str| policy::find(library, name).map_or(name, |(_, path)| path);
    names.into_iter().map(|name| (name, path(name))).collect()
}
