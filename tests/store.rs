//! Runs that are kept: killed and resumed, replayed, forked; and stores that are none.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

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
        let check: String = rusqlite::Connection::open(binary::store(here.path()))
            .unwrap()
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
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

/// Time, randomness and hashes are what they were.
#[test]
fn a_replay_is_the_same_to_the_byte() {
    let here = here();
    let run = turingbox(here.path(), &["run", "random", "--number", "7"]);
    let again = turingbox(here.path(), &["run", "random", "--number", "7"]);
    assert_ne!(stdout(&run), stdout(&again), "two runs have nothing in common");
    for wall in ["none", "process"] {
        let replayed = turingbox(here.path(), &["replay", "last", "--wall", wall]);
        assert!(stdout(&replayed).starts_with("the same to the byte"), "{wall}: {}", stderr(&replayed));
    }
}

#[test]
fn a_replay_says_what_went_otherwise_first() {
    let here = here();
    turingbox(here.path(), &["run", "pure", "--limit", "3"]);
    let store = rusqlite::Connection::open(binary::store(here.path())).unwrap();
    let forged = "UPDATE cells SET outputs = replace(outputs, '[1,', '[9,') WHERE path = '1[1]'";
    assert_eq!(store.execute(forged, []).unwrap(), 1);
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert_eq!(replayed.status.code(), Some(1));
    let said = stderr(&replayed);
    assert!(said.contains("step `1[1]` went otherwise: its output `made`"), "{said}");
    assert!(said.contains("[9,") && said.contains("[1,"), "{said}");
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

/// What comes before the step is taken over, what comes behind is done anew.
#[test]
fn a_fork_leaves_a_run_at_a_step() {
    let here = here();
    let run = turingbox(here.path(), &["run", "flow", "--limit", "4"]);
    assert!(run.status.success(), "{}", stderr(&run));
    let forked = turingbox(here.path(), &["fork", "last", "--at", "1.inner[2].1.append", "--set", "line=100"]);
    assert!(forked.status.success(), "{}", stderr(&forked));
    assert_eq!(lines(here.path()), [0, 1, 2, 3, 100, 3]);
    let tape = stdout(&turingbox(here.path(), &["tape", "last", "--agent", "append"]));
    assert_eq!(tape.matches("append").count(), 2 * 4, "{tape}");
    assert!(tape.contains("line=100 → line=100"), "{tape}");
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert!(replayed.status.success(), "{}", stderr(&replayed));
    for (arguments, said) in [
        (["--at", "1.inner[9]", "--set", "number=1"], "no step of the run"),
        (["--at", "1.inner[2].1.append", "--set", "lines=1"], "has no input `lines`"),
        (["--at", "1.inner[2].1.append", "--set", "line=x"], "--set line: expected a whole number"),
    ] {
        let refused = turingbox(here.path(), &[&["fork", "last"][..], &arguments].concat());
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(stderr(&refused).contains(said), "{}", stderr(&refused));
    }
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
        let store = rusqlite::Connection::open(binary::store(here.path())).unwrap();
        store.execute("UPDATE cells SET outputs = NULL", []).unwrap();
        store.execute("UPDATE runs SET ended = NULL, exit_code = NULL", []).unwrap();
        let resumed = turingbox(here.path(), &["resume", "last"]);
        assert_eq!(resumed.status.code(), code, "{}", stderr(&resumed));
    }
    assert_eq!(lines(here.path()), [1, 1, 1]);
}

/// Large values are kept once, and go with the last run that has them.
#[test]
fn large_values_are_kept_once() {
    let here = here();
    let text = "x".repeat(100_000);
    fs::write(here.path().join("text"), &text).unwrap();
    for _ in 0..3 {
        assert!(turingbox(here.path(), &["run", "echo", "--input", "@text"]).status.success());
    }
    let size = || fs::metadata(binary::store(here.path())).unwrap().len();
    assert!(size() < 250_000, "{}", size());
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert!(replayed.status.success(), "{}", stderr(&replayed));
    let large = || -> i64 {
        let store = rusqlite::Connection::open(binary::store(here.path())).unwrap();
        store.query_row("SELECT count(*) FROM large", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(large(), 1);
    turingbox(here.path(), &["runs", "echo", "--forget"]);
    assert_eq!(large(), 0);
    // What is forgotten takes no room.
    assert!(size() < 100_000, "{}", size());
}

#[test]
fn a_secret_is_not_kept() {
    let here = here();
    let agent = here.path().join("agents/keeps");
    fs::create_dir(&agent).unwrap();
    let manifest =
        "kind = \"proc\"\nhelp = \"x\"\npython = \"main.py\"\n[inputs.key]\ntype = \"secret\"\n[outputs.made]\n";
    fs::write(agent.join("agent.toml"), manifest).unwrap();
    fs::write(agent.join("main.py"), "def main(key):\n    return f\"it is {key}\"\n").unwrap();
    fs::write(here.path().join("policy.toml"), "version = 1\n[agents.keeps]\nenv = [\"key\"]\n").unwrap();
    let run = turingbox(here.path(), &["run", "keeps", "--key", "hunter2-and-more"]);
    assert!(run.status.success(), "{}", stderr(&run));
    let file = fs::read(binary::store(here.path())).unwrap();
    assert!(!file.windows(7).any(|bytes| bytes == b"hunter2"));
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert_eq!(replayed.status.code(), Some(2));
    assert!(stderr(&replayed).contains("give it to this command as the variable `key`"), "{}", stderr(&replayed));
    let replayed = command(here.path(), &["replay", "last"]).env("key", "hunter2-and-more").output().unwrap();
    assert!(replayed.status.success(), "{}", stderr(&replayed));
}

/// A store that is none, is damaged, or comes from a later version is an error that says so, and stays as it is.
#[test]
fn a_store_that_is_none_is_refused() {
    let here = here();
    let path = here.path().join("made.sqlite");
    let run = |store: &str| turingbox(here.path(), &["run", "echo", "--input", "x", "--store", store]);
    assert!(run("made.sqlite").status.success());
    let made = fs::read(&path).unwrap();
    let database = |change: &str| {
        fs::write(&path, &made).unwrap();
        rusqlite::Connection::open(&path).unwrap().execute_batch(change).unwrap();
    };
    let cases: [(&dyn Fn(), &str); 6] = [
        (&|| database("PRAGMA user_version = 9"), "made by a later version of turingbox"),
        (&|| database("PRAGMA application_id = 7"), "is no store of runs"),
        (&|| fs::write(&path, "kind = \"proc\"\n".repeat(1000)).unwrap(), "is no store of runs"),
        (&|| fs::write(&path, &made[..made.len() / 2]).unwrap(), "is no store of runs"),
        (&|| fs::write(&path, &made[..5000]).unwrap(), "is no store of runs"),
        (&|| drop((fs::remove_file(&path), fs::create_dir(&path))), "can't be opened"),
    ];
    for (spoil, said) in cases {
        spoil();
        let before = fs::read(&path).ok();
        for refused in [run("made.sqlite"), turingbox(here.path(), &["runs", "--store", "made.sqlite"])] {
            assert_eq!(refused.status.code(), Some(2), "{said}: {}", stderr(&refused));
            assert!(stderr(&refused).contains(said), "{said}: {}", stderr(&refused));
        }
        assert_eq!(fs::read(&path).ok(), before, "{said}");
    }
    let nowhere = run("nowhere/made.sqlite");
    assert!(stderr(&nowhere).contains("can't be opened: No such file"), "{}", stderr(&nowhere));
}

/// Somebody else who writes is waited for, and not for ever.
#[test]
fn a_store_that_is_locked_is_waited_for() {
    let here = here();
    assert!(turingbox(here.path(), &["run", "echo", "--input", "x"]).status.success());
    let other = rusqlite::Connection::open(binary::store(here.path())).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut waits = command(here.path(), &["run", "echo", "--input", "y"]).stdout(Stdio::null()).spawn().unwrap();
    thread::sleep(Duration::from_millis(300));
    assert!(waits.try_wait().unwrap().is_none());
    other.execute_batch("COMMIT").unwrap();
    assert!(waits.wait().unwrap().success());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = turingbox(here.path(), &["run", "echo", "--input", "z"]);
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("another process has held the store"), "{}", stderr(&refused));
}

#[test]
fn nothing_is_kept_without_a_store() {
    let here = here();
    assert!(turingbox(here.path(), &["run", "echo", "--input", "x", "--no-store"]).status.success());
    assert!(turingbox(here.path(), &["run", "echo", "--input", "x", "--dry-run"]).status.success());
    assert!(!binary::store(here.path()).exists());
}

/// An answer is given again to the same inputs, as long as the agent is the same and reaches nothing outside.
#[test]
fn an_answer_is_given_again() {
    let here = here();
    let run = |text: &str| stdout(&turingbox(here.path(), &["run", "slow", "--text", text]));
    let (one, other) = (run("a"), run("b"));
    assert_ne!(one[2..], other[2..]);
    assert_eq!([run("a"), run("b")], [one.clone(), other]);
    let tape = stdout(&turingbox(here.path(), &["tape", "last"]));
    assert!(tape.contains(", 0 fuel)"), "{tape}");
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert!(stdout(&replayed).contains("1 call to what reaches outside answered"), "{}", stderr(&replayed));
    // What a forgotten run held, answers hold as well.
    turingbox(here.path(), &["runs", "slow", "--forget"]);
    assert_eq!(run("a"), one);
    let failed = || turingbox(here.path(), &["run", "slow", "--text", "bad", "--json"]);
    for _ in 0..2 {
        let failed: serde_json::Value = serde_json::from_slice(&failed().stdout).unwrap();
        assert!(failed["usage"]["fuel"].as_u64().unwrap() > 0, "a failure is no answer: {failed}");
    }
    let main = here.path().join("agents/slow/main.py");
    fs::write(&main, fs::read_to_string(&main).unwrap() + "\n").unwrap();
    let changed = run("a");
    assert_ne!(changed, one);
    fs::write(here.path().join("policy.toml"), "version = 1\n[agents.slow]\nenv = [\"X\"]\n").unwrap();
    assert_ne!(run("a"), changed, "what reads is not pure");
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
    let store = rusqlite::Connection::open(binary::store(here.path())).unwrap();
    store.execute("UPDATE cells SET outputs = NULL WHERE path = ''", []).unwrap();
    store.execute("UPDATE runs SET ended = NULL, exit_code = NULL", []).unwrap();
    let resumed = turingbox(here.path(), &["resume", "last"]);
    assert!(resumed.status.success(), "{}", stderr(&resumed));
    let cells: i64 = store.query_row("SELECT count(*) FROM cells", [], |row| row.get(0)).unwrap();
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
    let store = rusqlite::Connection::open(binary::store(here.path())).unwrap();
    store.execute("UPDATE cells SET outputs = NULL WHERE path = ''", []).unwrap();
    store.execute("UPDATE runs SET ended = NULL, exit_code = NULL", []).unwrap();
    let resumed = turingbox(here.path(), &["resume", "last"]);
    assert!(resumed.status.success(), "{}", stderr(&resumed));
    assert_eq!(stdout(&resumed), stdout(&run));
    let cells: i64 = store.query_row("SELECT count(*) FROM cells", [], |row| row.get(0)).unwrap();
    assert_eq!(cells, 3, "none is written twice");
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert!(replayed.status.success(), "{}", stderr(&replayed));
}

/// A fork has all that it takes over from its first moment on: killed and resumed, it does none of that again.
#[test]
fn a_killed_fork_goes_on_from_the_step() {
    for after in [10, 30, 60, 100] {
        let here = here();
        assert!(turingbox(here.path(), &["run", "flow", "--limit", "20"]).status.success());
        let before = last(here.path())["run"].clone();
        let fork = ["fork", "last", "--at", "1.inner[19].1.append"];
        killed(command(here.path(), &fork), Duration::from_millis(after));
        if last(here.path())["run"] == before {
            continue;
        }
        let resumed = resume_to_the_end(here.path(), &mut 0, &mut 0);
        assert!(resumed.status.success(), "{}", stderr(&resumed));
        let mut lines = lines(here.path());
        lines.dedup();
        assert_eq!(lines, (0..20).collect::<Vec<_>>(), "after {after} ms");
        let replayed = turingbox(here.path(), &["replay", "last"]);
        assert!(replayed.status.success(), "{}", stderr(&replayed));
    }
}

/// A fork of a fork takes over what the first one changed, if that is before its step.
#[test]
fn a_fork_can_be_forked() {
    let here = here();
    assert!(turingbox(here.path(), &["run", "flow", "--limit", "4"]).status.success());
    for at in ["1.inner[2].1.append", "1.inner[1].1.append", "1.inner[3].1.append"] {
        let forked = turingbox(here.path(), &["fork", "last", "--at", at, "--set", "line=50"]);
        assert!(forked.status.success(), "{at}: {}", stderr(&forked));
        let replayed = turingbox(here.path(), &["replay", "last"]);
        assert!(replayed.status.success(), "{at}: {}", stderr(&replayed));
    }
    let tape = stdout(&turingbox(here.path(), &["tape", "last", "--agent", "append"]));
    assert_eq!(tape.matches("line=50 → line=50").count(), 2, "{tape}");
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
    let mut replay = command(here.path(), &["run", "pure", "--limit", "2000"]).stdout(Stdio::null()).spawn().unwrap();
    assert!(replay.wait().unwrap().success());
    replay = command(here.path(), &["replay", "last"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(Duration::from_millis(700));
    kill_process(Pid::from_child(&replay), Signal::INT).unwrap();
    assert_eq!(replay.wait().unwrap().code(), Some(130));
}

/// A folder that holds the store is no folder for agents, nor is the store a database of theirs.
#[test]
fn no_agent_reaches_the_store() {
    let here = here();
    let policy = here.path().join("policy.toml");
    let run = |policy: &Path, text: &str| {
        fs::write(policy, text).unwrap();
        turingbox(here.path(), &["run", "append", "--line", "1", "--store", "data/kept"])
    };
    let mounted = "version = 1\n[agents.append]\nfiles = [{ path = \"data\", mount = \"/data\", access = \"read\" }]\n";
    let refused = run(&policy, mounted);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("error[mount]"), "{}", stderr(&refused));
    let database = "version = 1\n[agents.append]\ndatabases = [{ name = \"d\", url = { file = \"data/kept\" }, tables = { runs = \"read\" } }]\n";
    let refused = run(&policy, database);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("error[database]"), "{}", stderr(&refused));
}
