//! What a call writes to stays in place for the next, and is reset there. What is given back in place of that costs a
//! page fault for each page, and holds up the other cores.

use std::fs;

use serde_json::json;
use turingbox::Value;
use wasmtime::PoolingAllocationConfig;

use crate::support::{host, root};

/// How many calls more one of two runs makes.
const MORE: u64 = 100;

/// How many page faults a call may have. Where the kernel is asked for one stretch of memory more than it answers at
/// once, it is that one's page in each call.
const FAULTS: f64 = 1.0;

/// How often it is looked at: the least counts, since the host's own memory costs some faults, too, now and then.
const ROUNDS: u64 = 5;

/// How many page faults this thread has had, by proc_pid_stat(5).
fn faults() -> u64 {
    let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
    // The second field is a name in brackets; of the others this is the tenth.
    let fields = stat.rsplit(')').next().unwrap();
    fields.split_whitespace().nth(7).unwrap().parse().unwrap()
}

#[test]
pub fn a_python_call_faults_little_in() {
    if !PoolingAllocationConfig::is_pagemap_scan_available() {
        eprintln!("this kernel can't say what was written to (Linux 6.7 or later can): all is given back");
        return;
    }
    let library = host::library(&root().join("tests/isolation/agents"));
    // Where nobody else's calls have been.
    let sandbox = host::new_sandbox();
    let faults_of = |calls: u64| {
        let before = faults();
        let ran = host::run_with(&library, "often", &[("limit", Value::Json(json!(calls).into()))], |setup| {
            setup.sandbox = sandbox.clone();
        });
        assert!(ran.outcome.failure.is_none(), "{:?}", ran.outcome.failure);
        faults() - before
    };
    // The first calls have been everywhere that others go.
    faults_of(MORE);
    let more = (0..ROUNDS).map(|_| (faults_of(1), faults_of(1 + MORE))).map(|(few, many)| many.saturating_sub(few));
    let each = more.min().unwrap() as f64 / MORE as f64;
    assert!(each < FAULTS, "{each} page faults a call");
}
