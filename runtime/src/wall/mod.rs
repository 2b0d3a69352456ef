//! A second wall around guests, of another kind than the first: each proc agent's instances live in
//! a process of their own, which the kernel lets do no more than the agent's grants need. What
//! breaks out of WebAssembly is then in a process that reaches nothing; what crashes the process
//! fails one call.
//!
//! The parent trusts nothing that a worker says. It checks again what comes back: the calls of other
//! agents, the outputs, what was used, and how much of it all there is.
//!
//! Components are compiled in such a process, too, with this wall or without it: `compiler.rs`. So are
//! registries asked, by `share/oci/client.rs`.

mod compiler;
mod confine;
pub(crate) mod frame;
mod message;
pub(crate) mod process;
mod reach;
mod stand_in;
mod syscalls;
mod talk;
mod worker;

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

pub(crate) use compiler::compile;
pub use compiler::{Compiler, CompilerBounds, main as compiler_main};
pub(crate) use confine::limit_work;
pub use confine::{InForce, confine, supported};
pub(crate) use message::Order;
pub use reach::{Ports, Reach};
pub use worker::main;

use crate::{
    failure::{Code, Failure},
    policy::Authority,
    sandbox::{Call, Called, scratch},
    source::Source,
    wall::{message::FromWorker, process::Process},
};

/// The argument that makes the `turingbox` command a worker.
pub const WORKER: &str = "wall-worker";

/// The argument that makes it a compiler.
pub const COMPILER: &str = "wall-compiler";

/// The argument that makes it a client of a registry.
pub const REGISTRY: &str = "wall-registry";

/// The most workers of one run at a time. An agent that calls itself takes one for each level, and
/// each is a process of some ten megabytes.
const MAX_WORKERS: usize = 64;

/// The most workers that wait for a further call of their agent.
const MAX_IDLE: usize = 16;

/// How long a worker may take until it is ready, where it has to compile the guest for Python by itself.
const MAX_START: Duration = Duration::from_secs(600);

/// Where guests run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wall {
    /// In this process: what holds them is WebAssembly.
    #[default]
    None,
    /// In processes of their own, under Landlock, seccomp and rlimits as well. The run has to be in
    /// a tokio runtime with I/O enabled. Names are looked up by the system there, whatever network the
    /// sandbox has.
    Process {
        /// The `turingbox` command, which is started with [`WORKER`].
        program: PathBuf,
    },
}

impl Wall {
    /// Behind workers that are this very program, which has to be the `turingbox` command.
    pub fn of_this_program() -> Self {
        Self::Process { program: "/proc/self/exe".into() }
    }
}

/// The workers of one run. When it is dropped, they are killed.
pub(crate) struct Workers {
    program: PathBuf,
    idle: Mutex<Vec<Worker>>,
    alive: Arc<AtomicUsize>,
}

/// One worker that serves one agent under one authority.
pub(crate) struct Worker {
    authority: Arc<Authority>,
    process: Process,
    longest: u64,
    sources: Arc<[Arc<Source>]>,
    _counted: Counted,
}

/// A worker that is counted until it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workers {
    /// The workers behind `wall`, if it is one of processes. None is started yet.
    pub(crate) fn new(wall: &Wall) -> Option<Self> {
        match wall {
            Wall::None => None,
            Wall::Process { program } => {
                Some(Self { program: program.clone(), idle: Mutex::default(), alive: Arc::default() })
            }
        }
    }

    /// A worker that is ready for a call: one that waits, or a new one.
    ///
    /// # Errors
    ///
    /// When a worker can't be started, can't be confined, or finds something wrong with the agent;
    /// and when there are too many.
    pub(crate) async fn ready(&self, order: &Order<'_>) -> Result<Worker, Failure> {
        if let Some(worker) = self.waiting(order.authority) {
            return Ok(worker);
        }
        let counted = self.count()?;
        let unstarted = |error: io::Error| Failure::host(format_args!("a worker process can't be started: {error}"));
        let scratch = match (order.authority.databases(), order.manifest.has_own_folder()) {
            ([], false) => None,
            _ => Some(tempfile::tempdir_in(scratch(order.cache)).map_err(unstarted)?),
        };
        let mut process = Process::start(&self.program, WORKER, scratch).await.map_err(unstarted)?;
        let longest = message::longest(order.authority.limits.output);
        let opening = async {
            let open = order.open(process.scratch())?;
            let stream = process.stream().map_err(Failure::host)?;
            let mut line = talk::Line::new(stream, longest).map_err(Failure::host)?;
            line.send(&open).await.map_err(Failure::host)?;
            let answer = line.receive().await.map_err(Failure::host)?;
            let stream = line.close().map_err(Failure::host)?;
            Ok((answer, stream))
        };
        let opened = tokio::time::timeout(MAX_START, opening).await;
        match opened.unwrap_or_else(|_| Err(Failure::host("it took too long"))) {
            Ok((FromWorker::Ready { in_force }, stream)) => {
                process.put_back(stream);
                (order.told)(&in_force);
                let sources = order.policy.sources().into();
                Ok(Worker { authority: order.authority.clone(), process, longest, sources, _counted: counted })
            }
            Ok((FromWorker::Refused { failure }, _)) => Err(failure.into()),
            Ok(_) => Err(Failure::host("a worker process didn't say that it is ready")),
            Err(failure) => {
                let end = process.end().await;
                Err(Failure::host(format_args!("a worker process can't be used: {}; {end}", failure.message)))
            }
        }
    }

    /// Calls the agent in its worker, and keeps the worker for the next call if it is still good.
    pub(crate) async fn call(&self, worker: Worker, call: Call<'_>) -> Called {
        let (called, worker) = talk::call(worker, &call).await;
        if let Some(worker) = worker {
            let mut idle = self.idle();
            if idle.len() >= MAX_IDLE {
                idle.remove(0);
            }
            idle.push(worker);
        }
        called
    }

    /// A worker that waits for `authority`, which is one agent's under certain ceilings.
    fn waiting(&self, authority: &Arc<Authority>) -> Option<Worker> {
        let mut idle = self.idle();
        // One may have died since its last call.
        idle.retain_mut(|worker| worker.process.is_alive());
        let at = idle.iter().rposition(|worker| Arc::ptr_eq(&worker.authority, authority))?;
        Some(idle.remove(at))
    }

    fn count(&self) -> Result<Counted, Failure> {
        if self.alive.load(Ordering::Relaxed) >= MAX_WORKERS {
            self.idle().clear();
        }
        let counted = Counted(self.alive.clone());
        if self.alive.fetch_add(1, Ordering::Relaxed) >= MAX_WORKERS {
            let message = format!("agents call each other too deep: more than {MAX_WORKERS} worker processes");
            return Err(
                Failure::new(Code::Depth, message).help("lower `limits.depth` in the policy, or run without `--wall`")
            );
        }
        Ok(counted)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
