//! What is checked: whole libraries, or agents of them.

use std::path::{Path, PathBuf};

use crate::{
    Diagnostic, Library,
    agent::{Entry, is_searched},
    build::MANIFEST,
    cli::{Globals, Stop, setup},
};

/// Which agents are looked at, and which are there for them to call.
pub struct Scope {
    /// The folders of agents, each once.
    pub folders: Vec<PathBuf>,
    /// The folders that were named to be checked, as they were and without links; none where all of `folders` are.
    paths: Vec<(PathBuf, PathBuf)>,
}

impl Scope {
    /// The folders at `paths`. One that is in a library is looked at as part of it: its agents may call those beside
    /// them. Without paths, all there is.
    pub fn new(globals: &Globals, paths: &[PathBuf]) -> Result<Self, Stop> {
        let libraries = setup::folders_of_agents(&globals.agents);
        if paths.is_empty() {
            return Ok(Self { folders: owned(&libraries), paths: Vec::new() });
        }
        if let Some(file) = paths.iter().find(|path| path.is_file() && !is_json(path)) {
            return Err(Stop::Files(no_folder(file).into()));
        }
        let home = |path: &PathBuf| libraries.iter().find(|library| is_part(path, library)).unwrap_or(path).clone();
        let folders: Vec<_> = paths.iter().map(home).chain(globals.agents.iter().cloned()).collect();
        // What isn't there is said where it is opened.
        let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
        let paths = paths.iter().map(|path| (path.clone(), real(path)));
        Ok(Self { folders: owned(&folders), paths: paths.collect() })
    }

    /// Whether all there is is looked at.
    pub fn is_all(&self) -> bool {
        self.paths.is_empty()
    }

    /// What is said of each folder that was named and has no agent below it: whoever names it means some.
    pub fn without_agents<'s>(&'s self, library: &'s Library) -> impl Iterator<Item = Diagnostic> + 's {
        let has = |real: &Path| {
            let mut files = library.iter().filter_map(|(_, entry)| entry.file());
            files.any(|file| is_in(&file.path, real))
        };
        self.paths.iter().filter(move |(_, real)| !has(real)).map(|(named, _)| {
            Diagnostic::error("no-agents", format!("there are no agents below `{}`", named.display()))
                .help("an agent is a folder with an `agent.toml`: name one, or a folder of some")
        })
    }

    /// Whether an agent is looked at.
    pub fn has(&self, entry: &Entry) -> bool {
        entry.file().is_none_or(|file| self.has_file(&file.path))
    }

    /// Whether a finding is about what is looked at, or about no agent.
    pub fn is_about(&self, finding: &Diagnostic) -> bool {
        let Some(place) = &finding.place else { return true };
        let is_agent = |folder: &Path| folder.join(MANIFEST).is_file();
        self.has_file(&place.source.path) || !Path::new(&place.source.path).ancestors().skip(1).any(is_agent)
    }

    fn has_file(&self, file: &str) -> bool {
        self.is_all() || self.paths.iter().any(|(_, real)| is_in(file, real))
    }
}

/// Whether a file of an agent is below `path`. What is in no folder was made of a file.
fn is_in(file: &str, path: &Path) -> bool {
    match Path::new(file).canonicalize() {
        Ok(file) => file.starts_with(path),
        Err(_) => path.is_file(),
    }
}

/// Whether a path is that of a library of the original system.
fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

fn no_folder(file: &Path) -> Diagnostic {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Diagnostic::error("no-folder", format!("`{}` is a file, and what is checked is a folder", file.display()))
        .help(format!("name the agent's folder: turingbox check {}", folder.display()))
}

fn owned(folders: &[PathBuf]) -> Vec<PathBuf> {
    setup::distinct(folders).into_iter().cloned().collect()
}

/// Whether `path` is below `library`, where that is searched.
fn is_part(path: &Path, library: &Path) -> bool {
    let (Ok(path), Ok(library)) = (path.canonicalize(), library.canonicalize()) else { return false };
    path.is_dir() && path.strip_prefix(library).is_ok_and(|below| below.iter().all(is_searched))
}
