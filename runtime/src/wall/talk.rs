//! The parent's side of one call: it serves what the worker asks for until the call is over, and
//! believes none of it.

use std::{
    io,
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncWriteExt, BufReader},
    net,
};

use crate::{
    audit::Verdict,
    capability::{
        call::{Left, MAX_INPUTS},
        gate::{self, MAX_DENIED, MAX_KEPT},
    },
    failure::{Code, Failure},
    policy::{Decision, Request},
    sandbox::{self, Call, Called, Usage},
    wall::{
        Worker, frame,
        message::{self, FromWorker, ToWorker, WireLimits},
    },
    wire::{self, WireDenials, WireFailure, WireValue},
};

/// How long after its deadline a call may still be told of before its worker is killed.
const GRACE: Duration = Duration::from_secs(1);

/// The most that a worker says about one call beside its calls of others and its outputs, in bytes:
/// lines of the log and records of the audit log have their own bounds in an honest worker, and
/// come to less.
const MAX_CHATTER: u64 = 64 << 20;

/// A stream of messages, for as long as one runtime runs.
pub struct Line {
    stream: BufReader<net::UnixStream>,
    longest: u64,
    chatter: u64,
}

impl Line {
    /// Messages of at most `longest` bytes.
    pub fn new(stream: UnixStream, longest: u64) -> io::Result<Self> {
        Ok(Self { stream: BufReader::new(net::UnixStream::from_std(stream)?), longest, chatter: 0 })
    }

    /// Sends a message.
    pub async fn send(&mut self, message: &impl serde::Serialize) -> io::Result<()> {
        self.stream.get_mut().write_all(&frame::encode(message)?).await
    }

    /// The next message.
    pub async fn receive(&mut self) -> io::Result<FromWorker> {
        let (message, length) = frame::receive(&mut self.stream, self.longest).await?;
        use FromWorker::{LeftOut, Log, Path, Planned, Record};
        if matches!(message, Log(..) | Record(_) | Planned(_) | LeftOut(_) | Path(_)) {
            self.chatter += length;
            if self.chatter > MAX_CHATTER {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it says too much"));
            }
        }
        Ok(message)
    }

    /// The stream, for the next call. What was sent and not asked for is an error.
    pub fn close(self) -> io::Result<UnixStream> {
        if !self.stream.buffer().is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it says more than it was asked for"));
        }
        self.stream.into_inner().into_std()
    }
}

/// Why a worker is good for nothing any more.
enum Broken {
    /// The stream ended, or what came is no message.
    Stream(io::Error),
    /// It did what an honest one doesn't.
    Contract(&'static str),
    /// The audit log can't be written, so nothing more may be done.
    Audit(String),
}

/// What a worker says that isn't asked to plan.
const PLANNED: Broken = Broken::Contract("it only planned what is real");

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Stream(error)
    }
}

/// What a worker says at the end of a call.
struct Done {
    result: Result<Vec<(String, WireValue)>, WireFailure>,
    denials: WireDenials,
    usage: Usage,
}

/// Runs `call` in the worker. Gives the worker back if it can serve another.
pub async fn call(mut worker: Worker, call: &Call<'_>) -> (Called, Option<Worker>) {
    let (start, sources) = (Instant::now(), worker.sources.clone());
    let mut talk = Talk { call, spent: Usage::default(), beyond: 0 };
    let end = tokio::time::Instant::from_std(call.limits.deadline + GRACE);
    let done = match worker.process.stream().and_then(|stream| Line::new(stream, worker.longest)) {
        Ok(mut line) => match tokio::time::timeout_at(end, talk.serve(&mut line)).await {
            Ok(Ok(done)) => line.close().map(|stream| (done, stream)).map_err(Broken::from).map_err(Some),
            Ok(Err(broken)) => Err(Some(broken)),
            Err(_) => Err(None),
        },
        Err(error) => Err(Some(error.into())),
    };
    let (result, denials, claimed, worker) = match done {
        Ok((done, stream)) => {
            worker.process.put_back(stream);
            let fields = done.result.map_err(Failure::from).and_then(|outputs| {
                let fields = outputs.into_iter().map(|(name, value)| value.into_field(name));
                fields.collect::<Result<Vec<_>, _>>().map_err(|error| Failure::new(Code::Result, error))
            });
            (sandbox::received(fields, call), done.denials, done.usage, Some(worker))
        }
        Err(broken) => (Err(talk.failure(broken, worker).await), WireDenials::default(), Usage::default(), None),
    };
    call.gate.adopt(denials.read(&sources, MAX_KEPT));
    let (denials, written) = call.gate.finish();
    let usage = talk.used(claimed, start.elapsed());
    (Called { result: written.map_err(gate::unwritten).and(result), denials, usage }, worker)
}

struct Talk<'a> {
    call: &'a Call<'a>,
    /// What other agents used that this one called.
    spent: Usage,
    /// Records that came after the call had to be over. A worker ends it by its own count, which knows
    /// nothing of the rest of the run.
    beyond: u64,
}

impl Talk<'_> {
    async fn serve(&mut self, line: &mut Line) -> Result<Done, Broken> {
        let limits = &self.call.limits;
        let limits = WireLimits {
            memory: limits.memory,
            fuel: limits.fuel,
            time: limits.deadline.saturating_duration_since(Instant::now()),
            output: limits.output,
            bytes: limits.bytes,
            calls: limits.calls,
        };
        let (inputs, moment) = (wire::values(self.call.inputs), self.call.moment);
        line.send(&ToWorker::Call { inputs, limits, moment }).await?;
        loop {
            match line.receive().await? {
                FromWorker::Log(level, text) => self.call.log.line(level, &self.call.env.scrubber().text(&text)),
                FromWorker::Record(record) => {
                    // Which calls are allowed, we find ourselves when it makes them.
                    if (&*record.capability, record.decision) != ("calls", Verdict::Allowed) {
                        self.call.gate.write_down(record).map_err(Broken::Audit)?;
                    }
                    self.beyond += u64::from(self.call.gate.is_over());
                    if self.beyond > MAX_DENIED {
                        return Err(Broken::Contract("it goes on though it was denied all that it may be"));
                    }
                    line.send(&ToWorker::Recorded).await?;
                }
                FromWorker::Planned(entry) => self.call.gate.plan_for(entry).ok_or(PLANNED)?,
                FromWorker::LeftOut(effects) => self.call.gate.leave_out(effects).ok_or(PLANNED)?,
                FromWorker::Path(agent) => line.send(&ToWorker::Path(self.call.callees.path(&agent))).await?,
                FromWorker::Run { agent, inputs, left } => {
                    let answer = self.run(&agent, inputs, left).await?;
                    line.send(&answer).await?;
                }
                FromWorker::Done { result, denials, usage } => return Ok(Done { result, denials, usage }),
                FromWorker::Ready { .. } | FromWorker::Refused { .. } => {
                    return Err(Broken::Contract("it spoke out of turn"));
                }
            }
        }
    }

    /// Calls another agent for the guest. The worker has decided about it already; so do we.
    async fn run(&mut self, agent: &str, inputs: Vec<(String, WireValue)>, left: Left) -> Result<ToWorker, Broken> {
        let callees = &self.call.callees;
        let path = callees.path(agent);
        let request = Request::Calls { agent: agent.into(), path: path.as_deref().unwrap_or(agent).into() };
        if let Decision::Denied(_) = self.call.gate.authority().decide(&request) {
            return Err(Broken::Contract("it called an agent that it may not call"));
        }
        self.call.gate.ask(&request).map_err(|denial| Broken::Audit(denial.request))?;
        let limits = &self.call.limits;
        let calls = limits.calls.saturating_sub(self.spent.calls);
        if calls == 0 || inputs.len() > MAX_INPUTS {
            return Err(Broken::Contract("it called another agent beyond its limits"));
        }
        self.spent.calls += 1;
        let left = Left {
            fuel: left.fuel.min(limits.fuel.saturating_sub(self.spent.fuel)),
            bytes: left.bytes.min(limits.bytes.saturating_sub(self.spent.bytes)),
            calls: left.calls.min(calls - 1),
        };
        let Ok(inputs) = wire::read_values(inputs) else {
            return Err(Broken::Contract("it gave an agent what is no value"));
        };
        let scrubber = self.call.env.scrubber_of_held();
        let inputs = inputs.into_iter().map(|(name, value)| (scrubber.text(&name).into_owned(), scrubber.value(value)));
        let inputs = inputs.collect();
        let answer = callees.call(agent, inputs, left).await;
        self.spent.add(answer.usage);
        Ok(message::answer(answer))
    }

    /// What the call used: what the worker claims, but no less than we know of and no more than
    /// there was.
    fn used(&self, claimed: Usage, time: Duration) -> Usage {
        let limits = &self.call.limits;
        Usage {
            fuel: claimed.fuel.max(self.spent.fuel).min(limits.fuel),
            memory: claimed.memory.min(limits.memory),
            time,
            steps: 0,
            bytes: claimed.bytes.max(self.spent.bytes).min(limits.bytes),
            calls: claimed.calls.max(self.spent.calls).min(limits.calls),
        }
    }

    async fn failure(&self, broken: Option<Broken>, mut worker: Worker) -> Failure {
        let end = worker.process.end().await;
        let agent = &self.call.manifest.name;
        let crashed = |what: String| Failure::new(Code::Crashed, format!("the worker process of `{agent}` {what}"));
        match broken {
            None => sandbox::out_of_time(),
            Some(Broken::Audit(why)) => gate::unwritten(why),
            Some(Broken::Contract(what)) => crashed(format!("was stopped: {what}")),
            Some(Broken::Stream(error)) if error.kind() == io::ErrorKind::InvalidData => {
                crashed(format!("was stopped: {error}"))
            }
            Some(Broken::Stream(_)) => crashed(format!("died in the call: {end}")),
        }
    }
}
