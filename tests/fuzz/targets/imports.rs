//! Any text as Python source: the audit ends, points into the source, and names modules that could
//! be written there. A plain import in front of it is found whatever comes after, and so is all that
//! was found without it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use turingbox::agent::{Import, Imports, imports};

const FRONT: &str = "import os\n";

fuzz_target!(|text: &str| {
    let Imports { found: alone, unread } = imports(text);
    for span in alone.iter().map(|import| &import.span).chain(&unread) {
        assert!(span.start <= span.end && span.end <= text.len(), "{span:?}");
        assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{span:?}");
    }
    let Imports { found, unread: lost } = imports(&format!("{FRONT}{text}"));
    let first = found.first().expect("the import in front is found");
    assert_eq!((first.module.as_deref(), first.span.end < FRONT.len()), (Some("os"), true), "{first:?}");
    if !unread.is_empty() || !lost.is_empty() {
        // Where reading goes on after what can't be read depends on what stands before.
        return;
    }
    for Import { module, span } in &alone {
        let span = span.start + FRONT.len()..span.end + FRONT.len();
        let moved = Import { module: module.clone(), span };
        assert!(found.contains(&moved), "{moved:?} is lost");
    }
});
