//! Attacks on a policy: each hostile guest runs in the place of an agent, holding what the policy
//! gives that agent, and what it got is looked at. Folders and databases are scratch ones, no secret has a
//! value, and there is no network: so nothing of the operator's is touched, and nobody else's.

mod kit;
mod scratch;

use std::{
    collections::BTreeSet,
    fmt, io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::json;

pub use kit::{Attack, Ending};

use crate::{
    Code, Engine, Failure, Library, Outcome, Policy, Program, Report, Sandbox, Setup,
    attack::scratch::{Scratch, Targets},
    audit::{Audit, Record, Verdict},
    capability::network::Network,
    engine::Allowance,
    wall::Wall,
};

/// In whose place attacks run: an agent, maybe called by others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Victim {
    /// Its name.
    pub name: String,
    /// Its path in its library.
    pub path: String,
    /// The names and paths of those that called it, the outermost first: it holds what their ceilings
    /// leave.
    pub callers: Vec<(String, String)>,
}

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)?;
        self.callers.iter().rev().try_for_each(|(caller, _)| write!(f, " below `{caller}`"))
    }
}

/// How an attack went.
#[derive(Debug)]
pub enum Verdicts {
    /// It got nothing: it was denied what it went for, or stopped at it.
    Held,
    /// The policy allows some of what it tried: these requests, each by a line.
    LetThrough(Vec<Record>),
    /// It got what nothing allows. That is a hole in the sandbox.
    BrokeOut(String),
    /// It was stopped before it began: by a limit, or by being denied something else than it goes for. So
    /// nothing is known.
    StoppedBefore(String),
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
output = "16MiB"
"#;

/// Runs one attack in the place of `victim`, where `guests` are run: in a sandbox, and maybe behind a wall.
///
/// # Errors
///
/// When a scratch folder can't be made.
pub async fn run(
    attack: &Attack,
    victim: &Victim,
    policy: &Policy,
    (sandbox, wall): (&Sandbox, &Wall),
) -> io::Result<Verdicts> {
    let least = Policy::parse("limits of attacks", LIMITS).map_err(|report| io::Error::other(report.to_string()))?;
    // What guests import and use is beside the point, unless it is the point.
    let beside = (!attack.goes_for("imports"), matches!(attack.ends, Ending::Nothing(_)));
    let scratch = Scratch::new(&policy.clone().under(least), victim, beside)?;
    let library = install(attack, victim, scratch.targets(), &scratch.agents())?;
    let program = match Program::load(&library, &victim.name) {
        Ok((program, _)) => program,
        Err(report) => return Ok(Verdicts::DidNotRun(first(&report))),
    };
    let records = Arc::new(Records::default());
    let setup = Setup {
        policy: Arc::new(scratch.policy().clone()),
        audit: Some(records.clone()),
        wall: wall.clone(),
        secrets: scratch.secrets(),
        ..Setup::new(Arc::new(library), sandbox.clone().over(Network::closed()))
    };
    let engine = match Engine::new(Arc::new(program), setup) {
        Ok(engine) => engine,
        Err(error) => return Ok(Verdicts::DidNotRun(error.message)),
    };
    let outcome = engine.run_below(scratch.ceilings(), Allowance::default(), Vec::new()).await;
    Ok(match scratch.damage()? {
        Some(damage) => Verdicts::BrokeOut(damage),
        None => judge(attack, &outcome, records.taken()),
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

/// What is to be made of how the attack ended. It is held only if it came so far as to be denied what it
/// goes for, or to be stopped as it means to be: a guest that couldn't do anything says nothing.
fn judge(attack: &Attack, outcome: &Outcome, records: Vec<Record>) -> Verdicts {
    let got = outcome.outputs.iter().find(|(name, _)| name == "got").map(|(_, value)| json!(value));
    let something = got.as_ref().is_some_and(|got| got.as_array().is_none_or(|items| !items.is_empty()));
    // Variables are handed out unasked: only who goes for them is told of those that it got.
    let counts = |record: &Record| record.capability != "env" || attack.goes_for("env");
    let (allowed, denied): (Vec<_>, Vec<_>) =
        records.into_iter().filter(counts).partition(|record| record.decision == Verdict::Allowed);
    match (&outcome.failure, &attack.ends) {
        (Some(failure), Ending::Stopped(code)) if is_alike(failure.code.name(), code) => Verdicts::Held,
        (Some(Failure { code: Code::Host | Code::Source, message, .. }), _) => Verdicts::DidNotRun(message.clone()),
        _ if !allowed.is_empty() => Verdicts::LetThrough(allowed),
        _ if something => Verdicts::BrokeOut(format!("it got {}", got.unwrap_or_default())),
        (_, ends) if denied.iter().any(|record| is_about(&record.code, attack, ends)) => Verdicts::Held,
        (None, Ending::Nothing(codes)) if codes.is_empty() && got.is_some() => Verdicts::Held,
        // Time alone says nothing: a machine may just be slow.
        (Some(failure), _) if failure.code == Code::Time => Verdicts::DidNotRun(failure.to_string()),
        (failure, _) => {
            let denied = denied.first().map(|record| format!("{} was denied ({})", record.request, record.code));
            match (denied, failure) {
                (Some(denied), _) => Verdicts::StoppedBefore(denied),
                (None, Some(failure)) if failure.code.name().starts_with("limit.") => {
                    Verdicts::StoppedBefore(failure.to_string())
                }
                (None, Some(failure)) => Verdicts::DidNotRun(failure.to_string()),
                (None, None) => Verdicts::DidNotRun("it ended, and nothing was denied".into()),
            }
        }
    }
}

/// Whether a denial is one of those that the attack is about. Which of a capability's reasons comes first
/// is the policy's doing: what a test has as `files.read-only` is `files.not-granted` for a stranger.
fn is_about(code: &str, attack: &Attack, ends: &Ending) -> bool {
    let capability = |code: &str| code.split('.').next().map(str::to_owned);
    let own = |codes: &BTreeSet<String>| codes.iter().any(|own| capability(own) == capability(code));
    match ends {
        Ending::Nothing(codes) => own(codes),
        // What it would be stopped at, it may not even have.
        Ending::Stopped(_) => capability(code).is_some_and(|capability| attack.goes_for(&capability)),
    }
}

#[derive(Default)]
struct Records(Mutex<Vec<Record>>);

impl Records {
    fn taken(&self) -> Vec<Record> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Audit for Records {
    fn record(&self, record: &Record) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(record.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(decision: Verdict, code: &str) -> Record {
        let (capability, _) = code.split_once('.').unwrap_or((code, ""));
        Record {
            time: 0,
            run: String::new(),
            step: String::new(),
            agent: String::new(),
            digest: String::new(),
            capability: capability.into(),
            request: String::new(),
            decision,
            code: code.into(),
            line: None,
            count: 1,
        }
    }

    /// What is made of the attack `name` that ends with `failure`, having been denied or allowed that.
    fn judged(name: &str, failure: Option<Code>, decision: Verdict, codes: &[&str]) -> &'static str {
        let attack = Attack::all().into_iter().find(|attack| attack.name == name).unwrap();
        let outputs = vec![("got".to_owned(), crate::Value::Json(crate::Json::parse("[]").unwrap()))];
        let outcome = match failure {
            Some(code) => Outcome { failure: Some(Failure::new(code, "")), ..Outcome::default() },
            None => Outcome { outputs, ..Outcome::default() },
        };
        match judge(&attack, &outcome, codes.iter().map(|code| record(decision, code)).collect()) {
            Verdicts::Held => "held",
            Verdicts::LetThrough(_) => "let through",
            Verdicts::BrokeOut(_) => "broke out",
            Verdicts::StoppedBefore(_) => "stopped before",
            Verdicts::DidNotRun(_) => "did not run",
        }
    }

    /// A guest that couldn't do what it is for is never one that was held.
    #[test]
    fn a_broken_harness_does_not_look_safe() {
        use Verdict::{Allowed, Denied};
        for (name, failure, decision, codes, expected) in [
            ("files_outside", None, Denied, &["files.not-granted"][..], "held"),
            ("files_outside", Some(Code::Failed), Denied, &["files.read-only"], "held"),
            ("files_outside", Some(Code::Denied), Denied, &["imports.not-allowed"], "stopped before"),
            ("files_outside", Some(Code::Failed), Denied, &["http.not-granted"], "stopped before"),
            ("files_outside", Some(Code::Memory), Denied, &[], "stopped before"),
            ("files_outside", Some(Code::Memory), Denied, &["files.not-granted"], "held"),
            ("files_outside", Some(Code::Failed), Denied, &[], "did not run"),
            ("files_outside", Some(Code::Time), Denied, &[], "did not run"),
            ("files_outside", Some(Code::Source), Denied, &["files.not-granted"], "did not run"),
            ("files_outside", None, Denied, &[], "did not run"),
            ("files_outside", None, Allowed, &["files"], "let through"),
            ("files_outside", None, Allowed, &["env"], "did not run"),
            ("env_component", None, Allowed, &["env"], "let through"),
            ("env_component", None, Denied, &[], "held"),
            ("env_component", Some(Code::Crashed), Denied, &[], "did not run"),
            ("limits_output_1gb", Some(Code::Fuel), Denied, &[], "held"),
            ("limits_output_1gb", Some(Code::Time), Denied, &[], "held"),
            ("files_handles", Some(Code::Failed), Denied, &["files.not-granted"], "held"),
            ("limits_output_1gb", Some(Code::Failed), Denied, &["files.not-granted"], "stopped before"),
        ] {
            assert_eq!(judged(name, failure, decision, codes), expected, "{name} {failure:?} {codes:?}");
        }
    }
}
