//! The packages of an agent in Python: read, and compared with what the manifest and the lock file say.

use std::{collections::HashSet, sync::Arc};

use crate::{
    agent::manifest::Manifest,
    diagnostic::{Diagnostic, Report, suggestion},
    packages::{ARCHIVE, MAX_ARCHIVE, Packages, is_reserved, reserved},
    source::{MAX_SOURCE, Source},
};

/// The lock file, in the folder of a library.
pub(crate) const LOCK: &str = "agents.lock";

/// The most modules of a source that are said to be unknown: each is compared with all that are known.
const MAX_UNKNOWN: usize = 100;

const BUILD: &str = "`turingbox build` makes it anew";

/// The packages that the manifest asks for; nothing if it asks for none.
///
/// # Errors
///
/// Where the archive isn't there, is none, lacks a package, or isn't the one that is locked.
pub(super) fn load(manifest: &Manifest) -> Result<Option<Arc<Packages>>, Report> {
    if manifest.packages().is_empty() {
        return Ok(None);
    }
    let wrong = |code, message: String, help: &str| {
        Report::from(Diagnostic::error(code, message).at(&manifest.source, key(&manifest.source.text)).help(help))
    };
    let bytes = manifest.folder.read(ARCHIVE, MAX_ARCHIVE).map_err(|error| {
        wrong("no-packages", format!("`{ARCHIVE}` can't be read: {error}"), "`turingbox build` makes it")
    })?;
    let packages = Packages::read(bytes)
        .map_err(|why| wrong("bad-packages", format!("`{ARCHIVE}` can't be used: {why}"), BUILD))?;
    if let Some(lacking) = packages.lacking(manifest.packages()).first() {
        return Err(wrong("packages-differ", format!("`{ARCHIVE}` has no `{lacking}`"), BUILD));
    }
    match locked(manifest) {
        Err(why) => Err(wrong("bad-lock", format!("`{LOCK}` can't be read: {why}"), "`turingbox build` writes it")),
        Ok(Some(digest)) if digest != packages.sha256() => {
            let message = format!("`{ARCHIVE}` has the SHA-256 {}, and {LOCK} says {digest}", packages.sha256());
            Err(wrong("locked-otherwise", message, BUILD))
        }
        Ok(_) => Ok(Some(packages.into())),
    }
}

impl Manifest {
    /// The packages that come with it, if they are there and can be read. Whether they are those that it asks for, and
    /// locked, is said when it is loaded.
    pub fn packaged(&self) -> Option<Packages> {
        self.folder.read(ARCHIVE, MAX_ARCHIVE).ok().and_then(|bytes| Packages::read(bytes).ok())
    }
}

/// The digest of the archive in the lock file of the agent's library, if it is there.
fn locked(manifest: &Manifest) -> Result<Option<String>, String> {
    let found = manifest.folder.of_library(LOCK, MAX_SOURCE).map_err(|error| error.to_string())?;
    let Some((path, bytes)) = found else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    let lock: toml::Table = toml::from_str(&text).map_err(|error| error.message().to_owned())?;
    let entry = lock.get("agents").and_then(|agents| agents.get(&path));
    let entry = entry.filter(|entry| entry.get("file").and_then(toml::Value::as_str) == Some(ARCHIVE));
    Ok(entry.and_then(|entry| entry.get("sha256")?.as_str()).map(str::to_owned))
}

/// Warns of modules that nobody has: neither Python nor the guest, nor a package of the agent's.
pub(super) fn unknown_modules(source: &Arc<Source>, packages: Option<&Packages>) -> Report {
    let (mut report, mut seen) = (Report::default(), HashSet::new());
    for import in super::imports(&source.text).found {
        let Some(module) = import.module else { continue };
        let top = module.split('.').next().unwrap_or_default();
        let known = is_reserved(top) || packages.is_some_and(|packages| packages.find(top).is_some());
        if known || seen.len() == MAX_UNKNOWN || !seen.insert(top.to_owned()) {
            continue;
        }
        let mut tops: Vec<&str> = reserved().filter(|name| !name.starts_with('_')).collect();
        tops.extend(packages.map(Packages::tops).unwrap_or_default());
        let help = suggestion(top, tops).unwrap_or_else(|| {
            "a package of the index is asked for in agent.toml: packages = [\"name==version\"]".into()
        });
        let message = format!("neither Python nor a package of the agent's has the module `{top}`");
        report.push(Diagnostic::warning("unknown-module", message).at(source, import.span).help(help));
    }
    report
}

/// Where the manifest asks for packages.
fn key(text: &str) -> std::ops::Range<usize> {
    let at = text.match_indices("packages").map(|(at, _)| at).find(|at| *at == 0 || text[..*at].ends_with('\n'));
    at.map_or(0..0, |at| at..at + "packages".len())
}
