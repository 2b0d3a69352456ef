//! Hostile guests: `tests/hostile/<group>_<what>/`, each an agent. All run in one process, in one
//! sandbox; after each an ordinary agent still runs.
//!
//! A guest is `main.py`, or `module.wat`: a core module that exports `run`, which is put into the
//! frame of a component; or `sender.wat`, which is put into that of one that sends requests; or
//! `agent.wat`, a component as it is. Beside those of the group `sql` there is a database, `shop.db`.
//!
//! What was denied is asserted whole, each time that it was: an attempt that merely fails, where it was
//! denied before, is a hole that was found by luck. Where a code comes more than once, `denied.txt` has
//! how often, in order: lines like `3 files.outside`.

use std::{
    fs, io,
    path::Path,
    sync::{Arc, Mutex},
};

use base64::Engine as _;
use serde::Deserialize;
use turingbox::{
    Library, Policy, Value,
    audit::{Audit, Record, Verdict},
    source::Source,
};

use crate::support::{binary, cases, component, conclude, folder, host, server};

/// `case.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What the guest tries; for the reader.
    #[serde(rename = "help")]
    _help: String,
    /// What is in place before: a script for `sh`, in a copy of the case's folder.
    before: Option<String>,
    /// Whether it talks to the server of `support/server.rs`: `{{ port }}` is where.
    #[serde(default)]
    server: bool,
    /// The component's bytes in base64, where no text stands for them.
    component: Option<String>,
    /// The code of the failure that stops it; else it must end by itself.
    failure: Option<String>,
    /// The codes of everything that is denied on the way, and no other. Each comes once, in this order,
    /// unless `denied.txt` says otherwise.
    #[serde(default)]
    denied: Vec<String>,
    /// What it gives when nothing stops it.
    #[serde(default)]
    outputs: toml::Table,
    /// What is in files of the folder afterwards.
    #[serde(default)]
    files: std::collections::BTreeMap<String, String>,
    /// Files that must not be there afterwards.
    #[serde(default)]
    absent: Vec<String>,
}

/// The most that a failure says, in bytes.
const SAID: usize = 75 << 10;

/// Those whose names only the tests' own resolver knows: a worker asks the system's.
const OWN_NAMES: [&str; 5] =
    ["http_component", "http_metadata", "http_private_name", "tcp_lookups", "tcp_private_name"];

#[test]
pub fn hostile_guests_are_held() {
    let mut cases = cases("hostile");
    if host::is_behind_a_wall() {
        cases.retain(|case| !OWN_NAMES.contains(&folder::name(case).as_str()));
    }
    let mut failures = Vec::new();
    for case in &cases {
        let wrong = run(case);
        if !wrong.is_empty() {
            failures.push(format!("{}: {}", folder::name(case), wrong.join("; ")));
        }
        let ordinary =
            host::run(&Library::builtin(), "echo", &Policy::default(), &[("input", Value::text("well"))]).outcome;
        assert_eq!(
            ordinary.outputs,
            [("output".to_owned(), Value::text("well"))],
            "after {}: {:?}",
            case.display(),
            ordinary.failure
        );
    }
    conclude("hostile", cases.len(), &failures);
}

/// What went otherwise than the case says.
fn run(path: &Path) -> Vec<String> {
    let name = folder::name(path);
    let case: Case = toml::from_str(&fs::read_to_string(path.join("case.toml")).unwrap())
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let said = case.outputs.values().any(|value| value.as_array().is_none_or(|items| !items.is_empty()));
    let exact = case.failure.is_some() || !case.denied.is_empty() || said;
    assert!(exact, "{name} asserts nothing: a guest that doesn't even try would pass");
    let root = tempfile::tempdir().unwrap();
    let here = root.path().join(&name);
    folder::copy(path, &here);
    if case.server {
        server::fill_in(&here, &["main.py", "policy.toml", "sender.wat"]);
    }
    assemble(&here, &case);
    if name.starts_with("sql_") {
        let shop = rusqlite::Connection::open(here.join("shop.db")).unwrap();
        shop.execute_batch(include_str!("support/shop.sql")).unwrap();
    }
    if let Some(script) = &case.before {
        assert!(binary::command("sh", &here).arg("-c").arg(script).status().unwrap().success(), "{name}: {script}");
    }
    let denials = Arc::new(Denials::default());
    let ran = host::run_with(&host::library(root.path()), &name, &[], |setup| {
        setup.policy = Arc::new(policy(&here));
        setup.audit = Some(denials.clone());
    });
    let outcome = ran.outcome;
    let mut wrong = Vec::new();
    let failure = outcome.failure.as_ref().map(|failure| failure.code.name());
    if failure != case.failure.as_deref() {
        wrong.push(format!("it ended with {:?}, not {:?}", outcome.failure, case.failure));
    }
    // Whatever a guest says when it fails is kept with its step.
    if let Some(failure) = outcome.failure.as_ref().filter(|failure| failure.message.len() + failure.trace.len() > SAID)
    {
        wrong.push(format!("its failure has {} and {} bytes", failure.message.len(), failure.trace.len()));
    }
    let denied = std::mem::take(&mut *denials.0.lock().unwrap());
    let expected = expected_denials(path, &case);
    if denied != expected {
        wrong.push(format!("{denied:?} was denied, not {expected:?}"));
    }
    if let Some(untold) = case.denied.iter().find(|code| !outcome.denials.iter().any(|denial| denial.code == **code)) {
        wrong.push(format!("{untold} is in the audit log, and not told"));
    }
    let outputs: serde_json::Map<_, _> =
        outcome.outputs.iter().map(|(name, value)| (name.clone(), serde_json::json!(value))).collect();
    let expected = serde_json::to_value(&case.outputs).unwrap();
    if serde_json::Value::from(outputs.clone()) != expected {
        wrong.push(format!("it gave {outputs:?}, not {expected}"));
    }
    for (file, expected) in &case.files {
        let found = fs::read_to_string(here.join(file)).unwrap_or_else(|error| error.to_string());
        if found != *expected {
            wrong.push(format!("{file} holds {found:?}, not {expected:?}"));
        }
    }
    wrong.extend(
        case.absent
            .iter()
            .filter(|file| here.join(file).symlink_metadata().is_ok())
            .map(|file| format!("{file} is there")),
    );
    wrong
}

/// The codes of what has to be denied, one for each time.
fn expected_denials(path: &Path, case: &Case) -> Vec<String> {
    let Ok(text) = fs::read_to_string(path.join("denied.txt")) else { return case.denied.clone() };
    let line = |line: &str| {
        let (times, code) = line.split_once(' ').unwrap_or_else(|| panic!("{}: {line}", path.display()));
        assert!(case.denied.iter().any(|known| known == code), "{}: `denied` has no {code}", path.display());
        std::iter::repeat_n(code.to_owned(), times.parse().unwrap())
    };
    text.lines().flat_map(line).collect()
}

/// The codes of what was denied, one for each time.
#[derive(Default)]
struct Denials(Mutex<Vec<String>>);

impl Audit for Denials {
    fn record(&self, record: &Record) -> io::Result<()> {
        let times = if record.decision == Verdict::Denied { record.count } else { 0 };
        self.0.lock().unwrap().extend((0..times).map(|_| record.code.clone()));
        Ok(())
    }
}

fn policy(folder: &Path) -> Policy {
    let path = folder.join("policy.toml");
    let Ok(text) = fs::read_to_string(&path) else { return Policy::default() };
    let source = Source::new(path.display().to_string(), text);
    Policy::from_source(&source, |path| fs::read_to_string(path)).unwrap_or_else(|report| panic!("{report}"))
}

/// Makes `agent.wasm` of what stands for it.
fn assemble(folder: &Path, case: &Case) {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let bytes = read("agent.wat")
        .map(|text| component::of_text(&text))
        .or_else(|| Some(component::of_sender(&read("sender.wat")?)))
        .or_else(|| Some(component::of_module(&read("module.wat")?)));
    let decoded = || Some(base64::engine::general_purpose::STANDARD.decode(case.component.as_ref()?).unwrap());
    if let Some(bytes) = bytes.or_else(decoded) {
        fs::write(folder.join("agent.wasm"), bytes).unwrap();
    }
}
