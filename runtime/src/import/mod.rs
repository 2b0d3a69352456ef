//! Libraries of the original system, one JSON file each, as agents that behave the same.
//!
//! [`convert`] reads a library and writes agents in memory. `turingbox import` puts these into a
//! folder; where a library is run as it stands, they are read from memory. Pure: no file is touched.
//!
//! What can't be carried over is no error: the [`Imported::report`] says it, with its place. Where
//! the original has a hole, the agents have none, and the report says that, too.

mod flow;
mod given;
pub(crate) mod json;
mod library;
mod manifest;
mod missing;
mod modules;
mod names;
mod outputs;
mod policy;
mod proc;
mod prompt;
mod read;
mod report;
mod returns;
mod shape;
mod toml;
mod wires;
mod words;
mod workflow;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub use report::{PARTS, lines, page, part};

use crate::{
    diagnostic::{Diagnostic, Report},
    import::{
        library::{CHANGED, Library, UNFINISHED},
        manifest::{Manifest, folder},
        names::clean,
        outputs::template_output,
        read::{Agent, Body, Legacy},
        workflow::Workflows,
    },
    source::Source,
};

/// The largest library that is read, in bytes: a hundred times the original's own.
pub const MAX_LIBRARY: u64 = 16 << 20;

/// The most findings that a library in memory keeps: each is shown with its place, and whoever has so
/// many reads them in a file.
const MAX_NOTES: usize = 100;

/// A library, converted.
#[derive(Debug)]
pub struct Imported {
    /// The agents, in the order of the library.
    pub agents: Vec<ImportedAgent>,
    /// A policy that asks for what they do.
    pub policy: String,
    /// How deep its workflows may nest, if it says so: the policy says the same.
    pub depth: Option<u64>,
    /// What there is to say of it. All of it are warnings.
    pub report: Report,
}

/// One agent, converted.
#[derive(Debug)]
pub struct ImportedAgent {
    /// Its name.
    pub name: String,
    /// The path of its folder in the library's.
    pub folder: String,
    /// Whether it stands in for an agent that steps use and the library doesn't have.
    pub is_stub: bool,
    /// Its files: their names in the folder, and their texts.
    pub files: Vec<(String, String)>,
}

impl Imported {
    /// The agents that are stubs, and the number of the others.
    pub fn stubs(&self) -> (Vec<&str>, usize) {
        let stubs: Vec<_> = self.agents.iter().filter(|agent| agent.is_stub).map(|agent| agent.name.as_str()).collect();
        let others = self.agents.len() - stubs.len();
        (stubs, others)
    }

    /// The agents that have a built-in agent's name, and stand in for it.
    pub fn replaces(&self) -> Vec<String> {
        let builtin = crate::Library::builtin();
        self.agents.iter().map(|agent| &agent.name).filter(|name| builtin.get(name).is_some()).cloned().collect()
    }

    /// Adds the agents to `library`, as if they were in folders.
    pub fn add_to(self, library: &mut crate::Library, source: &Source) {
        library.replace_builtin(self.replaces());
        if let Some(depth) = self.depth {
            library.narrow_depth(depth);
        }
        let left_out = self.report.0.len().saturating_sub(MAX_NOTES);
        let mut notes = Report(self.report.0.into_iter().take(MAX_NOTES).collect());
        if left_out > 0 {
            let message = format!("{left_out} findings more of {} are left out", source.path);
            notes.push(Diagnostic::warning("import-more", message).help("`turingbox import` says them all"));
        }
        library.add_notes(notes);
        for agent in self.agents {
            let files = agent.files.into_iter().collect();
            match agent.is_stub {
                true => library.add_stub(agent.name, files, &agent.folder, &source.path),
                false => library.add_in_memory(files, &agent.folder, &source.path),
            }
        }
    }
}

/// Converts the library that `source` is.
///
/// # Errors
///
/// When it is no JSON, holds a key twice, or is no library: every mistake at once.
pub fn convert(source: &Arc<Source>) -> Result<Imported, Report> {
    if source.text.len() as u64 > MAX_LIBRARY {
        let message = format!("the library is larger than {} MiB", MAX_LIBRARY >> 20);
        let too_large = Diagnostic::error("too-large", message).at(source, 0..0);
        return Err(too_large.help("split it: each part is a library of its own").into());
    }
    let mut legacy = read::read(source)?;
    missing::add_stubs(source, &mut legacy)?;
    let mut report = Report::default();
    let library = Library::new(source, &legacy, &mut report);
    settings(&library, &mut report);
    let mut workflows = Workflows::new(&library);
    // Workflows first: what the steps in them give is what templates read.
    let is_workflow = |agent: &Agent| matches!(agent.body, Body::Workflow { .. });
    let mut agents: Vec<_> = legacy.agents.iter().enumerate().collect();
    agents.sort_by_key(|(_, agent)| !is_workflow(agent));
    let agents = agents.into_iter().map(|(at, agent)| (at, imported(&library, &mut workflows, at, agent, &mut report)));
    let agents = agents.collect::<BTreeMap<_, _>>().into_values().collect();
    let policy = policy::write(&library, std::mem::take(&mut workflows.variables));
    report.0.sort_by_key(|finding| finding.place.as_ref().map(|place| place.span.start));
    Ok(Imported { agents, policy, depth: policy::depth(&library), report })
}

fn imported(
    library: &Library<'_>,
    workflows: &mut Workflows<'_, '_>,
    at: usize,
    agent: &Agent,
    report: &mut Report,
) -> ImportedAgent {
    for key in &agent.dropped {
        let message = format!("the key `{}` says nothing here", key.text.escape_debug());
        report.push(library.finding(CHANGED, agent, &message, &key.span));
    }
    let files = match (&agent.body, library.procs.get(at).and_then(Option::as_ref)) {
        (Body::Workflow { .. }, _) => vec![("agent.toml".into(), workflows.manifest(at, agent, report))],
        (Body::Template { prompt, older }, _) => {
            if let Some(older) = older {
                let message = format!("its type `{}` is an older name of `template`", older.text.escape_debug());
                report.push(library.finding(CHANGED, agent, &message, &older.span));
            }
            if prompt.text.is_empty() {
                report.push(library.finding(UNFINISHED, agent, "its `prompt` is empty", &prompt.span));
            }
            template_files(library, agent, &prompt.text, &workflows.reads[at])
        }
        (_, Some(proc)) => proc::files(library, at, agent, proc, report),
        (_, None) => Vec::new(),
    };
    let name = library.names.get(&agent.name.text).into_owned();
    let (is_stub, own) = (agent.is_missing(), folder(&name));
    let folder = if is_stub { format!("{}/{own}", missing::FOLDER) } else { own };
    ImportedAgent { folder, name, files, is_stub }
}

fn template_files(
    library: &Library<'_>,
    agent: &Agent,
    prompt: &str,
    reads: &BTreeSet<String>,
) -> Vec<(String, String)> {
    let declared: BTreeSet<_> = library::inputs(agent).collect();
    let text = prompt::template(prompt, |name| {
        let name = clean(name);
        declared.contains(&*name) || reads.contains(&*name)
    });
    let mut manifest = Manifest::new(library, agent, "template");
    manifest.line("template = \"prompt.j2\"");
    manifest.inputs(agent, reads);
    manifest.outputs([template_output(agent).as_str()]);
    vec![("agent.toml".into(), manifest.text()), ("prompt.j2".into(), text)]
}

fn settings(library: &Library<'_>, report: &mut Report) {
    let Legacy { dropped, .. } = library.legacy;
    report.0.extend(policy::depth_finding(library));
    for key in dropped {
        let message =
            format!("`{}` is left out: no agent can reach it, nor could it in the original", key.text.escape_debug());
        report.push(Diagnostic::warning(CHANGED, message).at(library.source, key.span.clone()));
    }
}

#[cfg(test)]
mod tests;
