//! The library's own interface: runs in this process, all in one sandbox.

use std::{
    cell::RefCell,
    future::Future,
    sync::{Arc, Mutex, OnceLock},
};

use turingbox::{
    Engine, Library, Outcome, Policy, Program, Sandbox, Setup, Value,
    capability::{files::Protected, log::Level},
    engine::{Cell, Tape},
    sandbox::Cache,
    wall::{Compiler, Wall},
};

use crate::support::{
    binary::{self, home},
    server,
};

/// The sandbox of this process.
pub fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(new_sandbox)
}

/// One like it, whose instances are its own.
pub fn new_sandbox() -> Sandbox {
    let home = home();
    let cache = Cache::open(&home.cache, &home.state).unwrap();
    let sandbox = Sandbox::new(Some(cache), Box::new(|_| Box::new(()))).unwrap();
    sandbox.compiled_by(Compiler::new(binary::program())).over(server::network())
}

thread_local! {
    static WALL: RefCell<Wall> = const { RefCell::new(Wall::None) };
}

/// Does what `tests` does, with all runs of this thread behind a wall of processes.
pub fn behind_a_wall<T>(tests: impl FnOnce() -> T) -> T {
    WALL.replace(Wall::Process { program: binary::program().to_path_buf() });
    let result = tests();
    WALL.replace(Wall::None);
    result
}

/// Whether the runs of this thread are behind a wall.
pub fn is_behind_a_wall() -> bool {
    WALL.with_borrow(|wall| *wall != Wall::None)
}

/// The agents below `folder`, and the built-in ones.
pub fn library(folder: &std::path::Path) -> Library {
    let mut library = Library::default();
    library.add_folder(folder).unwrap();
    library.add_builtin();
    library
}

/// A run that went as far as running.
pub struct Ran {
    /// How it ended.
    pub outcome: Outcome,
    /// What was logged.
    pub log: Vec<String>,
    /// A line for each thing that an agent held: where, who and what.
    pub holds: Vec<String>,
    /// A line for each step: where, and the failure's code.
    pub steps: Vec<(String, Option<&'static str>)>,
    /// All that the tape was told, but for the log: of each cell its inputs and how it went, and what
    /// each agent holds.
    pub tape: Vec<String>,
}

/// Runs the agent called `name`. What is wrong in files is a panic.
pub fn run(library: &Library, name: &str, policy: &Policy, inputs: &[(&str, Value)]) -> Ran {
    run_with(library, name, inputs, |setup| setup.policy = Arc::new(policy.clone()))
}

/// The same, with everything that a run is made with as `change` wants it.
pub fn run_with(library: &Library, name: &str, inputs: &[(&str, Value)], change: impl FnOnce(&mut Setup)) -> Ran {
    let (program, _) = Program::load(library, name).unwrap_or_else(|report| panic!("{report}"));
    let record = Arc::new(Record::default());
    let home = home();
    let protected = Protected { hidden: vec![home.cache, home.state], ..Protected::default() };
    let mut setup =
        Setup { protected, tape: record.clone(), ..Setup::new(Arc::new(library.clone()), sandbox().clone()) };
    setup.wall = WALL.with_borrow(Wall::clone);
    change(&mut setup);
    let engine = Engine::new(Arc::new(program), setup).unwrap_or_else(|error| panic!("{}", error.message));
    let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let outcome = block_on(engine.run(inputs));
    drop(engine);
    assert_eq!(Arc::strong_count(&record), 1, "a run that is over holds nothing");
    let log = std::mem::take(&mut *record.log.lock().unwrap());
    let steps = std::mem::take(&mut *record.steps.lock().unwrap());
    let tape = std::mem::take(&mut *record.tape.lock().unwrap());
    let holds = std::mem::take(&mut *record.holds.lock().unwrap());
    Ran { outcome, log, holds, steps, tape }
}

/// Runs a future on this thread.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[derive(Default)]
struct Record {
    log: Mutex<Vec<String>>,
    holds: Mutex<Vec<String>>,
    steps: Mutex<Vec<(String, Option<&'static str>)>>,
    tape: Mutex<Vec<String>>,
}

impl Tape for Record {
    fn append(&self, cell: &Cell<'_>) {
        let code = cell.outcome.failure.as_ref().map(|failure| failure.code.name());
        self.steps.lock().unwrap().push((cell.path.to_owned(), code));
        let values = cell.inputs.iter().chain(&cell.outcome.outputs);
        let values: Vec<_> = values.map(|(name, value)| (name, String::from_utf8_lossy(value.bytes()))).collect();
        self.tape.lock().unwrap().push(format!("{} {} {values:?} {:?}", cell.path, cell.agent, cell.outcome));
    }

    fn wants_holdings(&self) -> bool {
        true
    }

    fn holds(&self, path: &str, agent: &str, rows: &[(&str, String)]) {
        self.tape.lock().unwrap().push(format!("{path} {agent} holds {rows:?}"));
        let rows = rows.iter().map(|(word, text)| format!("{path} {agent} {word} {text}"));
        self.holds.lock().unwrap().extend(rows);
    }

    fn log(&self, _: &str, _: &str, _: Level, line: &str) {
        self.log.lock().unwrap().push(line.to_owned());
    }
}
