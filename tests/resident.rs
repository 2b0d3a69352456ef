//! What a call writes to stays in place for the next, and is reset there. What is given back in place of that costs a
//! page fault for each page, and holds up the other cores.

use std::{fs, sync::Arc};

use turingbox::Value;
use wasmtime::PoolingAllocationConfig;

use crate::support::{host, root};

/// So many calls have been everywhere that the others go.
const FIRST: usize = 20;

const CALLS: u64 = 100;

/// How many page faults a call may have, of this thread: its own bookkeeping has some now and then. Where the kernel
/// is asked for more stretches of memory than it answers at once, it is the pages of those beyond.
const FAULTS: u64 = 3;

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
    let call = || {
        let ran = host::run_with(&library, "counter", &[("then", Value::text("end"))], |setup| {
            setup.sandbox = sandbox.clone();
        });
        assert!(ran.outcome.failure.is_none(), "{:?}", ran.outcome.failure);
    };
    (0..FIRST).for_each(|_| call());
    let before = faults();
    (0..CALLS).for_each(|_| call());
    let each = (faults() - before) as f64 / CALLS as f64;
    assert!(each < FAULTS as f64, "{each} page faults a call");
}
