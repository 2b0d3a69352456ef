//! The second wall: what the kernel refuses, that nothing else changes, and what becomes of a worker.

mod forged;
mod kernel;
mod process;

pub use process::{children, goes, status};

use crate::{
    audit, authority, commands, dry_run, given, hostile, isolation,
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
        commands::a_program_that_maps_nothing_gets_options_and_standard_input();
        commands::inputs_go_where_the_manifest_says();
        commands::an_input_is_no_option();
        commands::exit_codes_are_kept();
        commands::a_program_that_fails_says_why();
        commands::outputs_are_what_their_types_say();
        commands::files_are_the_calls_own();
        commands::a_secret_is_written_nowhere();
        given::a_text_is_read_as_the_input_is_declared();
        given::a_text_that_says_nothing_of_the_sort_is_refused();
    });
}

/// Nor does anything of a dry run: what is planned comes from the worker, and it works on the same copies.
#[test]
fn dry_runs_are_the_same_behind_the_wall() {
    host::behind_a_wall(|| {
        dry_run::an_agent_without_effects_runs_for_real();
        dry_run::an_agent_may_answer_for_itself();
        dry_run::no_statement_is_run();
        dry_run::a_plan_cant_be_flooded();
        dry_run::files::no_file_is_changed();
        dry_run::files::a_dry_run_is_decided_like_a_real_one();
        dry_run::files::later_agents_read_what_earlier_ones_wrote();
        dry_run::files::what_is_written_is_bounded();
        dry_run::network::no_request_is_sent();
        dry_run::network::no_connection_is_made();
        dry_run::network::what_is_denied_is_denied_dry();
        dry_run::network::no_secret_is_in_a_plan();
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
