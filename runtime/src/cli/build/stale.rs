//! What lock files have of agents that are gone.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::unwritten;
use crate::{
    build::{Found, LOCK, Lock},
    cli::Stop,
};

/// Takes out of lock files what they have of agents below `paths` that aren't among those that were found there. Gives
/// what the agents were called there.
pub fn take_out(paths: &[PathBuf], libraries: &[PathBuf], found: &Found) -> Result<Vec<String>, Stop> {
    let (paths, there) = (whole(paths), whole(found.all()));
    let around = paths.iter().filter_map(|path| path.ancestors().find(|folder| folder.join(LOCK).is_file()));
    let homes = whole(libraries).into_iter().filter(|library| library.join(LOCK).is_file());
    let homes: BTreeSet<_> = homes.chain(around.map(Path::to_path_buf)).collect();
    let meets = |home: &PathBuf| paths.iter().any(|path| path.starts_with(home) || home.starts_with(path));
    let mut gone = Vec::new();
    for home in homes.into_iter().filter(meets) {
        let is_gone = |path: &str| {
            let folder = home.join(path);
            paths.iter().any(|searched| folder.starts_with(searched)) && !there.contains(&folder)
        };
        let _held = Lock::hold(&home).map_err(|error| unwritten(&home, error))?;
        let mut lock = Lock::read(&home)?;
        let before = gone.len();
        gone.extend(lock.agents.keys().filter(|path| is_gone(path)).cloned());
        if gone.len() > before {
            lock.agents.retain(|path, _| !is_gone(path));
            lock.write(&home).map_err(|error| unwritten(&home, error))?;
        }
    }
    Ok(gone)
}

/// The folders, each in one form.
fn whole<'a>(folders: impl IntoIterator<Item = &'a PathBuf>) -> BTreeSet<PathBuf> {
    folders.into_iter().filter_map(|folder| folder.canonicalize().ok()).collect()
}
