//! A batch that GitHub Actions runs: annotations, and a part of the step's summary.
//!
//! The runner obeys lines of a step's output that begin with `::`, and agents write some of them. So it is
//! told at the start to obey none until it reads a word that nobody can guess, and at the end it reads that: the
//! steps after this one have commands of their own.

use std::{
    fs::OpenOptions,
    hash::{BuildHasher, RandomState},
    io::Write,
    sync::OnceLock,
};

use crate::{
    batch::report::{self, Over},
    cli::{Stop, render},
};

/// The word that lets the runner obey again.
static WORD: OnceLock<String> = OnceLock::new();

/// Whether GitHub runs this.
fn is_here() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// As long as this is there, the runner obeys nothing that agents write.
pub struct Silenced(());

impl Silenced {
    /// Tells the runner, if it is there.
    pub fn begin() -> Self {
        if is_here() {
            let half = || RandomState::new().hash_one(std::time::Instant::now());
            let word = WORD.get_or_init(|| format!("turingbox-{:016x}{:016x}", half(), half()));
            command(&format!("::stop-commands::{word}"));
        }
        Self(())
    }
}

impl Drop for Silenced {
    fn drop(&mut self) {
        if let Some(word) = WORD.get() {
            command(&format!("::{word}::"));
        }
    }
}

/// Ends the process at once, and lets the runner obey again.
pub fn exit(code: i32) -> ! {
    // Nobody who still runs writes behind the word.
    let mut stderr = std::io::stderr().lock();
    if let Some(word) = WORD.get() {
        drop(writeln!(stderr, "::{word}::"));
    }
    std::process::exit(code)
}

/// Tells the runner how it went.
pub fn tell(over: &Over<'_>, is_folder: bool) -> Result<(), Stop> {
    if !is_here() {
        return Ok(());
    }
    if let Some(word) = WORD.get() {
        command(&format!("::{word}::"));
        report::annotations(over, is_folder).iter().for_each(|annotation| command(annotation));
        command(&format!("::stop-commands::{word}"));
    }
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return Ok(()) };
    let mut open = OpenOptions::new();
    let written = open.append(true).create(true).open(path);
    if let Err(error) = written.and_then(|mut file| file.write_all(report::step_summary(over).as_bytes())) {
        // What it is about is done; nothing is lost but a picture of it.
        render::warning(&format!("the step's summary can't be written: {error}"));
    }
    Ok(())
}

/// The runner reads both streams of a step, and results may go to the other.
fn command(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}
