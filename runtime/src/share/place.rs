//! Putting an agent that others made where it belongs: whole, or not at all.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::Pack;
use crate::build::{ADDED, LOCK, Lock};

/// What a folder's name begins with in which files are until all of them are there. It is hidden, so that nobody takes
/// it for an agent.
const UNFINISHED: &str = ".adding-";

/// When such a folder is what was left by somebody who was stopped: writing a pack takes seconds.
const ABANDONED: Duration = Duration::from_secs(3600);

/// What is in the file that marks an agent's folder.
const MARK: &str = "This agent was put here by `turingbox add`: `turingbox build` builds nothing of it.\n";

/// Where an agent goes: its library's folder, and the path below that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The library's folder.
    pub library: PathBuf,
    /// The folder that the agent's is put into.
    pub group: PathBuf,
    /// The agent's path in the library.
    pub path: String,
}

impl Home {
    /// Where the agent called `name` goes that is put into `group`, with these libraries' folders.
    ///
    /// # Errors
    ///
    /// When the folder can't be found, or its name can't be written down.
    pub fn of(name: &str, group: &Path, libraries: &[PathBuf]) -> io::Result<Self> {
        let there = resolved(group)?;
        let inside = |library: &&PathBuf| resolved(library).is_ok_and(|library| there.starts_with(library));
        if libraries.iter().filter(|library| group.starts_with(library)).any(|library| !inside(&library)) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it leads out of the library"));
        }
        let around = libraries.iter().filter(inside);
        // Of several, the innermost: its lock file is the one that is asked when the agent runs.
        let library = around.max_by_key(|library| library.components().count()).cloned();
        let with_lock = || there.ancestors().find(|folder| folder.join(LOCK).is_file()).map(Path::to_path_buf);
        let library = library.or_else(with_lock).unwrap_or_else(|| group.to_path_buf());
        let below = resolved(&library)?;
        let below = there.strip_prefix(&below).map_err(io::Error::other)?;
        let parts: Option<Vec<_>> = below.iter().map(|part| part.to_str()).collect();
        let odd = || io::Error::new(io::ErrorKind::InvalidInput, "its name is not UTF-8");
        if let Some(part) = parts.iter().flatten().find(|part| part.starts_with('.') || **part == "cases") {
            let message = format!("agents are not looked for below `{part}`");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let path = parts.ok_or_else(odd)?.into_iter().chain([name]).collect::<Vec<_>>().join("/");
        Ok(Self { library, group: group.to_path_buf(), path })
    }

    /// The agent's folder.
    pub fn folder(&self) -> PathBuf {
        self.group.join(self.path.rsplit('/').next().unwrap_or_default())
    }

    /// Writes the pack's files into the agent's folder, in place of those that are there. They are written
    /// beside it first, and moved when all of them are there.
    ///
    /// # Errors
    ///
    /// When they can't be written; then the folder is as it was.
    pub fn put(&self, pack: &Pack) -> io::Result<()> {
        fs::create_dir_all(&self.group)?;
        self.clear();
        let beside = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(&self.group)?;
        let (new, old) = (beside.path().join("new"), beside.path().join("old"));
        fs::create_dir(&new)?;
        for (path, bytes) in pack.files() {
            let path = new.join(path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            io::Write::write_all(&mut fs::File::create_new(path)?, bytes)?;
        }
        fs::write(new.join(ADDED), MARK)?;
        let folder = self.folder();
        let replaces = folder.symlink_metadata().is_ok();
        if replaces {
            fs::rename(&folder, &old)?;
        }
        fs::rename(&new, &folder).or_else(|error| {
            if replaces {
                fs::rename(&old, &folder)?;
            }
            Err(error)
        })
    }

    /// Takes away what others left who were stopped. What can't be taken away is in nobody's way.
    fn clear(&self) {
        let is_abandoned = |entry: &fs::DirEntry| {
            let age =
                entry.metadata().and_then(|found| found.modified()).map(|then| then.elapsed().unwrap_or_default());
            entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes())
                && age.is_ok_and(|age| age > ABANDONED)
        };
        let left = fs::read_dir(&self.group).into_iter().flatten().flatten().filter(is_abandoned);
        left.for_each(|left| drop(fs::remove_dir_all(left.path())));
    }

    /// Makes the library where there is none, and has others wait who change its lock file, until what this gives is
    /// dropped.
    ///
    /// # Errors
    ///
    /// When it can't be made or held.
    pub fn hold(&self) -> io::Result<fs::File> {
        fs::create_dir_all(&self.library)?;
        Lock::hold(&self.library)
    }
}

/// A path without links and `..`, also where its end isn't there yet.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let known = path.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    match known {
        Some((part, canonical)) => {
            let rest = path.strip_prefix(part).map_err(io::Error::other)?;
            if rest.components().any(|part| matches!(part, std::path::Component::ParentDir)) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "there is a `..` in it behind what isn't there",
                ));
            }
            Ok(canonical.join(rest))
        }
        None => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_was_left_unfinished_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let group = folder.path().to_path_buf();
        for name in [".adding-old", ".adding-new", ".other-old", "greet"] {
            fs::create_dir_all(group.join(name).join("new")).unwrap();
            let age = if name.ends_with("-new") { Duration::ZERO } else { 2 * ABANDONED };
            fs::File::open(group.join(name)).unwrap().set_modified(SystemTime::now() - age).unwrap();
        }
        Home { library: group.clone(), group: group.clone(), path: "x".into() }.clear();
        let left = [".adding-old", ".adding-new", ".other-old", "greet"].map(|name| group.join(name).exists());
        assert_eq!(left, [false, true, true, true]);
    }
}
