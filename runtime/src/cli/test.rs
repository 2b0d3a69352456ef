//! `turingbox test`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use serde_json::json;

use crate::{
    Library, Program,
    agent::Manifest,
    cli::{
        Globals, Stop,
        cases::Case,
        render, run, setup,
        stage::{self, Stage, Staged},
        terminal,
    },
    sandbox::{LIVE, Usage},
};

#[derive(Args)]
pub struct TestArgs {
    /// The agents' names [default: every agent on disk]
    #[arg(value_name = "AGENT", add = super::complete::agents())]
    names: Vec<String>,
}

/// How one case went.
struct Tested {
    agent: String,
    case: String,
    differences: Vec<String>,
    usage: Usage,
}

/// Runs the cases of agents.
pub fn test(globals: &Globals, arguments: &TestArgs) -> Result<(), Stop> {
    let library = Arc::new(setup::library(globals)?);
    let chosen = chosen(&library, &arguments.names)?;
    let wall = setup::wall(globals)?;
    let sandbox = setup::sandbox(LIVE)?;
    let stage = Stage { library: &library, sandbox: &sandbox, wall: &wall, globals };
    let mut tested = Vec::new();
    for (manifest, folder) in &chosen {
        for case in stage::cases(folder)? {
            let (differences, usage) = test_case(&stage, manifest, &case)?;
            tested.push(Tested { agent: manifest.name.clone(), case: stage::name(&case), differences, usage });
            if let (Some(last), false) = (tested.last(), globals.json) {
                say(last, globals.verbose)?;
            }
        }
    }
    summarize(&tested, globals.json)
}

/// The agents to test, and where they are: cases are not part of the built-in library.
fn chosen(library: &Library, names: &[String]) -> Result<Vec<(Arc<Manifest>, PathBuf)>, Stop> {
    if names.is_empty() {
        return Ok(stage::all(library));
    }
    let named = names.iter().map(|name| {
        let manifest = super::named::manifest(library, name)?;
        let folder = stage::on_disk(&manifest).ok_or_else(|| {
            Stop::Usage(format!("`{name}` is built in, and its cases are not: test it in a checkout of its library"))
        })?;
        Ok((manifest, folder))
    });
    named.collect()
}

fn test_case(stage: &Stage<'_>, manifest: &Manifest, folder: &Path) -> Result<(Vec<String>, Usage), Stop> {
    let case = Case::read(folder)?;
    let (program, _) = Program::load(stage.library, &manifest.name)?;
    let Staged { engine, inputs, copy } = stage.set(Arc::new(program), &case, |_| {})?;
    let outcome = run::block_on(engine.run(inputs))?;
    Ok((case.differences(&outcome, copy.path()), outcome.usage))
}

fn say(tested: &Tested, verbose: bool) -> Result<(), Stop> {
    let verdict = if tested.differences.is_empty() { "ok" } else { "FAILED" };
    let mut text = format!("{}/{} … {verdict}", tested.agent, tested.case);
    if verbose {
        let Usage { fuel, memory, .. } = tested.usage;
        text.push_str(&format!(", {fuel} fuel, {} MiB", memory >> 20));
    }
    for difference in &tested.differences {
        text.push_str(&format!("\n    {}", difference.trim_end().replace('\n', "\n    ")));
    }
    terminal::print_line(&terminal::escape(&text))
}

fn summarize(tested: &[Tested], json: bool) -> Result<(), Stop> {
    let failed = tested.iter().filter(|tested| !tested.differences.is_empty()).count();
    let passed = tested.len() - failed;
    if json {
        let cases = tested.iter().map(|tested| {
            let Usage { fuel, memory, .. } = tested.usage;
            json!({
                "agent": tested.agent, "case": tested.case, "differences": tested.differences,
                "fuel": fuel, "memory": memory,
            })
        });
        let object = json!({ "passed": passed, "failed": failed, "cases": cases.collect::<Vec<_>>() });
        terminal::print_json(&object)?;
    } else {
        render::note(&format!("{passed} passed, {failed} failed"));
    }
    if failed == 0 { Ok(()) } else { Err(Stop::Said(1)) }
}
