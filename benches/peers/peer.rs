//! A peer: a process that does jobs on request, a line of JSON each way. `protocol/serve.py` is its other side.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    command::Failed,
    turns::{Side, Times},
};

/// The longest that a peer may take for a request. The slowest program takes seconds.
const PATIENCE: Duration = Duration::from_secs(180);

/// A peer that is running.
pub struct Peer {
    /// Who it is, with its version.
    pub name: String,
    process: Child,
    requests: Option<ChildStdin>,
    answers: Receiver<String>,
}

/// What a peer is to do.
#[derive(Serialize, Clone, Default)]
pub struct Request {
    #[serde(rename = "do")]
    pub what: &'static str,
    pub source: String,
    pub call: String,
    pub runs: usize,
    pub jobs: usize,
}

/// What it says: all of these may be missing.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Answer {
    nanoseconds: Vec<u64>,
    answer: String,
    cannot: Option<String>,
}

impl Peer {
    /// Starts one, and asks it for its version.
    pub fn start(name: &str, command: &mut Command) -> Result<Self, String> {
        let failed = |error| format!("can't be started: {error}");
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(failed)?;
        let (requests, stdout) = (process.stdin.take(), process.stdout.take());
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || {
            for line in stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines()).map_while(Result::ok) {
                drop(sender.send(line));
            }
        });
        let mut peer = Self { name: name.to_owned(), process, requests, answers };
        let version = peer.ask(&Request { what: "version", ..Request::default() })?.answer;
        peer.name = format!("{name} {version}");
        Ok(peer)
    }

    /// The script of a peer, with a Python that has its packages.
    pub fn script(name: &str, mut python: Command, script: &Path) -> Result<Self, String> {
        let protocol = script.with_file_name("../protocol");
        python.arg(script).env("PYTHONPATH", protocol).env("PYTHONDONTWRITEBYTECODE", "1");
        Self::start(name, &mut python)
    }

    /// This peer as a side of a job, which is `request` but for how often.
    pub fn side<'a>(&'a mut self, request: &Request) -> Side<'a> {
        let request = request.clone();
        Side::new(&self.name.clone(), move |runs| self.time(&Request { runs, ..request.clone() }))
    }

    /// Has it do a job that takes time.
    pub fn time(&mut self, request: &Request) -> Result<Times, String> {
        let answer = self.ask(request)?;
        let times: Vec<_> = answer.nanoseconds.into_iter().map(Duration::from_nanos).collect();
        if times.is_empty() {
            return Err("said no time".to_owned());
        }
        Ok(Times { times, answer: answer.answer })
    }

    /// Has it hold so many more instances that have served the call and are idle, and gives what the last one gave.
    pub fn hold(&mut self, request: &Request) -> Result<String, String> {
        Ok(self.ask(&Request { what: "live", ..request.clone() })?.answer)
    }

    /// The process of the peer.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    fn ask(&mut self, request: &Request) -> Result<Answer, String> {
        let gone = || "its process has ended".to_owned();
        let line = serde_json::to_string(request).map_err(|error| error.to_string())?;
        let requests = self.requests.as_mut().ok_or_else(gone)?;
        writeln!(requests, "{line}").map_err(|_| gone())?;
        let line = self.answers.recv_timeout(PATIENCE).map_err(|error| match error {
            mpsc::RecvTimeoutError::Disconnected => gone(),
            mpsc::RecvTimeoutError::Timeout => {
                self.end();
                format!("gave no answer in {PATIENCE:?}")
            }
        })?;
        let answer: Answer = serde_json::from_str(&line).map_err(|error| format!("gave no answer: {error}"))?;
        match answer.cannot {
            Some(why) => Err(why),
            None => Ok(answer),
        }
    }

    fn end(&mut self) {
        self.requests = None;
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.end();
    }
}

/// The other side of [`Peer::start`] in this program: holds what `hold` makes for each request, until there are none.
pub fn serve<T>(mut hold: impl FnMut(usize) -> Result<(T, String), Failed>) -> Result<(), Failed> {
    let mut held = Vec::new();
    for line in std::io::stdin().lines() {
        let request: serde_json::Value = serde_json::from_str(&line?)?;
        let answer = match request["runs"].as_u64() {
            Some(runs) if request["do"] == "live" => {
                let (more, answer) = hold(runs as usize)?;
                held.push(more);
                answer
            }
            _ => String::new(),
        };
        println!("{}", serde_json::json!({ "answer": answer }));
    }
    Ok(())
}
