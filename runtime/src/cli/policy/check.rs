//! `turingbox policy check`, and what `turingbox check` says of a policy.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{
    Diagnostic, Library, Policy, Program, Report,
    agent::{Entry, Manifest},
    capability::{files::Mounts, sql::Databases},
    cli::{
        Globals, Stop,
        check::{Format, conclude},
        policy, setup,
    },
    diagnostic::counted,
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
    findings(&policy, &library, &mut report);
    imports(&policy, &library, &mut report);
    let tests = policy.tests().len();
    let object = json!({ "policy": path, "tests": tests });
    let format = if globals.json { Format::Json } else { Format::Text };
    conclude(&report, &format!("{}, {}", path.display(), counted(tests, "test")), object, format)
}

/// What every check says of a policy: its tests, and whether it fits the agents there are.
pub fn findings(policy: &Policy, library: &Library, report: &mut Report) {
    report.0.extend(policy.run_tests(|name| policy::find(library, name)).0);
    let names: Vec<_> = manifests(library).map(|manifest| (manifest.name.as_str(), manifest.path.as_str())).collect();
    for (pattern, place) in policy.unmatched(names.iter().copied()) {
        let message = format!("no agent is called `{pattern}`");
        report.push(Diagnostic::warning("unmatched-section", message).at(&place.source, place.span));
    }
    let mut protected = setup::protected(policy);
    protected.fixed.extend(Databases::files(policy.databases()));
    // Where a policy is checked, its secrets needn't be.
    let env = |_: &str| Some("host=unchecked".to_owned());
    for manifest in manifests(library) {
        let authority = policy.authority(&manifest.name, &manifest.path);
        let mounts = Mounts::open(authority.files(), &[], &protected).map(drop);
        let databases = || Databases::open(&authority, authority.files(), &protected, &env).map(drop);
        if let Err(Stop::Files(wrong)) = mounts.and_then(|()| databases()).map_err(setup::mount_error) {
            let new = wrong.0.into_iter().filter(|diagnostic| !report.0.contains(diagnostic));
            let new: Vec<_> = new.collect();
            report.0.extend(new);
        }
        unmet(policy, manifest, report);
    }
}

/// What the policy says of the modules that the sources of agents import.
fn imports(policy: &Policy, library: &Library, report: &mut Report) {
    for manifest in manifests(library) {
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

fn manifests(library: &Library) -> impl Iterator<Item = &Manifest> {
    library.iter().filter_map(|(_, entry)| match entry {
        Entry::Valid(manifest) => Some(manifest.as_ref()),
        Entry::Broken(_) => None,
    })
}

/// Warns where an agent that the policy has something for asks for more than it gets. A section of
/// its own that doesn't mention what it asks for has forgotten it; `[]` has not.
fn unmet(policy: &Policy, manifest: &Manifest, report: &mut Report) {
    let agent = (manifest.name.as_str(), manifest.path.as_str());
    let authority = policy.authority(agent.0, agent.1);
    let said = policy.said(agent);
    let own = policy.sections_about(agent).into_iter().find(|(pattern, _)| !pattern.contains('*'));
    for need in &manifest.needs {
        let key = said.iter().find(|said| said.key.name == need.capability).map(|said| said.key);
        let place = match (key, &own) {
            (Some(key), _) if !key.parts.is_empty() => &key.place,
            (None, Some((_, place))) => place,
            _ => continue,
        };
        for wanted in &need.wanted {
            let why = match authority.meets(&need.capability, wanted) {
                Some(true) => continue,
                Some(false) => "the policy doesn't grant it",
                None => "this version can't grant it",
            };
            let message = format!("`{}` asks for `{} {wanted}`, and {why}", manifest.name, need.capability);
            report.push(
                Diagnostic::warning("need-without-grant", message)
                    .at(&place.source, place.span.clone())
                    .help(format!("it says so in {}", manifest.source.path)),
            );
        }
    }
}
