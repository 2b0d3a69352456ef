//! `turingbox check`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{
    Diagnostic, Library, Program, Report, Sandbox, Severity,
    agent::{Agent, Body, Code, Entry, Folder, NOT_PARSED},
    cli::{Globals, Stop, policy, render, run, setup, terminal},
};

#[derive(Args)]
pub struct CheckArgs {
    /// Folders of agents [default: those of --agents]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Reports everything that can be known without running anything.
pub fn check(globals: &Globals, arguments: &CheckArgs) -> Result<(), Stop> {
    let library = match arguments.paths.as_slice() {
        [] => setup::library(globals)?,
        paths => setup::library_of(&[paths, &globals.agents].concat())?,
    };
    let mut report = library.conflicts().clone();
    report.0.extend(library.notes().0.iter().cloned());
    let agents = check_agents(&library, &mut report)?;
    if globals.policy.is_some() {
        match setup::policy(globals) {
            Ok(policy) => policy::check::findings(&policy, &library, &mut report),
            Err(Stop::Files(wrong)) => report.0.extend(wrong.0),
            Err(stop) => return Err(stop),
        }
    }
    conclude(report, &format!("{agents} agents"), json!({ "agents": agents }), globals.json)
}

/// Checks each agent that is on disk, and all of them where there is nothing on disk.
fn check_agents(library: &Library, report: &mut Report) -> Result<usize, Stop> {
    let mut sandbox = None;
    let on_disk = |entry: &Entry| match entry {
        Entry::Valid(manifest) => !matches!(manifest.folder, Folder::Builtin(_)),
        Entry::Broken(_) => true,
    };
    let any = library.iter().any(|(_, entry)| on_disk(entry));
    let names = library.iter().filter(|(_, entry)| !any || on_disk(entry)).map(|(name, _)| name);
    let names: Vec<_> = names.collect();
    for name in &names {
        let found = match Program::load(library, name) {
            Ok((program, mut warnings)) => {
                let audit = program.audit();
                let unread = audit.0.iter().any(|diagnostic| diagnostic.code == NOT_PARSED);
                warnings.0.extend(audit.0);
                if unread {
                    warnings.0.extend(ask_the_guest(&program, &mut sandbox)?);
                }
                warnings
            }
            Err(wrong) => wrong,
        };
        // An agent that several workflows use is reported once.
        let new = found.0.into_iter().filter(|diagnostic| !report.0.contains(diagnostic));
        let new: Vec<_> = new.collect();
        report.0.extend(new);
    }
    Ok(names.len())
}

/// What the guest's own compiler says of source that our parser can't read: newer syntax, or none.
fn ask_the_guest(program: &Program, sandbox: &mut Option<Sandbox>) -> Result<Option<Diagnostic>, Stop> {
    let sandbox = match sandbox {
        Some(sandbox) => sandbox,
        None => sandbox.insert(setup::sandbox()?),
    };
    let Agent { manifest, body: Body::Proc(Code::Python { source, .. }), .. } = &program[program.root()] else {
        return Ok(None);
    };
    let Body::Proc(code) = &program[program.root()].body else { return Ok(None) };
    let failure = run::block_on(sandbox.compile(manifest, code))?.err();
    Ok(failure.map(|failure| {
        // The guest says `main.py:3: what is wrong`.
        let line = failure.message.split(':').nth(1).and_then(|line| line.parse::<usize>().ok()).unwrap_or(1);
        let start = source.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
        let end = source.text[start..].find('\n').map_or(source.text.len(), |end| start + end);
        Diagnostic::error("python", failure.message).at(source, start..end)
    }))
}

/// Prints what was found in `checked`; with `--json` as findings beside what `object` says.
pub fn conclude(report: Report, checked: &str, mut object: serde_json::Value, json: bool) -> Result<(), Stop> {
    let errors = report.0.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    let warnings = report.0.len() - errors;
    if json {
        let findings = report.0.iter().map(|diagnostic| {
            json!({
                "severity": if diagnostic.severity == Severity::Error { "error" } else { "warning" },
                "code": diagnostic.code,
                "message": diagnostic.message,
                "place": diagnostic.place.as_ref().map(crate::source::Place::line),
                "help": diagnostic.help,
            })
        });
        object["findings"] = findings.collect();
        terminal::print_json(&object)?;
    } else {
        render::report(&report);
        render::note(&format!("checked {checked}: {errors} errors, {warnings} warnings"));
    }
    if errors == 0 { Ok(()) } else { Err(Stop::Said(2)) }
}
