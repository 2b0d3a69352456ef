//! Components that would keep the compiler busy: it is a process with bounds, and is killed when it passes one.

mod held;

use std::{
    fmt::Write,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use turingbox::{
    Failure, Library, Sandbox, Value,
    sandbox::Cache,
    wall::{Compiler, CompilerBounds, Wall},
};

use crate::support::{binary, component, folder, host, root};

/// A component whose `run` has besides it these functions, in text.
fn with_functions(functions: &str) -> Vec<u8> {
    let honest = fs::read_to_string(root().join("tests/hostile/component_honest/module.wat")).unwrap();
    component::of_module(&format!("{honest}{functions}"))
}

/// `depth` loops, one in the other, and as many variables that each of them carries. In some thousand bytes, the
/// compiler has work for minutes.
fn loops(depth: usize) -> String {
    let mut text = format!("(func (local{}) ", " i32".repeat(depth));
    text.push_str(&"(loop ".repeat(depth));
    for local in 0..depth {
        write!(text, "(local.set {local} (i32.add (local.get {local}) (i32.const 1)))").unwrap();
    }
    text.push_str(&"(br_if 0 (local.get 0)))".repeat(depth));
    text + ")"
}

/// An agent of `bytes`, called twice by a sandbox of its own.
struct Tried {
    /// How often it was compiled.
    compiled: usize,
    /// How each call failed.
    failures: [Option<Failure>; 2],
    /// What is in the cache.
    kept: Vec<String>,
}

fn library(folder: &Path, bytes: &[u8]) -> Library {
    let agent = folder.join("agents/a");
    fs::create_dir_all(&agent).unwrap();
    fs::write(agent.join("agent.toml"), "kind = \"proc\"\ncomponent = \"agent.wasm\"\n[outputs.got]\n").unwrap();
    fs::write(agent.join("agent.wasm"), bytes).unwrap();
    host::library(&folder.join("agents"))
}

fn try_with(bytes: &[u8], compiler: Option<Compiler>) -> Tried {
    let folder = tempfile::tempdir().unwrap();
    let library = library(folder.path(), bytes);
    let compiled = Arc::new(AtomicUsize::new(0));
    let counter = compiled.clone();
    let notice = move |_: &str| {
        counter.fetch_add(1, Ordering::Relaxed);
        Box::new(()) as Box<dyn Send>
    };
    let cache = Cache::open(&folder.path().join("cache"), &folder.path().join("key")).unwrap();
    let sandbox = Sandbox::new(Some(cache), Box::new(notice)).unwrap();
    let sandbox = match compiler {
        Some(compiler) => sandbox.compiled_by(compiler),
        None => sandbox,
    };
    let run = || host::run_with(&library, "a", &[], |setup| setup.sandbox = sandbox.clone()).outcome.failure;
    let failures = [run(), run()];
    let entries = folder::entries(&folder.path().join("cache"));
    let kept = entries.iter().map(|path| folder::name(path)).filter(|name| !name.ends_with(".lock")).collect();
    Tried { compiled: compiled.load(Ordering::Relaxed), failures, kept }
}

fn bounded(bounds: CompilerBounds) -> Option<Compiler> {
    Some(Compiler { bounds, ..Compiler::new(binary::program()) })
}

#[test]
fn what_passes_a_bound_is_stopped() {
    let usual = CompilerBounds::default();
    let (deep, many) = (with_functions(&loops(500)), with_functions(&"(func)".repeat(60_000)));
    for (bytes, bounds, said) in [
        (&deep, CompilerBounds { processor: 1, ..usual }, "more than 1 seconds of the processors' time"),
        (&many, CompilerBounds { processor: 1, ..usual }, "more than 1 seconds of the processors' time"),
        (&deep, CompilerBounds { time: Duration::from_millis(1500), ..usual }, "more than 1.5 seconds"),
        (&deep, CompilerBounds { memory: 96 << 20, ..usual }, "more than 96 MiB of memory"),
    ] {
        let tried = try_with(bytes, bounded(bounds));
        for failure in tried.failures {
            let failure = failure.unwrap();
            assert_eq!(failure.code.name(), "agent.compile", "{failure}");
            assert!(failure.message.contains(said) && failure.help.is_some(), "{failure}");
        }
        assert_eq!((tried.compiled, tried.kept), (1, Vec::new()), "it is compiled once, and nothing is kept");
    }
    // Within the bounds, all is well.
    let tried = try_with(&with_functions(&loops(5)), bounded(usual));
    assert_eq!(tried.failures, [None, None]);
    assert_eq!((tried.compiled, tried.kept.len()), (1, 2));
}

#[test]
fn what_is_too_much_is_refused_before_it_is_compiled() {
    let long = format!("(func {})", "(nop)".repeat(600_000));
    for (functions, said) in
        [("(func)".repeat(100_000), "100002 functions, more than 65536"), (long, "600002 bytes, more than 524288")]
    {
        let tried = try_with(&with_functions(&functions), bounded(CompilerBounds::default()));
        let failure = tried.failures[0].clone().unwrap();
        assert_eq!((failure.code.name(), tried.compiled), ("agent.source", 0), "{failure}");
        assert!(failure.message.contains(said), "{failure}");
    }
}

#[test]
fn without_a_compiler_nothing_is_compiled() {
    let tried = try_with(&with_functions(""), None);
    let failure = tried.failures[0].clone().unwrap();
    assert_eq!((failure.code.name(), tried.kept), ("host", Vec::new()));
    assert!(failure.help.unwrap().contains("`Sandbox::compiled_by`"));
}

/// A compiler that is no longer ours: what it says is bounded, and what can't be loaded isn't kept.
#[test]
fn a_compiler_that_lies_gives_nothing() {
    let frame = |text: &str| [&u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat();
    let long = r#"{"compiled":{"length":100000000000}}"#;
    for (said, last, code, why) in [
        (frame(long), "", "agent.compile", "more than 1 GiB of native code"),
        (frame(r#"{"compiled":{"length":9}}"#), "", "agent.compile", "the compiler's process gave nothing"),
        (frame(r#"{"no":"message"}"#), "", "agent.compile", "unknown variant"),
        (u32::MAX.to_le_bytes().to_vec(), "", "agent.compile", "a message is longer than"),
        (Vec::new(), "echo oh >&2; exit 3", "agent.compile", "it exited with 3, and said: oh"),
        (Vec::new(), "kill -9 $$", "agent.compile", "killed by signal 9"),
        (frame(r#"{"wrong":{"message":"it is odd"}}"#), "", "agent.source", "can't be used: it is odd"),
        ([frame(r#"{"compiled":{"length":6}}"#), b"native".to_vec()].concat(), "", "agent.source", "can't be used"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (program, answer) = (folder.path().join("compiler"), folder.path().join("answer"));
        fs::write(&answer, said).unwrap();
        // It reads what it is sent, so that it isn't ended before it has answered.
        let script = format!("#!/bin/sh\nhead -c 400 >/dev/null\ncat '{}' >&0\n{last}\n", answer.display());
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let tried = try_with(&with_functions(""), Some(Compiler::new(program)));
        let failure = tried.failures[0].clone().unwrap();
        assert_eq!((failure.code.name(), tried.kept), (code, Vec::new()), "{failure}");
        assert!(failure.message.contains(why), "{failure}");
    }
    let missing = try_with(&with_functions(""), Some(Compiler::new("/no/such/program")));
    assert_eq!(missing.failures[0].clone().unwrap().code.name(), "host");
}

/// A worker gets what was compiled, be there a cache or none, and compiles nothing itself.
#[test]
fn a_worker_compiles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let run = |bytes: &[u8], bounds| {
        let sandbox = Sandbox::new(None, Box::new(|_| Box::new(()))).unwrap().compiled_by(bounded(bounds).unwrap());
        let library = library(folder.path(), bytes);
        host::run_with(&library, "a", &[], |setup| {
            setup.sandbox = sandbox;
            setup.wall = Wall::Process { program: binary::program().into() };
        })
        .outcome
    };
    let honest = run(&with_functions(""), CompilerBounds::default());
    assert_eq!(honest.outputs, [("got".to_owned(), Value::text("well"))], "{:?}", honest.failure);
    let stopped = run(&with_functions(&loops(500)), CompilerBounds { processor: 1, ..CompilerBounds::default() });
    assert_eq!(stopped.failure.unwrap().code.name(), "agent.compile");
}
