//! The links on the way to a file. Who can change one of them chooses which file is found.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// The most links that are followed: more than the kernel follows.
const MAX_LINKS: usize = 64;

/// Each link on the way to `path`, as canonical as a link can be, and what it leads to. Nothing
/// where the current folder can't be found.
///
/// # Ambient Authority
///
/// Reads links anywhere.
pub fn on_the_way(path: &Path) -> Vec<PathBuf> {
    let Ok(path) = std::path::absolute(path) else { return Vec::new() };
    let (mut at, mut found, mut pending) = (PathBuf::new(), Vec::new(), parts(&path));
    while let Some(part) = pending.pop() {
        if part == ".." {
            at.pop();
            continue;
        }
        // The root begins anew.
        let next = at.join(part);
        match fs::read_link(&next) {
            Ok(target) if found.len() < MAX_LINKS => {
                found.push(next);
                pending.extend(parts(&target));
            }
            _ => at = next,
        }
    }
    found.push(at);
    found
}

/// The parts of a path, the last first.
fn parts(path: &Path) -> Vec<OsString> {
    let parts = path.components().rev().map(|part| part.as_os_str().to_owned());
    parts.filter(|part| part != ".").collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn every_link_is_found_and_where_they_lead() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let at = |path: &str| root.join(path);
        for folder in ["real/deep", "links"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        fs::write(at("real/deep/policy"), "").unwrap();
        symlink("../real", at("links/folder")).unwrap();
        symlink(at("links/folder/deep/policy"), at("links/file")).unwrap();
        symlink("round", at("links/round")).unwrap();
        let expected = [at("links/file"), at("links/folder"), at("real/deep/policy")];
        assert_eq!(on_the_way(&at("links/../links/./file")), expected);
        assert_eq!(on_the_way(&at("real/deep/policy")), [at("real/deep/policy")]);
        assert_eq!(on_the_way(&at("not/there")), [at("not/there")]);
        assert_eq!(on_the_way(&at("links/round")).len(), MAX_LINKS + 1);
    }
}
