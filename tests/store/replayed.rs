//! Runs that are made again from their recordings.

use std::fs;

use super::{as_killed, here, lines, stderr, stdout, store, turingbox};

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
    let store = store(here.path());
    let forged = "UPDATE cells SET outputs = replace(outputs, '[1,', '[9,') WHERE path = '1[1]'";
    assert_eq!(store.execute(forged, []).unwrap(), 1);
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert_eq!(replayed.status.code(), Some(1));
    let said = stderr(&replayed);
    assert!(said.contains("step `1[1]` went otherwise: its output `made`"), "{said}");
    assert!(said.contains("[9,") && said.contains("[1,"), "{said}");
}

/// What time decided once is so again, whatever the time is now: time-outs, and whether there was another attempt.
/// Nobody waits for it a second time.
#[test]
fn what_time_decided_stays_decided() {
    for (agent, said, lines_then) in [("late", "workflow.timeout", 2), ("tries", "3", 3)] {
        let here = here();
        let run = turingbox(here.path(), &["run", agent]);
        assert_eq!(stdout(&run), said, "{agent}: {}", stderr(&run));
        assert_eq!(lines(here.path()).len(), lines_then);
        let replayed = turingbox(here.path(), &["replay", "last"]);
        assert!(replayed.status.success(), "{agent}: {}", stderr(&replayed));
        as_killed(here.path());
        // There is no time to wait in.
        let policy = here.path().join("policy.toml");
        fs::write(&policy, fs::read_to_string(&policy).unwrap().replace("10m", "1s")).unwrap();
        let resumed = turingbox(here.path(), &["resume", "last"]);
        assert_eq!(stdout(&resumed), said, "{agent}: {}", stderr(&resumed));
        assert_eq!(lines(here.path()).len(), lines_then, "{agent}: nothing is done again");
    }
}

/// A run that its time ended is replayed as far as it came.
#[test]
fn a_run_that_took_too_long_is_replayed_to_where_it_was() {
    let here = here();
    fs::write(here.path().join("policy.toml"), "version = 1\n[agents.pure]\nlimits = { time = \"300ms\" }\n").unwrap();
    assert_eq!(turingbox(here.path(), &["run", "pure", "--limit", "5000"]).status.code(), Some(4));
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert!(replayed.status.success(), "{}", stderr(&replayed));
    assert!(stdout(&replayed).starts_with("the same to the byte"), "{}", stdout(&replayed));
}
