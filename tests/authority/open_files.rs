//! How many files the calls of a run have open together.

use turingbox::Value;

use super::{json, library, policy};
use crate::support::host;

/// So that a process has some left for its other runs. Behind the second wall, each call has a process of its own.
#[test]
fn a_run_has_only_so_many_files_open() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("note.txt"), "a").unwrap();
    let policy = policy(&format!(
        "[agents.opener]\ncalls = [\"opener\"]\nfiles = [{{ path = \"{}\", mount = \"/data\", access = \"read\" }}]",
        folder.path().display()
    ));
    let opened = || host::run(&library(), "opener", &policy, &[]).outcome;
    for _ in 0..2 {
        let outcome = opened();
        let expected: [(String, Value); 1] = [("opened".into(), json(serde_json::json!([200, 200, 112, 0])))];
        assert_eq!(outcome.outputs, expected, "{:?}", outcome.failure);
    }
}
