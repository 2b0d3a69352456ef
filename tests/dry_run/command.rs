//! The command: what it leaves behind.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{binary, root};

const POLICY: &str = "version = 1\n[agents.waits]\nfiles = [{ path = \"out\", mount = \"/out\", access = \"write\" }]\n\
                      limits = { time = \"10m\", fuel = 1_000_000_000_000_000 }\n";

fn command(here: &Path) -> Command {
    let mut command = binary::turingbox(here);
    fs::create_dir(here.join("tmp")).unwrap();
    fs::create_dir(here.join("out")).unwrap();
    fs::write(here.join("policy.toml"), POLICY).unwrap();
    command.env("TMPDIR", here.join("tmp")).args(["run", "waits", "--dry-run", "--policy", "policy.toml", "--agents"]);
    command.arg(root().join("tests/dry_run/agents"));
    command
}

fn left_behind(here: &Path) -> usize {
    fs::read_dir(here.join("tmp")).unwrap().count()
}

#[test]
fn copies_go_away_at_the_end() {
    let here = tempfile::tempdir().unwrap();
    let output = command(here.path()).args(["--passes", "0"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!((left_behind(here.path()), fs::read_dir(here.path().join("out")).unwrap().count()), (0, 0));
}

#[test]
fn copies_go_away_after_an_interrupt() {
    for wall in ["none", "process"] {
        let here = tempfile::tempdir().unwrap();
        let mut run = command(here.path());
        let run = run.args(["--wall", wall]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut run = run.spawn().unwrap();
        let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
        assert!(lines.by_ref().any(|line| line.unwrap().contains("running")));
        assert!(left_behind(here.path()) > 0, "the copies are somewhere else");
        kill_process(Pid::from_child(&run), Signal::INT).unwrap();
        let output = run.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("files write /out/file"), "the plan so far is printed: {said}");
        assert_eq!(
            (left_behind(here.path()), fs::read_dir(here.path().join("out")).unwrap().count()),
            (0, 0),
            "{wall}"
        );
    }
}
