//! What is checked: whole libraries, or agents of them.

use std::path::{Path, PathBuf};

use crate::{
    Diagnostic,
    agent::{Entry, is_searched},
    build::MANIFEST,
    cli::{Globals, setup},
};

/// Which agents are looked at, and which are there for them to call.
pub struct Scope {
    /// The folders of agents, each once.
    pub folders: Vec<PathBuf>,
    /// The folders that were named to be checked, without links; none where all of `folders` are.
    paths: Vec<PathBuf>,
}

impl Scope {
    /// The folders at `paths`. One that is in a library is looked at as part of it: its agents may call those beside
    /// them. Without paths, all there is.
    pub fn new(globals: &Globals, paths: &[PathBuf]) -> Self {
        let libraries = setup::folders_of_agents(&globals.agents);
        if paths.is_empty() {
            return Self { folders: owned(&libraries), paths: Vec::new() };
        }
        let home = |path: &PathBuf| libraries.iter().find(|library| is_part(path, library)).unwrap_or(path).clone();
        let folders: Vec<_> = paths.iter().map(home).chain(globals.agents.iter().cloned()).collect();
        // What isn't there is said where it is opened.
        let paths = paths.iter().map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()));
        Self { folders: owned(&folders), paths: paths.collect() }
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
        // What is in no folder was made of a file.
        let is_in = |path: &PathBuf| match Path::new(file).canonicalize() {
            Ok(file) => file.starts_with(path),
            Err(_) => path.is_file(),
        };
        self.paths.is_empty() || self.paths.iter().any(is_in)
    }
}

fn owned(folders: &[PathBuf]) -> Vec<PathBuf> {
    setup::distinct(folders).into_iter().cloned().collect()
}

/// Whether `path` is below `library`, where that is searched.
fn is_part(path: &Path, library: &Path) -> bool {
    let (Ok(path), Ok(library)) = (path.canonicalize(), library.canonicalize()) else { return false };
    path.is_dir() && path.strip_prefix(library).is_ok_and(|below| below.iter().all(is_searched))
}
