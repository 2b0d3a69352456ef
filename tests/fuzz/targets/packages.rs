//! Any bytes as the archive of an agent's packages, which wheels are read like: what is in it can be listed and
//! read within bounds, and each name stays below the archive.

#![no_main]

use libfuzzer_sys::fuzz_target;
use turingbox::packages::{Module, Packages};

/// How many files of an archive are unpacked: all of them may be large.
const MAX_UNPACKED: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let packages = match Packages::read(bytes.to_vec()) {
        Ok(packages) => packages,
        Err(why) => return assert!(!why.is_empty() && !why.contains(['\x1b', '\u{202e}', '\n'])),
    };
    let mut files = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for name in packages.entries(&folder) {
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            match path.strip_suffix('/') {
                Some(inner) => folders.push(inner.to_owned()),
                None => files.push(path),
            }
        }
    }
    assert_eq!(files.len(), packages.len());
    for path in &files {
        assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path:?}");
        assert!(packages.size(path).is_some() && packages.file(&format!("{path}/")).is_none());
    }
    for path in files.iter().take(MAX_UNPACKED) {
        if let Some(Ok(contents)) = packages.file(path) {
            assert_eq!(packages.size(path), Some(contents.len() as u64));
        }
    }
    for top in packages.tops() {
        if let Some(Module::Source { path, .. }) = packages.find(top) {
            assert!(files.contains(&path), "{top}");
        }
    }
    assert!(packages.distributions().len() <= files.len());
    assert_eq!(packages.bytes(), bytes);
});
