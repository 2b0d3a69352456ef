//! One agent, looked at as closely as can be without running it.

use crate::{
    agent::{
        Agent, Body, Code, Folder, Program, allow, audit_imports, component, library::Library, load::Loader, packages,
        python,
    },
    diagnostic::{Diagnostic, Report},
    policy::Authority,
};

/// What is known of one agent.
#[derive(Debug)]
pub struct Inspection {
    /// The agent, if its manifest and files can be read. It can't be run: what it uses is missing.
    pub agent: Option<Agent>,
    /// What was found in it, in the order of its files.
    pub report: Report,
}

impl Program {
    /// Looks at the agent called `name` as closely as can be without running it, and at no other:
    /// what it uses is looked at by itself. `authority` is what a policy grants it, if there is one.
    pub fn inspect(library: &Library, name: &str, authority: Option<&Authority>) -> Inspection {
        let mut loader = Loader::new(library, name, true);
        if !loader.agents.is_empty() {
            loader.link(0);
        }
        let Loader { mut agents, mut report, .. } = loader;
        if agents.is_empty() {
            return Inspection { agent: None, report };
        }
        let (manifest, body) = agents.swap_remove(0);
        if let Some(Body::Proc(Code::Python { source, function, packages, .. })) = &body {
            report.0.extend(python::check(&manifest, source, function).0);
            // Of what was made of a library of the original system, the import has said so.
            if !matches!(manifest.folder, Folder::Memory { .. }) {
                report.0.extend(packages::unknown_modules(source, packages.as_deref()).0);
            }
            if let Some(authority) = authority.filter(|authority| authority.guards_imports()) {
                report.0.extend(audit_imports(source, authority).0);
            }
        }
        if let Some(Body::Proc(Code::Component { bytes, .. } | Code::Command { bytes, .. })) = &body {
            report.0.extend(component::check(&manifest, bytes).0);
        }
        allow::silence(&manifest.allowed, &mut report.0);
        report.0.extend(allow::unused(&manifest.allowed, &report.0, authority.is_some()));
        let place =
            |finding: &Diagnostic| finding.place.as_ref().map(|place| (place.source.path.clone(), place.span.start));
        report.0.sort_by_cached_key(place);
        Inspection { agent: body.map(|body| Agent::new(manifest, body)), report }
    }
}
