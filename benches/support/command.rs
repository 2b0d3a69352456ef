//! The command itself, timed from outside.

use std::{
    error::Error,
    fs::{self, File},
    path::Path,
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
