//! `turingbox tape`: what a run did, step by step.

use clap::Args;
use serde_json::json;

use crate::{
    Value,
    cli::{
        Globals, Stop,
        keeping::{StoreFile, unusable},
        outcome::{Denied, Failed},
        runs::{find, line, object},
        terminal,
        trace::told,
    },
    store::{Request, Store, StoredCell},
};

#[derive(Args)]
pub struct TapeArgs {
    /// The run: its name, the beginning of it, or `last`
    #[arg(value_name = "RUN")]
    run: String,
    /// Only the step at PATH, and what is below it
    #[arg(long, value_name = "PATH")]
    step: Option<String>,
    /// Only steps of this agent
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Only steps that failed
    #[arg(long)]
    failed: bool,
    /// Only the last N of them
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    #[command(flatten)]
    file: StoreFile,
}

/// Shows the tape of a run.
pub fn tape(globals: &Globals, arguments: &TapeArgs) -> Result<(), Stop> {
    let store = arguments.file.open()?;
    let run = find(&store, &arguments.run)?;
    let cells = || store.cells(&run).filter(|cell| cell.as_ref().map_or(true, |cell| arguments.wants(cell)));
    // They are counted before they are shown, so that none has to be kept.
    let skipped = match arguments.last {
        Some(last) => cells().count().saturating_sub(last),
        None => 0,
    };
    let print = |cell: &StoredCell| match globals.json {
        true => terminal::print_json(&document(&store, cell)?),
        false => terminal::print_line(&terminal::escape(&shown(&store, cell, globals.verbose)?)),
    };
    match globals.json {
        true => terminal::print_json(&object(&store, &run))?,
        false => terminal::print_line(&terminal::escape(&line(&store, &run)))?,
    }
    cells().skip(skipped).try_for_each(|cell| print(&cell.map_err(unusable)?))
}

impl TapeArgs {
    fn wants(&self, cell: &StoredCell) -> bool {
        let below = |step: &String| {
            cell.path
                .strip_prefix(step.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '~']))
        };
        self.step.as_ref().is_none_or(below)
            && self.agent.as_ref().is_none_or(|agent| cell.agent == *agent)
            && (!self.failed || !matches!(cell.failure(), Ok(None)))
    }
}

/// A cell in one line, further in the deeper it is; and below it what it was allowed, where that is asked for.
fn shown(store: &Store, cell: &StoredCell, verbose: bool) -> Result<String, Stop> {
    let depth = if cell.path.is_empty() { 0 } else { 1 + cell.path.matches('.').count() };
    let inputs = cell.inputs(store).map_err(unusable)?;
    let path = if cell.path.is_empty() { "." } else { &cell.path };
    let told = match cell.outcome(store).map_err(unusable)? {
        Some(outcome) => told(path, &cell.agent, &inputs, &outcome),
        None if cell.purity.is_none() => format!("{path:<12} {:<16} … not over", cell.agent),
        None => format!("{path:<12} {:<16} … begun, and nobody knows how it went", cell.agent),
    };
    let mut lines = vec![told];
    if verbose {
        let allowed = cell.allowed().map_err(unusable)?;
        lines.extend(allowed.requests.iter().map(allowed_line));
        lines.extend((allowed.omitted > 0).then(|| format!("  allowed {} more", allowed.omitted)));
    }
    let lines = lines.iter().map(|line| format!("{}{}", "  ".repeat(depth), line.replace('\n', "\\n")));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

fn allowed_line(Request { capability, request, line, count }: &Request) -> String {
    let request = if request.is_empty() { "others" } else { request };
    let by = line.as_ref().map_or_else(String::new, |line| format!(" by {line}"));
    let times = if *count == 1 { String::new() } else { format!(" {count} times") };
    format!("  allowed {capability} {request}{times}{by}")
}

/// A cell as an object.
fn document(store: &Store, cell: &StoredCell) -> Result<serde_json::Value, Stop> {
    let object = |values: &[(String, Value)]| {
        values.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<serde_json::Map<_, _>>()
    };
    let outcome = cell.outcome(store).map_err(unusable)?;
    let (allowed, usage) = (cell.allowed().map_err(unusable)?, cell.usage());
    Ok(json!({
        "path": cell.path, "agent": cell.agent, "digest": cell.digest,
        "purity": cell.purity.map(crate::policy::Purity::word), "began": cell.began,
        "inputs": object(&cell.inputs(store).map_err(unusable)?),
        "outputs": outcome.as_ref().map(|outcome| object(&outcome.outputs)),
        "status": outcome.as_ref().map(|outcome| outcome.status.value),
        "failure": outcome.as_ref().and_then(|outcome| outcome.failure.as_ref()).map(Failed::of),
        "denials": outcome.as_ref().map(Denied::all),
        "denials_omitted": outcome.as_ref().map(|outcome| outcome.denials.omitted()),
        "allowed": allowed.requests, "allowed_omitted": allowed.omitted,
        "usage": { "fuel": usage.fuel, "memory": usage.memory, "seconds": usage.time.as_secs_f64() },
    }))
}
