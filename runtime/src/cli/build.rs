//! `turingbox build`.

use std::{
    io,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    Diagnostic, Report,
    build::{self, Built, Compiler, Found, LOCK, Lock},
    cli::{Globals, Stop, render, setup, terminal},
    diagnostic::counted,
};

#[derive(Args)]
pub struct BuildArgs {
    /// Folders of agents, or one agent's
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Look for newer versions of what packages depend on, whatever `agents.lock` says
    #[arg(long)]
    update: bool,
}

/// Compiles the agents that are crates, fetches the packages of those in Python, and writes components,
/// manifests, archives and digests.
pub fn build(globals: &Globals, arguments: &BuildArgs) -> Result<(), Stop> {
    let mut found = Found::default();
    for path in &arguments.paths {
        let here = build::found(path);
        let here = here.map_err(|error| Stop::Usage(format!("`{}` can't be searched: {error}", path.display())))?;
        found.crates.extend(here.crates);
        found.packages.extend(here.packages);
    }
    if found.crates.is_empty() && found.packages.is_empty() {
        let shown: Vec<_> = arguments.paths.iter().map(|path| format!("`{}`", path.display())).collect();
        let message = format!(
            "there is nothing to build in {}: neither a Cargo.toml of an agent nor an agent.toml that asks for packages",
            shown.join(", ")
        );
        return Err(Stop::Usage(message));
    }
    let libraries = [setup::folders_of_agents(&globals.agents), arguments.paths.clone()].concat();
    let found = Found { crates: own(found.crates)?, packages: own(found.packages)? };
    if found.crates.is_empty() && found.packages.is_empty() && !globals.json {
        return Ok(());
    }
    let compiler = (!found.crates.is_empty()).then(Compiler::find).transpose().map_err(Stop::Usage)?;
    let (mut built, mut failed) = (Vec::new(), Report::default());
    let crates = found.crates.iter().filter_map(|folder| Some((folder, build::build(folder, compiler.as_ref()?))));
    let packages = found.packages.iter().map(|folder| (folder, fetched(folder, &libraries, arguments.update)));
    for (_, made) in crates.chain(packages) {
        match made {
            Ok(one) => {
                lock(&one, &libraries)?;
                told(globals, &one)?;
                built.push(one);
            }
            Err(report) => failed.0.extend(report.0),
        }
    }
    if globals.json {
        terminal::print_json(&json!({ "built": built.iter().map(object).collect::<Vec<_>>() }))?;
    }
    if !failed.0.is_empty() {
        return Err(failed.into());
    }
    let with = compiler.map(|compiler| format!(" with {}", compiler.version())).unwrap_or_default();
    render::note(&format!("built {}{with}", counted(built.len(), "agent")));
    Ok(())
}

/// Leaves out the folders of agents that others made: to build is to run what is in them. Whichever lock file
/// around them says so counts.
fn own(folders: Vec<PathBuf>) -> Result<Vec<PathBuf>, Stop> {
    let mut own = Vec::new();
    for folder in folders {
        let whole = folder.canonicalize().map_err(|error| unwritten(&folder, error))?;
        let around = whole.ancestors().filter(|around| around.join(LOCK).is_file());
        let locks = around.map(|around| Ok((Lock::read(around)?, around))).collect::<Result<Vec<_>, Report>>()?;
        if locks.iter().any(|(lock, around)| lock.is_added(&folder, around)) {
            render::note(&format!(
                "`{}` was added, so it isn't built: what is built of it came with it",
                folder.display()
            ));
        } else {
            own.push(folder);
        }
    }
    Ok(own)
}

/// The packages of the agent in `folder`, as the lock file has them.
fn fetched(folder: &Path, libraries: &[PathBuf], update: bool) -> Result<Built, Report> {
    let home = home(folder, libraries)
        .map_err(|error| Report::from(Diagnostic::error("unwritable", format!("`{}`: {error}", folder.display()))))?;
    let lock = Lock::read(&home)?;
    let locked = Lock::name(folder, &home).and_then(|name| lock.agents.get(&name).cloned());
    build::build_packages(folder, locked.as_ref(), update)
}

/// Says what was built, unless that is done as JSON.
fn told(globals: &Globals, built: &Built) -> Result<(), Stop> {
    if globals.json {
        return Ok(());
    }
    let changed = if built.changed { "built" } else { "unchanged" };
    let (file, size) = (built.folder.join(&built.file), terminal::size(built.locked.size));
    terminal::print_line(&format!("{changed} {}: {}, {size}", built.name, file.display()))?;
    for (wheel, sha256) in &built.locked.wheels {
        terminal::print_line(&terminal::escape(&format!("  {wheel} sha256 {sha256}")))?;
    }
    for name in &built.left_out {
        render::note(&format!("`{name}` is left out: the guest has its own"));
    }
    Ok(())
}

fn object(built: &Built) -> Value {
    json!({
        "agent": built.name, "folder": built.folder, "file": built.file, "size": built.locked.size,
        "sha256": built.locked.sha256, "compiler": built.locked.compiler, "wheels": built.locked.wheels,
        "left_out": built.left_out, "changed": built.changed,
    })
}

/// The folder whose lock file the agent belongs to.
fn home(folder: &Path, libraries: &[PathBuf]) -> io::Result<PathBuf> {
    // A folder that is an agent's own is no library.
    let libraries: Vec<_> = libraries.iter().filter(|library| *library != folder).cloned().collect();
    Lock::home(folder, &libraries)
}

fn unwritten(folder: &Path, error: io::Error) -> Stop {
    Stop::Usage(format!("`{}` can't be written: {error}", folder.join(LOCK).display()))
}

/// Writes down what was built.
fn lock(built: &Built, libraries: &[PathBuf]) -> Result<(), Stop> {
    let home = home(&built.folder, libraries).map_err(|error| unwritten(&built.folder, error))?;
    let _held = Lock::hold(&home).map_err(|error| unwritten(&home, error))?;
    let mut lock = Lock::read(&home)?;
    let Some(name) = Lock::name(&built.folder, &home) else { return Ok(()) };
    lock.agents.insert(name, built.locked.clone());
    lock.write(&home).map(drop).map_err(|error| unwritten(&home, error))
}
