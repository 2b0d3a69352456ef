//! A person who stops a run.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{binary, folder, root};

#[test]
fn an_interrupt_ends_a_run_with_130() {
    let here = tempfile::tempdir().unwrap();
    folder::copy(&root().join("tests/interrupt"), here.path());
    let mut run = binary::turingbox(here.path()).args(["run", "endless"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    // It says so from inside its loop: from then on it can only be stopped.
    assert!(lines.by_ref().any(|line| line.unwrap().contains("running")));
    kill_process(Pid::from_child(&run), Signal::INT).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(130));
    assert!(lines.any(|line| line.unwrap().contains("error[interrupted]")));
}
