//! The packages of an agent in Python: fetched with pip as wheels, and put into one archive beside the agent.
//!
//! # Ambient Authority
//!
//! It runs Python with pip, which reads the user's settings and the index that they name. Only wheels are
//! fetched, so nothing of a package is run.

mod resolve;
mod wheel;

use std::{collections::BTreeMap, fs, io, path::Path};

pub use resolve::ENVIRONMENT;
use wheel::Wheel;

use crate::{
    build::{Built, Locked, MANIFEST},
    diagnostic::{Diagnostic, Report},
    output,
    packages::{ARCHIVE, MAX_ARCHIVE, Packages, Requirement, is_same_version, normalized, zip},
};

/// Makes the archive of the agent in `folder`. What `locked` says is fetched again to the byte, unless that is
/// another agent's by now or `update` asks for what there is today.
///
/// # Errors
///
/// Where the manifest can't be read, a package isn't there or is native, two have the same file, or the archive
/// would be too large.
pub fn build(folder: &Path, locked: Option<&Locked>, update: bool) -> Result<Built, Report> {
    let text = fs::read_to_string(folder.join(MANIFEST)).map_err(|error| unreadable(folder, &error))?;
    let manifest = super::read(folder, &text)?;
    let place = |wrong: Diagnostic| Report::from(wrong.at(&manifest.source, 0..0));
    let locked = locked.filter(|locked| !update && serves(locked, manifest.packages()));
    let built = |locked: Locked, changed, left_out, notes| Built {
        folder: folder.to_owned(),
        name: manifest.name.clone(),
        file: ARCHIVE.into(),
        locked,
        changed,
        left_out,
        notes,
    };
    if let Some(locked) = locked.filter(|locked| is_there(folder, locked)) {
        return Ok(built(locked.clone(), false, Vec::new(), Vec::new()));
    }
    let scratch = tempfile::tempdir().map_err(|error| unreadable(folder, &error))?;
    let pinned = locked.map(|locked| locked.wheels.iter().filter_map(pin).collect()).unwrap_or_default();
    let fetched = resolve::fetch(manifest.packages(), pinned, scratch.path()).map_err(place)?;
    let wheels = fetched.wheels.iter().map(|path| wheel::read(path)).collect::<Result<Vec<_>, _>>().map_err(place)?;
    let archive = archive(&wheels).map_err(place)?;
    let changed = output::replace(&folder.join(ARCHIVE), &archive).map_err(|error| unreadable(folder, &error))?;
    let wheels = wheels.into_iter().map(|wheel| (wheel.file, wheel.sha256)).collect();
    let notes = fetched.yanked.iter().map(withdrawn).collect();
    let maker = concat!("turingbox ", env!("CARGO_PKG_VERSION"));
    Ok(built(Locked { wheels, ..Locked::of(ARCHIVE, &archive, Some(maker)) }, changed, fetched.left_out, notes))
}

/// What is said of a version that whoever published it took back.
fn withdrawn((package, why): (&String, &String)) -> String {
    let why = if why.is_empty() { "without a word why".to_owned() } else { format!("because: {why}") };
    format!("`{package}` was yanked by whoever published it, {why}")
}

/// Whether a manifest asks for packages.
pub fn asks(manifest: &toml::Table) -> bool {
    manifest.get("packages").and_then(toml::Value::as_array).is_some_and(|all| !all.is_empty())
}

/// Whether what is locked has all that is asked for.
fn serves(locked: &Locked, wanted: &[Requirement]) -> bool {
    let has = |wanted: &Requirement| {
        locked.wheels.iter().filter_map(pin).any(|(name, version, _)| {
            normalized(&name) == wanted.normalized() && is_same_version(&version, &wanted.version)
        })
    };
    locked.file == ARCHIVE && wanted.iter().all(has)
}

/// Name, version and digest of a wheel that is locked.
fn pin((file, sha256): (&String, &String)) -> Option<resolve::Pin> {
    let mut parts = file.split('-');
    Some((parts.next()?.into(), parts.next()?.into(), sha256.clone()))
}

/// Whether the archive is the one that is locked.
fn is_there(folder: &Path, locked: &Locked) -> bool {
    fs::read(folder.join(ARCHIVE)).is_ok_and(|bytes| Locked::of(ARCHIVE, &bytes, None).sha256 == locked.sha256)
}

/// Puts wheels together. Packages may share a folder, and no file that isn't the same in both.
fn archive(wheels: &[Wheel]) -> Result<Vec<u8>, Diagnostic> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for wheel in wheels {
        for (path, contents) in &wheel.files {
            if let Some(other) = owners.insert(path, &wheel.file).filter(|_| files.get(path) != Some(contents)) {
                let message = format!("`{other}` and `{}` both have the file `{path}`", wheel.file);
                return Err(Diagnostic::error("packages-conflict", message));
            }
            files.insert(path.clone(), contents.clone());
        }
    }
    let archive = zip::write(&files).map_err(|why| Diagnostic::error("packages-too-large", why))?;
    if archive.len() as u64 > MAX_ARCHIVE {
        let message =
            format!("the packages have {} MiB together, and at most {} fit", archive.len() >> 20, MAX_ARCHIVE >> 20);
        return Err(Diagnostic::error("packages-too-large", message));
    }
    // What can't be read wouldn't run.
    let read = Packages::read(archive.clone());
    read.map(|_| archive).map_err(|why| Diagnostic::error("packages-too-large", why))
}

fn unreadable(folder: &Path, error: &io::Error) -> Report {
    Diagnostic::error("unwritable", format!("`{}` can't be built: {error}", folder.display())).into()
}
