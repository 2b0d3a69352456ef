//! A million items through a compiled agent, by `turingbox batch`: how long it takes, and the most memory it has.
//!
//! The promise: with two cores, under 60 seconds and under 300 MB, with results in order, a JUnit report and a page.
//! `cargo bench --profile dev --bench batch`; `BATCH_ITEMS` says how many.

use std::{
    error::Error,
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// How many items there are, where nobody says otherwise.
const ITEMS: u64 = 1_000_000;

/// What is promised of so many.
const SECONDS: f64 = 60.0;
const MEMORY: u64 = 300_000_000;

type Failed = Box<dyn Error>;

fn main() -> Result<(), Failed> {
    let items = std::env::var("BATCH_ITEMS").ok().map_or(Ok(ITEMS), |items| items.parse())?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-batch");
    fs::create_dir_all(&folder)?;
    let mut out = BufWriter::new(File::create(folder.join("items.jsonl"))?);
    for item in 0..items {
        writeln!(out, "{{\"text\": \"item {item} has five words\"}}")?;
    }
    out.flush()?;
    let binary = binary()?;
    // Compiles the agent, if that is still to do.
    run(&binary, &folder, "echo '\"warm\"' | turingbox batch word_count --items - >warm.jsonl")?;
    let plain = run(&binary, &folder, "turingbox batch word_count --items items.jsonl --out out.jsonl --force")?;
    told("results alone", items, plain);
    assert_eq!(BufReader::new(File::open(folder.join("out.jsonl"))?).lines().count() as u64, items);
    let reports = "--junit report.xml --report report.html --sarif report.sarif";
    let command = format!("turingbox batch word_count --items items.jsonl --out out.jsonl --force {reports}");
    let (time, memory) = run(&binary, &folder, &command)?;
    told("with reports", items, (time, memory));
    fs::remove_dir_all(&folder)?;
    if items == ITEMS {
        assert!(time.as_secs_f64() < SECONDS, "it takes {time:.1?}, more than {SECONDS} s");
        assert!(memory < MEMORY, "it takes {memory} bytes, more than {MEMORY}");
    }
    Ok(())
}

fn told(what: &str, items: u64, (time, memory): (Duration, u64)) {
    let rate = items as f64 / time.as_secs_f64();
    println!("{what}: {items} items in {time:.1?}, {rate:.0} a second, {} MB at most", memory / 1_000_000);
}

/// Runs a command of a shell, and gives its time and the most memory that it had.
fn run(binary: &Path, folder: &Path, command: &str) -> Result<(Duration, u64), Failed> {
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
fn binary() -> Result<PathBuf, Failed> {
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let built = Command::new(env!("CARGO"))
        .args(["build", "-p", "turingbox", "--bin", "turingbox", "--profile", profile])
        .status()?;
    assert!(built.success());
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or(Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    Ok(target.join(if profile == "dev" { "debug" } else { profile }).join("turingbox").canonicalize()?)
}
