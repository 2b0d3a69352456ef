//! What the commands share: the library, the policy, the sandbox and its cache.

use std::{
    collections::HashSet,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use etcetera::BaseStrategy;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    Diagnostic, Library, Policy, Program, Setup,
    agent::Body,
    capability::files::{MountError, Protected},
    cli::{Globals, Stop, WallChoice, import, recording::Recording, render, telemetry, terminal},
    failure::Failure,
    policy::Decision,
    sandbox::{Cache, Ready, Sandbox},
    share,
    source::{MAX_SOURCE, Source},
    wall::{self, Compiler, Wall},
};

/// The folder of agents that is looked at when none is named.
pub const AGENTS: &str = "agents";

/// Every agent that can be named.
pub fn library(globals: &Globals) -> Result<Library, Stop> {
    library_of(&folders_of_agents(&globals.agents))
}

/// The folders of agents that were named, or else the usual one, if it is there.
pub fn folders_of_agents(named: &[PathBuf]) -> Vec<PathBuf> {
    let usual = PathBuf::from(AGENTS);
    if named.is_empty() && usual.is_dir() { vec![usual] } else { named.to_vec() }
}

/// `folders` without those that were named before, by whatever path.
pub fn distinct(folders: &[PathBuf]) -> Vec<&PathBuf> {
    let mut seen = HashSet::new();
    let is_new = |folder: &&PathBuf| folder.canonicalize().map_or(true, |real| seen.insert(real));
    folders.iter().filter(is_new).collect()
}

/// The agents below `folders`, and the built-in ones.
pub fn library_of(folders: &[PathBuf]) -> Result<Library, Stop> {
    let mut library = Library::default();
    for folder in distinct(folders) {
        if let Some(source) = import::json_library(folder)? {
            crate::import::convert(&source)?.add_to(&mut library, &source);
            continue;
        }
        let cannot =
            |error| Stop::Usage(format!("the folder of agents `{}` can't be opened: {error}", folder.display()));
        library.add_folder(folder).map_err(cannot)?;
    }
    library.add_builtin();
    Ok(library)
}

/// The policy that was named, or the empty one.
pub fn policy(globals: &Globals) -> Result<Policy, Stop> {
    let Some(path) = &globals.policy else { return Ok(Policy::default()) };
    let text = read_text(path)
        .map_err(|error| Stop::Usage(format!("the policy `{}` can't be read: {error}", path.display())))?;
    Ok(Policy::from_source(&Source::new(path.display().to_string(), text), read_text)?)
}

/// The text of a file that is no larger than any source.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(MAX_SOURCE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_SOURCE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {MAX_SOURCE} bytes")));
    }
    Ok(text)
}

/// What no agent may reach or change, whatever the policy grants.
pub fn protected(policy: &Policy) -> Protected {
    let canonical = |paths: Vec<PathBuf>| paths.into_iter().filter_map(|path| path.canonicalize().ok()).collect();
    let hidden = folders().map_or(Vec::new(), |(cache, key)| vec![cache, key]);
    let mut protected = Protected { hidden: canonical(hidden), ..Protected::default() };
    policy.files().iter().for_each(|file| protected.fix(file));
    protected
}

/// What a run of `program` is made with, as the command line says. Its code is compiled by then.
pub fn made(
    globals: &Globals,
    (library, program): (Library, &Program),
    policy: Policy,
    (recording, live): (&Recording, u32),
) -> Result<Setup, Stop> {
    if globals.policy.is_some() {
        // A grant by name is theirs.
        render::report(&library.replaced());
    }
    telemetry::note_if_missing(globals);
    let wall = wall(globals)?;
    let sandbox = sandbox(live)?;
    for (_, agent) in program.agents() {
        let authority = policy.authority(&agent.manifest.name, &agent.manifest.path);
        // What may not run isn't compiled either.
        if let Body::Proc(code) = &agent.body
            && !matches!(share::vouched(agent, &authority), Some(Decision::Denied(_)))
        {
            sandbox.prepare(code, &Ready::default());
        }
    }
    if let Some(why) = sandbox.unkept() {
        render::warning(&format!("a compiled guest can't be kept, so the next run compiles it anew: {why}"));
    }
    let mut protected = protected(&policy);
    recording.protect(&mut protected);
    let (policy, audit) = (Arc::new(policy), recording.audit());
    Ok(Setup { protected, policy, audit, wall, ..Setup::new(Arc::new(library), sandbox) })
}

/// Where guests run.
pub fn wall(globals: &Globals) -> Result<Wall, Stop> {
    match globals.wall {
        None | Some(WallChoice::None) => Ok(Wall::None),
        Some(WallChoice::Process) => match wall::supported() {
            Ok(()) => Ok(Wall::of_this_program()),
            Err(why) => Err(Stop::Host(Failure::host(format_args!("`--wall process` can't be had: {why}")))),
        },
    }
}

/// The sandbox, for `live` instances at once, with a cache where there can be one.
pub fn sandbox(live: u32) -> Result<Sandbox, Stop> {
    open_many_files();
    let cache = match folders() {
        Some((cache, key)) => Cache::open(&cache, &key).map_err(|error| error.to_string()),
        None => Err("there is no home folder".into()),
    };
    let cache = cache.map_err(|why| {
        render::warning(&format!("compiled guests can't be kept, so every run compiles them anew: {why}"))
    });
    let sandbox = Sandbox::with_room(live, cache.ok(), Box::new(terminal::notice)).map_err(Stop::Host)?;
    Ok(sandbox.compiled_by(Compiler::of_this_program()))
}

/// Lets this process open as many files as the system lets it, where it usually begins with 1,024: those of all guests
/// are among them.
fn open_many_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where it can't be raised, it stays.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// The folder that relative paths start at.
pub fn here() -> Result<PathBuf, Stop> {
    std::env::current_dir().map_err(|error| Stop::Usage(format!("this folder can't be found: {error}")))
}

/// Where compiled guests and the key that seals them lie: `TURINGBOX_CACHE` and `TURINGBOX_STATE`,
/// or the user's cache and state folders.
fn folders() -> Option<(PathBuf, PathBuf)> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = etcetera::choose_base_strategy().ok();
    let cache = named("TURINGBOX_CACHE").or_else(|| Some(base.as_ref()?.cache_dir().join("turingbox")))?;
    let state = named("TURINGBOX_STATE").or_else(|| Some(base.as_ref()?.state_dir()?.join("turingbox")))?;
    Some((cache, state))
}

/// Where what outlives a run is kept.
pub fn state() -> Option<PathBuf> {
    folders().map(|(_, state)| state)
}

/// Makes a folder that is its owner's alone, where there is none.
pub fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// A granted folder or database that can't be opened, as a finding in the policy.
pub fn mount_error(error: MountError) -> Stop {
    let diagnostic = Diagnostic::error(error.code, error.message);
    let diagnostic = match error.place {
        Some(place) => diagnostic.at(&place.source, place.span),
        None => diagnostic,
    };
    Stop::Files(diagnostic.into())
}
