//! The Python guest: CPython and its standard library as one WebAssembly component, which
//! exports the world `interpreter` of `guest-sdk/wit`.
//!
//! The component is a snapshot: Python has started and the library is imported when an instance
//! begins. How it comes about, and what an agent can do in it, is in the package's README.

/// The component, as WebAssembly.
pub static COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/python.wasm"));

/// The SHA-256 of [`COMPONENT`], in hexadecimal: a name under which to keep what is made of it.
pub const DIGEST: &str = env!("TURINGBOX_PYTHON_DIGEST");

/// The same component, but that it doesn't count its fuel: to measure what counting costs, and for nothing else. Empty
/// where [`COMPONENT`] was there before the build.
pub const UNCOUNTED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/uncounted.wasm"));
