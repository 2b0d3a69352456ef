//! The build script of agents that run at every turn of a loop: what they do takes little of a stack, and what an
//! instance's memory hasn't, nobody has to look through after the call.

/// In bytes. Rust's programs for WebAssembly have a megabyte.
const STACK: u32 = 64 << 10;

fn main() {
    println!("cargo:rerun-if-changed=../../.shared/small_stack.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        println!("cargo:rustc-link-arg-cdylib=-zstack-size={STACK}");
    }
}
