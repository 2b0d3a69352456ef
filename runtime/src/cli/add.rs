//! `turingbox add`.

mod page;
mod signed;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::Args;

use crate::{
    Diagnostic, Library, Program, Report,
    agent::{Entry, Manifest},
    build::{Added, LOCK, Lock, pack_of},
    cli::{
        Globals, Stop,
        pack::{MAX_TIMEOUT, TIMEOUT},
        render, run, setup, terminal,
    },
    share::{Client, Fetched, Home, Key, Location, Pack, manifest_in, oci::is_digest},
};
use page::Page;

/// The group that agents of others are put into.
const GROUP: &str = "community";

#[derive(Args)]
pub struct AddArgs {
    /// A pack, or an agent's folder: a path, `https://…` or `oci://HOST/NAME:TAG`
    #[arg(value_name = "SOURCE")]
    source: String,
    /// The folder that the agent's is put into [default: `community` in the first folder of --agents]
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// The digest that the pack has to have, `sha256:…`
    #[arg(long, value_name = "DIGEST")]
    digest: Option<String>,
    /// A public key of minisign: the pack has to be signed by it, or by another that is named so
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// Put it in the place of another version that was added before
    #[arg(long)]
    update: bool,
    /// How long fetching may take together
    #[arg(long, value_name = "SECONDS", default_value_t = TIMEOUT, value_parser = clap::value_parser!(u64).range(1..=MAX_TIMEOUT))]
    timeout: u64,
}

/// Puts an agent that others made into a library, and writes down what it is. Nothing of it runs.
pub fn add(globals: &Globals, arguments: &AddArgs) -> Result<(), Stop> {
    let keys = arguments.keys()?;
    let fetched = arguments.fetch()?;
    let folders = setup::folders_of_agents(&globals.agents);
    let home = arguments.home(&folders, &fetched)?;
    // What is seen here is still so when it is changed; a library that isn't there yet is looked at again.
    let held = home.library.is_dir().then(|| home.hold()).transpose();
    let held = held.map_err(|error| unwritten(&home.library, &error))?;
    let lock = Lock::read(&home.library)?;
    let mut library = setup::library_of(&folders)?;
    let before = Before::look(&home, &lock, &library, &fetched.pack)?;
    let manifest = library.add_packed(&fetched.pack, &home.path, &home.folder().display().to_string())?;
    check(&library, &manifest)?;
    let policy = setup::policy(globals)?;
    let authority = policy.authority(&manifest.name, &home.path);
    let key = signed::check(&fetched, (&keys, before.key()), &home.path, &authority)?;
    let page = Page {
        library: &library,
        policy: &policy,
        manifest: &manifest,
        fetched: &fetched,
        key: key.as_ref(),
        home: &home,
        before: &before,
    };
    if !globals.json {
        terminal::print_line(page.text(globals).trim_end())?;
    }
    before.settle(&home, &fetched, arguments.update)?;
    let added = added(&fetched, key.as_ref());
    let changes = !before.is_there(&fetched.pack) || before.is_said_otherwise(&added);
    if changes && !globals.dry_run {
        let held = held.map_or_else(|| home.hold(), Ok).map_err(|error| unwritten(&home.library, &error))?;
        put(&home, &lock, (added, &fetched.pack), before.is_there(&fetched.pack))?;
        drop(held);
    }
    match (globals.json, changes, globals.dry_run) {
        (true, ..) => terminal::print_json(&page.object(changes && !globals.dry_run)),
        (_, false, _) => said(&format!("`{}` is there already, and is the same", home.path)),
        (_, _, true) => said("nothing was added: this is a dry run"),
        _ => {
            let (folder, lock) = (home.folder(), home.library.join(LOCK));
            terminal::print_line(&format!("\nadded {}, pinned in {}", folder.display(), lock.display()))
        }
    }
}

fn said(note: &str) -> Result<(), Stop> {
    render::note(note);
    Ok(())
}

impl AddArgs {
    fn keys(&self) -> Result<Vec<Key>, Stop> {
        let key = |text: &String| {
            Key::parse(text).map_err(|why| Stop::Usage(format!("--key {}: {why}", text.escape_debug())))
        };
        self.key.iter().map(key).collect()
    }

    /// Gets the pack, which has to be the one that was meant.
    fn fetch(&self) -> Result<Fetched, Stop> {
        if let Some(odd) = self.digest.as_deref().filter(|digest| !is_digest(digest)) {
            let message = format!("--digest {}: it is `sha256:` and 64 hexadecimal digits", odd.escape_debug());
            return Err(Stop::Usage(message));
        }
        let location = Location::parse(&self.source).map_err(Stop::Usage)?;
        let client = Client::new(Duration::from_secs(self.timeout));
        let fetched = run::block_on(location.fetch(&client))??;
        let found = fetched.pack.digest();
        match self.digest.as_deref().filter(|wanted| **wanted != *found) {
            None => Ok(fetched),
            Some(wanted) => {
                let message = format!("{} is {found}, not {wanted}", fetched.source);
                let help = "it is another version, or somebody has changed it: nothing was added";
                Err(Stop::Files(Diagnostic::error("wrong-digest", message).help(help).into()))
            }
        }
    }

    /// Where it goes, with these folders of agents.
    fn home(&self, folders: &[PathBuf], fetched: &Fetched) -> Result<Home, Stop> {
        let first = folders.first().cloned().unwrap_or_else(|| setup::AGENTS.into());
        let group = self.into.clone().unwrap_or_else(|| first.join(GROUP));
        let libraries = if folders.is_empty() { vec![first] } else { folders.to_vec() };
        Home::of(fetched.pack.name(), &group, &libraries)
            .map_err(|error| Stop::Usage(format!("`{}` can't be used: {error}", group.display())))
    }
}

/// What is where the agent goes.
struct Before {
    added: Option<Added>,
    /// The agent that is there, if there is one that can be read.
    manifest: Option<Arc<Manifest>>,
    /// What is there, packed.
    pack: Option<Pack>,
}

impl Before {
    /// Looks what is there. What nobody added may stay only if it is `new` to the byte: then its lock file was lost.
    fn look(home: &Home, lock: &Lock, library: &Library, new: &Pack) -> Result<Self, Stop> {
        let added = lock.added.get(&home.path).cloned();
        let folder = home.folder();
        if folder.symlink_metadata().is_err() {
            return Ok(Self { added, manifest: None, pack: None });
        }
        let manifest = library.iter().find_map(|(_, entry)| match entry {
            Entry::Valid(manifest) if manifest.path == home.path => Some(manifest.clone()),
            _ => None,
        });
        // A folder of its own may be in no library.
        let manifest = manifest.or_else(|| manifest_in(&folder).ok().map(Arc::new));
        let pack = manifest.as_deref().and_then(|manifest| pack_of(manifest).ok());
        if added.is_none() && pack.as_ref() != Some(new) {
            let message = format!("`{}` is there already, and {LOCK} says nothing of it", folder.display());
            let help = "nobody added what is there: move it away, or put this into another library with `--into DIR`";
            return Err(Stop::Files(Diagnostic::error("in-the-way", message).help(help).into()));
        }
        Ok(Self { added, manifest, pack })
    }

    /// The key that vouched for what was added before.
    fn key(&self) -> Option<&str> {
        self.added.as_ref()?.key.as_deref()
    }

    /// Whether the pack is what is there.
    fn is_there(&self, pack: &Pack) -> bool {
        self.pack.as_ref() == Some(pack)
    }

    /// Whether another thing than `new` is written down of it.
    fn is_said_otherwise(&self, new: &Added) -> bool {
        let said = |added: &Added| (added.digest.clone(), added.key.clone(), added.signature.clone());
        self.added.as_ref().map(said) != Some(said(new))
    }

    /// Whether what is there may go.
    fn settle(&self, home: &Home, fetched: &Fetched, update: bool) -> Result<(), Stop> {
        let Some(added) = &self.added else { return Ok(()) };
        let (path, new) = (&home.path, fetched.pack.digest());
        let there = home.folder().symlink_metadata().is_ok();
        let is_pinned = self.pack.as_ref().is_some_and(|pack| pack.digest() == added.digest);
        if there && !is_pinned && !self.is_there(&fetched.pack) {
            let message = format!("`{}` is not as it was added: somebody has changed it", home.folder().display());
            let help = "what was changed would be lost: move the folder away first, or take it out";
            return Err(Stop::Files(Diagnostic::error("changed-here", message).help(help).into()));
        }
        if added.digest != new && !update {
            let message = format!("`{path}` is pinned as {}, and this is {new}", added.digest);
            let help = "`--update` takes this one in its place";
            return Err(Stop::Files(Diagnostic::error("pinned-otherwise", message).help(help).into()));
        }
        Ok(())
    }
}

/// Refuses what surely fails, and says what is worth a look.
fn check(library: &Library, manifest: &Manifest) -> Result<(), Stop> {
    let report = Program::inspect(library, &manifest.name, None).report;
    let conflicts = library.conflicts().0.iter().cloned();
    let report = Report(conflicts.chain(report.0).collect());
    if report.has_errors() {
        return Err(Stop::Files(report));
    }
    render::report(&report);
    Ok(())
}

/// What is written down of it.
fn added(fetched: &Fetched, key: Option<&Key>) -> Added {
    let signature = fetched.signature.as_ref().map(|signature| signature.text().lines().map(str::to_owned).collect());
    Added {
        source: fetched.source.clone(),
        digest: fetched.pack.digest(),
        key: key.map(ToString::to_string),
        signature: signature.unwrap_or_default(),
    }
}

/// Puts the agent in its place, unless it is there, and into the lock file. The library is held.
fn put(home: &Home, before: &Lock, (added, pack): (Added, &Pack), is_there: bool) -> Result<(), Stop> {
    let mut lock = Lock::read(&home.library)?;
    if lock.added.get(&home.path) != before.added.get(&home.path) {
        let message =
            format!("`{}` was added by another command at the same time: look at it, and add it again", home.path);
        return Err(Stop::Usage(message));
    }
    if !is_there {
        home.put(pack).map_err(|error| unwritten(&home.folder(), &error))?;
    }
    lock.added.insert(home.path.clone(), added);
    // What was built there, by whoever had its sources, is another thing now.
    lock.agents.remove(&home.path);
    lock.write(&home.library).map(drop).map_err(|error| unwritten(&home.library.join(LOCK), &error))
}

fn unwritten(what: &Path, error: &io::Error) -> Stop {
    Stop::Usage(format!("`{}` can't be written: {error}", what.display()))
}
