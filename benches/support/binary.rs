//! The command, for who starts it or has it compile.

use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
};

/// The `turingbox` command, built as this is.
pub fn turingbox() -> io::Result<PathBuf> {
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "-p", "turingbox", "--bin", "turingbox", "--profile", profile]);
    // What cargo tells a bench of its package would have packages built anew whose scripts look at it.
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST"))
    {
        build.env_remove(name);
    }
    let built = build.status()?;
    assert!(built.success());
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or(Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    target.join(if profile == "dev" { "debug" } else { profile }).join("turingbox").canonicalize()
}
