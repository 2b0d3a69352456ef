//! `turingbox policy check`, and what `turingbox check` says of a policy.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{
    Diagnostic, Library, Policy, Program, Report,
    agent::{self, Body, Code, Entry, Manifest},
    capability::{files::Mounts, sql::Databases},
    cli::{Globals, Stop, check::conclude, policy, setup},
    diagnostic::counted,
    policy::Authority,
    secret::Secrets,
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
    let tests = policy.tests().len();
    let object = json!({ "policy": path, "tests": tests });
    conclude(report, &format!("{}, {}", path.display(), counted(tests, "test")), object, globals.json)
}

/// What every check says of a policy: its tests, and whether it fits the agents there are.
pub fn findings(policy: &Policy, library: &Library, report: &mut Report) {
    report.0.extend(policy.run_tests(|name| policy::find(library, name)).0);
    let manifests = || {
        library.iter().filter_map(|(_, entry)| match entry {
            Entry::Valid(manifest) => Some(manifest.as_ref()),
            Entry::Broken(_) => None,
        })
    };
    let names: Vec<_> = manifests().map(|manifest| (manifest.name.as_str(), manifest.path.as_str())).collect();
    for (pattern, place) in policy.unmatched(names.iter().copied()) {
        let message = format!("no agent is called `{pattern}`");
        report.push(Diagnostic::warning("unmatched-section", message).at(&place.source, place.span));
    }
    let mut protected = setup::protected(policy);
    let secrets = Secrets::from_environment();
    let known = |name: &str| secrets.get(name).map(|value| value.to_string());
    protected.fixed.extend(Databases::files(policy.databases(), &known));
    // Where a policy is checked, its secrets needn't be.
    let env = |_: &str| Some("host=unchecked".to_owned());
    for manifest in manifests() {
        let authority = policy.authority(&manifest.name, &manifest.path);
        let mounts = Mounts::open(authority.files(), &[], &protected).map(drop);
        let databases = || Databases::open(&authority, authority.files(), &protected, &env).map(drop);
        if let Err(Stop::Files(wrong)) = mounts.and_then(|()| databases()).map_err(setup::mount_error) {
            let new = wrong.0.into_iter().filter(|diagnostic| !report.0.contains(diagnostic));
            let new: Vec<_> = new.collect();
            report.0.extend(new);
        }
        unmet(policy, manifest, report);
        if authority.guards_imports() {
            report.0.extend(imports(library, manifest, &authority).0);
        }
    }
}

/// What the policy says of the modules that an agent's source imports.
fn imports(library: &Library, manifest: &Manifest, authority: &Authority) -> Report {
    // What is wrong with an agent that can't be loaded is told where agents are checked.
    let Ok((program, _)) = Program::load(library, &manifest.name) else { return Report::default() };
    match &program[program.root()].body {
        Body::Proc(Code::Python { source, .. }) => agent::audit_imports(source, authority),
        _ => Report::default(),
    }
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
