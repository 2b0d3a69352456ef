//! Paths in a pack: such that they are the same file on each machine, and below the agent's folder.

use super::gather::{is_earlier, left_out};
use crate::agent::is_name;

/// The longest path, in bytes: what a header of `ustar` has room for.
const MAX_PATH: usize = 255;

/// How many folders are in each other at most, the agent's own counted: as deep as a library is searched.
const MAX_DEPTH: usize = 16;

/// Files that mean something for a library as a whole, and are none of an agent's.
const OF_A_LIBRARY: [&str; 2] = ["agents.lock", "library.toml"];

/// Names that are devices on Windows, in any case and whatever is behind their first dot; and `COM1` to `COM9`
/// and `LPT1` to `LPT9`.
const DEVICES: [&str; 6] = ["AUX", "CON", "CONIN$", "CONOUT$", "NUL", "PRN"];

/// Checks a path in a pack, with the agent's folder in front.
///
/// # Errors
///
/// What is wrong with it, as a sentence.
pub fn check(path: &str) -> Result<(), String> {
    let shown = path.escape_debug();
    let wrong = |why: &str| Err(format!("`{shown}` {why}"));
    if path.len() > MAX_PATH {
        return Err(too_long(path));
    }
    if path.starts_with('/') {
        return wrong("is an absolute path");
    }
    let parts: Vec<_> = path.split('/').collect();
    let [agent, inner @ ..] = parts.as_slice() else { return wrong("has no name") };
    if !is_name(agent) || *agent == "cases" {
        return wrong("is in no folder that is called as an agent can be");
    }
    if is_device(agent) {
        return wrong(&format!("has {} in it", device(agent)));
    }
    if inner.is_empty() {
        return wrong("is in no folder: all files are in the agent's");
    }
    if parts.len() > MAX_DEPTH + 1 {
        return Err(format!("`{shown}` is more than {MAX_DEPTH} folders deep"));
    }
    let (folders, name) = (&inner[..inner.len() - 1], inner[inner.len() - 1]);
    for (part, is_folder) in folders.iter().map(|folder| (*folder, true)).chain([(name, false)]) {
        check_part(part, is_folder).or_else(|why| wrong(&format!("has {why} in it")))?;
    }
    // So is an earlier pack.
    if folders.is_empty() && is_earlier(agent, name) {
        return wrong("is a pack of the agent itself, or its signature");
    }
    // Cases are never searched for agents.
    let is_case = folders.contains(&"cases");
    if name == "agent.toml" && !folders.is_empty() && !is_case {
        return wrong("is another agent: a pack has one");
    }
    if OF_A_LIBRARY.contains(&name) && !is_case {
        return wrong("is a file of a library, and none of an agent's");
    }
    Ok(())
}

/// Why a path doesn't fit.
pub fn too_long(path: &str) -> String {
    let start = &path[..path.floor_char_boundary(MAX_PATH)];
    format!("`{}` is too long: a path has at most {MAX_PATH} bytes, and its last name 100", start.escape_debug())
}

fn check_part(part: &str, is_folder: bool) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || " !#$%&'()+,-.=@[]^_`{}~".contains(c);
    match (part, left_out(part, is_folder)) {
        ("", _) => Err("an empty name".into()),
        ("." | "..", _) => Err(format!("`{part}`")),
        // Packing leaves it out, so the folder would have another digest.
        (_, Some(why)) => Err(why.into()),
        _ if part.ends_with(['.', ' ']) => Err("a name with a dot or a space at its end".into()),
        _ if is_device(part) => Err(device(part)),
        _ => match part.chars().find(|c| !plain(*c)) {
            Some(c) if c.is_ascii() => Err(format!("a character that not every machine takes, `{}`", c.escape_debug())),
            Some(c) => Err(format!("a letter that can be written in more than one way, `{}`", c.escape_unicode())),
            None => Ok(()),
        },
    }
}

/// Whether Windows takes a name for a device.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |kind: &str| matches!(stem.strip_prefix(kind).map(str::as_bytes), Some([b'1'..=b'9']));
    DEVICES.contains(&stem.as_str()) || numbered("COM") || numbered("LPT")
}

fn device(name: &str) -> String {
    format!("`{name}`, which is a device on Windows")
}
