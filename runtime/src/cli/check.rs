//! `turingbox check`.

mod scope;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::{
    Diagnostic, Library, Policy, Program, Report, Sandbox, Severity,
    agent::{Agent, Body, Code, DIFFERS, Entry, Folder, NOT_PARSED},
    build::Lock,
    cli::{Globals, Stop, cases::Case, check::scope::Scope, policy, render, run, setup, stage, terminal},
    diagnostic::{counted, sarif},
    sandbox::LIVE,
};

#[derive(Args)]
pub struct CheckArgs {
    /// Folders of agents, or folders in those of --agents [default: all of --agents]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Refuse compiled and added agents that are not to the byte as `agents.lock` says
    #[arg(long)]
    locked: bool,
    /// Print the findings as SARIF 2.1.0, which CI systems take
    #[arg(long, conflicts_with = "json")]
    sarif: bool,
}

/// How findings are given.
#[derive(Clone, Copy)]
pub enum Format {
    /// For a person, on stderr.
    Text,
    /// One JSON object.
    Json,
    /// A SARIF log.
    Sarif,
}

/// Reports everything that can be known without running anything.
pub fn check(globals: &Globals, arguments: &CheckArgs) -> Result<(), Stop> {
    let scope = Scope::new(globals, &arguments.paths)?;
    let library = setup::library_of(&scope.folders)?;
    let mut report = Report::default();
    report.0.extend(library.notes().0.iter().cloned());
    let (policy, wrong) = match setup::policy(globals) {
        Ok(policy) => (globals.policy.is_some().then_some(policy), Report::default()),
        Err(Stop::Files(wrong)) => (None, wrong),
        Err(stop) => return Err(stop),
    };
    let agents = check_agents(&library, (&scope, policy.as_ref()), &mut report)?;
    if arguments.locked {
        refuse_drift(&mut report);
        for folder in &scope.folders {
            let found = Lock::read(folder).map_or_else(|wrong| wrong, |lock| lock.check(folder, &library));
            report.0.extend(found.0);
        }
    }
    report.0.extend(wrong.0);
    if let Some(policy) = &policy {
        policy::check::findings(policy, &library, &mut report);
    }
    report.0.retain(|finding| scope.is_about(finding));
    // Of two agents with one name, only one is seen below a folder.
    if !library.conflicts().has_errors() {
        report.0.extend(scope.without_agents(&library));
    }
    // Where the library can't be used, neither can a part of it.
    report.0.splice(..0, library.conflicts().0.iter().cloned());
    let format = match (arguments.sarif, globals.json) {
        (true, _) => Format::Sarif,
        (_, true) => Format::Json,
        _ => Format::Text,
    };
    conclude(&report, &counted(agents, "agent"), json!({ "agents": agents }), format)
}

/// What is to be as it was built has the manifest that was built with it.
fn refuse_drift(report: &mut Report) {
    let drift = report.0.iter_mut().filter(|finding| finding.code == DIFFERS && finding.silenced.is_none());
    drift.for_each(|finding| finding.severity = Severity::Error);
}

/// Checks each agent of the scope that is on disk; and all there are, where nothing is on disk and no folder was named.
fn check_agents(
    library: &Library,
    (scope, policy): (&Scope, Option<&Policy>),
    report: &mut Report,
) -> Result<usize, Stop> {
    let mut sandbox = None;
    let on_disk = |entry: &Entry| match entry {
        Entry::Valid(manifest) => !matches!(manifest.folder, Folder::Builtin(_)),
        Entry::Broken(_) => true,
    };
    let any = !scope.is_all() || library.iter().any(|(_, entry)| on_disk(entry));
    let entries: Vec<_> = library.iter().filter(|(_, entry)| !any || (on_disk(entry) && scope.has(entry))).collect();
    for (name, entry) in &entries {
        let authority = match (policy, entry) {
            (Some(policy), Entry::Valid(manifest)) => Some(policy.authority(&manifest.name, &manifest.path)),
            _ => None,
        };
        report.0.extend(wrong_cases(entry)?);
        let inspected = Program::inspect(library, name, authority.as_ref());
        let unread = inspected.report.0.iter().any(|finding| finding.code == NOT_PARSED);
        report.0.extend(inspected.report.0);
        if let Some(agent) = inspected.agent.filter(|_| unread) {
            report.0.extend(ask_the_guest(&agent, &mut sandbox)?);
        }
    }
    Ok(entries.len())
}

/// What is wrong with the cases of an agent.
fn wrong_cases(entry: &Entry) -> Result<Vec<Diagnostic>, Stop> {
    let Entry::Valid(manifest) = entry else { return Ok(Vec::new()) };
    let Some(folder) = stage::on_disk(manifest) else { return Ok(Vec::new()) };
    let wrong = stage::cases(&folder)?.into_iter().filter_map(|case| Case::read(&case).err());
    Ok(wrong.flat_map(|report| report.0).collect())
}

/// What the guest's own compiler says of source that our parser can't read: newer syntax, or none.
fn ask_the_guest(agent: &Agent, sandbox: &mut Option<Sandbox>) -> Result<Option<Diagnostic>, Stop> {
    let Agent { manifest, body: Body::Proc(code @ Code::Python { source, .. }), .. } = agent else { return Ok(None) };
    let sandbox = match sandbox {
        Some(sandbox) => sandbox,
        None => sandbox.insert(setup::sandbox(LIVE)?),
    };
    let failure = run::block_on(sandbox.compile(manifest, code))?.err();
    Ok(failure.map(|failure| {
        // The guest says `main.py:3: what is wrong`.
        let line = failure.message.split(':').nth(1).and_then(|line| line.parse::<usize>().ok()).unwrap_or(1);
        let start = source.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
        let end = source.text[start..].find('\n').map_or(source.text.len(), |end| start + end);
        Diagnostic::error("python", failure.message).at(source, start..end)
    }))
}

/// Prints what was found in `checked`; as JSON beside what `object` says.
pub fn conclude(report: &Report, checked: &str, mut object: Value, format: Format) -> Result<(), Stop> {
    let count = |wanted: &dyn Fn(&&Diagnostic) -> bool| report.0.iter().filter(wanted).count();
    let errors = count(&|finding| finding.severity == Severity::Error);
    let silenced = count(&|finding| finding.silenced.is_some());
    match format {
        Format::Sarif => terminal::print_json(&sarif::log(&report.0, &sarif::warnings(), render::plain_path))?,
        Format::Json => {
            object["findings"] = report.0.iter().map(finding).collect();
            terminal::print_json(&object)?;
        }
        Format::Text => {
            render::report(report);
            let warnings = report.0.len() - errors - silenced;
            let silenced = if silenced > 0 { format!(", {silenced} silenced") } else { String::new() };
            render::note(&format!(
                "checked {checked}: {}, {}{silenced}",
                counted(errors, "error"),
                counted(warnings, "warning")
            ));
        }
    }
    if errors == 0 { Ok(()) } else { Err(Stop::Said(2)) }
}

/// A finding for a machine. One that is the file as a whole has no line.
pub fn finding(finding: &Diagnostic) -> Value {
    let place = finding.place.as_ref();
    let lines = place.filter(|place| !place.is_whole()).map(|place| place.lines());
    let number = |number: Option<usize>| number.map_or(Value::Null, Value::from);
    json!({
        "severity": if finding.severity == Severity::Error { "error" } else { "warning" },
        "code": finding.code,
        "message": finding.message,
        "place": place.map(crate::source::Place::line),
        "file": place.map(|place| place.source.path.as_str()),
        "line": number(lines.map(|(start, _)| start.line)),
        "column": number(lines.map(|(start, _)| start.column)),
        "end_line": number(lines.map(|(_, end)| end.line)),
        "end_column": number(lines.map(|(_, end)| end.column)),
        "help": finding.help,
        "silenced": finding.silenced.as_ref().map(|reason| reason.as_str()),
    })
}
