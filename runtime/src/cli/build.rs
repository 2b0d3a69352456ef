//! `turingbox build`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::{
    Report,
    build::{self, Built, Compiler, LOCK, Lock},
    cli::{Globals, Stop, render, setup, terminal},
    diagnostic::counted,
};

#[derive(Args)]
pub struct BuildArgs {
    /// Folders of agents, or one agent's
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
}

/// Compiles the agents that are crates, and writes their components, manifests and digests.
pub fn build(globals: &Globals, arguments: &BuildArgs) -> Result<(), Stop> {
    let mut folders = Vec::new();
    for path in &arguments.paths {
        let found = build::crates(path);
        let found = found.map_err(|error| Stop::Usage(format!("`{}` can't be searched: {error}", path.display())))?;
        folders.extend(found);
    }
    if folders.is_empty() {
        let shown: Vec<_> = arguments.paths.iter().map(|path| format!("`{}`", path.display())).collect();
        let message =
            format!("there is no Cargo.toml of an agent in {}: only agents in Rust are built", shown.join(", "));
        return Err(Stop::Usage(message));
    }
    let libraries = [setup::folders_of_agents(&globals.agents), arguments.paths.clone()].concat();
    let folders = own(folders)?;
    if folders.is_empty() && !globals.json {
        return Ok(());
    }
    let compiler = Compiler::find().map_err(Stop::Usage)?;
    let (mut built, mut failed) = (Vec::new(), Report::default());
    for folder in &folders {
        match build::build(folder, &compiler) {
            Ok(one) => {
                lock(&one, &libraries)?;
                if !globals.json {
                    let changed = if one.changed { "built" } else { "unchanged" };
                    let size = terminal::size(one.locked.size);
                    terminal::print_line(&format!(
                        "{changed} {}: {}, {size}",
                        one.name,
                        one.folder.join(&one.file).display()
                    ))?;
                }
                built.push(one);
            }
            Err(report) => failed.0.extend(report.0),
        }
    }
    if globals.json {
        let built = built.iter().map(|one| {
            json!({
                "agent": one.name, "folder": one.folder, "file": one.file, "size": one.locked.size,
                "sha256": one.locked.sha256, "compiler": one.locked.compiler, "changed": one.changed,
            })
        });
        terminal::print_json(&json!({ "built": built.collect::<Vec<_>>() }))?;
    }
    if !failed.0.is_empty() {
        return Err(failed.into());
    }
    render::note(&format!("built {} with {}", counted(built.len(), "agent"), compiler.version()));
    Ok(())
}

/// Leaves out the crates of agents that others made: to build is to run what is in them. Whichever lock file
/// around them says so counts.
fn own(folders: Vec<PathBuf>) -> Result<Vec<PathBuf>, Stop> {
    let mut own = Vec::new();
    for folder in folders {
        let whole = folder.canonicalize().map_err(|error| unwritten(&folder, error))?;
        let around = whole.ancestors().filter(|around| around.join(LOCK).is_file());
        let locks = around.map(|around| Ok((Lock::read(around)?, around))).collect::<Result<Vec<_>, Report>>()?;
        if locks.iter().any(|(lock, around)| lock.is_added(&folder, around)) {
            render::note(&format!("`{}` was added, so it isn't built: its component came with it", folder.display()));
        } else {
            own.push(folder);
        }
    }
    Ok(own)
}

/// The folder whose lock file an agent's folder belongs to.
fn home(folder: &Path, libraries: &[PathBuf]) -> std::io::Result<PathBuf> {
    // A folder that is an agent's own is no library.
    let libraries: Vec<_> = libraries.iter().filter(|library| *library != folder).cloned().collect();
    Lock::home(folder, &libraries)
}

fn unwritten(folder: &Path, error: std::io::Error) -> Stop {
    Stop::Usage(format!("`{}` can't be written: {error}", folder.join(LOCK).display()))
}

/// Writes down what was built.
fn lock(built: &Built, libraries: &[PathBuf]) -> Result<(), Stop> {
    let home = home(&built.folder, libraries).map_err(|error| unwritten(&built.folder, error))?;
    let mut lock = Lock::read(&home)?;
    let Some(name) = Lock::name(&built.folder, &home) else { return Ok(()) };
    lock.agents.insert(name, built.locked.clone());
    lock.write(&home).map(drop).map_err(|error| unwritten(&home, error))
}
