//! One worker, compiler or client of a registry as a process: started, killed, and asked how it ended.

use std::{
    fmt, io,
    io::Read,
    os::{
        fd::OwnedFd,
        unix::{
            net::UnixStream,
            process::{CommandExt, ExitStatusExt},
        },
    },
    path::Path,
    process::{Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// How much of what a worker writes to its standard error is kept, in bytes: enough for a panic.
const MAX_SAID: u64 = 4096;

/// The variables that a worker inherits: they name the certificates that are trusted.
const CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// How long we wait for a worker that was killed.
const MAX_END: Duration = Duration::from_secs(5);

/// A worker, a compiler or a client. It is killed when this is dropped.
pub struct Process {
    handle: OwnedFd,
    scratch: Option<TempDir>,
    stream: Option<UnixStream>,
    ended: oneshot::Receiver<End>,
}

/// How a worker ended.
#[derive(Default)]
pub struct End {
    status: Option<ExitStatus>,
    said: String,
}

impl Process {
    /// Starts `program` as what `role` says, its one argument. It inherits our folder and nothing else: no
    /// variable of an agent's, no terminal, no open file. Databases keep their temporary files in `scratch`, and programs
    /// have their folders there; it goes with the worker.
    pub async fn start(program: &Path, role: &'static str, scratch: Option<TempDir>) -> io::Result<Self> {
        let (stream, theirs) = UnixStream::pair()?;
        stream.set_nonblocking(true)?;
        let (started, start) = oneshot::channel();
        let (tell, ended) = oneshot::channel();
        let mut command = Command::new(program);
        command
            .arg(role)
            .env_clear()
            .envs(CERTIFICATES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(scratch.as_ref().map(|folder| ("SQLITE_TMPDIR", folder.path())));
        // A thread keeps each worker: the kernel kills a worker when the thread that started it
        // ends, and a thread of the caller's may end before the run does.
        thread::Builder::new().name("wall".into()).stack_size(128 << 10).spawn(move || {
            let end = keep(command, theirs, started);
            // Nobody may want to know.
            drop(tell.send(end));
        })?;
        let handle = start.await.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))??;
        Ok(Self { handle, scratch, stream: Some(stream), ended })
    }

    /// The folder for temporary files.
    pub fn scratch(&self) -> Option<&Path> {
        self.scratch.as_ref().map(TempDir::path)
    }

    /// The stream to the worker, which is then the caller's.
    pub fn stream(&mut self) -> io::Result<UnixStream> {
        self.stream.take().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Gives the stream back for the next call.
    pub fn put_back(&mut self, stream: UnixStream) {
        self.stream = Some(stream);
    }

    /// Whether the worker lives.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.ended.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }

    /// Kills the worker if it lives, and says how it ended.
    pub async fn end(&mut self) -> End {
        // One that is about to die by itself gets a moment to, so that the reason is its own.
        const MOMENT: Duration = Duration::from_millis(200);
        if let Ok(Ok(end)) = tokio::time::timeout(MOMENT, &mut self.ended).await {
            return end;
        }
        self.kill();
        match tokio::time::timeout(MAX_END, &mut self.ended).await {
            Ok(Ok(end)) => end,
            _ => End::default(),
        }
    }

    fn kill(&self) {
        // One that is dead already can't be killed, and needn't be.
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts the worker, and stays until it has ended.
fn keep(mut command: Command, theirs: UnixStream, started: oneshot::Sender<io::Result<OwnedFd>>) -> End {
    command
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // What a terminal sends to us is not for a worker: we end it ourselves.
        .process_group(0);
    let child = command.spawn();
    // The other end of the stream is the worker's alone from here on.
    drop(command);
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            drop(started.send(Err(error)));
            return End::default();
        }
    };
    // The child isn't waited for yet, so its number is no other's.
    let handle = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).map_err(io::Error::from);
    if let Err(Err(_)) | Err(Ok(_)) = started.send(handle) {
        drop(child.kill());
    }
    let mut said = Vec::new();
    if let Some(mut errors) = child.stderr.take() {
        drop(errors.by_ref().take(MAX_SAID).read_to_end(&mut said));
        drop(io::copy(&mut errors, &mut io::sink()));
    }
    End { status: child.wait().ok(), said: String::from_utf8_lossy(&said).trim().replace('\n', " ") }
}

impl End {
    /// Whether it was ended since it took all the time of the processors that it had.
    pub fn had_no_time(&self) -> bool {
        self.status.and_then(|status| status.signal()) == Some(libc::SIGXCPU)
    }

    /// Whether it ended since it took all the memory that it had.
    pub fn had_no_memory(&self) -> bool {
        self.said.contains("memory allocation of ")
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status.map(|status| (status.code(), status.signal())) {
            Some((_, Some(signal))) => write!(f, "it was killed by signal {signal}")?,
            Some((Some(code), _)) => write!(f, "it exited with {code}")?,
            _ => f.write_str("how it ended is unknown")?,
        }
        if self.said.is_empty() { Ok(()) } else { write!(f, ", and said: {}", self.said) }
    }
}
