//! The invariants of `runtime/ARCHITECTURE.md`, each a test of that name.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use turingbox::{
    Engine, Library, Policy, Program, Sandbox, Setup, Value,
    policy::{Access, Decision, Request},
    sandbox::Cache,
    wall::Compiler,
};

use crate::support::{binary, folder, host, root};

fn agents() -> Library {
    host::library(&root().join("tests/invariants/agents"))
}

fn policy(text: &str) -> Policy {
    Policy::parse("policy.toml", &format!("version = 1\n{text}")).unwrap_or_else(|report| panic!("{report}"))
}

#[test]
fn no_policy_no_authority() {
    let outcome = host::run(&agents(), "everything", &Policy::default(), &[]).outcome;
    assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
    assert_eq!(serde_json::json!(outcome.outputs[0].1), serde_json::json!([]));
    let denied: std::collections::BTreeSet<_> = outcome.denials.iter().map(|denial| denial.code).collect();
    assert_eq!(denied, ["files.not-granted", "tcp.not-granted"].into());
    assert_eq!(Policy::default().authority("everything", "everything").files()[..], []);
}

/// The same question has the same answer, whatever was asked before, and whatever is on disk.
#[test]
fn decisions_are_pure() {
    let text = "[agents.a]\nfiles = [\n{ path = \"nowhere\", mount = \"/in\", access = \"read\" },\n{ path = \"out\", mount = \"/out\", access = \"write\" },\n]";
    let paths = ["/in", "/in/a", "/out/a", "/inside", "/", "", "/out", "/../in/a", "/in/../out", "in/a", "/IN/a"];
    let questions = || paths.iter().flat_map(|path| [(*path, Access::Read), (*path, Access::Write)]);
    let answer = |(path, access): (&'static str, Access)| {
        policy(text).authority("a", "x/a").decide(&Request::Files { access, path: path.into() })
    };
    let once: Vec<_> = questions().map(answer).collect();
    let mut again: Vec<_> = questions().rev().map(answer).collect();
    again.reverse();
    assert_eq!(once, again);
    let allowed: Vec<_> = questions()
        .zip(&once)
        .filter(|(_, decision)| matches!(decision, Decision::Allowed(_)))
        .map(|(question, _)| question)
        .collect();
    let read = |path| (path, Access::Read);
    let write = |path| (path, Access::Write);
    // Paths come without `..`: whoever asks has taken them out. One that is left is only letters.
    assert_eq!(
        allowed,
        [read("/in"), read("/in/a"), read("/out/a"), write("/out/a"), read("/out"), write("/out"), read("/in/../out")]
    );
}

/// A section says less or more than what is above it, for its agents alone; what an agent asks for
/// in its own manifest gives it nothing.
#[test]
fn an_agent_cannot_widen_its_authority() {
    let root = tempfile::tempdir().unwrap();
    write(
        &root.path().join("a/agent.toml"),
        "kind = \"proc\"\npython = \"main.py\"\n[outputs.got]\n[needs]\nfiles = [\"write\"]\n",
    );
    write(&root.path().join("a/main.py"), "def main():\n    with open('/data/x', 'w'):\n        return 'written'\n");
    let asked = host::run(
        &host::library(root.path()),
        "a",
        &policy("[agents.b]\nfiles = [{ path = \"/tmp\", mount = \"/data\", access = \"write\" }]"),
        &[],
    )
    .outcome;
    assert_eq!(asked.exit_code(), 3, "{:?}", asked.outputs);
    assert!(asked.denials.iter().any(|denial| denial.code == "files.not-granted"));
}

#[test]
fn a_callee_never_has_more_than_its_caller() {
    let library = agents();
    let codes = |ran: &host::Ran| ran.steps.iter().map(|(_, code)| *code).collect::<Vec<_>>();
    let failed = |ran: &host::Ran| ran.outcome.failure.as_ref().map(|failure| failure.code.name());

    // The callee's own section allows a hundred times what its caller has.
    let fuel = policy(
        "[agents.spend_twice]\nlimits = { fuel = 100_000_000 }\n[agents.spend]\nlimits = { fuel = 10_000_000_000 }",
    );
    let ran = host::run(&library, "spend_twice", &fuel, &[]);
    assert_eq!(codes(&ran), [Some("limit.fuel")]);
    assert_eq!((failed(&ran), ran.outcome.usage.fuel), (Some("limit.fuel"), 100_000_000));

    let time = policy(
        "[agents.spend_twice]\nlimits = { time = \"300ms\", fuel = 1_000_000_000_000 }\n[agents.spend]\nlimits = { time = \"1h\", fuel = 1_000_000_000_000 }",
    );
    let ran = host::run(&library, "spend_twice", &time, &[]);
    assert_eq!((codes(&ran), failed(&ran)), (vec![Some("limit.time")], Some("limit.time")));

    // A tree that would have 2^20 steps: the steps of all branches come out of one budget.
    let steps = policy("[limits]\ndepth = 20\nsteps = 100");
    let ran = host::run(&library, "nest", &steps, &[]);
    assert!(
        ran.steps.len() <= 100 && failed(&ran) == Some("limit.steps"),
        "{} steps, {:?}",
        ran.steps.len(),
        failed(&ran)
    );

    // And the depth: 3 workflows may nest, so the paths on the tape have at most 3 positions.
    let ran = host::run(&library, "nest", &policy("[limits]\ndepth = 3"), &[]);
    assert_eq!(ran.steps.iter().map(|(path, _)| path.split('.').count()).max(), Some(3));
    assert_eq!(ran.steps.len(), 2 + 4 + 8);
}

/// A guest chooses how long what it prints is, not how much of our memory that takes.
#[test]
fn what_a_guest_makes_long_is_bounded() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("flood/agent.toml"), "kind = \"proc\"\npython = \"main.py\"\n");
    write(&root.path().join("flood/main.py"), "def main():\n    for _ in range(100):\n        print('x' * 100_000)\n");
    let ran = host::run(&host::library(root.path()), "flood", &Policy::default(), &[]);
    let logged: usize = ran.log.iter().map(String::len).sum();
    assert!(logged < 2 << 20 && ran.log.iter().all(|line| line.len() <= 8 << 10), "{logged} bytes");
    assert!(ran.log.last().is_some_and(|line| line.contains("dropped")));
    assert!(ran.outcome.failure.is_none());
}

#[test]
fn nothing_of_one_call_can_be_read_by_the_next() {
    let library = agents();
    for _ in 0..3 {
        let left = host::run(&library, "remember", &Policy::default(), &[]).outcome;
        assert_eq!(serde_json::json!(left.outputs[0].1), 1000, "{:?}", left.failure);
        let found = host::run(&library, "recall", &Policy::default(), &[]).outcome;
        assert_eq!(
            found.outputs.first().map(|(_, value)| serde_json::json!(value)),
            Some(serde_json::json!([])),
            "{:?}",
            found.failure
        );
    }
}

/// Compiled code is native code: only what this machine's key has sealed is run.
#[test]
fn only_sealed_code_is_run() {
    const FRAME: &str = include_str!("support/component.wat");
    let root = tempfile::tempdir().unwrap();
    let module = fs::read_to_string(crate::support::root().join("tests/hostile/component_honest/module.wat")).unwrap();
    write(&root.path().join("agents/a/agent.toml"), "kind = \"proc\"\ncomponent = \"agent.wasm\"\n[outputs.got]\n");
    fs::write(root.path().join("agents/a/agent.wasm"), wat::parse_str(FRAME.replace("{{ module }}", &module)).unwrap())
        .unwrap();
    let library = host::library(&root.path().join("agents"));
    let (program, _) = Program::load(&library, "a").unwrap_or_else(|report| panic!("{report}"));
    let program = Arc::new(program);
    let cache = root.path().join("cache");
    // How often it had to be compiled, in a process that begins with what is in the cache.
    let compiled = || {
        let count = Arc::new(AtomicUsize::new(0));
        let counter = count.clone();
        let notice = move |_: &str| {
            counter.fetch_add(1, Ordering::Relaxed);
            Box::new(()) as Box<dyn Send>
        };
        let cache = Cache::open(&cache, &root.path().join("key")).unwrap();
        let sandbox = Sandbox::new(Some(cache), Box::new(notice)).unwrap();
        let sandbox = sandbox.compiled_by(Compiler::new(binary::program()));
        let setup = Setup::new(Arc::new(library.clone()), sandbox);
        let engine = Engine::new(program.clone(), setup).unwrap_or_else(|error| panic!("{}", error.message));
        let outcome = host::block_on(engine.run(Vec::new()));
        assert_eq!(outcome.outputs, [("got".to_owned(), Value::text("well"))], "{:?}", outcome.failure);
        count.load(Ordering::Relaxed)
    };
    let file = |kind: &str| {
        folder::entries(&cache).into_iter().find(|path| path.extension().is_some_and(|found| found == kind)).unwrap()
    };
    assert_eq!((compiled(), compiled()), (1, 0));

    // One byte changed.
    let mut bytes = fs::read(file("cwasm")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file("cwasm"), &bytes).unwrap();
    assert_eq!((compiled(), compiled()), (1, 0));

    // Another file in its place, and a seal made of nothing.
    fs::write(file("cwasm"), "native code").unwrap();
    fs::write(file("seal"), [0; 64]).unwrap();
    assert_eq!((compiled(), compiled()), (1, 0));

    // A copy is the same bytes, so the seal still holds; under another key it doesn't.
    let copy = fs::read(file("cwasm")).unwrap();
    fs::remove_file(file("cwasm")).unwrap();
    write_private(&cache.join(folder::name(&file("seal")).replace(".seal", ".cwasm")), &copy);
    assert_eq!(compiled(), 0);
    fs::remove_file(root.path().join("key/cache.key")).unwrap();
    assert_eq!((compiled(), compiled()), (1, 0));
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn write_private(path: &Path, bytes: &[u8]) {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .unwrap()
        .write_all(bytes)
        .unwrap();
}
