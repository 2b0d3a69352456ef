//! `agents.lock`: what the components and the archives of packages of a library are, to the byte, and the agents
//! that were added to it.

mod added;

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use cap_std::fs::Dir;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    Library,
    agent::{Entry, Folder, MAX_COMPONENT},
    diagnostic::{Diagnostic, Report},
    document::{key, quoted},
    output,
    packages::ARCHIVE,
    source::{self, MAX_SOURCE, Source},
};

pub use added::Added;
pub(crate) use added::pack as pack_of;

/// The file's name, in the folder of a library.
pub const LOCK: &str = "agents.lock";

/// What marks the folder of an agent that was added: whatever becomes of the lock file, it isn't built. Packs have
/// no hidden files, so none brings or hides one.
pub const ADDED: &str = ".added";

/// Whether a folder is, or is in, that of an agent that was added.
pub fn was_added(folder: &Path) -> bool {
    folder.ancestors().any(|around| around.join(ADDED).exists())
}

/// The version of the format.
const VERSION: u32 = 1;

const HEAD: &str =
    "# Written by `turingbox build` and `turingbox add`. `turingbox check --locked` refuses what differs from it.\n";

/// What a component or an archive is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// The file, in the agent's folder.
    pub file: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// The compiler that made it, as it calls itself; none is known of what was made with other tools.
    #[serde(default)]
    pub compiler: Option<String>,
    /// What an archive of packages was made of: the files of wheels, each with its SHA-256.
    #[serde(default)]
    pub wheels: BTreeMap<String, String>,
}

impl Locked {
    /// What is said of a file that was built, or is there.
    pub fn of(file: &str, bytes: &[u8], compiler: Option<&str>) -> Self {
        let sha256 = format!("{:x}", Sha256::digest(bytes));
        Self {
            file: file.to_owned(),
            size: bytes.len() as u64,
            sha256,
            compiler: compiler.map(str::to_owned),
            wheels: BTreeMap::new(),
        }
    }
}

/// What was built of one library and the agents that were added to it, by the path of the agent in it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u32,
    /// The entries, by the path of the agent's folder in the library.
    #[serde(default)]
    pub agents: BTreeMap<String, Locked>,
    /// The agents that others made, likewise.
    #[serde(default)]
    pub added: BTreeMap<String, Added>,
}

/// A path below a folder, as the lock file writes it; `.` for the folder itself.
fn relative(path: &Path, folder: &Path) -> Option<String> {
    let parts: Vec<_> = path.strip_prefix(folder).ok()?.iter().map(|part| part.to_string_lossy()).collect();
    Some(if parts.is_empty() { ".".into() } else { parts.join("/") })
}

impl Default for Lock {
    fn default() -> Self {
        Self { version: VERSION, agents: BTreeMap::new(), added: BTreeMap::new() }
    }
}

impl Lock {
    /// The lock file in `folder`; an empty one where there is none.
    ///
    /// # Errors
    ///
    /// When it can't be read, or is none.
    pub fn read(folder: &Path) -> Result<Self, Report> {
        let path = folder.join(LOCK);
        let read = source::read(&path, MAX_SOURCE).and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
        let text = match read {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => {
                let message = format!("`{}` can't be read: {error}", path.display());
                return Err(Diagnostic::error("bad-lock", message).into());
            }
        };
        Self::parse(&Source::new(path.display().to_string(), text))
    }

    /// The lock file in a folder that is held open; an empty one where there is none.
    ///
    /// # Errors
    ///
    /// When it can't be read, or is none.
    pub(crate) fn read_in(folder: &Dir) -> Result<Self, Report> {
        let unread =
            |error: io::Error| Report::from(Diagnostic::error("bad-lock", format!("`{LOCK}` can't be read: {error}")));
        let mut text = String::new();
        // A pipe would block the open itself.
        let found = folder.metadata(LOCK).and_then(|found| match found.is_file() {
            true => folder.open(LOCK),
            false => Err(source::no_file()),
        });
        match found {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            file => file.and_then(|file| file.take(MAX_SOURCE).read_to_string(&mut text)).map_err(unread)?,
        };
        Self::parse(&Source::new(LOCK, text))
    }

    fn parse(source: &Arc<Source>) -> Result<Self, Report> {
        let wrong = |message: &str, span| {
            let help =
                "mend it; or remove it, `turingbox add` anew what others made, and then `turingbox build` the rest";
            Report::from(Diagnostic::error("bad-lock", message.to_owned()).at(source, span).help(help))
        };
        let lock: Self =
            toml::from_str(&source.text).map_err(|error| wrong(error.message(), error.span().unwrap_or(0..0)))?;
        match lock.version {
            VERSION => Ok(lock),
            other => Err(wrong(&format!("this is version {other} of the format, and {VERSION} is known"), 0..0)),
        }
    }

    /// Has others wait who change the lock file of `folder`, until what this gives is dropped. Who changes it reads it
    /// after that, so that nothing of what others wrote is lost. The folder is what is locked: the file itself is another one
    /// each time that it is written.
    ///
    /// # Errors
    ///
    /// When the folder can't be opened or locked.
    pub fn hold(folder: &Path) -> io::Result<fs::File> {
        let folder = fs::File::open(folder)?;
        folder.lock()?;
        Ok(folder)
    }

    /// Writes it into `folder`.
    ///
    /// # Errors
    ///
    /// When it can't be written.
    pub fn write(&self, folder: &Path) -> io::Result<bool> {
        let mut text = format!("{HEAD}version = {}\n", self.version);
        for (path, Locked { file, size, sha256, compiler, wheels }) in &self.agents {
            let lines = [("file", quoted(file)), ("size", size.to_string()), ("sha256", quoted(sha256))];
            let lines = lines.into_iter().chain(compiler.iter().map(|compiler| ("compiler", quoted(compiler))));
            text.push_str(&format!("\n[agents.{}]\n", key(path)));
            lines.for_each(|(name, value)| text.push_str(&format!("{name} = {value}\n")));
            if !wheels.is_empty() {
                text.push_str(&format!("\n[agents.{}.wheels]\n", key(path)));
                wheels
                    .iter()
                    .for_each(|(file, sha256)| text.push_str(&format!("{} = {}\n", key(file), quoted(sha256))));
            }
        }
        for (path, added) in &self.added {
            text.push_str(&format!("\n[added.{}]\n{}", key(path), added.lines()));
        }
        output::replace(&folder.join(LOCK), text.as_bytes())
    }

    /// The folder whose lock file an agent's folder belongs to: of the libraries, the one that it is in; or
    /// else the nearest folder around it that has a lock file, or the one that it is in.
    ///
    /// # Errors
    ///
    /// When the folder can't be found.
    pub fn home(agent: &Path, libraries: &[PathBuf]) -> io::Result<PathBuf> {
        let agent = agent.canonicalize()?;
        let around = libraries.iter().filter_map(|library| library.canonicalize().ok());
        if let Some(library) = around.into_iter().find(|library| agent.starts_with(library)) {
            return Ok(library);
        }
        let parent = agent.parent().unwrap_or(&agent);
        Ok(parent.ancestors().find(|folder| folder.join(LOCK).is_file()).unwrap_or(parent).to_owned())
    }

    /// What in the library's folder `folder` is not as the lock file says.
    pub fn check(&self, folder: &Path, library: &Library) -> Report {
        let mut report = Report::default();
        let mut seen = Vec::new();
        for (_, entry) in library.iter() {
            let Entry::Valid(manifest) = entry else { continue };
            let Folder::Disk { path, .. } = &manifest.folder else { continue };
            let Some(path) = relative(Path::new(path), folder) else { continue };
            if let Some(added) = self.added.get(&path) {
                seen.push(path.clone());
                report.0.extend(added.differs(&path, manifest).map(|wrong| wrong.at(&manifest.source, 0..0)));
                continue;
            }
            if was_added(&folder.join(&path)) {
                let message = format!("`{path}` was added, and is not in {LOCK}");
                let help =
                    "`turingbox add` it anew, from where it came: what is the same to the byte is only written down";
                report.push(Diagnostic::error("not-locked", message).at(&manifest.source, 0..0).help(help));
                continue;
            }
            let Some(file) = manifest.built() else { continue };
            seen.push(path.clone());
            if let Some(wrong) = self.differs(&path, file, &manifest.folder) {
                // That of an archive isn't written there; packages are what is said of it.
                let said = if file == ARCHIVE { "packages" } else { file };
                let span = manifest.source.text.find(said).map_or(0..0, |at| at..at + said.len());
                report.push(wrong.at(&manifest.source, span));
            }
        }
        let missing = |path: &&String| !seen.contains(path);
        for path in self.agents.keys().filter(missing) {
            let message = format!("{LOCK} has `{path}`, which is no agent here that is built");
            report.push(Diagnostic::error("locked-away", message).help("`turingbox build` takes it out"));
        }
        for (path, added) in self.added.iter().filter(|(path, _)| missing(path)) {
            let message = format!("{LOCK} has `{path}`, which isn't here");
            let help = format!("`turingbox add {}` gets it again; or take it out", added.source);
            report.push(Diagnostic::error("locked-away", message).help(help));
        }
        report
    }

    /// What it says of the agent whose folder is `below` the library's.
    pub(crate) fn added_at(&self, below: &Path) -> Option<&Added> {
        self.added.get(&added::path_of(below)?)
    }

    /// Whether `folder`, which is in the library at `home`, is or is in that of an agent that was added.
    pub(crate) fn is_added(&self, folder: &Path, home: &Path) -> bool {
        let Some(path) = Self::name(folder, home) else { return false };
        self.added
            .keys()
            .any(|added| path.strip_prefix(added.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// The name of the agent in `folder` in the lock file of `home`.
    pub fn name(folder: &Path, home: &Path) -> Option<String> {
        relative(&folder.canonicalize().ok()?, home)
    }

    fn differs(&self, path: &str, file: &str, folder: &Folder) -> Option<Diagnostic> {
        let Some(locked) = self.agents.get(path) else {
            let message = format!("`{path}` is not in {LOCK}");
            return Some(Diagnostic::error("not-locked", message).help("`turingbox build` puts it there"));
        };
        let differs =
            |what: String| Some(Diagnostic::error("locked-otherwise", format!("`{path}/{file}` {what}, says {LOCK}")));
        let bytes = match folder.read(file, MAX_COMPONENT) {
            Ok(bytes) => bytes,
            // That it is missing is said where it is looked for.
            Err(_) => return None,
        };
        if file == ARCHIVE && locked.file == ARCHIVE {
            // Whether it is the one that is locked is said where it is loaded.
            return None;
        }
        let found = Locked::of(file, &bytes, None);
        if found.file != locked.file {
            return differs(format!("is to be `{}`", locked.file));
        }
        if found.size != locked.size {
            return differs(format!("is to have {} bytes, not {}", locked.size, found.size));
        }
        if found.sha256 != locked.sha256 {
            return differs(format!("is to have the SHA-256 {}, not {}", locked.sha256, found.sha256));
        }
        None
    }
}
