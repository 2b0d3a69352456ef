//! Any text as Python source: the audit ends, points into the source, and names modules that could
//! be written there.

#![no_main]

use libfuzzer_sys::fuzz_target;
use turingbox::agent::{Imports, imports};

fuzz_target!(|text: &str| {
    let Imports { found, unread } = imports(text);
    for span in found.into_iter().map(|import| import.span).chain(unread) {
        assert!(span.start <= span.end && span.end <= text.len(), "{span:?}");
        assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{span:?}");
    }
});
