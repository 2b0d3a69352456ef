//! Batches of an agent that writes down when it begins and when it ends.

use std::{
    fs,
    path::Path,
    process::{Child, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{batch, here, results, stderr, until};
use crate::support::{
    folder,
    marks::{at_once, begun},
    root,
};

/// What the tests start with, the agent, and so many items for it that take so long, in seconds.
fn marking(count: usize, seconds: f64) -> tempfile::TempDir {
    let here = here();
    folder::copy(&root().join("tests/steps/agents/marks"), &here.path().join("agents/marks"));
    fs::create_dir(here.path().join("data")).unwrap();
    fs::write(here.path().join("items.jsonl"), format!("{seconds}\n").repeat(count)).unwrap();
    policy(here.path(), "");
    here
}

fn policy(here: &Path, more: &str) {
    let grant = "files = [{ path = \"data\", mount = \"/data\", access = \"write\" }]";
    fs::write(here.join("policy.toml"), format!("version = 1\n{more}\n[agents.marks]\n{grant}\n")).unwrap();
}

/// A batch of `agent` with so many jobs.
fn run(here: &Path, agent: &str, jobs: &str) -> Child {
    let arguments = ["--items", "items.jsonl", "--policy", "policy.toml", "--out", "out.jsonl", "--jobs", jobs];
    batch(here, agent, &arguments).stderr(Stdio::piped()).spawn().unwrap()
}

/// Interrupts a batch of so many items once two of them, or all there are, have begun.
fn interrupted(here: &Path, count: usize) -> (Option<i32>, String) {
    let run = run(here, "marks", "2");
    until(|| begun(&here.join("data")) == count.min(2));
    kill_process(Pid::from_child(&run), Signal::INT).unwrap();
    let ended = stderr(run);
    assert!(ended.1.contains("interrupted: what is in flight is finished"), "{}", ended.1);
    ended
}

/// An item that began before an interrupt has its result; none begins after it.
#[test]
fn what_began_before_an_interrupt_has_a_result() {
    let here = marking(6, 1.5);
    let (code, said) = interrupted(here.path(), 6);
    assert_eq!(code, Some(130), "{said}");
    assert_eq!(at_once(&here.path().join("data")), 2);
    assert_eq!((begun(&here.path().join("data")), results(&here.path().join("out.jsonl")).len()), (2, 2), "{said}");
    assert!(said.contains("stopped before the last item") && said.contains("go on with: "), "{said}");
}

/// An interrupt that comes during the last item stops nothing.
#[test]
fn an_interrupt_of_the_last_item_stops_nothing() {
    let here = marking(1, 1.5);
    let (code, said) = interrupted(here.path(), 1);
    assert_eq!((code, results(&here.path().join("out.jsonl")).len()), (Some(0), 1), "{said}");
    assert!(!said.contains("stopped") && !said.contains("go on with"), "{said}");
}

/// A semaphore of the policy holds the items of a batch back: as many run at one time as it has places, no more
/// and no fewer.
#[test]
fn a_semaphore_holds_items_of_a_batch_back() {
    let naps = "kind = \"workflow\"\n[inputs.seconds]\ntype = \"number\"\n[outputs.slept]\n[[steps]]\nagent = \"marks\"\nsemaphore = \"bed\"\ninputs = { seconds = \"$seconds\" }\noutputs = { slept = \"slept\" }\n";
    for places in [1, 2, 4, 9] {
        let here = marking(8, 0.4);
        fs::create_dir(here.path().join("agents/naps")).unwrap();
        fs::write(here.path().join("agents/naps/agent.toml"), naps).unwrap();
        policy(here.path(), &format!("[semaphores]\nbed = {places}"));
        let (code, said) = stderr(run(here.path(), "naps", "4"));
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(at_once(&here.path().join("data")), places.min(4), "{places} places");
        assert_eq!((begun(&here.path().join("data")), results(&here.path().join("out.jsonl")).len()), (8, 8));
    }
}

/// Each job has room for an instance.
#[test]
fn all_jobs_run_at_once() {
    let here = marking(300, 5.0);
    let (code, said) = stderr(run(here.path(), "marks", "300"));
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(results(&here.path().join("out.jsonl")).len(), 300, "{said}");
    // More than there would be room for without so many jobs.
    let most = at_once(&here.path().join("data"));
    assert!(most > 128, "{most} at once");
}

/// What agents call in their items has room for 128 more, and no agent is blamed where that is too little.
#[test]
fn more_at_once_than_a_process_has_room_for_is_nobodys_mistake() {
    let here = marking(20, 5.0);
    let list = format!("[{}]", ["$seconds"; 16].join(", "));
    let naps = format!(
        "kind = \"workflow\"\n[inputs.seconds]\ntype = \"number\"\n[[steps]]\nagent = \"marks\"\n\
         for_each = {{ expr = \"{list}\" }}\nparallel = 16\ninputs = {{ seconds = \"$item\" }}\n"
    );
    fs::create_dir(here.path().join("agents/naps")).unwrap();
    fs::write(here.path().join("agents/naps/agent.toml"), naps).unwrap();
    let (code, said) = stderr(run(here.path(), "naps", "20"));
    assert_eq!(code, Some(5), "{said}");
    let results = fs::read_to_string(here.path().join("out.jsonl")).unwrap();
    assert!(results.contains("\"code\":\"host\"") && results.contains("148 agents at once"), "{results}");
}
