//! Statements that an agent runs, and what comes of them.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use serde_json::{Value as Json, json};
use turingbox::{
    Policy, Program, Value,
    agent::Body,
    capability::{
        call::Nobody,
        files::{Mounts, Protected},
        gate::{Gate, Subject},
        log,
        sql::Databases,
    },
    plan::Effects,
    sandbox::{Call, CallLimits, Ready},
    source::Source,
};

use crate::support::{host, root};

/// What came of some statements.
pub struct Asked {
    /// For each its rows, or the kind of error and a sentence.
    pub answers: Vec<Json>,
    /// The codes of what was denied.
    pub denied: BTreeSet<&'static str>,
}

/// A policy for the agent `ask`; paths in it are relative to `folder`.
pub fn policy(folder: &Path, text: &str) -> Policy {
    let source = Source::new(folder.join("policy.toml").display().to_string(), format!("version = 1\n{text}"));
    Policy::from_source(&source, |path| std::fs::read_to_string(path)).unwrap_or_else(|report| panic!("{report}"))
}

/// Opens the databases of the agent `ask`.
pub fn open(policy: &Policy, env: &[(&str, &str)]) -> Result<Databases, String> {
    let authority = policy.authority("ask", "ask");
    let env = |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Databases::open(&authority, authority.files(), &Protected::default(), &env).map_err(|error| error.message)
}

/// Lets an agent run statements: database, statement, parameters.
pub async fn ask(policy: &Policy, env: &[(&str, &str)], statements: &[(&str, &str, Json)]) -> Asked {
    let databases = Arc::new(open(policy, env).unwrap());
    let (program, _) = Program::load(&host::library(&root().join("tests/sql/agents")), "ask").unwrap();
    let agent = &program[program.root()];
    let Body::Proc(code) = &agent.body else { panic!("it is code") };
    let statements: Vec<_> = statements.iter().map(|(name, text, values)| json!([name, text, values])).collect();
    let inputs = [("statements".to_owned(), Value::Json(Json::from(statements).into()))];
    let authority = Arc::new(policy.authority("ask", "ask"));
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(120);
    let ready = Ready::default();
    let call = Call {
        manifest: &agent.manifest,
        code,
        ready: &ready,
        inputs: &inputs,
        limits: CallLimits {
            memory: 512 << 20,
            fuel: u64::MAX >> 1,
            deadline,
            output: 64 << 20,
            bytes: authority.limits.bytes,
            calls: 0,
        },
        mounts: Arc::new(
            Mounts::open(&[], &[], &Protected::default(), None).unwrap_or_else(|error| panic!("{}", error.message)),
        ),
        databases,
        gate: Gate::new(authority, Subject::default(), None, Effects::Real, Arc::default()),
        env: Arc::default(),
        callees: Arc::new(Nobody),
        log: log::silent(),
        moment: None,
        kept: None,
    };
    let called = host::sandbox().call(call).await;
    let outputs = called.result.unwrap_or_else(|failure| panic!("{failure} {}", failure.trace));
    let Json::Array(answers) = serde_json::json!(outputs[0].1) else { panic!("{outputs:?}") };
    Asked { answers, denied: called.denials.iter().map(|denial| denial.code).collect() }
}

/// Each statement, run by itself: the codes of what was denied, or the kind of the error, or `ran`.
pub async fn outcomes(policy: &Policy, env: &[(&str, &str)], database: &str, cases: &[(&str, &str)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (statement, expected) in cases {
        let asked = ask(policy, env, &[(database, statement, json!([]))]).await;
        let answer = &asked.answers[0];
        let found = match answer[0].as_str() {
            Some("denied") => asked.denied.iter().copied().collect::<Vec<_>>().join(" "),
            Some(kind) => kind.to_owned(),
            None => "ran".into(),
        };
        if found != *expected {
            wrong.push(format!("{statement:.100}: {found}, not {expected}: {answer:.300}"));
        }
    }
    wrong
}
