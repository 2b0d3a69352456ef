//! The command itself, timed from outside.

use std::{
    error::Error,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// Why a bench can't go on.
pub type Failed = Box<dyn Error>;

/// Runs a command of a shell, and gives its time and the most memory that it had.
pub fn run(binary: &Path, folder: &Path, command: &str) -> Result<(Duration, u64), Failed> {
    let path = format!("{}:{}", binary.parent().unwrap_or(binary).display(), std::env::var("PATH")?);
    let begun = Instant::now();
    let command = match command.contains('|') {
        true => command.to_owned(),
        // The shell's process becomes the batch, so that the memory is its own.
        false => format!("exec {command}"),
    };
    let mut child = Command::new("sh")
        .args(["-c", &command])
        .current_dir(folder)
        .env("PATH", path)
        .env("TURINGBOX_CACHE", folder.with_file_name("bench").join("cache"))
        .env("TURINGBOX_STATE", folder.with_file_name("bench").join("state"))
        .stderr(File::create(folder.join("said"))?)
        .spawn()?;
    let mut memory = 0;
    let status = loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        memory = memory.max(peak.unwrap_or(0) * 1024);
        match child.try_wait()? {
            Some(status) => break status,
            None => thread::sleep(Duration::from_millis(20)),
        }
    };
    assert!(status.success(), "{}", fs::read_to_string(folder.join("said"))?);
    Ok((begun.elapsed(), memory))
}

/// The `turingbox` command, built as this is.
pub fn binary() -> Result<PathBuf, Failed> {
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
    Ok(target.join(if profile == "dev" { "debug" } else { profile }).join("turingbox").canonicalize()?)
}
