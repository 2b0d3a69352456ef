//! The audit log: what is allowed is in it before it is done, and each denial by itself, whatever
//! becomes of the run.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
};

use rustix::process::{Pid, Signal, kill_process};
use turingbox::{
    Json, Policy, Program, Value,
    audit::{Audit, Record, Verdict},
};

use crate::support::{
    audit::{Full, Records},
    binary, folder,
    host::{self, Ran},
    root,
};

/// As many as one call may be denied.
const MAX_DENIED: u64 = 10_000;

fn run(agent: &str, inputs: &[(&str, Value)], text: &str, audit: Arc<dyn Audit>) -> Ran {
    host::run_with(&host::library(&root().join("tests/audit/agents")), agent, inputs, |setup| {
        let text = format!("version = 1\n{text}");
        setup.policy = Arc::new(Policy::parse("policy.toml", &text).unwrap_or_else(|report| panic!("{report}")));
        setup.audit = Some(audit);
    })
}

fn recorded(agent: &str, inputs: &[(&str, Value)], text: &str) -> (Ran, Vec<Record>) {
    let records = Arc::new(Records::default());
    let ran = run(agent, inputs, text, records.clone());
    let records = std::mem::take(&mut *records.0.lock().unwrap());
    (ran, records)
}

fn number(number: u64) -> Value {
    Value::Json(Json::from(serde_json::Value::from(number)))
}

fn grant(folder: &Path) -> String {
    format!("[agents.stays]\nfiles = [{{ path = \"{}\", mount = \"/data\", access = \"write\" }}]\n", folder.display())
}

fn code(ran: &Ran) -> Option<&'static str> {
    ran.outcome.failure.as_ref().map(|failure| failure.code.name())
}

#[test]
pub fn what_cannot_be_written_down_is_not_done() {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("in.txt"), "").unwrap();
    let ran = run("stays", &[], &grant(data.path()), Arc::new(Full));
    assert_eq!(code(&ran), Some("host"), "{:?}", ran.outcome.failure);
    assert_eq!(folder::entries(data.path()).len(), 1, "nothing was written");
    let ran = run("hops", &[("limit", number(3))], "", Arc::new(Full));
    assert_eq!(code(&ran), Some("host"), "{:?}", ran.outcome.failure);
}

#[test]
fn a_full_disk_stops_a_run() {
    for more in [&[][..], &["--wall", "process"]] {
        let here = tempfile::tempdir().unwrap();
        let data = prepared(here.path());
        let run = command(here.path(), "/dev/full", more).output().unwrap();
        assert_eq!(run.status.code(), Some(5), "{}", String::from_utf8_lossy(&run.stderr));
        assert_eq!(folder::entries(&data).len(), 1, "nothing was written");
    }
}

/// A folder that `stays` may write, and the policy that says so.
fn prepared(here: &Path) -> PathBuf {
    let data = here.join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("in.txt"), "").unwrap();
    fs::write(here.join("policy.toml"), format!("version = 1\n{}", grant(&data))).unwrap();
    data
}

fn command(here: &Path, audit: &str, more: &[&str]) -> Command {
    let mut command = binary::turingbox(here);
    command.args(["run", "stays", "--policy", "policy.toml", "--audit", audit, "--agents"]);
    command.arg(root().join("tests/audit/agents")).args(more);
    command
}

/// Half a run of `stays`, with an audit log, up to where it says that it runs.
fn running(here: &Path, more: &[&str]) -> Child {
    prepared(here);
    let mut command = command(here, "audit.jsonl", more);
    let mut run = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    assert!(lines.by_ref().any(|line| line.unwrap().contains("running")));
    thread::spawn(move || lines.for_each(drop));
    run
}

/// What the log in `here` says was allowed, and how often.
fn log(here: &Path) -> Vec<(String, u64)> {
    let text = fs::read_to_string(here.join("audit.jsonl")).unwrap();
    let records = text.lines().map(|line| serde_json::from_str::<Record>(line).unwrap());
    records.map(|Record { request, count, .. }| (request, count)).collect()
}

fn entry(request: &str, count: u64) -> (String, u64) {
    (request.to_owned(), count)
}

/// What `stays` has asked for by the time that it says that it runs: Python looks at what it opens.
fn first() -> [(String, u64); 3] {
    ["read /data/in.txt", "write /data/out.txt", "read /data/out.txt"].map(|request| entry(request, 1))
}

#[test]
fn a_run_that_is_stopped_leaves_its_records() {
    for more in [&[][..], &["--wall", "process"]] {
        let here = tempfile::tempdir().unwrap();
        let mut run = running(here.path(), more);
        assert_eq!(log(here.path()), first(), "before it ends, {more:?}");
        kill_process(Pid::from_child(&run), Signal::KILL).unwrap();
        run.wait().unwrap();
        assert_eq!(log(here.path()), first(), "killed, {more:?}");
    }
    let here = tempfile::tempdir().unwrap();
    let mut run = running(here.path(), &[]);
    kill_process(Pid::from_child(&run), Signal::INT).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(130));
    let log = log(here.path());
    assert_eq!(log[..3], first());
    let again = log[3..].iter().find(|(request, _)| request == "read /data/in.txt");
    assert!(again.is_some_and(|(_, count)| *count >= 2), "how often it was asked again: {log:?}");
}

#[test]
fn a_worker_that_is_killed_leaves_its_records() {
    let here = tempfile::tempdir().unwrap();
    let mut run = running(here.path(), &["--wall", "process"]);
    let workers = crate::wall::children(run.id());
    assert_eq!(workers.len(), 1);
    kill_process(Pid::from_raw(workers[0].cast_signed()).unwrap(), Signal::KILL).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(1));
    assert_eq!(log(here.path()), first());
}

#[test]
pub fn each_denial_has_its_record_and_there_are_so_many() {
    let denied = |times: u64| {
        let (ran, records) = recorded("asks", &[("times", number(times))], "");
        assert!(records.iter().all(|record| record.decision == Verdict::Denied && record.count == 1));
        let requests: BTreeSet<_> = records.iter().map(|record| record.request.clone()).collect();
        assert_eq!(requests.len(), records.len(), "each is about what was asked");
        assert!(ran.outcome.denials.len() <= 16);
        (code(&ran), records.len() as u64, ran)
    };
    let (failure, count, _) = denied(2000);
    assert_eq!((failure, count), (None, 2000));
    let (failure, count, ran) = denied(3 * MAX_DENIED);
    assert_eq!((failure, count), (Some("limit.denials"), MAX_DENIED));
    assert_eq!(ran.outcome.exit_code(), 3, "something was denied");
    assert!(ran.outcome.failure.unwrap().help.is_some());
}

#[test]
pub fn what_the_runtime_looks_for_is_not_the_agents() {
    let (ran, records) = recorded("broken", &[], "");
    assert_eq!(code(&ran), Some("agent.source"));
    assert_eq!((records, ran.outcome.denials.to_vec()), (vec![], vec![]));
    // Nor where it may read what the runtime looks for.
    let (_, records) = recorded(
        "broken",
        &[],
        "[agents.broken]\nfiles = [{ path = \"/usr\", mount = \"/main.py\", access = \"read\" }]",
    );
    assert_eq!(records, []);
}

#[test]
pub fn jumps_are_decisions() {
    let jumps = |text: &str| {
        let (ran, records) = recorded("hops", &[("limit", number(5))], text);
        let jumps = records.into_iter().filter(|record| record.capability == "jump");
        let jumps: Vec<_> = jumps.map(|record| (record.step, record.agent, record.code, record.count)).collect();
        (code(&ran), jumps)
    };
    let record = |code: &str, count| ("1.again".to_owned(), "loop_end".to_owned(), code.to_owned(), count);
    assert_eq!(jumps(""), (None, vec![record("", 1), record("", 3)]));
    let (failure, denied) = jumps("[agents.loop_end]\njump = false");
    assert_eq!((failure, denied), (Some("denied"), vec![record("jump.denied", 1)]));
}

/// The digest of the agent that these files are.
fn digest(files: &[(&str, &str)]) -> String {
    let root = tempfile::tempdir().unwrap();
    let one = root.path().join("one");
    fs::create_dir(&one).unwrap();
    files.iter().for_each(|(name, text)| fs::write(one.join(name), text).unwrap());
    let (program, _) = Program::load(&host::library(root.path()), "one").unwrap_or_else(|report| panic!("{report}"));
    program.agents().next().unwrap().1.digest().to_owned()
}

#[test]
fn a_byte_that_moves_makes_another_agent() {
    let manifest = "kind = \"proc\"\nhelp = \"x\"\npython = \"main.py\"\n";
    let digest = |more: &str, code: &str| digest(&[("agent.toml", &format!("{manifest}{more}")), ("main.py", code)]);
    let first = digest("#", "#def main(): pass");
    assert_eq!(first, digest("#", "#def main(): pass"));
    assert_ne!(first, digest("##", "def main(): pass"));
    assert_ne!(first, digest("", "##def main(): pass"));
}

#[test]
fn a_template_is_hashed_with_what_it_includes() {
    let manifest = "kind = \"template\"\nhelp = \"x\"\ntemplate = \"a.j2\"\n[outputs.text]\n";
    let made = |a: &str, b: &str, c: &str| {
        digest(&[("agent.toml", manifest), ("a.j2", a), ("b.j2", b), ("c.j2", c), ("d.j2", "never used")])
    };
    let (include, import) = ("{%- include ['none.j2', 'b.j2'] %}", "{% import \"c.j2\" as c %}");
    let first = made(include, import, "x");
    assert_eq!(first, made(include, import, "x"));
    assert_ne!(first, made(&format!("{include} "), import, "x"));
    assert_ne!(first, made(include, &import.replace("as c", "as d"), "x"));
    assert_ne!(first, made(include, import, "y"));
    assert_eq!(made("", "x", ""), made("", "y", ""), "what isn't included is no part of it");
    // A circle ends.
    assert_ne!(
        made(include, "{% if false %}{% include 'a.j2' %}{% endif %}", ""),
        made(include, "{% if false %}{% include 'b.j2' %}{% endif %}", "")
    );
}
