//! A worker: prepares one agent, has itself confined, and runs calls until its parent is gone.

use std::{fs::File, io, os::fd::AsFd, path::PathBuf, sync::Arc, thread, time::Instant};

use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::{
    runtime::{self, Runtime},
    sync::mpsc::UnboundedReceiver,
};

use crate::{
    agent::{Code as AgentCode, Folder, Manifest},
    audit::Audit,
    capability::{
        call::Callees,
        env::Env,
        files::{Copies, Mounts},
        gate::{Gate, Subject},
        log::Sink,
        network::Network,
        sql::Databases,
    },
    failure::Failure,
    packages::Packages,
    plan::Effects,
    policy::{Access, Authority, Ceilings, Denials, Isolation, Policy},
    sandbox::{Call, CallLimits, Called, Kept, Ready, Sandbox},
    secret::Secrets,
    source::Source,
    wall::{
        confine::{confine, limit},
        frame,
        message::{FromWorker, Open, Text, WireCode},
        reach::Reach,
        stand_in::{Inbox, Parent, Wanted},
    },
    wire,
};

/// The most threads that work on a guest's files.
const MAX_FILE_THREADS: usize = 8;

/// Serves the parent at the other end of standard input.
///
/// Gives the exit code.
pub fn main() -> u8 {
    // Whatever happens to the parent, its workers don't outlive it; the end of the line says the same.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let Ok(stream) = io::stdin().as_fd().try_clone_to_owned().map(File::from) else { return 2 };
    match frame::read::<Open>(&stream) {
        Ok(Some(open)) => serve(stream, open),
        // Nobody is meant to start a worker by hand.
        _ => 2,
    }
}

fn serve(stream: File, open: Open) -> u8 {
    let refuse = |failure: Failure| {
        drop(frame::write(&stream, &FromWorker::Refused { failure: failure.into() }));
        5
    };
    let agent = match Prepared::new(open) {
        Ok(agent) => agent,
        Err(failure) => return refuse(failure),
    };
    let in_force = match agent.confine() {
        Ok(in_force) => in_force,
        Err(why) => return refuse(Failure::host(why)),
    };
    // From here on no thread is without its bonds: those that start now inherit them.
    let started = stream.try_clone().and_then(|stream| Parent::new(stream, agent.sources.clone()));
    let (parent, inbox, wanted) = match started {
        Ok(line) => line,
        Err(error) => return refuse(Failure::host(error)),
    };
    match agent.run(Arc::new(parent), inbox, wanted, in_force) {
        Ok(()) => 0,
        Err(error) => refuse(Failure::host(error)),
    }
}

/// An agent that only has to be called.
struct Prepared {
    manifest: Manifest,
    code: AgentCode,
    authority: Arc<Authority>,
    mounts: Arc<Mounts>,
    databases: Arc<Databases>,
    secrets: Secrets,
    sandbox: Sandbox,
    ready: Ready,
    kept: Option<Arc<Kept>>,
    runtime: Runtime,
    sources: Vec<Arc<Source>>,
    audited: bool,
    /// Whether effects are only planned.
    plans: bool,
    network: bool,
    scratch: Option<PathBuf>,
    memory: u64,
    output: u64,
}

impl Prepared {
    fn new(open: Open) -> Result<Self, Failure> {
        let sources: Vec<_> = open.policy.into_iter().map(source).collect();
        let policy = policy(&sources)?.altered(open.altered);
        let manifest =
            Manifest::read(&source(open.manifest), Folder::Builtin(""), &open.path).map_err(Failure::host)?;
        let ceilings = open.ceilings.iter().map(|(path, start)| {
            policy.ceiling_at(path, *start).ok_or_else(|| Failure::host(format_args!("{path} has lost a ceiling")))
        });
        let ceilings: Ceilings = ceilings.collect::<Result<Vec<_>, _>>()?.into();
        let authority = policy.authority(&manifest.name, &manifest.path).under(&ceilings);
        let copies: Option<Arc<Copies>> = open.copied.map(Into::into);
        let mounts = Mounts::open(authority.files(), &ceilings, &open.protected, copies.as_ref())
            .map_err(|error| Failure::host(error.message))?;
        let code = code(open.code)?;
        let compiled = open.compiled.map(|file| wire::decode(&file)).transpose().map_err(Failure::host)?;
        let sandbox = Sandbox::of_one_thread(open.cache)?.with_scratch(open.scratch.as_deref()).with_compiled(compiled);
        let sandbox = if open.network { sandbox } else { sandbox.over(Network::closed()) };
        let ready = Ready::default();
        sandbox.prepare(&code, &ready);
        // It makes its sockets to itself here, and its threads only when there is work for them.
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(MAX_FILE_THREADS)
            .build()
            .map_err(Failure::host)?;
        let values = open.values.into_iter();
        let secrets = values.fold(Secrets::default(), |secrets, (name, value)| secrets.with(name, value));
        let variable = |name: &str| secrets.get(name).map(|value| value.to_string());
        let databases = Databases::open(&authority, authority.files(), &open.protected, &variable)
            .map_err(|error| Failure::host(error.message))?;
        if (authority.grants.http.is_some() || databases.are_remote()) && open.network {
            // Whom to trust is read while it can be. Where that is nobody, the connection says so.
            sandbox.prepare_tls();
        }
        Ok(Self {
            manifest,
            code,
            ready,
            kept: (authority.isolation == Isolation::Run).then(Arc::default),
            authority: Arc::new(authority),
            mounts: Arc::new(mounts),
            databases: Arc::new(databases),
            secrets,
            sandbox,
            runtime,
            sources,
            audited: open.audited,
            plans: copies.is_some(),
            network: open.network,
            scratch: open.scratch,
            memory: open.memory,
            output: open.output,
        })
    }

    /// Puts up the wall. There is one thread yet, so none stays outside.
    fn confine(&self) -> Result<String, String> {
        let threads = std::fs::read_dir("/proc/self/task").map_err(|error| format!("/proc can't be read: {error}"))?;
        if threads.count() != 1 {
            return Err("a worker has more than one thread before it is confined".into());
        }
        limit(self.memory, self.output)?;
        let mut reach = match self.plans {
            true => Reach::of_folders(&self.mounts),
            false => Reach::of(&self.authority, &self.mounts, &self.databases),
        };
        if !self.network {
            (reach.network, reach.local) = (None, false);
        }
        reach.folders.extend(self.scratch.clone().map(|folder| (folder, Access::Write)));
        Ok(confine(&reach)?.to_string())
    }

    fn run(
        &self,
        parent: Arc<Parent>,
        inbox: Inbox,
        mut wanted: UnboundedReceiver<Wanted>,
        in_force: String,
    ) -> io::Result<()> {
        thread::Builder::new().name("inbox".into()).spawn(|| inbox.run())?;
        parent.send(&FromWorker::Ready { in_force });
        self.runtime.block_on(async {
            while let Some(wanted) = wanted.recv().await {
                let Called { result, denials, usage } = self.call(&parent, wanted).await;
                parent.send(&FromWorker::Done {
                    result: result.map(|outputs| wire::values(&outputs)).map_err(Into::into),
                    denials: denials.into(),
                    usage,
                });
            }
        });
        Ok(())
    }

    async fn call(&self, parent: &Arc<Parent>, (inputs, limits, moment): Wanted) -> Called {
        let failed = |failure| Called { result: Err(failure), denials: Denials::default(), usage: Default::default() };
        let inputs = match wire::read_values(inputs) {
            Ok(inputs) => inputs,
            Err(error) => return failed(Failure::host(error)),
        };
        let env = match Env::open(&self.authority, &self.secrets) {
            Ok(env) => env,
            Err(failure) => return failed(failure),
        };
        let audit = self.audited.then(|| parent.clone() as Arc<dyn Audit>);
        let effects = if self.plans { Effects::Planned(parent.clone()) } else { Effects::Real };
        let call = Call {
            manifest: &self.manifest,
            code: &self.code,
            ready: &self.ready,
            inputs: &inputs,
            limits: CallLimits {
                memory: limits.memory,
                fuel: limits.fuel,
                deadline: Instant::now() + limits.time,
                output: limits.output,
                bytes: limits.bytes,
                calls: limits.calls,
            },
            mounts: self.mounts.clone(),
            databases: self.databases.clone(),
            // Whom the records are about, the parent knows.
            gate: Gate::new(self.authority.clone(), Subject::default(), audit, effects, env.scrubber().clone()),
            log: log(parent.clone()),
            env: Arc::new(env),
            callees: parent.clone() as Arc<dyn Callees>,
            moment,
            kept: self.kept.clone(),
        };
        self.sandbox.call(call).await
    }
}

fn log(parent: Arc<Parent>) -> Sink {
    Arc::new(move |level, line: &str| parent.send(&FromWorker::Log(level, line.to_owned())))
}

fn source(text: Text) -> Arc<Source> {
    Source::new(text.path, text.text)
}

/// The policy, from the texts that the parent has read.
fn policy(sources: &[Arc<Source>]) -> Result<Policy, Failure> {
    let Some((first, mut rest)) = sources.split_first() else { return Ok(Policy::default()) };
    let next = |_: &std::path::Path| {
        let (next, others) = rest.split_first().ok_or(io::ErrorKind::NotFound)?;
        rest = others;
        Ok(next.text.clone())
    };
    Policy::from_source(first, next).map_err(Failure::host)
}

fn packages(archive: String) -> Result<Arc<Packages>, Failure> {
    let bytes = wire::decode(&archive).map_err(Failure::host)?;
    Packages::read(bytes).map(Arc::new).map_err(Failure::host)
}

fn code(code: WireCode) -> Result<AgentCode, Failure> {
    Ok(match code {
        WireCode::Python { file, source: text, function, packages: archive } => AgentCode::Python {
            file,
            source: source(text),
            function,
            bytecode: Arc::default(),
            imports: Default::default(),
            packages: archive.map(packages).transpose()?,
        },
        WireCode::Component { bytes } => {
            let bytes = wire::decode(&bytes).map_err(Failure::host)?;
            AgentCode::Component { bytes: bytes.into(), digest: Arc::default() }
        }
        WireCode::Command { bytes } => {
            let bytes = wire::decode(&bytes).map_err(Failure::host)?;
            AgentCode::Command { bytes: bytes.into(), digest: Arc::default() }
        }
    })
}
