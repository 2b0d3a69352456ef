//! Attacks on a policy: each hostile guest runs in the place of an agent, holding what the policy
//! gives that agent, and what it got is looked at. Folders and databases are scratch ones, no secret has a
//! value, and there is no network: so nothing of the operator's is touched, and nobody else's.

mod kit;
mod scratch;

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

pub use kit::{Attack, Ending};

use crate::{
    Code, Engine, Failure, Library, Outcome, Policy, Program, Report, Sandbox, Setup,
    attack::scratch::{Scratch, Targets},
    audit::{Audit, Record, Verdict},
    capability::network::Network,
};

/// In whose place attacks run: an agent's name, and its path in its library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Victim {
    /// Its name.
    pub name: String,
    /// Its path.
    pub path: String,
}

/// How an attack went.
#[derive(Debug)]
pub enum Verdicts {
    /// It got nothing: it was denied, or stopped.
    Held,
    /// The policy allows some of what it tried: these requests, each by a line.
    LetThrough(Vec<Record>),
    /// It got what nothing allows. That is a hole in the sandbox.
    BrokeOut(String),
    /// It didn't run, so nothing is known.
    DidNotRun(String),
}

/// The most that an attack may use, whatever the policy allows: that a limit stops it doesn't take
/// longer to see with a high one.
const LIMITS: &str = r#"version = 1
[limits]
memory = "64MiB"
fuel = 1_000_000_000
time = "5s"
output = "4MiB"
"#;

/// Runs one attack in the place of `victim`.
///
/// # Errors
///
/// When a scratch folder can't be made.
pub async fn run(attack: &Attack, victim: &Victim, policy: &Policy, sandbox: &Sandbox) -> io::Result<Verdicts> {
    let least = Policy::parse("limits of attacks", LIMITS).map_err(|report| io::Error::other(report.to_string()))?;
    let scratch = Scratch::new(&policy.clone().under(least), victim)?;
    let library = install(attack, victim, scratch.targets(), &scratch.agents())?;
    let program = match Program::load(&library, &victim.name) {
        Ok((program, _)) => program,
        Err(report) => return Ok(Verdicts::DidNotRun(first(&report))),
    };
    let records = Arc::new(Records::default());
    let setup = Setup {
        policy: Arc::new(scratch.policy().clone()),
        audit: Some(records.clone()),
        ..Setup::new(Arc::new(library), sandbox.clone().over(Network::closed()))
    };
    let engine = match Engine::new(Arc::new(program), setup) {
        Ok(engine) => engine,
        Err(error) => return Ok(Verdicts::DidNotRun(error.message)),
    };
    let outcome = engine.run(Vec::new()).await;
    let allowed = records.allowed();
    Ok(match scratch.damage()? {
        Some(damage) => Verdicts::BrokeOut(damage),
        None => judge(attack, &outcome, allowed),
    })
}

/// Writes the attack down as an agent of the victim's name, at the victim's path.
fn install(attack: &Attack, victim: &Victim, targets: &Targets, agents: &Path) -> io::Result<Library> {
    let folder = agents.join(&victim.path);
    std::fs::create_dir_all(&folder)?;
    for (name, bytes) in attack.files(targets) {
        let bytes = match name {
            "agent.toml" => [format!("name = {:?}\n", victim.name).into_bytes(), bytes].concat(),
            _ => bytes,
        };
        std::fs::write(folder.join(name), bytes)?;
    }
    let mut library = Library::default();
    library.add_folder(agents)?;
    Ok(library)
}

fn first(report: &Report) -> String {
    report.0.first().map(|first| first.message.clone()).unwrap_or_default()
}

/// Whether an attack was stopped as it should be. Which limit comes first is the policy's doing.
fn is_alike(code: &str, expected: &str) -> bool {
    code == expected || code.starts_with("limit.") && expected.starts_with("limit.")
}

/// What is to be made of how the attack ended. Where nothing was denied, nothing was limited and
/// nothing was allowed, it can't have done anything.
fn judge(attack: &Attack, outcome: &Outcome, allowed: Vec<Record>) -> Verdicts {
    let got = outcome.outputs.iter().find(|(name, _)| name == "got").map(|(_, value)| value.to_json());
    let something = got.as_ref().is_some_and(|got| got.as_array().is_none_or(|items| !items.is_empty()));
    match (&outcome.failure, &attack.ends) {
        (Some(failure), Ending::Stopped(code)) if is_alike(failure.code.name(), code) => Verdicts::Held,
        (Some(Failure { code: Code::Host | Code::Source, message, .. }), _) => Verdicts::DidNotRun(message.clone()),
        _ if !allowed.is_empty() => Verdicts::LetThrough(allowed),
        _ if something => Verdicts::BrokeOut(format!("it got {}", got.unwrap_or_default())),
        // Time alone says nothing: a machine may just be slow.
        (Some(failure), _) if failure.code != Code::Time && failure.code.name().starts_with("limit.") => Verdicts::Held,
        _ if !outcome.denials.is_empty() => Verdicts::Held,
        (failure, _) => Verdicts::DidNotRun(match failure {
            Some(failure) => failure.to_string(),
            None => "it ended, and nothing was denied".into(),
        }),
    }
}

#[derive(Default)]
struct Records(Mutex<Vec<Record>>);

impl Records {
    fn allowed(&self) -> Vec<Record> {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        records.iter().filter(|record| record.decision == Verdict::Allowed).cloned().collect()
    }
}

impl Audit for Records {
    fn record(&self, record: &Record) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(record.clone());
        Ok(())
    }
}
