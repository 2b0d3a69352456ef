//! A worker that is no longer ours: what it says is not believed.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value as Tree, json};
use turingbox::{Policy, Value, wall::Wall};

use crate::support::{
    audit::Records,
    host::{self, Ran},
    root,
};

const POLICY: &str =
    "version = 1\n[agents.ask]\ncalls = [\"reader\"]\nlimits = { output = \"1KiB\", fuel = 1_000, calls = 1 }";

/// A run whose worker says the first of `messages`, then, when it is asked, the others, whatever it
/// is asked, and then does `last`.
fn run(messages: &[Vec<u8>], last: &str) -> Ran {
    run_with(messages, last, |_| ())
}

fn run_with(messages: &[Vec<u8>], last: &str, change: impl FnOnce(&mut turingbox::Setup)) -> Ran {
    let (first, then) = messages.split_at(messages.len().min(1));
    let folder = tempfile::tempdir().unwrap();
    let (program, here) = (folder.path().join("worker"), folder.path().display());
    fs::write(folder.path().join("first"), first.concat()).unwrap();
    fs::write(folder.path().join("then"), then.concat()).unwrap();
    let script = format!("#!/bin/sh\ncat '{here}/first' >&0\nsleep 0.3\ncat '{here}/then' >&0\n{last}\n");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let library = host::library(&root().join("tests/authority/agents"));
    host::run_with(&library, "ask", &[("agent", Value::text("echo"))], |setup| {
        setup.policy = Policy::parse("policy.toml", POLICY).unwrap().into();
        setup.wall = Wall::Process { program };
        change(setup);
    })
}

fn frame(message: &Tree) -> Vec<u8> {
    let text = message.to_string();
    [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat()
}

fn ready() -> Vec<u8> {
    frame(&json!({ "ready": { "in_force": "nothing" } }))
}

fn done(result: &Tree, denials: usize) -> Vec<u8> {
    let usage = json!({
        "fuel": u64::MAX, "memory": u64::MAX, "time": { "secs": 1, "nanos": 0 },
        "steps": u64::MAX, "bytes": u64::MAX, "calls": u64::MAX,
    });
    let denial =
        json!({ "code": "OH \u{1b}[31m", "request": "x".repeat(600), "place": ["policy.toml", 7, 9], "help": "" });
    frame(
        &json!({ "done": { "result": result, "denials": { "kept": vec![denial; denials], "omitted": 0 }, "usage": usage } }),
    )
}

fn planned() -> Vec<u8> {
    frame(&json!({ "planned": {
        "step": "7", "agent": "other", "capability": "x".repeat(5000), "effect": "write TBX_VALUE\u{1b}".repeat(500),
        "decision": "allowed", "code": "", "line": "x".repeat(5000), "answer": "", "count": u64::MAX,
    } }))
}

/// What a worker plans is bounded, and its own step's.
#[test]
fn a_forged_plan_is_bounded() {
    let plan = std::sync::Arc::new(turingbox::plan::Plan::default());
    let effects = turingbox::plan::Effects::Planned(plan.clone());
    let said = [planned(), planned(), done(&json!({ "Ok": [["answer", { "json": "{}" }]] }), 0)].concat();
    let ran = run_with(&[ready(), said], WAIT, |setup| setup.effects = effects);
    assert!(ran.outcome.failure.is_none(), "{:?}", ran.outcome.failure);
    let entries = plan.entries();
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!((entry.step.as_str(), entry.agent.as_str(), entry.count), ("", "ask", u64::MAX));
    assert!(entry.effect.len() < 1100 && entry.capability.len() < 1100, "{entry:?}");
    assert!(entry.line.as_ref().is_some_and(|line| line.len() < 1100));
}

const WAIT: &str = "exec sleep 20";

#[test]
fn a_forged_result_is_checked() {
    let answer = |outputs: Tree| run(&[ready(), done(&json!({ "Ok": outputs }), 5000)], WAIT);
    let ran = answer(json!([["answer", { "json": "{}" }]]));
    assert!(ran.outcome.failure.is_none(), "{:?}", ran.outcome.failure);
    let usage = ran.outcome.usage;
    assert_eq!((usage.fuel, usage.calls, usage.steps), (1000, 1, 0), "no more than there was");
    assert_eq!(ran.outcome.denials.len(), 1);
    let denial = &ran.outcome.denials[0];
    assert_eq!((denial.code, denial.request.len()), ("wall.unknown", 512));
    for (outputs, code) in [
        (json!([["other", { "text": "" }]]), "agent.result"),
        (json!([["answer", { "json": "{" }]]), "agent.result"),
        (json!([["answer", { "secret": "TBX_KEY" }]]), "agent.result"),
        (json!([["answer", { "text": "x".repeat(2000) }]]), "limit.output"),
        (json!([["answer", { "text": "" }], ["answer", { "text": "" }]]), "agent.result"),
    ] {
        assert_eq!(answer(outputs.clone()).outcome.failure.unwrap().code.name(), code, "{outputs}");
    }
}

#[test]
fn a_broken_worker_is_stopped() {
    let call = |agent: &str| {
        let left = json!({ "fuel": u64::MAX, "bytes": u64::MAX, "calls": u64::MAX });
        frame(&json!({ "run": { "agent": agent, "inputs": [], "left": left } }))
    };
    let flood: Vec<u8> = (0..700).flat_map(|_| frame(&json!({ "log": ["Info", "x".repeat(100_000)] }))).collect();
    for (said, last, why) in [
        (call("echo"), WAIT, "it called an agent that it may not call"),
        ([call("reader"), call("reader")].concat(), WAIT, "beyond its limits"),
        (ready(), WAIT, "out of turn"),
        (planned(), WAIT, "it only planned what is real"),
        (frame(&json!({ "leftout": 1 })), WAIT, "it only planned what is real"),
        (frame(&json!({ "no": "message" })), WAIT, "was stopped"),
        (u32::MAX.to_le_bytes().to_vec(), WAIT, "a message is longer than"),
        (flood, WAIT, "it says too much"),
        (
            [done(&json!({ "Ok": [["answer", { "json": "{}" }]] }), 0), ready()].concat(),
            WAIT,
            "more than it was asked for",
        ),
        (vec![9, 0, 0], "echo overflow >&2; exit 3", "it exited with 3, and said: overflow"),
    ] {
        let failure = run(&[ready(), said], last).outcome.failure.unwrap();
        assert_eq!(failure.code.name(), "agent.crashed", "{failure}");
        assert!(failure.message.contains(why), "{failure} {why}");
    }
    let failure = run(&[], "exit 7").outcome.failure.unwrap();
    assert_eq!(failure.code.name(), "host", "{failure}");
    assert!(failure.message.contains("it exited with 7"), "{failure}");
}

/// What a worker is allowed to call is written down by us: one that isn't ours may not say it.
#[test]
fn a_call_that_nobody_tells_of_is_written_down() {
    let left = json!({ "fuel": 1, "bytes": 0, "calls": 0 });
    let said = [
        frame(&json!({ "run": { "agent": "reader", "inputs": [], "left": left } })),
        done(&json!({ "Ok": [["answer", { "json": "{}" }]] }), 0),
    ];
    let records = std::sync::Arc::new(Records::default());
    let ran = run_with(&[ready(), said.concat()], WAIT, |setup| setup.audit = Some(records.clone()));
    assert!(ran.outcome.failure.is_none(), "{:?}", ran.outcome.failure);
    let written: Vec<_> =
        records.0.lock().unwrap().iter().map(|one| (one.agent.clone(), one.request.clone())).collect();
    assert_eq!(written, [("ask".to_owned(), "reader".to_owned())]);
}

#[test]
fn a_worker_that_says_nothing_is_killed_at_its_deadline() {
    let library = host::library(&root().join("tests/authority/agents"));
    let folder = tempfile::tempdir().unwrap();
    let (program, said) = (folder.path().join("worker"), folder.path().join("said"));
    fs::write(&said, ready()).unwrap();
    fs::write(&program, format!("#!/bin/sh\ncat '{}' >&0\nexec sleep 60\n", said.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let start = std::time::Instant::now();
    let ran = host::run_with(&library, "ask", &[("agent", Value::text("echo"))], |setup| {
        setup.policy = Policy::parse("policy.toml", "version = 1\n[limits]\ntime = \"200ms\"").unwrap().into();
        setup.wall = Wall::Process { program };
    });
    assert_eq!(ran.outcome.failure.unwrap().code.name(), "limit.time");
    assert!(start.elapsed().as_secs() < 20);
}
