//! Runs that are made again from their recordings.

use super::{here, stderr, stdout, store, turingbox};

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
