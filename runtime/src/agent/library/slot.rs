//! A place in a library: a built-in agent is read when it is first asked for.

use std::sync::{Arc, OnceLock};

use crate::{
    agent::{
        folder::{BUILTIN, Folder},
        library::{Entry, MANIFEST, last_part},
        manifest::Manifest,
    },
    source::Source,
};

/// What a folder on disk is known by, whatever path leads there: its device, and its number on it.
pub(super) type FolderId = (u64, u64);

/// One agent of a library, read or not.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    Read(Entry, Option<FolderId>),
    Builtin(Builtin, OnceLock<Entry>),
}

/// A built-in agent: its path, and its manifest as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Builtin {
    pub(super) path: &'static str,
    text: &'static [u8],
}

impl Slot {
    pub(super) fn builtin(agent: Builtin) -> Self {
        Self::Builtin(agent, OnceLock::new())
    }

    pub(super) fn entry(&self) -> &Entry {
        match self {
            Self::Read(entry, _) => entry,
            Self::Builtin(agent, entry) => entry.get_or_init(|| agent.read()),
        }
    }

    /// Where the agent is in its library, if that is known.
    pub(super) fn path(&self) -> Option<&str> {
        match self {
            Self::Builtin(agent, _) => Some(agent.path),
            read => read.added().map(|manifest| manifest.path.as_str()),
        }
    }

    /// The manifest, if it is one of a folder on disk or of a pack, and none of the built-in ones.
    pub(super) fn added(&self) -> Option<&Arc<Manifest>> {
        match self {
            Self::Read(Entry::Valid(manifest), _) => Some(manifest),
            _ => None,
        }
    }

    /// Whether both are one folder on disk.
    pub(super) fn is_in_folder_of(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Read(_, Some(one)), Self::Read(_, Some(other))) if one == other)
    }
}

impl Builtin {
    /// Every one there is.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let manifest = |path: &'static str| path.strip_suffix(MANIFEST)?.strip_suffix('/');
        BUILTIN.iter().filter_map(move |(file, text)| Some(Self { path: manifest(file)?, text }))
    }

    /// Its name: it is called as its folder.
    pub(super) fn name(self) -> &'static str {
        last_part(self.path)
    }

    fn read(self) -> Entry {
        let Self { path, text } = self;
        let source = Source::new(format!("<built-in>/{path}/{MANIFEST}"), String::from_utf8_lossy(text));
        Entry::of(Manifest::read(&source, Folder::Builtin(path), path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_agents_are_called_as_their_folders() {
        for agent in Builtin::all() {
            match agent.read() {
                Entry::Valid(manifest) => assert_eq!(manifest.name, agent.name()),
                Entry::Broken(report) => panic!("{report}"),
            }
        }
    }
}
