//! `turingbox new`.

mod rust;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use crate::{
    Diagnostic,
    agent::{NAME_FORM, is_name},
    cli::{Globals, Stop, render, setup, terminal},
};

#[derive(Args)]
pub struct NewArgs {
    /// What to make
    #[arg(value_name = "KIND")]
    kind: NewKind,
    /// The folder to make; its name is the agent's
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// A proc in Python, which is what a proc is unless another is asked for
    #[arg(long)]
    python: bool,
    /// A proc in Rust
    #[arg(long, conflicts_with = "python")]
    rust: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum NewKind {
    /// Text with holes
    Template,
    /// Code in a sandbox
    Proc,
    /// Steps that are agents
    Workflow,
}

/// Makes an agent's folder, with a case that passes.
pub fn new(globals: &Globals, arguments: &NewArgs) -> Result<(), Stop> {
    let name = arguments.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !is_name(name) {
        return Err(Stop::Usage(format!("`{name}` can't be an agent's name: {NAME_FORM}")));
    }
    if arguments.rust && !matches!(arguments.kind, NewKind::Proc) {
        return Err(Stop::Usage("only a proc is made in Rust".into()));
    }
    if arguments.python && !matches!(arguments.kind, NewKind::Proc) {
        return Err(Stop::Usage("only a proc is made in Python".into()));
    }
    if arguments.path.exists() {
        return Err(Stop::Usage(format!("`{}` is there already", arguments.path.display())));
    }
    refuse_taken(&folders(globals, &arguments.path), name)?;
    if arguments.rust {
        return rust::new(&arguments.path, name);
    }
    let files: &[(&str, &str)] = match arguments.kind {
        NewKind::Template => {
            &[("agent.toml", TEMPLATE), ("prompt.j2", PROMPT), ("cases/hello/case.toml", TEMPLATE_CASE)]
        }
        NewKind::Proc => &[("agent.toml", PROC), ("main.py", MAIN), ("cases/hello/case.toml", PROC_CASE)],
        NewKind::Workflow => &[("agent.toml", WORKFLOW), ("cases/three/case.toml", WORKFLOW_CASE)],
    };
    for (file, text) in files {
        make(&arguments.path.join(file), text)?;
    }
    render::note(&format!("next: turingbox test {name}{}", option(&arguments.path)));
    Ok(())
}

/// Refuses the name of another agent of these folders, or of a built-in one: a library with two of a name can't be
/// run from.
fn refuse_taken(folders: &[PathBuf], name: &str) -> Result<(), Stop> {
    let library = setup::library_of(folders)?;
    let Some(other) = library.holder(name) else { return Ok(()) };
    let taken = Diagnostic::error("duplicate-agent", format!("there is an agent called `{name}` already"))
        .help("names are unique in a library: choose another one");
    Err(Stop::Files(match other.file() {
        Some(file) => taken.at(file, 0..0).into(),
        None => taken.into(),
    }))
}

/// The folders of agents that the one at `path` will be in or beside: those that were named, or the usual one if
/// the agent's is in it.
fn folders(globals: &Globals, path: &Path) -> Vec<PathBuf> {
    let there = path.ancestors().find_map(|folder| match folder.as_os_str().is_empty() {
        true => Path::new(".").canonicalize().ok(),
        false => folder.canonicalize().ok(),
    });
    let is_in = |library: &PathBuf| {
        let library = library.canonicalize().ok();
        there.as_ref().zip(library).is_some_and(|(there, library)| there.starts_with(library))
    };
    let mut folders = setup::folders_of_agents(&globals.agents);
    // One that isn't there yet has no agents.
    folders.retain(|folder| folder.exists() && (!globals.agents.is_empty() || is_in(folder)));
    folders
}

/// Writes a file, and says so.
fn make(path: &Path, text: &str) -> Result<(), Stop> {
    write(path, text).map_err(|error| Stop::Usage(format!("`{}` can't be written: {error}", path.display())))?;
    terminal::print_line(&format!("made {}", path.display()))
}

/// The option that finds an agent's folder, where it takes one.
fn option(agent: &Path) -> String {
    let folder = agent.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    if folder.starts_with("agents") { String::new() } else { format!(" --agents {}", folder.display()) }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

const TEMPLATE: &str = include_str!("new/template.toml");
const PROMPT: &str = include_str!("new/prompt.j2");
const TEMPLATE_CASE: &str = include_str!("new/template_case.toml");
const PROC: &str = include_str!("new/proc.toml");
const MAIN: &str = include_str!("new/main.py");
const PROC_CASE: &str = include_str!("new/proc_case.toml");
const WORKFLOW: &str = include_str!("new/workflow.toml");
const WORKFLOW_CASE: &str = include_str!("new/workflow_case.toml");
