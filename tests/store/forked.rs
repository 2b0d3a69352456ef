//! Runs that leave others at a step.

use std::time::Duration;

use super::{command, here, killed, last, lines, resume_to_the_end, stderr, stdout, turingbox};

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

/// What a step is given otherwise may stand in a file, as it may for `run`.
#[test]
fn a_fork_takes_a_file() {
    let here = here();
    assert!(turingbox(here.path(), &["run", "flow", "--limit", "2"]).status.success());
    std::fs::write(here.path().join("line"), "70").unwrap();
    let set = |value: &str| turingbox(here.path(), &["fork", "last", "--at", "1.inner[1].1.append", "--set", value]);
    let forked = set("line=@line");
    assert!(forked.status.success(), "{}", stderr(&forked));
    assert_eq!(lines(here.path())[2..], [70]);
    let refused = set("line=@none");
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("`none` can't be read: No such file"), "{}", stderr(&refused));
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
