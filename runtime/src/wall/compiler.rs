//! Compiling in a process of its own, which is killed when it takes more of the machine than it may. A compiler's
//! work can grow much faster than what it compiles, and nothing stops it halfway but the end of its process.
//!
//! What it gives is native code, which the caller runs: this bounds what compiling costs, and takes from the
//! compiler all that it doesn't need. It can't make code that was compiled wrong right.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsFd,
    path::PathBuf,
    thread,
    time::Duration,
};

use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};
use tokio::{io::AsyncWriteExt, net::UnixStream};

use crate::{
    failure::{Code, Failure},
    policy::size_text,
    sandbox::{self, Role},
    wall::{
        COMPILER, Reach,
        confine::{confine, limit_work},
        frame,
        process::{End, Process},
    },
};

/// The longest message of a compiler's, in bytes: a sentence about what is wrong with a component.
const MAX_MESSAGE: u64 = 16 << 10;

/// The longest such sentence, in bytes. What a component calls its parts may be in it.
const MAX_SENTENCE: usize = 2 << 10;

/// The most native code that is taken from a compiler, in bytes: eight times the most memory that the
/// largest components took.
const MAX_COMPILED: u64 = 1 << 30;

/// Compiles components, each in a process of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiler {
    /// The `turingbox` command, which is started with [`COMPILER`].
    pub program: PathBuf,
    /// What it may take.
    pub bounds: CompilerBounds,
}

/// What compiling one component may take of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompilerBounds {
    /// Memory, in bytes.
    pub memory: u64,
    /// Time of processors, all together, in whole seconds.
    pub processor: u64,
    /// Time, on a machine that may be busy.
    pub time: Duration,
}

impl Default for CompilerBounds {
    fn default() -> Self {
        Self { memory: 4 << 30, processor: 60, time: Duration::from_secs(180) }
    }
}

impl Compiler {
    /// Starts `program`, with the usual bounds.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), bounds: CompilerBounds::default() }
    }

    /// Starts this very program, which has to be the `turingbox` command.
    pub fn of_this_program() -> Self {
        Self::new("/proc/self/exe")
    }
}

/// The first message to a compiler. The component's bytes follow, as they are.
#[derive(Serialize, Deserialize)]
struct Job {
    bounds: CompilerBounds,
    role: Role,
    length: u64,
}

/// What it answers. Compiled code follows, as it is.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Compiled { length: u64 },
    Wrong { message: String },
}

/// Has `compiler` compile a component.
///
/// # Errors
///
/// What is wrong with the component, or which bound it passed; or why there is no compiler.
pub(crate) fn compile(compiler: &Compiler, role: Role, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    // The caller's thread may be one of a runtime, where no other can be entered.
    let compiled = thread::scope(|scope| {
        let work = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unstarted)?;
            runtime.block_on(compiled(compiler, role, bytes))
        };
        thread::Builder::new().name("compiler".into()).spawn_scoped(scope, work).map(thread::ScopedJoinHandle::join)
    });
    match compiled.map_err(unstarted)? {
        Ok(compiled) => compiled,
        Err(_) => Err(Failure::host("the thread that waited for the compiler panicked")),
    }
}

fn unstarted(error: io::Error) -> Failure {
    Failure::host(format_args!("the compiler's process can't be started: {error}"))
}

async fn compiled(compiler: &Compiler, role: Role, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut process = Process::start(&compiler.program, COMPILER, None).await.map_err(unstarted)?;
    let stream = process.stream().map_err(unstarted)?;
    match tokio::time::timeout(compiler.bounds.time, talk(stream, compiler.bounds, role, bytes)).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(broken(&error, &process.end().await, compiler.bounds)),
        Err(_) => Err(over(&format!("{} seconds", compiler.bounds.time.as_secs_f64()))),
    }
}

async fn talk(
    stream: std::os::unix::net::UnixStream,
    bounds: CompilerBounds,
    role: Role,
    bytes: &[u8],
) -> io::Result<Result<Vec<u8>, Failure>> {
    let mut stream = UnixStream::from_std(stream)?;
    stream.write_all(&frame::encode(&Job { bounds, role, length: bytes.len() as u64 })?).await?;
    stream.write_all(bytes).await?;
    let length = match frame::receive(&mut stream, MAX_MESSAGE).await?.0 {
        Answer::Wrong { message } => return Ok(Err(sandbox::unusable(message))),
        Answer::Compiled { length } if length > MAX_COMPILED => {
            return Ok(Err(over(&format!("{} of native code", size_text(MAX_COMPILED)))));
        }
        Answer::Compiled { length } => length,
    };
    frame::receive_rest(&mut stream, length).await.map(Ok)
}

/// Why a compiler gave nothing.
fn broken(error: &io::Error, end: &End, bounds: CompilerBounds) -> Failure {
    if end.had_no_time() {
        return over(&format!("{} seconds of the processors' time", bounds.processor));
    }
    if end.had_no_memory() {
        return over(&format!("{} of memory", size_text(bounds.memory)));
    }
    let why = match error.kind() {
        io::ErrorKind::InvalidData => error.to_string(),
        _ => end.to_string(),
    };
    Failure::new(Code::Compile, format!("the component can't be compiled: the compiler's process gave nothing; {why}"))
}

fn over(bound: &str) -> Failure {
    Failure::new(Code::Compile, format!("the component can't be compiled: it takes more than {bound}"))
        .help("build it with smaller functions, or fewer of them: compilers make such code only of very large ones")
}

/// Compiles what the parent at the other end of standard input sends.
///
/// Gives the exit code.
pub fn main() -> u8 {
    // Whatever happens to the parent, its compilers don't outlive it; the end of the line says the same.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let Ok(stream) = io::stdin().as_fd().try_clone_to_owned().map(File::from) else { return 2 };
    match frame::read::<Job>(&stream) {
        Ok(Some(job)) => serve(&stream, &job).map_or(5, |()| 0),
        // Nobody is meant to start a compiler by hand.
        _ => 2,
    }
}

fn serve(mut stream: &File, job: &Job) -> io::Result<()> {
    limit_work(job.bounds.memory, job.bounds.processor).map_err(io::Error::other)?;
    // What the kernel has of it. The bounds above are what is promised, and every kernel has those.
    drop(confine(&Reach::default()));
    let bytes = frame::read_rest(stream, job.length)?;
    match sandbox::compile(job.role, &bytes) {
        Ok(compiled) => {
            frame::write(stream, &Answer::Compiled { length: compiled.len() as u64 })?;
            stream.write_all(&compiled)
        }
        Err(mut message) => {
            message.truncate(message.floor_char_boundary(MAX_SENTENCE));
            frame::write(stream, &Answer::Wrong { message })
        }
    }
}
