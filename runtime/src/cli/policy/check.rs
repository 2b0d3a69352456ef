//! `turingbox policy check`, and what `turingbox check` says of a policy.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{
    Diagnostic, Library, Policy, Program, Report,
    agent::{Entry, Folder, Manifest},
    capability::{files::Mounts, sql::Databases},
    cli::{
        Globals, Stop,
        check::{Format, conclude},
        policy, setup,
    },
    diagnostic::{counted, suggestion},
    policy::{Asking, Met, Pattern},
    secret::Secrets,
    share,
};

#[derive(Args)]
pub struct CheckArgs {
    /// Audit logs of runs; grants that nothing in them has used are warned of
    #[arg(long, value_name = "FILE", num_args = 1..)]
    audit: Vec<PathBuf>,
}

/// Reports what is wrong with a policy, and what it grants for nothing.
pub fn check(globals: &Globals, arguments: &CheckArgs) -> Result<(), Stop> {
    let Some(path) = &globals.policy else {
        return Err(Stop::Usage("which policy? `--policy FILE` names it".into()));
    };
    let library = setup::library(globals)?;
    let recorded = policy::recorded(&arguments.audit)?;
    let policy = setup::policy(globals)?;
    let mut report = policy.covered();
    if !arguments.audit.is_empty() {
        report.0.extend(policy.unused(&recorded, |name| policy::find(&library, name)).0);
    }
    report.0.extend(further(&policy, &library).0);
    findings(&policy, &library, &mut report);
    imports(&policy, &library, &mut report);
    let tests = policy.tests().len();
    let object = json!({ "policy": path, "tests": tests });
    let format = if globals.json { Format::Json } else { Format::Text };
    conclude(&report, &format!("{}, {}", path.display(), counted(tests, "test")), object, format)
}

/// Grants that reach further than those of an agent beside it that needs the same.
fn further(policy: &Policy, library: &Library) -> Report {
    let needs = |manifest: &Manifest| -> Vec<_> {
        manifest.needs.iter().map(|need| (need.capability.clone(), need.wanted.clone())).collect()
    };
    let needs: Vec<_> = valid(library).map(|manifest| (manifest, needs(manifest))).collect();
    let asking = needs.iter().map(|(manifest, needs)| Asking { name: &manifest.name, path: &manifest.path, needs });
    policy.further(&asking.collect::<Vec<_>>())
}

/// The manifests that can be used.
fn valid(library: &Library) -> impl Iterator<Item = &Manifest> {
    library.iter().filter_map(|(_, entry)| match entry {
        Entry::Valid(manifest) => Some(manifest.as_ref()),
        Entry::Broken(_) => None,
    })
}

/// What every check says of a policy: its tests, and whether it fits the agents there are.
pub fn findings(policy: &Policy, library: &Library, report: &mut Report) {
    report.0.extend(policy.run_tests(|name| policy::find(library, name)).0);
    for (name, place) in policy.unknown_in_tests(|name| policy::find(library, name).is_some()) {
        let message = format!("there is no agent called `{}`: a test asks what one would get", name.escape_debug());
        let unknown = Diagnostic::warning("unknown-agent", message).at(&place.source, place.span.clone());
        report.push(unknown.maybe_help(suggestion(name, library.names())));
    }
    let names: Vec<_> = valid(library).map(|manifest| (manifest.name.as_str(), manifest.path.as_str())).collect();
    for (pattern, place) in policy.unmatched(names.iter().copied()) {
        let message = format!("no agent is called `{pattern}`");
        report.push(Diagnostic::warning("unmatched-section", message).at(&place.source, place.span));
    }
    report.0.extend(policy.unknown_modules(&names, |name| packaged(library, name)).0);
    let mut protected = setup::protected(policy);
    protected.written_by(policy.folders());
    let secrets = Secrets::from_environment();
    let known = |name: &str| secrets.get(name).map(|value| value.to_string());
    Databases::files(policy.databases(), &known).for_each(|file| protected.fix(&file));
    // Where a policy is checked, its secrets needn't be.
    let env = |_: &str| Some("host=unchecked".to_owned());
    for manifest in valid(library) {
        let authority = policy.authority(&manifest.name, &manifest.path);
        let mounts = Mounts::open(authority.files(), &[], &protected, None).map(drop);
        let databases = || Databases::open(&authority, authority.files(), &protected, &env).map(drop);
        if let Err(Stop::Files(wrong)) = mounts.and_then(|()| databases()).map_err(setup::mount_error) {
            let new = wrong.0.into_iter().filter(|diagnostic| !report.0.contains(diagnostic));
            let new: Vec<_> = new.collect();
            report.0.extend(new);
        }
        if let Some(denial) = share::unvouched(manifest, &authority) {
            let unsigned = Diagnostic::error("unsigned", denial.request).label(denial.code).help(denial.help);
            report.0.extend(denial.place.map(|place| unsigned.at(&place.source, place.span)));
        }
        unmet(policy, library, manifest, report);
    }
}

/// The first names of the modules in an agent's packages; nothing where these aren't there yet.
fn packaged(library: &Library, name: &str) -> Option<Vec<String>> {
    let asking = valid(library).find(|manifest| manifest.name == name && !manifest.packages().is_empty());
    let Some(manifest) = asking else { return Some(Vec::new()) };
    Some(manifest.packaged()?.tops().into_iter().map(str::to_owned).collect())
}

/// What the policy says of the modules that the sources of agents import.
fn imports(policy: &Policy, library: &Library, report: &mut Report) {
    for manifest in valid(library) {
        let authority = policy.authority(&manifest.name, &manifest.path);
        if !authority.guards_imports() {
            continue;
        }
        // What else there is to say of an agent is told where agents are checked.
        let found = Program::inspect(library, &manifest.name, Some(&authority)).report.0.into_iter();
        let about = |code: &str| code == "dynamic-import" || code.starts_with("imports");
        report.0.extend(found.filter(|finding| about(finding.code)));
    }
}

/// Warns where an agent that the policy has a section for asks for more than it gets. An empty list is an
/// answer: who wrote it knows. A pattern is about all built-in agents that it fits, whether or not anybody
/// runs them, so one of these has to be named.
fn unmet(policy: &Policy, library: &Library, manifest: &Manifest, report: &mut Report) {
    let agent = (manifest.name.as_str(), manifest.path.as_str());
    let (said, sections) = (policy.said(agent), policy.sections_about(agent));
    let Some((pattern, section)) = sections.first() else { return };
    if matches!(manifest.folder, Folder::Builtin(_)) && Pattern::new(*pattern).is_glob() {
        return;
    }
    let authority = policy.authority(agent.0, agent.1);
    let find = |name: &str| policy::find(library, name).map(|(name, path)| (name.to_owned(), path.to_owned()));
    for need in &manifest.needs {
        let key = said.iter().find(|said| said.key.name == need.capability).map(|said| said.key);
        let place = match key {
            Some(key) if key.parts.is_empty() => continue,
            Some(key) => &key.place,
            None => section,
        };
        for wanted in &need.wanted {
            let (why, help) = match authority.meets(&need.capability, wanted, find) {
                Met::Granted => continue,
                Met::NotGranted => ("the policy doesn't grant it", format!("it says so in {}", manifest.source.path)),
                Met::Unclear(form) => ("that can't be read", format!("in {}: {form}", manifest.source.path)),
            };
            let message =
                format!("`{}` asks for `{} {}`, and {why}", manifest.name, need.capability, wanted.escape_debug());
            let warning = Diagnostic::warning("need-without-grant", message);
            report.push(warning.at(&place.source, place.span.clone()).help(help));
        }
    }
}
