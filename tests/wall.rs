//! The second wall: what the kernel refuses, that nothing else changes, and what becomes of a worker.

mod forged;
mod kernel;
mod process;

pub use process::children;

use crate::{
    audit, authority, hostile, isolation,
    support::{binary, host, root},
};

/// The suites that say what a run gives, denies and writes down, once more behind the wall.
#[test]
fn nothing_changes_behind_the_wall() {
    host::behind_a_wall(|| {
        authority::a_call_needs_a_grant();
        authority::a_callee_holds_its_own_grants_under_the_ceilings_of_all_who_called();
        authority::a_callee_spends_what_its_caller_has_left();
        authority::a_callee_sends_what_its_caller_has_left();
        authority::a_callee_has_no_more_time_than_its_caller();
        authority::a_secret_reaches_whom_it_is_granted_to_and_is_written_nowhere();
        authority::a_secret_for_one_host_is_a_placeholder();
        authority::a_value_that_could_not_be_hidden_is_refused();
        authority::every_decision_is_written_down();
        audit::what_cannot_be_written_down_is_not_done();
        audit::each_denial_has_its_record_and_there_are_so_many();
        audit::what_the_runtime_looks_for_is_not_the_agents();
        audit::jumps_are_decisions();
        isolation::an_instance_serves_one_call_or_one_run();
        isolation::what_was_stopped_is_not_called_again();
        isolation::an_agent_that_calls_itself_has_two_instances();
        isolation::calls_of_one_instance_are_told_apart();
    });
}

#[test]
fn hostile_guests_are_held_behind_the_wall() {
    host::behind_a_wall(hostile::hostile_guests_are_held);
}

#[test]
fn every_case_of_every_agent_passes_behind_the_wall() {
    let tested = binary::turingbox(root()).args(["test", "--json", "--wall", "process"]).output().unwrap();
    let said = String::from_utf8_lossy(&tested.stderr);
    let report: serde_json::Value =
        serde_json::from_slice(&tested.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    let cases = report["cases"].as_array().unwrap();
    let failed: Vec<_> = cases.iter().filter(|case| case["differences"] != serde_json::json!([])).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(tested.status.success() && !cases.is_empty(), "{said}");
}

/// An agent that calls itself takes a process for each level: that ends, and no worker is left.
#[test]
fn workers_are_bounded() {
    let mut inputs = serde_json::json!({ "agent": "echo", "inputs": { "input": "x" } });
    for _ in 0..70 {
        inputs = serde_json::json!({ "agent": "ask", "inputs": inputs });
    }
    let policy = "version = 1\n[agents.ask]\ncalls = [\"*\"]\nlimits = { depth = 100, time = \"5m\" }";
    let ran = host::behind_a_wall(|| {
        let library = host::library(&root().join("tests/authority/agents"));
        let policy = turingbox::Policy::parse("policy.toml", policy).unwrap();
        let nested = turingbox::Value::Json(turingbox::Json::from(inputs["inputs"].clone()));
        host::run(&library, "ask", &policy, &[("agent", turingbox::Value::text("ask")), ("inputs", nested)])
    });
    let answer = format!("{:?} {:?}", ran.outcome.failure, ran.steps);
    assert!(ran.steps.iter().any(|(_, code)| *code == Some("limit.depth")), "{answer}");
}
