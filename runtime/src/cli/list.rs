//! `turingbox list`.

use clap::Args;
use serde_json::json;

use crate::{
    agent::Entry,
    cli::{Globals, Stop, render, setup, terminal},
};

#[derive(Args)]
pub struct ListArgs {
    /// Only agents whose name, path or help has this in it
    #[arg(value_name = "TEXT")]
    text: Option<String>,
}

/// Lists the agents there are.
pub fn list(globals: &Globals, arguments: &ListArgs) -> Result<(), Stop> {
    let library = setup::library(globals)?;
    let mut lines = Vec::new();
    let mut objects = Vec::new();
    let width = library.names().map(str::len).max().unwrap_or_default();
    for (name, entry) in library.iter() {
        let (kind, path, help) = match entry {
            Entry::Valid(manifest) => (manifest.kind().word(), manifest.path.as_str(), manifest.help.as_str()),
            Entry::Broken(_) => ("broken", "", "its manifest can't be used: see `turingbox check`"),
        };
        if arguments
            .text
            .as_ref()
            .is_some_and(|text| ![name, path, help].iter().any(|field| field.contains(text.as_str())))
        {
            continue;
        }
        lines.push(format!("{name:<width$}  {kind:<8}  {}", help.lines().next().unwrap_or_default()));
        objects.push(json!({ "name": name, "kind": kind, "path": path, "help": help }));
    }
    render::report(library.conflicts());
    render::report(&library.replaced());
    if let (true, Some(text)) = (lines.is_empty(), &arguments.text) {
        render::note(&format!("no agent has `{text}` in its name, path or help"));
    }
    if globals.json {
        return terminal::print_json(&objects);
    }
    lines.iter().try_for_each(|line| terminal::print_line(&terminal::escape(line)))
}
