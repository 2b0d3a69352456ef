//! Any bytes as a pack: what can be read is the only form of its files, and each of them is below the
//! agent's folder, wherever that is unpacked.

#![no_main]

use libfuzzer_sys::fuzz_target;
use turingbox::share::{Pack, Signature};

fuzz_target!(|bytes: &[u8]| {
    check(bytes.to_vec());
    // Sums that are right, so that more than the first header is looked at.
    let mut mended = bytes.to_vec();
    let blocks = mended.len() / 512;
    for block in mended.chunks_exact_mut(512).take(blocks.saturating_sub(2)) {
        if block[257..262] == *b"ustar" {
            block[148..156].copy_from_slice(b"        ");
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    check(mended);
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(signature) = Signature::parse(text)
    {
        assert!(signature.key_id().len() == 16 && signature.text() == text);
    }
});

fn check(bytes: Vec<u8>) {
    let pack = match Pack::read(bytes.clone()) {
        Ok(pack) => pack,
        Err(why) => return assert!(!why.is_empty() && !why.contains(['\x1b', '\u{202e}', '\n'])),
    };
    let files: Vec<_> = pack.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect();
    assert!(files.iter().any(|(path, _)| path == "agent.toml"));
    for (path, content) in &files {
        assert!(path.is_ascii() && !path.contains(['\\', '\0', '\n', ':']), "{path:?}");
        assert!(path.split('/').all(|part| !part.is_empty() && !part.starts_with('.')), "{path:?}");
        assert_eq!(pack.file(path), Some(content.as_slice()));
    }
    let again = Pack::of(pack.name(), files).expect("it was one");
    assert_eq!(again.bytes(), bytes);
}
