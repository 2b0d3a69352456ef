//! What one call leaves in memory: nothing to the next, or, with `isolation = "run"`, all of it to the
//! next of the same agent in the same run.

use std::sync::{Arc, Mutex};

use turingbox::{
    Policy, Value,
    audit::{Audit, Record, Verdict},
};

use crate::support::{
    component, folder,
    host::{self, Ran},
    root,
};

const CALL: &str = "";
const RUN: &str = "isolation = \"run\"\ncalls = [\"counter\"]\nlimits = { memory = \"64MiB\", fuel = 500_000_000 }";

/// Runs the workflow `name` with what its steps are told, under what the policy says of the agents.
fn run(name: &str, told: [&str; 3], said: &str, audit: Option<Arc<dyn Audit>>) -> Ran {
    let agents = tempfile::tempdir().unwrap();
    folder::copy(&root().join("tests/isolation/agents"), agents.path());
    for agent in ["compiled", "residue"] {
        let module = std::fs::read_to_string(agents.path().join(agent).join("module.wat")).unwrap();
        std::fs::write(agents.path().join(agent).join("agent.wasm"), component::of_module(&module)).unwrap();
    }
    let text = ["counter", "compiled", "residue", "fresh"].map(|agent| format!("[agents.{agent}]\n{said}\n")).concat();
    let text = format!("version = 1\n{text}");
    let inputs: Vec<_> = ["first", "second", "third"].into_iter().zip(told.map(Value::text)).collect();
    let inputs = if name == "thrice" { &inputs[..] } else { &[] };
    host::run_with(&host::library(agents.path()), name, inputs, |setup| {
        setup.policy = Arc::new(Policy::parse("policy.toml", &text).unwrap_or_else(|report| panic!("{report}")));
        setup.audit = audit;
    })
}

/// What the three calls gave.
fn calls(ran: &Ran) -> serde_json::Value {
    ran.outcome.outputs.iter().map(|(_, value)| serde_json::json!(value)).collect()
}

fn told(told: [&str; 3], said: &str) -> (serde_json::Value, Vec<Option<&'static str>>) {
    let ran = run("thrice", told, said, None);
    (calls(&ran), ran.steps.iter().map(|(_, code)| *code).collect())
}

#[test]
pub fn an_instance_serves_one_call_or_one_run() {
    for (name, said, expected) in [
        ("thrice", CALL, [1, 1, 1]),
        ("thrice", RUN, [1, 2, 3]),
        ("thrice_compiled", CALL, [1, 1, 1]),
        ("thrice_compiled", RUN, [1, 2, 3]),
        // Nothing of the run before.
        ("thrice", RUN, [1, 2, 3]),
    ] {
        let ran = run(name, ["end"; 3], said, None);
        assert_eq!(calls(&ran), serde_json::json!(expected), "{name} {said} {:?}", ran.outcome.failure);
    }
}

/// Memories come from a pool, which uses each again and again, as do tables and globals.
#[test]
pub fn what_a_call_wrote_is_gone_from_the_pool() {
    for _ in 0..50 {
        assert_eq!(calls(&run("residues", ["end"; 3], CALL, None)), serde_json::json!([0, 0, 0]));
    }
    // It would be found.
    let kept = calls(&run("residues", ["end"; 3], RUN, None));
    assert_eq!(kept, serde_json::json!([0, 1, 1]));
}

/// The snapshot has one state of the generator, and each instance draws from another.
#[test]
pub fn each_instance_draws_numbers_of_its_own() {
    let drawn = |said: &str| {
        let ran = run("freshes", ["end"; 3], said, None);
        assert_eq!(ran.outcome.failure.as_ref().map(|failure| failure.message.as_str()), None);
        calls(&ran).as_array().unwrap().clone()
    };
    let mut all: Vec<_> = [CALL, CALL, RUN, RUN, "imports = { deny = [\"os\"] }"].into_iter().flat_map(drawn).collect();
    let count = all.len();
    all.sort_by_key(ToString::to_string);
    all.dedup();
    assert_eq!((all.len(), count), (10, 10), "{all:?}");
}

/// What the snapshot has is never freed, so looking at it writes to no page.
#[test]
pub fn what_an_instance_begins_with_is_immortal() {
    let ran = run("mortals", ["end"; 3], CALL, None);
    assert_eq!(calls(&ran), serde_json::json!([[true, true, true, false, 0]]), "{:?}", ran.outcome.failure);
}

/// An exception is the agent's own; after anything that stopped the guest, nobody knows what is left.
#[test]
pub fn what_was_stopped_is_not_called_again() {
    assert_eq!(told(["end", "raise", "end"], RUN), (serde_json::json!([1, 3]), vec![None, Some("agent.failed"), None]));
    for (how, code) in [("exit", "agent.crashed"), ("fill", "limit.memory"), ("spin", "limit.fuel")] {
        assert_eq!(told(["end", how, "end"], RUN), (serde_json::json!([1, 1]), vec![None, Some(code), None]), "{how}");
    }
}

/// The call inside gets an instance of its own, and the one that ends last is kept.
#[test]
pub fn an_agent_that_calls_itself_has_two_instances() {
    let ran = run("thrice", ["end", "again", "end"], RUN, None);
    assert_eq!(calls(&ran), serde_json::json!([1, [2, 1], 3]), "{:?}", ran.outcome.failure);
}

/// What each call may use, says, asks and is denied is its own.
#[test]
pub fn calls_of_one_instance_are_told_apart() {
    let records = Arc::new(Records::default());
    let ran = run("thrice", ["ask", "print", "ask"], RUN, Some(records.clone()));
    let denied: Vec<_> = ran.outcome.denials.iter().map(|denial| denial.request.as_str()).collect();
    assert_eq!(denied, ["read /asked/1", "read /asked/3"]);
    assert_eq!(ran.log.last().map(String::as_str), Some("call 2"));
    let written = records.0.lock().unwrap();
    let steps = written.iter().filter(|record| record.decision == Verdict::Denied);
    let steps: Vec<_> = steps.map(|record| (record.step.as_str(), record.request.as_str())).collect();
    assert_eq!(steps, [("0", "read /asked/1"), ("2", "read /asked/3")]);

    let fuel = |told| run("thrice", told, RUN, None).outcome.usage.fuel;
    assert!(fuel(["end"; 3]) < 2 * fuel(["exit"; 3]), "the fuel of a call before is not counted again");
}

#[derive(Default)]
struct Records(Mutex<Vec<Record>>);

impl Audit for Records {
    fn record(&self, record: &Record) -> std::io::Result<()> {
        self.0.lock().unwrap().push(record.clone());
        Ok(())
    }
}
