//! Runs that are kept.

mod forked;
mod kept;
mod killed;
mod replayed;

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::support::{binary, folder, root};

/// A copy of what the tests start with.
fn here() -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    folder::copy(&root().join("tests/store"), here.path());
    fs::create_dir(here.path().join("data")).unwrap();
    here
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = binary::turingbox(folder);
    command.args(arguments).args(["--policy", "policy.toml"]).stdin(Stdio::null());
    command
}

fn turingbox(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn lines(folder: &Path) -> Vec<usize> {
    let lines = fs::read_to_string(folder.join("data/lines")).unwrap_or_default();
    lines.lines().map(|line| line.parse().unwrap()).collect()
}

/// Kills a command after a while, unless it is over before; whether it was killed.
fn killed(mut command: Command, after: Duration) -> bool {
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let end = Instant::now() + after;
    while Instant::now() < end {
        if run.try_wait().unwrap().is_some() {
            return false;
        }
        thread::sleep(Duration::from_micros(200));
    }
    run.kill().unwrap();
    run.wait().unwrap().code().is_none()
}

/// How often the tests kill: `STORE_KILLS`, or else `usual`.
fn kills(usual: usize) -> usize {
    std::env::var("STORE_KILLS").ok().map_or(usual, |kills| kills.parse().unwrap())
}

/// The last run, as `runs` has it; null where there is none yet.
fn last(folder: &Path) -> serde_json::Value {
    let runs = turingbox(folder, &["runs", "--last", "1", "--json"]);
    serde_json::from_slice::<serde_json::Value>(&runs.stdout).unwrap_or_default()[0].clone()
}

/// Resumes until the run is over, deciding by what is in the file; and kills it on the way, while there are
/// `kills` left.
fn resume_to_the_end(folder: &Path, kills: &mut usize, decided: &mut usize) -> Output {
    let mut decisions: Vec<String> = Vec::new();
    loop {
        let mut arguments = vec!["resume", "last"];
        arguments.extend(decisions.iter().map(String::as_str));
        if *kills > 0 {
            let after = Duration::from_millis(20 + (*kills as u64 * 37) % 120);
            if killed(command(folder, &arguments), after) {
                *kills -= 1;
                // What was decided for it may be done by now.
                arguments.truncate(2);
            }
        }
        let resumed = turingbox(folder, &arguments);
        let said = stderr(&resumed);
        let Some((_, rest)) = said.split_once("error[tape]: step `") else {
            if said.contains("nothing to decide") {
                decisions.clear();
                continue;
            }
            return resumed;
        };
        assert_eq!(resumed.status.code(), Some(2), "{said}");
        let path = rest.split('`').next().unwrap();
        let number: usize = match path.split_once("inner[") {
            Some((_, rest)) => rest.split(']').next().unwrap().parse().unwrap(),
            None => 0,
        };
        *decided += 1;
        decisions = match lines(folder).contains(&number) {
            true => vec!["--done".into(), format!("{path}={{\"line\": {number}}}")],
            false => vec!["--again".into(), path.into()],
        };
    }
}

/// The store of a test's runs.
fn store(folder: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(binary::store(folder)).unwrap()
}

/// Leaves the last run as a kill between what the run itself did and its record leaves it.
fn as_killed(folder: &Path) {
    let store = store(folder);
    store.execute("UPDATE cells SET outputs = NULL WHERE path = ''", []).unwrap();
    store.execute("UPDATE runs SET ended = NULL, exit_code = NULL", []).unwrap();
}
