//! A folder's files, for a pack.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use cap_std::fs::Dir;

use super::{MAX_FILE, MAX_FILES, MAX_PACK, Pack};
use crate::policy::size_text;

/// How deep a folder is walked: deeper than any path of a pack, so that it says what is wrong.
const MAX_DEPTH: usize = 32;

impl Pack {
    /// Packs the agent called `name`, whose folder is `folder`. What is hidden, what cargo builds into, `target`,
    /// and an earlier pack of the agent are left out.
    ///
    /// # Errors
    ///
    /// Why it can't be packed, as a sentence: a link, what is neither file nor folder, too much.
    pub fn of_folder(name: &str, folder: &Dir) -> Result<Self, String> {
        let (mut files, mut total) = (Vec::new(), 0);
        let mut folders = vec![PathBuf::new()];
        // A list, not a recursion: whoever made the folder may mean harm.
        while let Some(below) = folders.pop() {
            let unread = |error: io::Error| format!("`{}` can't be read: {error}", shown(&below));
            let dir = if below.as_os_str().is_empty() { folder.try_clone() } else { folder.open_dir(&below) };
            for entry in dir.and_then(|dir| dir.entries()).map_err(unread)? {
                let entry = entry.map_err(unread)?;
                let path = below.join(entry.file_name());
                let kind = entry.file_type().map_err(unread)?;
                let part = path.file_name().unwrap_or_default().to_string_lossy();
                if left_out(&part, kind.is_dir()).is_some() || path.to_str().is_some_and(|path| is_earlier(name, path))
                {
                    continue;
                }
                if kind.is_dir() {
                    if path.iter().count() > MAX_DEPTH {
                        return Err(format!("`{}` is too deep", shown(&path)));
                    }
                    folders.push(path);
                } else if kind.is_file() {
                    let bytes = read(folder, &path).map_err(|error| format!("`{}` {error}", shown(&path)))?;
                    total += bytes.len();
                    files.push((text(&path)?, bytes));
                } else {
                    let what = if kind.is_symlink() { "a symbolic link" } else { "neither a file nor a folder" };
                    return Err(format!("`{}` is {what}: only files are packed", shown(&path)));
                }
                if total > MAX_PACK {
                    return Err(format!("its files have more than {}", size_text(MAX_PACK as u64)));
                }
                if files.len() + folders.len() > MAX_FILES {
                    return Err(format!("it has more than {MAX_FILES} files and folders"));
                }
            }
        }
        Self::of(name, files)
    }
}

/// Why a file or a folder of this name is none of the agent's own, if it isn't: what is hidden is for tools, and
/// `target` is made of the rest. No pack has any, or the folder that it becomes would have another digest.
pub(super) fn left_out(name: &str, is_folder: bool) -> Option<&'static str> {
    match name {
        _ if name.starts_with('.') => Some("a hidden name"),
        "target" if is_folder => Some("a folder `target`, which is left out of packs,"),
        _ => None,
    }
}

/// Whether a file of the agent's folder is a pack of the agent called `name`, or the signature of one: so the
/// folder has one digest, whether it was packed in its own folder or not.
pub(super) fn is_earlier(name: &str, file: &str) -> bool {
    file.strip_prefix(name).is_some_and(|rest| matches!(rest, ".tar" | ".tar.minisig"))
}

fn read(folder: &Dir, path: &Path) -> Result<Vec<u8>, String> {
    let unread = |error: io::Error| format!("can't be read: {error}");
    let mut bytes = Vec::new();
    folder.open(path).map_err(unread)?.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() as u64 > MAX_FILE { Err(format!("is larger than {}", size_text(MAX_FILE))) } else { Ok(bytes) }
}

fn text(path: &Path) -> Result<String, String> {
    let parts: Option<Vec<_>> = path.iter().map(|part| part.to_str()).collect();
    parts.map(|parts| parts.join("/")).ok_or_else(|| format!("the name `{}` is not UTF-8", shown(path)))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().escape_debug().to_string()
}
