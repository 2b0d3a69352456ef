//! Packages of Python's that come with an agent: one archive of what pure-Python wheels have in them.
//!
//! Whoever wrote the agent made the archive, so nothing in it is believed. There are only sources in it, and no
//! bytecode: the guest compiles them before anything of the agent runs, in an instance of their own.

mod requirement;
mod reserved;
pub(crate) mod zip;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    ops::Bound,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use sha2::{Digest, Sha256};

pub use requirement::{Requirement, is_same_version, normalized};
pub(crate) use requirement::{misplaced, read_packages};
pub use reserved::{is_provided, is_reserved, provided, reserved};
use zip::{Bounds, Entry};

use crate::policy::is_module;

/// The archive's file, in the agent's folder.
pub const ARCHIVE: &str = "packages.zip";

/// The largest archive that is read, in bytes: it stays in memory while the agent can be called.
pub const MAX_ARCHIVE: u64 = 32 << 20;

/// The largest wheel that is read, in bytes: more than an archive can hold of it.
pub(crate) const MAX_WHEEL: u64 = 2 * MAX_ARCHIVE;

/// What an archive, or a wheel, may hold: three times what the largest of the well-known pure packages have.
pub(crate) const BOUNDS: Bounds = Bounds { entries: 20_000, name: 512, file: 16 << 20, all: 256 << 20 };

/// The longest name of a module that is looked for, in bytes.
const MAX_MODULE: usize = 256;

/// The packages of one agent.
pub struct Packages {
    bytes: Arc<[u8]>,
    files: BTreeMap<String, Entry>,
    digest: OnceLock<String>,
    compiled: Mutex<Compiled>,
}

/// What the guest made of the sources so far.
#[derive(Default)]
struct Compiled {
    /// By path: the bytecode, or why there is none.
    code: HashMap<String, Result<Arc<[u8]>, String>>,
    digests: HashSet<[u8; 32]>,
}

/// A module that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Module {
    /// A source file.
    Source {
        /// Its path in the archive.
        path: String,
        /// Whether modules can be in it.
        is_package: bool,
    },
    /// A folder without a source of its own: its path.
    Namespace(String),
}

impl Packages {
    /// Reads an archive.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn read(bytes: Vec<u8>) -> Result<Self, String> {
        let files = zip::read(&bytes, &BOUNDS)?;
        Ok(Self { bytes: bytes.into(), files, digest: OnceLock::new(), compiled: Mutex::default() })
    }

    /// The archive.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The archive's SHA-256, in hexadecimal.
    pub fn sha256(&self) -> &str {
        self.digest.get_or_init(|| format!("{:x}", Sha256::digest(&self.bytes)))
    }

    /// The packages in it: their names and versions, in order.
    pub fn distributions(&self) -> Vec<(String, String)> {
        let folders = self.files.keys().filter_map(|path| path.strip_suffix(".dist-info/METADATA"));
        folders.filter_map(|name| name.split_once('-')).map(|(name, version)| (name.into(), version.into())).collect()
    }

    /// Those of `wanted` that aren't in it.
    pub fn lacking<'a>(&self, wanted: &'a [Requirement]) -> Vec<&'a Requirement> {
        let there = self.distributions();
        let has = |wanted: &&Requirement| {
            there.iter().any(|(name, version)| {
                normalized(name) == wanted.normalized() && is_same_version(version, &wanted.version)
            })
        };
        wanted.iter().filter(|wanted| !has(wanted)).collect()
    }

    /// The module called `name`. One that is Python's own, or the guest's, is none of the archive's, whatever is
    /// in it.
    pub fn find(&self, name: &str) -> Option<Module> {
        if name.len() > MAX_MODULE || !is_module(name) || is_reserved(name) {
            return None;
        }
        let path = name.replace('.', "/");
        let source =
            |path: String, is_package| self.files.contains_key(&path).then_some(Module::Source { path, is_package });
        source(format!("{path}/__init__.py"), true)
            .or_else(|| source(format!("{path}.py"), false))
            .or_else(|| self.below(&path).next().is_some().then_some(Module::Namespace(path)))
    }

    /// The first names of the modules in it.
    pub fn tops(&self) -> Vec<&str> {
        let names = self.entries("").into_iter();
        let names = names.filter_map(|name| name.strip_suffix('/').or_else(|| name.strip_suffix(".py")));
        let mut tops: Vec<_> = names.filter(|name| is_module(name)).collect();
        tops.dedup();
        tops
    }

    /// The contents of the file at `path`.
    ///
    /// # Errors
    ///
    /// Where it is not what the archive's directory says.
    pub fn file(&self, path: &str) -> Option<Result<Vec<u8>, String>> {
        self.files.get(path).map(|entry| zip::unpack(&self.bytes, entry))
    }

    /// How many files are in it.
    #[expect(clippy::len_without_is_empty, reason = "one without a package can't be loaded")]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// How large the file at `path` is.
    pub fn size(&self, path: &str) -> Option<u64> {
        self.files.get(path).map(|entry| entry.size)
    }

    /// The names in a folder of the archive, in order; those of folders end with `/`.
    pub fn entries(&self, folder: &str) -> Vec<&str> {
        let (mut names, prefix): (Vec<&str>, _) = (Vec::new(), folder.len() + usize::from(!folder.is_empty()));
        for path in self.below(folder) {
            let rest = &path[prefix..];
            let name = rest.find('/').map_or(rest, |at| &rest[..=at]);
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        names
    }

    /// What the guest made of the source at `path`, if it did already.
    pub fn compiled(&self, path: &str) -> Option<Result<Arc<[u8]>, String>> {
        self.known().code.get(path).cloned()
    }

    /// Keeps what the guest made of the source at `path`: bytecode, or what is wrong with it.
    pub fn keep(&self, path: &str, made: Result<Vec<u8>, String>) -> Result<Arc<[u8]>, String> {
        let mut known = self.known();
        if let Ok(code) = &made {
            known.digests.insert(Sha256::digest(code).into());
        }
        known.code.entry(path.to_owned()).or_insert(made.map(Into::into)).clone()
    }

    /// Whether bytecode with this SHA-256 was made of a source in here.
    pub fn made(&self, digest: &[u8]) -> bool {
        <[u8; 32]>::try_from(digest).is_ok_and(|digest| self.known().digests.contains(&digest))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Compiled> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The paths of all files below a folder.
    fn below(&self, folder: &str) -> impl Iterator<Item = &String> + use<'_> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let range = (Bound::Included(prefix.clone()), Bound::Unbounded);
        self.files.range::<String, _>(range).map(|(path, _)| path).take_while(move |path| path.starts_with(&prefix))
    }
}

impl fmt::Debug for Packages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.distributions()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(paths: &[&str]) -> Packages {
        let files = paths.iter().map(|path| ((*path).to_owned(), path.as_bytes().to_vec())).collect();
        Packages::read(zip::write(&files).unwrap()).unwrap()
    }

    #[test]
    fn modules_are_found_as_python_finds_them() {
        let packages = packages(&[
            "Six-1.17.0.dist-info/METADATA",
            "a/__init__.py",
            "a.py",
            "a/b/c.txt",
            "a/b-d.py",
            "n/m/x.py",
            "s.py",
            "json/__init__.py",
            "turingbox.py",
            "sub/json.py",
        ]);
        let source = |path: &str, is_package| Some(Module::Source { path: path.into(), is_package });
        for (name, found) in [
            ("a", source("a/__init__.py", true)),
            ("a.b", Some(Module::Namespace("a/b".into()))),
            ("n.m.x", source("n/m/x.py", false)),
            ("s", source("s.py", false)),
            ("sub.json", source("sub/json.py", false)),
            ("json", None),
            ("turingbox", None),
            ("x", None),
            ("", None),
            ("a/b", None),
            ("a..b", None),
        ] {
            assert_eq!(packages.find(name), found, "{name}");
        }
        assert_eq!(packages.find(&"a".repeat(257)), None);
        assert_eq!(packages.entries("a"), ["__init__.py", "b-d.py", "b/"]);
        assert_eq!(packages.entries("a/b"), ["c.txt"]);
        assert!(packages.entries("").contains(&"n/") && packages.entries("no").is_empty());
        assert_eq!(packages.tops(), ["a", "json", "n", "s", "sub", "turingbox"]);
        assert_eq!(packages.file("s.py").unwrap().unwrap(), b"s.py");
        assert_eq!(packages.distributions(), [("Six".to_owned(), "1.17.0".to_owned())]);
        let wanted = ["six==1.17", "six==1.16", "no==1"].map(|text| Requirement::parse(text).unwrap());
        assert_eq!(packages.lacking(&wanted), [&wanted[1], &wanted[2]]);
    }
}
