//! `turingbox tape`: what a run did, step by step.

use std::collections::HashSet;

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
    let wants = |cell: &StoredCell| arguments.wants(cell);
    // They are counted before they are shown, so that none has to be kept.
    let mut skipped = match arguments.last {
        Some(last) => store.cells(&run).filter(|cell| cell.as_ref().map_or(true, wants)).count().saturating_sub(last),
        None => 0,
    };
    let print = |cell: &StoredCell, depth| match globals.json {
        true => terminal::print_json(&document(&store, cell)?),
        false => terminal::print_line(&terminal::escape(&shown(&store, (cell, depth), globals.verbose)?)),
    };
    match globals.json {
        true => terminal::print_json(&object(&store, &run))?,
        false => terminal::print_line(&terminal::escape(&line(&store, &run)))?,
    }
    let mut depths = Depths::default();
    for cell in store.cells(&run) {
        let cell = cell.map_err(unusable)?;
        let depth = depths.of(&cell.path);
        match (wants(&cell), skipped) {
            (false, _) => {}
            (true, 0) => print(&cell, depth)?,
            (true, _) => skipped -= 1,
        }
    }
    Ok(())
}

/// How deep steps are, told cell by cell. In a path each step of a workflow is a number, and behind it perhaps its
/// id, which takes nobody deeper: `2.fetch`. A call that an agent made is the name of what it called, and how many
/// calls were before: `2.fetch.parse[0]`, or `2.parse[0]` where the step has no id. Then `2.parse[1]` is a call as
/// well, and no second visit.
#[derive(Default)]
struct Depths {
    /// Steps without an id that called agents.
    callers: HashSet<String>,
}

impl Depths {
    fn of(&mut self, path: &str) -> usize {
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let (mut depth, mut end, mut before) = (0, 0, "");
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let above = &path[..end];
            end += part.len() + usize::from(end > 0);
            let is_name = part.starts_with(|first: char| first.is_alphabetic() || first == '_');
            let may_be_id = is_name && !before.is_empty() && is_number(before);
            if may_be_id && part.ends_with("[0]") && !self.callers.contains(above) {
                self.callers.insert(above.to_owned());
            }
            depth += usize::from(!may_be_id || self.callers.contains(above));
            before = part;
        }
        depth
    }
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
fn shown(store: &Store, (cell, depth): (&StoredCell, usize), verbose: bool) -> Result<String, Stop> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_takes_no_step_deeper() {
        let mut depths = Depths::default();
        for (path, depth) in [
            ("", 0),
            ("0", 1),
            ("1.fetch", 1),
            ("1.fetch[2]", 1),
            ("1.fetch~1", 1),
            ("1.fetch.0", 2),
            ("1.fetch[2].0.parse", 2),
            ("1.fetch.parse[0]", 2),
            ("2.parse[0]", 2),
            ("2.parse[1]", 2),
            ("2.parse[1].0.deep", 3),
            ("2[1].parse[1]", 2),
            ("2~1.parse[0]", 2),
            ("parse[0]", 1),
            ("parse[0].0", 2),
            ("[17]", 1),
            ("[17]~1.3.no", 2),
            ("[17].parse[0]", 2),
        ] {
            assert_eq!(depths.of(path), depth, "{path}");
        }
    }
}
