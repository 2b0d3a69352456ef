//! Our side: the library in this process, and the agents that do the jobs.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::runtime::Runtime;
use turingbox::{
    Engine, Library, Policy, Program, Sandbox, Setup, Value,
    engine::{Silent, Tape},
    sandbox::{Cache, LIVE},
    wall::Compiler,
};

use crate::{
    binary,
    command::Failed,
    compute::Work,
    turns::{Side, Times},
};

/// Who we are in the table.
pub const NAME: &str = "Turingbox";

/// What is called to measure a call.
pub const AGENT: &str = "two_lines";
pub const SOURCE: &str = "def main(text):\n    return text.upper()\n";
pub const CALL: &str = "main('hello')";
pub const INPUT: &str = "hello";
pub const ANSWER: &str = "HELLO";

/// A workflow of so many calls, one after the other.
pub const CALLS: &str = "calls";
const CALLS_STEPS: usize = 200;

/// An agent that says so when it is loaded and called, and then waits for hours.
pub const IDLE: &str = "idle";
const IDLE_SOURCE: &str = "import time\n\ndef main(text):\n    print(text.upper())\n    time.sleep(36_000)\n";

/// A workflow that loops.
pub const LOOP: &str = "looping";
const LOOP_AGENT: &str = r#"
kind = "workflow"

[inputs.limit]
type = "integer"
[outputs.count]
from = "$i"

[[steps]]
agent = "loop_start"
inputs = { limit = "$limit" }
outputs = { start = "loop", index = "i" }

[[steps]]
agent = "loop_end"
inputs = { start = "$loop", index = "$i", limit = "$limit" }
outputs = { index = "i" }
"#;

/// The library, and what runs it.
pub struct Ours {
    library: Arc<Library>,
    sandbox: Sandbox,
    pub runtime: Runtime,
    /// The `turingbox` command, built as this is.
    pub binary: PathBuf,
}

impl Ours {
    pub fn open() -> Result<Self, Failed> {
        Self::with_room(LIVE)
    }

    /// With room for so many instances at once.
    pub fn with_room(live: u32) -> Result<Self, Failed> {
        write_agents()?;
        let binary = binary::turingbox()?;
        let mut library = Library::default();
        library.add_folder(&agents())?;
        library.add_builtin();
        let cache = Cache::open(&cache(), &state())?;
        let sandbox = Sandbox::with_room(live, Some(cache), Box::new(|_| Box::new(())))?;
        let sandbox = sandbox.compiled_by(Compiler::new(&binary));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { library: Arc::new(library), sandbox, runtime, binary })
    }

    /// An agent that is ready to be called, under a policy.
    pub fn engine(&self, agent: &str, policy: &str) -> Result<Engine, Failed> {
        self.recorded(agent, policy, Arc::new(Silent))
    }

    /// The same, with a tape.
    pub fn recorded(&self, agent: &str, policy: &str, tape: Arc<dyn Tape>) -> Result<Engine, Failed> {
        let (program, _) = Program::load(&self.library, agent)?;
        let policy = Policy::parse("policy.toml", &format!("version = 1\n{policy}"))?;
        let setup = Setup::new(self.library.clone(), self.sandbox.clone());
        let setup = Setup { policy: Arc::new(policy), tape, ..setup };
        Ok(Engine::new(Arc::new(program), setup).map_err(|error| error.message)?)
    }

    /// Calls an agent, and gives the text that it gives.
    pub fn call(&self, engine: &Engine, inputs: &[(String, Value)]) -> Result<String, String> {
        let outcome = self.runtime.block_on(engine.run(inputs.to_vec()));
        match (outcome.failure, outcome.outputs.first()) {
            (None, Some((_, Value::Text(text)))) => Ok(text.to_string()),
            (failure, _) => Err(failure.map_or_else(|| "gave no text".to_owned(), |failure| failure.message)),
        }
    }

    /// A call in a fresh instance, with all limits that there are.
    pub fn side<'a>(&'a self, agent: &str, inputs: &'a [(String, Value)]) -> Result<Side<'a>, Failed> {
        let engine = self.engine(agent, "")?;
        Ok(Side::new(NAME, move |runs| Times::of(runs, || self.call(&engine, inputs))))
    }
}

/// What [`AGENT`] is called with.
pub fn inputs() -> Vec<(String, Value)> {
    vec![("text".to_owned(), Value::text(INPUT))]
}

/// Where the agents are.
pub fn agents() -> PathBuf {
    scratch("agents")
}

/// Where compiled guests are kept, those of the other benches too.
pub fn cache() -> PathBuf {
    scratch("../bench/cache")
}

pub fn state() -> PathBuf {
    scratch("../bench/state")
}

/// A folder of this bench's sources.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(name)
}

/// A folder that stays from run to run.
pub fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-peers").join(name)
}

fn write_agents() -> Result<(), Failed> {
    let python = |inputs: &str| format!("kind = \"proc\"\npython = \"main.py\"\n{inputs}[outputs.text]\n");
    write_agent(AGENT, &python("[inputs.text]\n"), Some(SOURCE))?;
    for work in Work::all()? {
        write_agent(&work.agent(), &python(""), Some(&work.source))?;
    }
    let step = "[[steps]]\nagent = \"two_lines\"\ninputs = { text = \"hello\" }\noutputs = { text = \"text\" }\n";
    let workflow = "kind = \"workflow\"\n[outputs.text]\n";
    write_agent(CALLS, &format!("{workflow}{}", step.repeat(CALLS_STEPS)), None)?;
    write_agent(IDLE, &python("[inputs.text]\n"), Some(IDLE_SOURCE))?;
    write_agent(LOOP, LOOP_AGENT, None)
}

fn write_agent(name: &str, manifest: &str, source: Option<&str>) -> Result<(), Failed> {
    let at = agents().join(name);
    fs::create_dir_all(&at)?;
    fs::write(at.join("agent.toml"), manifest)?;
    if let Some(source) = source {
        fs::write(at.join("main.py"), source)?;
    }
    Ok(())
}
