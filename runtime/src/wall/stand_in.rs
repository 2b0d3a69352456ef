//! What stands in the worker for what is in the parent: the other agents, the log, the audit log, the
//! plan.

use std::{
    fs::File,
    io,
    pin::Pin,
    sync::{Mutex, PoisonError, mpsc},
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::{
    Value,
    audit::{Audit, Record},
    capability::{
        call::{Answer, Callees, Left, Refusal},
        gate::MAX_KEPT,
    },
    plan::{Entry, Planner},
    policy::Denials,
    sandbox::{Moment, Usage},
    source::Source,
    wall::{
        frame,
        message::{FromWorker, ToWorker, WireLimits},
    },
    wire::{self, WireValue},
};

/// The line to the parent.
pub struct Parent {
    out: Mutex<File>,
    paths: Mutex<mpsc::Receiver<Option<String>>>,
    recorded: Mutex<mpsc::Receiver<()>>,
    answers: tokio::sync::Mutex<UnboundedReceiver<Answer>>,
}

/// A call that the parent wants.
pub type Wanted = (Vec<(String, WireValue)>, WireLimits, Option<Moment>);

/// Where the parent's messages go, each kind to whoever waits for it.
pub struct Inbox {
    stream: File,
    calls: UnboundedSender<Wanted>,
    paths: mpsc::Sender<Option<String>>,
    recorded: mpsc::Sender<()>,
    answers: UnboundedSender<Answer>,
    sources: Vec<std::sync::Arc<Source>>,
}

impl Parent {
    /// Both directions of the line, and the calls that come in.
    pub fn new(
        stream: File,
        sources: Vec<std::sync::Arc<Source>>,
    ) -> io::Result<(Self, Inbox, UnboundedReceiver<Wanted>)> {
        let out = Mutex::new(stream.try_clone()?);
        let (calls, wanted) = tokio::sync::mpsc::unbounded_channel();
        let (path_sender, paths) = mpsc::channel();
        let (recorded_sender, recorded) = mpsc::channel();
        let (answer_sender, answers) = tokio::sync::mpsc::unbounded_channel();
        let inbox =
            Inbox { stream, calls, paths: path_sender, recorded: recorded_sender, answers: answer_sender, sources };
        let (paths, recorded) = (Mutex::new(paths), Mutex::new(recorded));
        let parent = Self { out, paths, recorded, answers: tokio::sync::Mutex::new(answers) };
        Ok((parent, inbox, wanted))
    }

    /// Sends a message. Without a parent there is nothing left to do.
    pub fn send(&self, message: &FromWorker) {
        let out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if frame::write(&*out, message).is_err() {
            std::process::exit(0);
        }
    }
}

impl Inbox {
    /// Takes in what the parent sends until the line ends, which is the end of the worker.
    pub fn run(mut self) {
        while let Ok(Some(message)) = frame::read::<ToWorker>(&mut self.stream) {
            let taken = match message {
                ToWorker::Call { inputs, limits, moment } => self.calls.send((inputs, limits, moment)).is_ok(),
                ToWorker::Path(path) => self.paths.send(path).is_ok(),
                ToWorker::Recorded => self.recorded.send(()).is_ok(),
                ToWorker::Answer { result, denials, usage } => {
                    let result = match result {
                        Ok(outputs) => wire::read_values(outputs).map_err(Refusal::Invalid),
                        Err(refusal) => Err(refusal.into()),
                    };
                    self.answers.send(Answer { result, denials: denials.read(&self.sources, MAX_KEPT), usage }).is_ok()
                }
            };
            if !taken {
                break;
            }
        }
        std::process::exit(0);
    }
}

/// The agents, which the parent runs.
impl Callees for Parent {
    fn path(&self, agent: &str) -> Option<String> {
        let paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        self.send(&FromWorker::Path(agent.to_owned()));
        paths.recv().ok().flatten()
    }

    fn call<'a>(
        &'a self,
        agent: &'a str,
        inputs: Vec<(String, Value)>,
        left: Left,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>> {
        Box::pin(async move {
            let mut answers = self.answers.lock().await;
            self.send(&FromWorker::Run { agent: agent.to_owned(), inputs: wire::values(&inputs), left });
            let gone = || Answer {
                result: Err(Refusal::Invalid("there is nobody to ask".into())),
                denials: Denials::default(),
                usage: Usage::default(),
            };
            answers.recv().await.unwrap_or_else(gone)
        })
    }
}

/// The audit log, which the parent writes, and says so: nothing is done before. If it can't, it ends the
/// worker.
impl Audit for Parent {
    fn record(&self, record: &Record) -> io::Result<()> {
        let recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        self.send(&FromWorker::Record(record.clone()));
        recorded.recv().map_err(io::Error::other)
    }
}

/// The plan, which the parent keeps.
impl Planner for Parent {
    fn add(&self, entry: Entry) {
        self.send(&FromWorker::Planned(entry));
    }

    fn leave_out(&self, effects: u64) {
        self.send(&FromWorker::LeftOut(effects));
    }
}
