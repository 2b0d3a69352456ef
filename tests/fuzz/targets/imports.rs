//! Any text as Python source: the audit ends, points into the source, and names modules that could
//! be written there.

#![no_main]

use libfuzzer_sys::fuzz_target;
use turingbox::agent::imports;

fuzz_target!(|text: &str| {
    let Ok(found) = imports(text) else { return };
    for import in found {
        assert!(import.span.start <= import.span.end && import.span.end <= text.len(), "{:?}", import.span);
        assert!(text.is_char_boundary(import.span.start) && text.is_char_boundary(import.span.end));
    }
});
