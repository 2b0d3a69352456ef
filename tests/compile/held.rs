//! What holds a compiler while it works, and what becomes of it.

use std::{
    fs,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{library, loops, with_functions};
use crate::{
    support::binary,
    wall::{children, goes, status},
};

/// A run whose component is being compiled, by a process that is confined already.
fn compiling(folder: &std::path::Path) -> (Child, u32) {
    drop(library(folder, &with_functions(&loops(500))));
    let mut command = binary::turingbox(folder);
    command.env("TURINGBOX_CACHE", folder.join("cache")).env("TURINGBOX_STATE", folder.join("state"));
    let mut run = command.args(["run", "a"]).stderr(Stdio::null()).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while Instant::now() < end {
        let compilers = children(run.id());
        if let [compiler] = compilers[..]
            && status(compiler).get("Seccomp").is_some_and(|mode| mode == "2")
        {
            return (run, compiler);
        }
        thread::sleep(Duration::from_millis(5));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    panic!("no compiler is confined")
}

#[test]
fn a_compiler_is_held_and_outlives_nobody() {
    for (signal, whom) in [(Signal::KILL, "its parent"), (Signal::INT, "the run")] {
        let folder = tempfile::tempdir().unwrap();
        let (mut run, compiler) = compiling(folder.path());
        assert_eq!(status(compiler)["NoNewPrivs"], "1");
        let limits = fs::read_to_string(format!("/proc/{compiler}/limits")).unwrap();
        let limit = |name: &str| {
            let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{limits}"));
            line.split_whitespace().next().unwrap().parse::<u64>().unwrap()
        };
        assert_eq!((limit("Max data size"), limit("Max cpu time")), (4 << 30, 60));
        assert_eq!((limit("Max core file size"), limit("Max file size")), (0, 0));
        assert_eq!(fs::read(format!("/proc/{compiler}/environ")).unwrap(), b"", "nothing of ours reaches it");
        kill_process(Pid::from_child(&run), signal).unwrap();
        run.wait().unwrap();
        assert!(goes(compiler), "a compiler outlived {whom}");
    }
}
