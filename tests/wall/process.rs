//! Workers as processes: how they are held, how they die, and that none is left behind.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use seccompiler::{SeccompAction, SeccompFilter};

use crate::support::{binary, root};

/// A run of `agent` that has come so far that its guest says so.
fn running(agent: &str) -> (Child, u32) {
    let mut run =
        command(&["run", agent, "--json", "--trace"]).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    assert!(lines.by_ref().any(|line| line.unwrap().contains("running")));
    // What is written afterwards has to go somewhere.
    thread::spawn(move || lines.for_each(drop));
    let workers = children(run.id());
    assert_eq!(workers.len(), 1, "{workers:?}");
    (run, workers[0])
}

fn command(arguments: &[&str]) -> Command {
    let folder = root().join("tests/wall");
    let mut command = binary::turingbox(&folder);
    command.args(arguments).args(["--wall", "process"]);
    command
}

/// The processes that `parent` started.
pub fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(|number| status(*number).get("PPid").is_some_and(|found| *found == parent.to_string())).collect()
}

/// What the kernel says about a process.
pub fn status(number: u32) -> BTreeMap<String, String> {
    let text = fs::read_to_string(format!("/proc/{number}/status")).unwrap_or_default();
    text.lines().filter_map(|line| line.split_once(':')).map(|(key, value)| (key.into(), value.trim().into())).collect()
}

/// Whether a process is gone, or is within some seconds.
pub fn goes(number: u32) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        match status(number).get("State") {
            Some(state) if !state.starts_with('Z') => thread::sleep(Duration::from_millis(20)),
            _ => return true,
        }
    }
    false
}

fn signal(number: u32, signal: Signal) {
    kill_process(Pid::from_raw(number.cast_signed()).unwrap(), signal).unwrap();
}

#[test]
fn a_worker_is_held_whole() {
    let (mut run, worker) = running("slow");
    let tasks = fs::read_dir(format!("/proc/{worker}/task")).unwrap();
    let tasks: Vec<u32> = tasks.map(|task| task.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect();
    assert!(tasks.len() > 1, "a worker has threads");
    for task in tasks {
        let status = status(task);
        assert_eq!((status["NoNewPrivs"].as_str(), status["Seccomp"].as_str()), ("1", "2"), "thread {task}");
    }
    let limits = fs::read_to_string(format!("/proc/{worker}/limits")).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{limits}"));
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(limit("Max core file size"), 0);
    assert!(limit("Max open files") <= 1024 && limit("Max file size") <= 4 << 30);
    assert!(limit("Max data size") < 10 << 30);
    assert_eq!(fs::read(format!("/proc/{worker}/environ")).unwrap(), b"", "nothing of our environment reaches it");
    signal(run.id(), Signal::KILL);
    run.wait().unwrap();
    assert!(goes(worker), "a worker outlived its parent");
}

#[test]
fn a_worker_that_dies_fails_one_call() {
    let (run, worker) = running("flow");
    signal(worker, Signal::KILL);
    let output = run.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["outputs"]["output"], "went on", "{report}");
    let (run, worker) = running("slow");
    signal(worker, Signal::KILL);
    let output = run.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((report["failure"]["code"].as_str(), output.status.code()), (Some("agent.crashed"), Some(1)));
    let message = report["failure"]["message"].as_str().unwrap();
    assert!(message.contains("worker process of `slow`") && message.contains("signal 9"), "{message}");
}

#[test]
fn an_interrupt_leaves_no_worker() {
    let (mut run, worker) = running("slow");
    signal(run.id(), Signal::INT);
    assert_eq!(run.wait().unwrap().code(), Some(130));
    assert!(goes(worker), "a worker outlived the run");
}

/// A kernel without one of them, as far as the program can see.
fn without(call: i64, errno: i32) -> (Option<i32>, String) {
    // Built before: a command of the tests may not run without it either.
    let mut run = command(&["run", "echo", "--input", "x"]);
    let thread = thread::spawn(move || {
        let (otherwise, then) = (SeccompAction::Allow, SeccompAction::Errno(errno.cast_unsigned()));
        let target = std::env::consts::ARCH.try_into().unwrap();
        let filter = SeccompFilter::new([(call, Vec::new())].into(), otherwise, then, target).unwrap();
        let program: seccompiler::BpfProgram = filter.try_into().unwrap();
        seccompiler::apply_filter(&program).unwrap();
        let mut run = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut given, mut said) = (String::new(), String::new());
        run.stdout.take().unwrap().read_to_string(&mut given).unwrap();
        run.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(given, "", "nothing runs without the wall that was asked for");
        (run.wait().unwrap().code(), said)
    });
    thread.join().unwrap()
}

#[test]
fn a_kernel_that_lacks_it_is_an_error() {
    let (code, said) = without(libc::SYS_landlock_create_ruleset, libc::ENOSYS);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("Landlock") && said.contains("Linux 6.2"), "{said}");
    let (code, said) = without(libc::SYS_seccomp, libc::ENOSYS);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("seccomp"), "{said}");
}

#[test]
fn a_wall_is_for_what_runs_guests() {
    let listed = command(&["list"]).output().unwrap();
    assert_eq!(listed.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&listed.stderr).contains("`--wall` is for `run`, `batch`, `resume`"));
}
