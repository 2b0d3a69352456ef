//! Agents whose component or program other tools made: what is there is what is locked.

use std::path::Path;

use super::{Built, Locked};
use crate::{
    Library, Program, Severity,
    agent::{Agent, Body, Code, Inspection},
    diagnostic::{Diagnostic, Report},
    share::manifest_in,
};

/// Looks at the agent in `folder`, and changes nothing of it.
///
/// # Errors
///
/// Where its manifest can't be read, or its file isn't there or can't be what the manifest says.
pub fn look(folder: &Path) -> Result<Built, Report> {
    let manifest = manifest_in(folder)?;
    let name = manifest.name.clone();
    let Inspection { agent, mut report } = Program::inspect(&Library::of(manifest), &name, None);
    report.0.retain(|finding| finding.severity == Severity::Error);
    report.ok(())?;
    let Some((file, bytes)) = agent.as_ref().and_then(compiled) else {
        let message = format!("`{}` is no compiled agent", folder.display());
        return Err(Diagnostic::error("no-agent", message).into());
    };
    let (file, locked) = (file.to_owned(), Locked::of(file, bytes, None));
    let (folder, left_out, notes) = (folder.to_owned(), Vec::new(), Vec::new());
    Ok(Built { folder, name, file, locked, changed: false, left_out, notes })
}

/// The agent's file, and its bytes.
fn compiled(agent: &Agent) -> Option<(&str, &[u8])> {
    match &agent.body {
        Body::Proc(Code::Component { bytes, .. } | Code::Command { bytes, .. }) => {
            Some((agent.manifest.compiled()?, bytes))
        }
        _ => None,
    }
}
