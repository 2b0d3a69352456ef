//! `turingbox test`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use serde_json::json;

use crate::{
    Engine, Failure, Library, Outcome, Program, Sandbox, Setup,
    agent::{Entry, Folder, Manifest},
    capability::network::Network,
    cli::{
        Globals, Stop,
        cases::{self, Case},
        inputs, render, run, setup, terminal,
    },
    sandbox::Usage,
    secret::Secrets,
    wall::Wall,
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
    let sandbox = setup::sandbox()?;
    let mut tested = Vec::new();
    for (manifest, folder) in &chosen {
        let found = cases::find(folder).map_err(|error| Stop::Usage(format!("{}: {error}", folder.display())))?;
        for case in found {
            let (differences, usage) = test_case(&library, (&sandbox, &wall), manifest, &case, globals)?;
            let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
            tested.push(Tested { agent: manifest.name.clone(), case: name, differences, usage });
            if let (Some(last), false) = (tested.last(), globals.json) {
                say(last, globals.verbose)?;
            }
        }
    }
    summarize(&tested, globals.json)
}

/// The agents to test, and where they are: cases are not part of the built-in library.
fn chosen(library: &Library, names: &[String]) -> Result<Vec<(Arc<Manifest>, PathBuf)>, Stop> {
    let on_disk = |manifest: &Manifest| match &manifest.folder {
        Folder::Disk { path, .. } => Some(PathBuf::from(path)),
        Folder::Builtin(_) | Folder::Memory { .. } | Folder::Packed { .. } => None,
    };
    if names.is_empty() {
        let all = library.iter().filter_map(|(_, entry)| match entry {
            Entry::Valid(manifest) => Some((manifest.clone(), on_disk(manifest)?)),
            Entry::Broken(_) => None,
        });
        return Ok(all.collect());
    }
    let named = names.iter().map(|name| {
        let manifest = super::named::manifest(library, name)?;
        let folder = on_disk(&manifest).ok_or_else(|| {
            Stop::Usage(format!("`{name}` is built in, and its cases are not: test it in a checkout of its library"))
        })?;
        Ok((manifest, folder))
    });
    named.collect()
}

fn test_case(
    library: &Arc<Library>,
    (sandbox, wall): (&Sandbox, &Wall),
    manifest: &Manifest,
    folder: &Path,
    globals: &Globals,
) -> Result<(Vec<String>, Usage), Stop> {
    let case = Case::read(folder)?;
    let (program, _) = Program::load(library, &manifest.name)?;
    let host = |error: std::io::Error| Stop::Host(Failure::host(error));
    let copy = tempfile::tempdir().map_err(host)?;
    cases::copy(folder, copy.path()).map_err(host)?;
    let (mut policy, mut sandbox) = (setup::policy(globals)?, sandbox.clone());
    let mut protected = setup::protected(&policy);
    if let Some(own) = case.policy(copy.path()) {
        // It comes with the agent, so it grants what the case brings along and nothing else: no folder of
        // this machine's, no variable, and no network.
        let own = Globals { policy: Some(own), ..Globals::default() };
        policy = setup::policy(&own)?.under(policy);
        protected.within = Some(copy.path().canonicalize().map_err(host)?);
        sandbox = sandbox.over(Network::closed());
    }
    let mut inputs = case.inputs.clone();
    let secrets = inputs::hide(manifest, &mut inputs, Secrets::default());
    let made = Setup {
        policy: Arc::new(policy),
        protected,
        secrets,
        wall: wall.clone(),
        ..Setup::new(library.clone(), sandbox)
    };
    let engine = Engine::new(Arc::new(program), made).map_err(setup::mount_error)?;
    let outcome: Outcome = run::block_on(engine.run(inputs))?;
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
