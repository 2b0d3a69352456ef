//! `turingbox test`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use serde_json::json;

use crate::{
    Library, Program, Report,
    agent::Manifest,
    cli::{
        Globals, Stop,
        cases::Case,
        check, render, run, setup,
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
    ended: Ended,
}

enum Ended {
    /// It ran: what differs from what it expects, and what it used.
    Ran(Vec<String>, Usage),
    /// It or its agent has mistakes, so it wasn't run.
    NotRun(Arc<Mistakes>),
}

/// What is wrong with files; others are no worse for it.
enum Mistakes {
    Files(Report),
    Usage(String),
}

/// Runs the cases of agents. What is wrong with some keeps nobody from the others.
pub fn test(globals: &Globals, arguments: &TestArgs) -> Result<(), Stop> {
    let library = Arc::new(setup::library(globals)?);
    let chosen = chosen(&library, &arguments.names)?;
    // It is for all of them, so what is wrong with it is said once.
    setup::policy(globals)?;
    let wall = setup::wall(globals)?;
    let sandbox = setup::sandbox(LIVE)?;
    let stage = Stage { library: &library, sandbox: &sandbox, wall: &wall, globals };
    let mut tested = Vec::new();
    for (manifest, folder) in &chosen {
        test_agent(&stage, manifest, &stage::cases(folder)?, &mut tested)?;
    }
    summarize(&tested, globals.json)
}

fn test_agent(stage: &Stage<'_>, manifest: &Manifest, cases: &[PathBuf], tested: &mut Vec<Tested>) -> Result<(), Stop> {
    if cases.is_empty() {
        return Ok(());
    }
    let globals = stage.globals;
    let program = Mistakes::apart(Program::load(stage.library, &manifest.name).map_err(Stop::from))?;
    let program = program.map(|(program, _)| Arc::new(program)).map_err(Arc::new);
    for (number, case) in cases.iter().enumerate() {
        let ended = match &program {
            Ok(program) => Mistakes::apart(test_case(stage, program, case))?.map_err(Arc::new),
            Err(mistakes) => Err(mistakes.clone()),
        };
        let ended = match ended {
            Ok((differences, usage)) => Ended::Ran(differences, usage),
            Err(mistakes) => Ended::NotRun(mistakes),
        };
        let one = Tested { agent: manifest.name.clone(), case: stage::name(case), ended };
        if !globals.json {
            say(&one, globals.verbose)?;
            // The agent's own are of all of its cases.
            if let (Ended::NotRun(mistakes), true) = (&one.ended, program.is_ok() || number == 0) {
                mistakes.say();
            }
        }
        tested.push(one);
    }
    Ok(())
}

impl Mistakes {
    /// Takes what is wrong with files apart from what ends everything.
    fn apart<T>(result: Result<T, Stop>) -> Result<Result<T, Self>, Stop> {
        match result {
            Ok(value) => Ok(Ok(value)),
            Err(Stop::Files(report)) => Ok(Err(Self::Files(report))),
            Err(Stop::Usage(message)) => Ok(Err(Self::Usage(message))),
            Err(stop) => Err(stop),
        }
    }

    fn say(&self) {
        match self {
            Self::Files(report) => render::report(report),
            Self::Usage(message) => render::error(message),
        }
    }

    /// The same for machines, as `turingbox check` has it.
    fn objects(&self) -> Vec<serde_json::Value> {
        match self {
            Self::Files(report) => report.0.iter().map(check::finding).collect(),
            Self::Usage(message) => vec![json!({ "message": message })],
        }
    }
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

fn test_case(stage: &Stage<'_>, program: &Arc<Program>, folder: &Path) -> Result<(Vec<String>, Usage), Stop> {
    let case = Case::read(folder)?;
    let Staged { engine, inputs, copy } = stage.set(program.clone(), &case, |_| {})?;
    let outcome = run::block_on(engine.run(inputs))?;
    Ok((case.differences(&outcome, copy.path()), outcome.usage))
}

fn say(tested: &Tested, verbose: bool) -> Result<(), Stop> {
    let case = format!("{}/{} …", tested.agent, tested.case);
    let Ended::Ran(differences, Usage { fuel, memory, .. }) = &tested.ended else {
        return terminal::print_line(&terminal::escape(&format!("{case} not run")));
    };
    let mut text = format!("{case} {}", if differences.is_empty() { "ok" } else { "FAILED" });
    if verbose {
        text.push_str(&format!(", {fuel} fuel, {} MiB", memory >> 20));
    }
    for difference in differences {
        text.push_str(&format!("\n    {}", difference.trim_end().replace('\n', "\n    ")));
    }
    terminal::print_line(&terminal::escape(&text))
}

fn summarize(tested: &[Tested], json: bool) -> Result<(), Stop> {
    let count = |is: fn(&Ended) -> bool| tested.iter().filter(|tested| is(&tested.ended)).count();
    let passed = count(|ended| matches!(ended, Ended::Ran(differences, _) if differences.is_empty()));
    let not_run = count(|ended| matches!(ended, Ended::NotRun(_)));
    let failed = tested.len() - passed - not_run;
    if json {
        let cases = tested.iter().map(object).collect::<Vec<_>>();
        terminal::print_json(&json!({ "passed": passed, "failed": failed, "not_run": not_run, "cases": cases }))?;
    } else {
        let more = if not_run == 0 { String::new() } else { format!(", {not_run} not run") };
        render::note(&format!("{passed} passed, {failed} failed{more}"));
    }
    match (failed, not_run) {
        (0, 0) => Ok(()),
        (_, 0) => Err(Stop::Said(1)),
        _ => Err(Stop::Said(2)),
    }
}

fn object(Tested { agent, case, ended }: &Tested) -> serde_json::Value {
    match ended {
        Ended::Ran(differences, Usage { fuel, memory, .. }) => {
            json!({ "agent": agent, "case": case, "differences": differences, "fuel": fuel, "memory": memory })
        }
        Ended::NotRun(mistakes) => json!({ "agent": agent, "case": case, "mistakes": mistakes.objects() }),
    }
}
