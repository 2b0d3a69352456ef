//! A library: the agents of several folders, and the built-in ones.

mod search;
mod slot;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
    sync::Arc,
};

use cap_std::{ambient_authority, fs::Dir};

use crate::{
    agent::{
        MAX_COMPONENT,
        folder::{BUILTIN, Folder},
        library::{
            search::Search,
            slot::{Builtin, FolderId, Slot},
        },
        manifest::Manifest,
    },
    diagnostic::{Diagnostic, Report, list},
    document::{self, Item},
    share::Pack,
    source::Source,
};

pub(crate) use search::is_searched;

/// The file that says what holds for a folder of agents as a whole.
pub(crate) const LIBRARY: &str = "library.toml";

/// The note that agents stand in for built-in ones.
const REPLACES: &str = "replaces-built-in";

/// The file that makes a folder an agent.
pub(super) const MANIFEST: &str = "agent.toml";

/// All agents that can be named.
#[derive(Clone, Debug, Default)]
pub struct Library {
    slots: BTreeMap<String, Slot>,
    conflicts: Report,
    notes: Report,
    /// The built-in agents that others may stand in for.
    replaceable: BTreeSet<String>,
    /// The agents that give way to any other of their names.
    stubs: BTreeSet<String>,
    /// How deep workflows may nest, where the library says less than a policy.
    depth: Option<u64>,
}

/// One agent of a library.
#[derive(Clone, Debug)]
pub enum Entry {
    /// An agent with a valid manifest.
    Valid(Arc<Manifest>),
    /// A folder whose manifest can't be used, and why.
    Broken(Report),
}

impl Entry {
    fn of(manifest: Result<Manifest, Report>) -> Self {
        match manifest {
            Ok(manifest) => Self::Valid(Arc::new(manifest)),
            Err(report) => Self::Broken(report),
        }
    }

    /// Its manifest, as far as that is known.
    pub fn file(&self) -> Option<&Arc<Source>> {
        match self {
            Self::Valid(manifest) => Some(&manifest.source),
            Self::Broken(report) => report.0.iter().find_map(|wrong| Some(&wrong.place.as_ref()?.source)),
        }
    }
}

impl Library {
    /// The library that ships in the binary.
    pub fn builtin() -> Self {
        let mut library = Self::default();
        library.add_builtin();
        library
    }

    /// The one agent with this manifest.
    pub(crate) fn of(manifest: Manifest) -> Self {
        let (mut library, path) = (Self::default(), manifest.path.clone());
        library.insert(Ok(manifest), &path, None);
        library
    }

    /// Adds every agent below `root`, and the built-in ones when that was done for all folders.
    ///
    /// # Ambient Authority
    ///
    /// Opens `root`; everything below is reached through it alone.
    ///
    /// # Errors
    ///
    /// When `root` can't be opened. A manifest that can't be read is an [`Entry::Broken`]; a folder below that can't
    /// be searched is a warning.
    pub fn add_folder(&mut self, root: &Path) -> io::Result<()> {
        let dir = Dir::open_ambient_dir(root, ambient_authority())?;
        dir.entries()?;
        let name = root.canonicalize()?.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let search = Search { root: Arc::new(dir.try_clone()?), on_disk: root, name };
        if dir.is_file(LIBRARY) {
            self.read_library(&search);
        }
        self.search(&search, &dir, Path::new("."), 0);
        Ok(())
    }

    /// Adds an agent that is in no folder: its files, by their names, and what they were made of.
    pub fn add_in_memory(&mut self, files: BTreeMap<String, String>, path: &str, made_of: &str) {
        let folder = Folder::Memory { files: Arc::new(files), path: format!("<{made_of}>/{path}") };
        let manifest = match folder.source(MANIFEST) {
            Ok(source) => Manifest::read(&source, folder, path),
            Err(error) => Err(unreadable(Path::new(&folder.path_of(MANIFEST)), &error)),
        };
        self.insert(manifest, path, None);
    }

    /// Adds an agent that is still packed, in place of the one at `path`, if there is one. `shown` is where
    /// its folder would be.
    ///
    /// # Errors
    ///
    /// Every mistake in its manifest. That another agent has its name is a conflict of the library.
    pub(crate) fn add_packed(&mut self, pack: &Pack, path: &str, shown: &str) -> Result<Arc<Manifest>, Report> {
        let folder = Folder::Packed { pack: Arc::new(pack.clone()), path: shown.to_owned() };
        let source =
            folder.source(MANIFEST).map_err(|error| unreadable(Path::new(&folder.path_of(MANIFEST)), &error))?;
        let manifest = Manifest::read(&source, folder, path)?;
        if manifest.name != pack.name() {
            let message = format!("its folder is called `{}`, and it calls itself `{}`", pack.name(), manifest.name);
            return Err(Diagnostic::error("bad-pack", message)
                .at(&source, 0..0)
                .help("`turingbox pack` calls both alike")
                .into());
        }
        self.slots.retain(|_, slot| slot.path() != Some(path));
        self.insert(Ok(manifest.clone()), path, None);
        Ok(Arc::new(manifest))
    }

    /// Adds an agent as [`Library::add_in_memory`] does, in place of one that is missing: it gives way
    /// to any other of its name.
    pub(crate) fn add_stub(&mut self, name: String, files: BTreeMap<String, String>, path: &str, made_of: &str) {
        if !self.slots.contains_key(&name) {
            self.add_in_memory(files, path, made_of);
            self.stubs.insert(name);
        }
    }

    /// Lets agents stand in for the built-in ones called `names`, which are left out then.
    pub fn replace_builtin(&mut self, names: impl IntoIterator<Item = String>) {
        self.replaceable.extend(names);
    }

    /// Lets workflows nest no deeper than `depth`, whatever a policy says.
    pub fn narrow_depth(&mut self, depth: u64) {
        self.depth = Some(depth.min(self.depth()));
    }

    /// How deep workflows may nest, as far as the library says so.
    pub fn depth(&self) -> u64 {
        self.depth.unwrap_or(u64::MAX)
    }

    /// Adds the agents that ship in the binary.
    pub fn add_builtin(&mut self) {
        let mut replaced = Vec::new();
        for agent in Builtin::all().filter(|agent| !self.holds_copy(agent.path)).collect::<Vec<_>>() {
            let name = agent.name().to_owned();
            if self.replaceable.contains(&name) && self.slots.contains_key(&name) {
                replaced.push(name);
            } else {
                self.put(name, Slot::builtin(agent));
            }
        }
        if !replaced.is_empty() {
            let message = format!("agents stand in for built-in ones: {}", list(&replaced));
            let help = "what a policy grants to these names, it grants to those that stand in";
            self.notes.push(Diagnostic::warning(REPLACES, message).help(help));
        }
    }

    /// Reads what holds for a folder of agents as a whole.
    fn read_library(&mut self, search: &Search<'_>) {
        let path = search.on_disk.display().to_string();
        let folder = Folder::Disk { root: search.root.clone(), below: ".".into(), path };
        let read = folder.source(LIBRARY).map_err(|error| unreadable(&search.on_disk.join(LIBRARY), &error));
        let names = read.and_then(|source| {
            document::read(&source, |top, report| Some(top.take("replaces", report, Item::texts).unwrap_or_default()))
        });
        match names {
            Ok((names, warnings)) => {
                self.replace_builtin(names);
                self.conflicts.0.extend(warnings.0);
            }
            Err(wrong) => self.conflicts.0.extend(wrong.0),
        }
    }

    /// The built-in agents, and those of these manifests, which have no files.
    #[cfg(test)]
    pub(crate) fn with_manifests(manifests: &[(&'static str, &str)]) -> Self {
        let mut library = Self::builtin();
        for (name, text) in manifests {
            let source = Source::new(format!("{name}/{MANIFEST}"), *text);
            library.insert(Manifest::read(&source, Folder::Builtin(name), name), name, None);
        }
        library
    }

    /// The agent called `name`.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.slots.get(name).map(Slot::entry)
    }

    /// The agent that a new one called `name`, in a folder on disk, would be in conflict with.
    pub fn holder(&self, name: &str) -> Option<&Entry> {
        let gives_way = |slot: &Slot| match slot {
            Slot::Builtin(..) => self.replaceable.contains(name),
            Slot::Read(..) => self.stubs.contains(name),
        };
        self.slots.get(name).filter(|slot| !gives_way(slot)).map(Slot::entry)
    }

    /// Every agent, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.slots.iter().map(|(name, slot)| (name.as_str(), slot.entry()))
    }

    /// Every name.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.slots.keys().map(String::as_str)
    }

    /// Names that more than one agent has. A library that has some can't be run from: which agent
    /// would get the grants of that name?
    pub fn conflicts(&self) -> &Report {
        &self.conflicts
    }

    /// What is worth a look in the library as a whole.
    pub fn notes(&self) -> &Report {
        &self.notes
    }

    /// Which built-in agents others stand in for, if any.
    pub fn replaced(&self) -> Report {
        Report(self.notes.0.iter().filter(|note| note.code == REPLACES).cloned().collect())
    }

    /// Adds what is worth a look.
    pub fn add_notes(&mut self, report: Report) {
        self.notes.0.extend(report.0);
    }

    /// Whether an agent of a folder on disk is the built-in one, at the same path, to the byte: so
    /// in a checkout of this project. A copy that differs is another agent of the same name.
    fn holds_copy(&self, folder: &'static str) -> bool {
        let mut added = self.slots.values().filter_map(Slot::added);
        let Some(on_disk) = added.find(|manifest| manifest.path == folder) else { return false };
        let files =
            BUILTIN.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(folder)?.strip_prefix('/')?, bytes)));
        let mut own = files.filter(|(name, _)| !name.contains('/'));
        own.all(|(name, bytes)| on_disk.folder.read(name, MAX_COMPONENT).is_ok_and(|found| found == *bytes))
    }

    fn insert(&mut self, manifest: Result<Manifest, Report>, path: &str, folder: Option<FolderId>) {
        // Where the name is unknown, the folder stands in for it.
        let name = manifest.as_ref().map_or(last_part(path), |manifest| &manifest.name).to_owned();
        self.put(name, Slot::Read(Entry::of(manifest), folder));
    }

    fn put(&mut self, name: String, slot: Slot) {
        let gives_way = self.stubs.remove(&name);
        match self.slots.get(&name).filter(|_| !gives_way) {
            // It was named twice, or a link leads there as well.
            Some(first) if first.is_in_folder_of(&slot) => {}
            Some(first) => {
                let conflict = conflict(&name, first.entry(), slot.entry());
                self.conflicts.push(conflict);
            }
            None => drop(self.slots.insert(name, slot)),
        }
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn unreadable(path: &Path, error: &io::Error) -> Report {
    let nothing = Source::new(path.display().to_string(), "");
    Diagnostic::error("unreadable", format!("this can't be read: {error}")).at(&nothing, 0..0).into()
}

fn conflict(name: &str, first: &Entry, second: &Entry) -> Diagnostic {
    let other = first.file().map(|file| format!("the other one is `{}`; ", file.path)).unwrap_or_default();
    let message = format!("two agents are called `{name}`");
    let conflict = Diagnostic::error("duplicate-agent", message)
        .help(format!("{other}names are unique in a library: give one of them another `name`"));
    match second.file() {
        Some(file) => conflict.at(file, 0..0),
        None => conflict,
    }
}
