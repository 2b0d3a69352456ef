//! Any text as a request: what can be read is written the same way, and no request is allowed where
//! nothing is granted, but to move the head and to import a module.

#![no_main]

use libfuzzer_sys::fuzz_target;
use turingbox::{
    Policy,
    policy::{Decision, Request},
};

/// The longest text of a request that a denial quotes, in bytes.
const QUOTED: usize = 512;

fuzz_target!(|text: &str| {
    let request = match Request::parse(text) {
        Ok(request) => request,
        Err(why) => return assert!(!why.is_empty()),
    };
    let written = request.to_string();
    let again = Request::parse(&written).unwrap_or_else(|why| panic!("{written:?}: {why}"));
    assert_eq!(again, request, "{text:?} is written {written:?}");
    assert!(written.starts_with(request.capability()));
    match Policy::default().authority("a", "a").decide(&request) {
        Decision::Allowed(place) => {
            assert!(place.is_none() && matches!(request, Request::Jump | Request::Imports { .. }), "{request}");
        }
        Decision::Denied(denial) => {
            assert_eq!(denial.capability(), request.capability());
            assert!(denial.request.len() <= QUOTED, "{} bytes are quoted", denial.request.len());
        }
    }
});
