//! `turingbox build`.

mod stale;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    io,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    Diagnostic, Report,
    build::{self, Built, Compiler, Found, LOCK, Lock, was_added},
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

/// Compiles the agents that are crates, fetches the packages of those in Python, and writes components, manifests,
/// archives and digests; also the digests of what other tools made.
pub fn build(globals: &Globals, arguments: &BuildArgs) -> Result<(), Stop> {
    let mut found = Found::default();
    for path in &arguments.paths {
        let here = build::found(path);
        found.extend(here.map_err(|error| Stop::Usage(format!("`{}` can't be searched: {error}", path.display())))?);
    }
    let libraries = [setup::folders_of_agents(&globals.agents), arguments.paths.clone()].concat();
    let gone = stale::take_out(&arguments.paths, &libraries, &found)?;
    if found.all().next().is_none() && gone.is_empty() {
        return Err(nothing(&arguments.paths));
    }
    let out =
        |path: &String| render::note(&format!("`{path}` is taken out of {LOCK}: it is no agent here that is built"));
    gone.iter().for_each(out);
    let found = Found { crates: own(found.crates)?, packages: own(found.packages)?, made: own(found.made)? };
    if found.all().next().is_none() && !globals.json {
        return Ok(());
    }
    let compiler = (!found.crates.is_empty()).then(Compiler::find).transpose().map_err(Stop::Usage)?;
    let mut work = Work { libraries, update: arguments.update, compiler, names: BTreeMap::new() };
    let (mut built, mut failed) = (Vec::new(), Report::default());
    let ways: [(_, Way); 3] =
        [(&found.crates, Work::compile), (&found.packages, Work::fetch), (&found.made, Work::look_at)];
    for (folder, way) in ways.iter().flat_map(|(folders, way)| folders.iter().map(move |folder| (folder, way))) {
        match way(&mut work, folder) {
            Ok(mut one) => {
                one.changed |= work.lock(&one)? && one.locked.compiler.is_none();
                told(globals, &one)?;
                built.push(one);
            }
            Err(report) => failed.0.extend(report.0),
        }
    }
    if globals.json {
        let object = json!({ "built": built.iter().map(object).collect::<Vec<_>>(), "gone": gone });
        terminal::print_json(&object)?;
    }
    if !failed.0.is_empty() {
        return Err(failed.into());
    }
    let with = work.compiler.map(|compiler| format!(" with {}", compiler.version())).unwrap_or_default();
    let made = built.iter().filter(|one| one.locked.compiler.is_none()).count();
    let locked = (made > 0).then(|| format!("locked {} that other tools made", counted(made, "agent")));
    let others = built.len() - made;
    let compiled = (others > 0 || made == 0).then(|| format!("built {}{with}", counted(others, "agent")));
    render::note(&compiled.into_iter().chain(locked).collect::<Vec<_>>().join(", "));
    Ok(())
}

/// Says that there is nothing to build.
fn nothing(paths: &[PathBuf]) -> Stop {
    let shown: Vec<_> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    Stop::Usage(format!(
        "there is nothing to build in {}: neither a Cargo.toml of an agent, nor an agent.toml that asks for packages or \
         names a component or a program",
        shown.join(", ")
    ))
}

/// What is being built.
struct Work {
    libraries: Vec<PathBuf>,
    /// Whether newer packages are looked for.
    update: bool,
    /// There is one where there are crates.
    compiler: Option<Compiler>,
    /// The folders of the agents so far, by their library and their name.
    names: BTreeMap<(PathBuf, String), PathBuf>,
}

/// How an agent of one kind is built.
type Way = fn(&mut Work, &Path) -> Result<Built, Report>;

impl Work {
    /// Compiles the crate in `folder`.
    fn compile(&mut self, folder: &Path) -> Result<Built, Report> {
        let compiler = self.compiler.as_ref().ok_or_else(|| Diagnostic::error("cargo", "there is no compiler"))?;
        let compiled = build::compile(folder, compiler)?;
        // Before it is written: of two, nobody could say which one is meant.
        self.name(folder, compiled.name())?;
        compiled.write()
    }

    /// Fetches the packages of the agent in `folder`, as the lock file has them.
    fn fetch(&mut self, folder: &Path) -> Result<Built, Report> {
        let home = home(folder, &self.libraries).map_err(|error| unwritable(folder, &error))?;
        let lock = Lock::read(&home)?;
        let locked = Lock::name(folder, &home).and_then(|name| lock.agents.get(&name).cloned());
        let built = build::build_packages(folder, locked.as_ref(), self.update)?;
        self.name(folder, &built.name)?;
        Ok(built)
    }

    /// Looks at what other tools made in `folder`.
    fn look_at(&mut self, folder: &Path) -> Result<Built, Report> {
        let built = build::look_at_made(folder)?;
        self.name(folder, &built.name)?;
        Ok(built)
    }

    /// Gives a name to the agent in `folder`, unless another one in its library has it.
    fn name(&mut self, folder: &Path, name: &str) -> Result<(), Report> {
        let home = home(folder, &self.libraries).map_err(|error| unwritable(folder, &error))?;
        match self.names.entry((home, name.to_owned())) {
            Entry::Occupied(other) => {
                let (first, second) = (other.get().display(), folder.display());
                let message = format!("`{first}` and `{second}` both give an agent called `{name}`");
                let help = "names are unique in a library: call one of them otherwise; in Rust, that is its function";
                Err(Diagnostic::error("duplicate-agent", message).help(help).into())
            }
            Entry::Vacant(free) => {
                free.insert(folder.to_owned());
                Ok(())
            }
        }
    }

    /// Writes down what was built. Says whether it is another thing than was written there.
    fn lock(&self, built: &Built) -> Result<bool, Stop> {
        let home = home(&built.folder, &self.libraries).map_err(|error| unwritten(&built.folder, error))?;
        let _held = Lock::hold(&home).map_err(|error| unwritten(&home, error))?;
        let mut lock = Lock::read(&home)?;
        let Some(name) = Lock::name(&built.folder, &home) else { return Ok(false) };
        let before = lock.agents.insert(name, built.locked.clone());
        lock.write(&home).map_err(|error| unwritten(&home, error))?;
        Ok(before.as_ref() != Some(&built.locked))
    }
}

/// Leaves out the folders of agents that others made: to build is to run what is in them. Whichever lock file
/// around them says so counts, and so does the mark in the folder itself.
fn own(folders: Vec<PathBuf>) -> Result<Vec<PathBuf>, Stop> {
    let mut own = Vec::new();
    for folder in folders {
        let whole = folder.canonicalize().map_err(|error| unwritten(&folder, error))?;
        let around = whole.ancestors().filter(|around| around.join(LOCK).is_file());
        let locks = around.map(|around| Ok((Lock::read(around)?, around))).collect::<Result<Vec<_>, Report>>()?;
        if was_added(&whole) || locks.iter().any(|(lock, around)| lock.is_added(&folder, around)) {
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

/// Says what was built, unless that is done as JSON.
fn told(globals: &Globals, built: &Built) -> Result<(), Stop> {
    if globals.json {
        return Ok(());
    }
    let changed = match (built.changed, &built.locked.compiler) {
        (false, _) => "unchanged",
        (true, Some(_)) => "built",
        (true, None) => "locked",
    };
    let (file, size) = (built.folder.join(&built.file), terminal::size(built.locked.size));
    terminal::print_line(&format!("{changed} {}: {}, {size}", built.name, file.display()))?;
    for (wheel, sha256) in &built.locked.wheels {
        terminal::print_line(&terminal::escape(&format!("  {wheel} sha256 {sha256}")))?;
    }
    for name in &built.left_out {
        render::note(&format!("`{name}` is left out: the guest has its own"));
    }
    built.notes.iter().for_each(|note| render::note(note));
    Ok(())
}

fn object(built: &Built) -> Value {
    json!({
        "agent": built.name, "folder": built.folder, "file": built.file, "size": built.locked.size,
        "sha256": built.locked.sha256, "compiler": built.locked.compiler, "wheels": built.locked.wheels,
        "left_out": built.left_out, "notes": built.notes, "changed": built.changed,
    })
}

/// The folder whose lock file the agent belongs to.
fn home(folder: &Path, libraries: &[PathBuf]) -> io::Result<PathBuf> {
    // A folder that is an agent's own is no library.
    let libraries: Vec<_> = libraries.iter().filter(|library| *library != folder).cloned().collect();
    Lock::home(folder, &libraries)
}

fn unwritable(folder: &Path, error: &io::Error) -> Report {
    Diagnostic::error("unwritable", format!("`{}`: {error}", folder.display())).into()
}

fn unwritten(folder: &Path, error: io::Error) -> Stop {
    Stop::Usage(format!("`{}` can't be written: {error}", folder.join(LOCK).display()))
}
