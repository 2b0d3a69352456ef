//! Any text as Python source: the audit ends, points into the source, and names modules that could
//! be written there. A plain import in front of it is found whatever comes after, and so is all that
//! was found without it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use turingbox::agent::{Import, imports};

const FRONT: &str = "import os\n";

fuzz_target!(|text: &str| {
    let alone = imports(text);
    for import in alone.iter().flatten() {
        assert!(import.span.start <= import.span.end && import.span.end <= text.len(), "{:?}", import.span);
        assert!(text.is_char_boundary(import.span.start) && text.is_char_boundary(import.span.end));
    }
    // It may be that what was readable is not any more: a byte order mark stands at the front.
    let Ok(found) = imports(&format!("{FRONT}{text}")) else { return };
    let first = found.first().expect("the import in front is found");
    assert_eq!((first.module.as_deref(), first.span.end < FRONT.len()), (Some("os"), true), "{first:?}");
    for Import { module, span } in alone.iter().flatten() {
        let span = span.start + FRONT.len()..span.end + FRONT.len();
        let moved = Import { module: module.clone(), span };
        assert!(found.contains(&moved), "{moved:?} is lost");
    }
});
