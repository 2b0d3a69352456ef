//! Runs that are killed, and what becomes of them when they are resumed.

use std::{fs, process::Stdio, thread, time::Duration};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    as_killed, command, here, killed, kills, last, lines, resume_to_the_end, stderr, stdout, store, turingbox,
};

/// Killed at any moment, again and again, a run with effects goes on where it was: each effect happens once.
#[test]
fn a_killed_run_goes_on_and_does_nothing_twice() {
    let (mut left, mut rounds, mut decided) = (kills(30), 0, 0);
    let count = 30;
    while left > 0 {
        rounds += 1;
        let here = here();
        let limit = count.to_string();
        let after = Duration::from_millis(30 + (rounds * 53) % 150);
        if killed(command(here.path(), &["run", "flow", "--limit", &limit]), after) {
            left -= 1;
        }
        if last(here.path()).is_null() {
            continue;
        }
        let resumed = resume_to_the_end(here.path(), &mut left, &mut decided);
        assert!(resumed.status.success(), "{}", stderr(&resumed));
        assert!(stdout(&resumed).starts_with("{\"count\":30,\"last\":[29,"), "{}", stdout(&resumed));
        assert_eq!(lines(here.path()), (0..count).collect::<Vec<_>>(), "after {decided} decisions");
        let replayed = turingbox(here.path(), &["replay", "last"]);
        assert!(replayed.status.success(), "{}", stderr(&replayed));
        // A file that is whole has nothing more to say.
        let check: String = store(here.path()).query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
    }
}

/// A run that reaches nothing outside needs no decision, and gives what it would have given.
#[test]
fn a_killed_run_without_effects_just_goes_on() {
    let mut left = kills(15);
    while left > 0 {
        let here = here();
        let mut over = !killed(command(here.path(), &["run", "pure", "--limit", "60"]), Duration::from_millis(60));
        while !over && left > 0 {
            left -= 1;
            over =
                !killed(command(here.path(), &["resume", "last"]), Duration::from_millis(40 + (left as u64 * 13) % 90));
        }
        if last(here.path()).is_null() {
            continue;
        }
        let resumed = turingbox(here.path(), &["resume", "last"]);
        assert!(resumed.status.success(), "{}", stderr(&resumed));
        let replayed = turingbox(here.path(), &["replay", "last", "--json"]);
        let said: serde_json::Value = serde_json::from_slice(&replayed.stdout).unwrap();
        assert_eq!(said["same"], true, "{said}");
        assert_eq!(said["made"], 121, "{said}");
        left = left.saturating_sub(1);
    }
}

#[test]
fn a_changed_agent_is_not_gone_on_with() {
    let here = here();
    assert!(killed(command(here.path(), &["run", "pure", "--limit", "1000"]), Duration::from_millis(400)));
    let main = here.path().join("agents/random/main.py");
    fs::write(&main, fs::read_to_string(&main).unwrap() + "\n").unwrap();
    let resumed = turingbox(here.path(), &["resume", "last"]);
    assert_eq!(resumed.status.code(), Some(2));
    let said = stderr(&resumed);
    assert!(said.contains("these agents aren't what they were") && said.contains(": random\n"), "{said}");
    assert!(said.contains("turingbox fork"), "{said}");
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert_eq!(replayed.status.code(), Some(1));
    assert!(stderr(&replayed).contains("was recorded with other files of `random`"), "{}", stderr(&replayed));
}

/// Two processes never work on one run.
#[test]
fn a_run_that_is_not_over_is_left_alone() {
    let here = here();
    let mut run = command(here.path(), &["run", "pure", "--limit", "100000"]).stderr(Stdio::null()).spawn().unwrap();
    while last(here.path()).is_null() {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(last(here.path())["state"], "running");
    for refused in ["resume", "replay"] {
        let refused = turingbox(here.path(), &[refused, "last"]);
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("isn't over"), "{}", stderr(&refused));
    }
    let kept = turingbox(here.path(), &["runs", "pure", "--forget"]);
    assert!(stderr(&kept).contains("isn't over, and stays"), "{}", stderr(&kept));
    kill_process(Pid::from_child(&run), Signal::INT).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(130));
    assert_eq!(last(here.path())["state"], "stopped");
    assert!(stderr(&turingbox(here.path(), &["runs", "pure", "--forget"])).contains("1 run forgotten"));
    assert!(last(here.path()).is_null());
}

/// An agent that says that twice is as good as once is not asked about.
#[test]
fn an_idempotent_step_is_done_again() {
    let here = here();
    for (agent, code) in [("append", Some(2)), ("again", Some(0))] {
        turingbox(here.path(), &["run", agent, "--line", "1"]);
        // As a kill between the effect and its record leaves it.
        as_killed(here.path());
        let resumed = turingbox(here.path(), &["resume", "last"]);
        assert_eq!(resumed.status.code(), code, "{}", stderr(&resumed));
    }
    assert_eq!(lines(here.path()), [1, 1, 1]);
}

/// What a step that is done again did by calls of its own is done again as well, and held against nothing.
#[test]
fn the_calls_of_a_step_that_is_done_again_are_made_anew() {
    let here = here();
    let agent = here.path().join("agents/asks");
    fs::create_dir(&agent).unwrap();
    let manifest =
        "kind = \"proc\"\nhelp = \"x\"\npython = \"main.py\"\nidempotent = true\n[outputs.made]\ntype = \"json\"\n";
    fs::write(agent.join("agent.toml"), manifest).unwrap();
    let main = "import time\nfrom turingbox import call\n\n\ndef main():\n    return call.run(\"random\", number=time.time_ns() % 1000)\n";
    fs::write(agent.join("main.py"), main).unwrap();
    fs::write(here.path().join("policy.toml"), "version = 1\n[agents.asks]\ncalls = [\"random\"]\n").unwrap();
    let run = turingbox(here.path(), &["run", "asks"]);
    assert!(run.status.success(), "{}", stderr(&run));
    as_killed(here.path());
    let resumed = turingbox(here.path(), &["resume", "last"]);
    assert!(resumed.status.success(), "{}", stderr(&resumed));
    let cells: i64 = store(here.path()).query_row("SELECT count(*) FROM cells", [], |row| row.get(0)).unwrap();
    assert_eq!(cells, 2, "the run and its one call");
}

/// A step that couldn't begin is no obstacle to one that can.
#[test]
fn a_step_that_could_not_begin_is_tried_again() {
    let here = here();
    let agent = here.path().join("agents/missing");
    fs::create_dir(&agent).unwrap();
    let manifest = "kind = \"workflow\"\nhelp = \"x\"\non_fail = \"continue\"\n[inputs.text]\noptional = true\n[outputs.output]\nfrom = \"$made\"\n\n\
        [[steps]]\nagent = \"random\"\ninputs = { number = \"int($text)\" }\noutputs = { made = \"first\" }\n\n\
        [[steps]]\nagent = \"random\"\ninputs = { number = 1 }\noutputs = { made = \"made\" }\n";
    fs::write(agent.join("agent.toml"), manifest).unwrap();
    let run = turingbox(here.path(), &["run", "missing", "--text", "x"]);
    assert!(run.status.success(), "{}", stderr(&run));
    as_killed(here.path());
    let resumed = turingbox(here.path(), &["resume", "last"]);
    assert!(resumed.status.success(), "{}", stderr(&resumed));
    assert_eq!(stdout(&resumed), stdout(&run));
    let cells: i64 = store(here.path()).query_row("SELECT count(*) FROM cells", [], |row| row.get(0)).unwrap();
    assert_eq!(cells, 3, "none is written twice");
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert!(replayed.status.success(), "{}", stderr(&replayed));
}

/// One of those that want the same run has it, and the others are told so.
#[test]
fn of_several_that_resume_a_run_one_does() {
    let here = here();
    assert!(killed(command(here.path(), &["run", "flow", "--limit", "300"]), Duration::from_millis(400)));
    let mut decided = 0;
    let resumed =
        || command(here.path(), &["resume", "last"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let all: Vec<_> = (0..5).map(|_| resumed()).collect();
    for one in all {
        let ended = one.wait_with_output().unwrap();
        let said = stderr(&ended);
        let is_told = said.contains("isn't over") || said.contains("error[tape]") || said.contains("is over: this is");
        assert!(ended.status.success() || is_told, "{said}");
    }
    let resumed = resume_to_the_end(here.path(), &mut 0, &mut decided);
    assert!(resumed.status.success(), "{}", stderr(&resumed));
    assert_eq!(lines(here.path()), (0..300).collect::<Vec<_>>());
}

/// What was asked and not answered leaves a run as it was; an interrupted replay proves nothing.
#[test]
fn what_is_refused_changes_nothing() {
    let here = here();
    let main = here.path().join("agents/append/main.py");
    fs::write(&main, "def main(line):\n    raise ValueError(\"no room\")\n").unwrap();
    assert_eq!(turingbox(here.path(), &["run", "flow", "--limit", "2"]).status.code(), Some(1));
    let failed = last(here.path());
    let asked = turingbox(here.path(), &["resume", "last"]);
    assert_eq!(asked.status.code(), Some(2), "{}", stderr(&asked));
    assert_eq!(last(here.path())["failure"], failed["failure"]);
    for wrong in [["--done", "1.inner"], ["--again", "0"], ["--again", "."]] {
        let refused = turingbox(here.path(), &[&["resume", "last"][..], &wrong].concat());
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("there is nothing to decide about"), "{}", stderr(&refused));
    }
    let wrong = turingbox(here.path(), &["resume", "last", "--done", "1.inner.1.append={\"lin\": 1}"]);
    assert!(stderr(&wrong).contains("`append` has no output `lin`"), "{}", stderr(&wrong));
    let mut replay = command(here.path(), &["run", "pure", "--limit", "2000"]).stdout(Stdio::null()).spawn().unwrap();
    assert!(replay.wait().unwrap().success());
    replay = command(here.path(), &["replay", "last"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(Duration::from_millis(700));
    kill_process(Pid::from_child(&replay), Signal::INT).unwrap();
    assert_eq!(replay.wait().unwrap().code(), Some(130));
}
