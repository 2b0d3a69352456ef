//! How long a Python agent takes to start and end, side by side with starting CPython itself.
//!
//! Both sides run in turn, some at a time, so that a machine which is busy with something else
//! slows both; the ratio of the medians is what counts. `cargo bench --profile dev --bench python_start`

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use turingbox::{Engine, Library, Policy, Program, Sandbox, Setup, Value, sandbox::Cache};

/// How often the sides take turns, and how often each runs in its turn: a call in a batch comes
/// after another call, not after a process that has just emptied the processor's caches.
const TURNS: usize = 20;
const RUNS: usize = 20;

const MANIFEST: &str = "kind = \"proc\"\npython = \"main.py\"\n[inputs.text]\n[outputs.text]\n";
const SOURCE: &str = "def main(text):\n    return text.upper()\n";

/// What the policies say about imports: the guard takes out what they leave out.
const SAID: [(&str, &str); 3] = [
    ("a fresh Python call", ""),
    ("the same where a module is denied", "imports = { deny = [\"ctypes\"] }"),
    ("the same where three are allowed", "imports = { allow = [\"json\", \"math\", \"re\"] }"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let python = python()?;
    println!("{TURNS} turns of {RUNS} runs each, medians; python3 is {}", python.display());
    let start = || timed(|| Command::new(&python).args(["-I", "-S", "-c", "pass"]).status());
    for (what, imports) in SAID {
        fresh_call(what, imports, &start)?;
    }
    whole_process(&start)
}

/// A call: a fresh instance, the source loaded, a two-line function run, all thrown away.
fn fresh_call(what: &str, imports: &str, start: &dyn Fn() -> Duration) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let agent = folder.path().join("upper");
    std::fs::create_dir(&agent)?;
    std::fs::write(agent.join("agent.toml"), MANIFEST)?;
    std::fs::write(agent.join("main.py"), SOURCE)?;
    let mut library = Library::default();
    library.add_folder(folder.path())?;
    let (program, _) = Program::load(&library, "upper")?;
    let cache = Cache::open(&scratch("cache"), &scratch("state"))?;
    let sandbox = Sandbox::new(Some(cache), Box::new(|_| Box::new(())))?;
    let policy = Policy::parse("policy.toml", &format!("version = 1\n[agents.upper]\n{imports}\n"))?;
    let setup = Setup { policy: Arc::new(policy), ..Setup::new(Arc::new(library), sandbox) };
    let engine = Engine::new(Arc::new(program), setup).map_err(|error| error.message)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let call = || {
        let outcome = runtime.block_on(engine.run(vec![("text".into(), Value::text("hello"))]));
        assert_eq!(outcome.outputs, [("text".to_owned(), Value::text("HELLO"))]);
    };
    call();
    side_by_side(what, &|| timed(call), start);
    Ok(())
}

/// `turingbox run` of an agent that returns its input, with a warm cache.
fn whole_process(start: &dyn Fn() -> Duration) -> Result<(), Box<dyn Error>> {
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let built = Command::new(env!("CARGO"))
        .args(["build", "-p", "turingbox", "--bin", "turingbox", "--profile", profile])
        .status()?;
    assert!(built.success());
    let binary = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(binary, PathBuf::from);
    let binary = target.join(if profile == "dev" { "debug" } else { profile }).join("turingbox").canonicalize()?;
    let run = || {
        let mut command = Command::new(&binary);
        command.args(["run", "echo", "--input", "hello"]).current_dir(scratch("cache")).stdout(Stdio::null());
        command.env("TURINGBOX_CACHE", scratch("cache")).env("TURINGBOX_STATE", scratch("state"));
        command.status()
    };
    assert!(run()?.success());
    side_by_side("turingbox run echo", &|| timed(run), start);
    Ok(())
}

/// Runs both in turn and prints the medians and their ratio.
fn side_by_side(what: &str, ours: &dyn Fn() -> Duration, theirs: &dyn Fn() -> Duration) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        left.extend((0..RUNS).map(|_| ours()));
        right.extend((0..RUNS).map(|_| theirs()));
    }
    let (left, right) = (median(&mut left), median(&mut right));
    let ratio = left.as_secs_f64() / right.as_secs_f64();
    println!("{what}: {left:.2?}; python3 -I -S -c pass: {right:.2?}; ratio {ratio:.3}, 1/{:.1}", 1.0 / ratio);
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The interpreter itself: `python3` may be a script that looks for one.
fn python() -> Result<PathBuf, Box<dyn Error>> {
    let found = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output()?;
    Ok(String::from_utf8(found.stdout)?.trim().into())
}

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench").join(name)
}
