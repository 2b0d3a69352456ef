//! Code that nobody here has read, run in an instance of its own.
//!
//! One [`Sandbox`] serves a process. Each [`Sandbox::call`] makes a store, an instance in it, calls
//! the guest and throws both away, whatever happened. All that the guest can reach hangs off the
//! store's state.

pub(crate) mod bindings;
mod cache;
mod engine;
mod guests;
mod limiter;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use wasmtime::{
    Engine, Store, Trap,
    component::{ResourceTable, ResourceTableError},
};
use wasmtime_wasi::{I32Exit, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

pub use cache::Cache;

use crate::{
    Value,
    agent::{self, Manifest},
    capability::{
        files::{Files, Mounts, Protected},
        gate::{Gate, Subject},
        imports,
        log::{Level, Log, LogStream, Sink},
        tcp,
    },
    failure::{Code, Failure},
    policy::{Denial, Limits, size_text},
    sandbox::{
        bindings::{Field, types},
        guests::{Guest, Guests},
        limiter::Limiter,
    },
};

/// Runs guests.
pub struct Sandbox {
    engine: Engine,
    guests: Guests,
}

/// What one call may use. See [`crate::policy::Limits`] for units.
#[derive(Clone, Debug)]
pub struct CallLimits {
    /// Linear memory, in bytes.
    pub memory: u64,
    /// Work.
    pub fuel: u64,
    /// When the call has to be over.
    pub deadline: Instant,
    /// What it returns, in bytes.
    pub output: u64,
}

/// What one call is made with.
pub struct Call<'a> {
    /// The agent's interface.
    pub manifest: &'a Manifest,
    /// The agent's code.
    pub code: &'a agent::Code,
    /// The agent's inputs.
    pub inputs: &'a [(String, Value)],
    /// What the call may use.
    pub limits: CallLimits,
    /// The folders that it may reach.
    pub mounts: Arc<Mounts>,
    /// Where it asks for what it may do.
    pub gate: Gate,
    /// Where its log goes.
    pub log: Sink,
}

/// How a call went.
#[derive(Debug)]
pub struct Called {
    /// The outputs, or why there are none.
    pub result: Result<Vec<(String, Value)>, Failure>,
    /// What was denied on the way.
    pub denials: Vec<Denial>,
    /// What it used.
    pub usage: Usage,
}

/// What a call, or several together, used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Work.
    pub fuel: u64,
    /// The most linear memory at a time, in bytes.
    pub memory: u64,
    /// Wall time.
    pub time: Duration,
}

impl Usage {
    /// Adds what another call used, one after the other.
    pub fn add(&mut self, other: Self) {
        self.fuel = self.fuel.saturating_add(other.fuel);
        self.memory = self.memory.max(other.memory);
        self.time += other.time;
    }
}

/// Everything that a guest can reach.
pub struct CallState {
    pub(crate) wasi: WasiCtx,
    pub(crate) table: ResourceTable,
    pub(crate) limiter: Limiter,
    pub(crate) files: Files,
    pub(crate) log: Log,
    pub(crate) gate: Gate,
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// The most handles (open files, streams, sockets) that a guest holds at once; a file is one of the
/// 1,024 that a process usually may open.
const MAX_HANDLES: usize = 256;

/// The largest random text that a guest may ask for at once, in bytes: it is made in our memory.
const MAX_RANDOM: u64 = 1 << 20;

/// What a call may hand over beside its outputs' own bytes: names, and the lists around them.
const HOSTCALL_ROOM: u64 = 1 << 20;

impl Sandbox {
    /// Sets up the engine. `cache` keeps compiled guests; `notice` is told what takes long.
    ///
    /// # Errors
    ///
    /// When the machine can't run wasmtime.
    pub fn new(cache: Option<Cache>, notice: guests::Notice) -> Result<Self, Failure> {
        let engine = engine::engine().map_err(Failure::host)?;
        let guests = Guests::new(&engine, cache, notice).map_err(Failure::host)?;
        Ok(Self { engine, guests })
    }

    /// Compiles and links the guest that `code` needs, unless that is done already. A call does it
    /// by itself; done before, it is no part of a run, and an interrupt ends it at once. What is
    /// wrong with the code is for the call to say.
    pub fn prepare(&self, code: &agent::Code) {
        drop(self.guests.get(code));
    }

    /// Why a compiled guest couldn't be kept, if one couldn't.
    pub fn unkept(&self) -> Option<&str> {
        self.guests.unkept.get().map(String::as_str)
    }

    /// Calls an agent's code in a fresh instance.
    pub async fn call(&self, call: Call<'_>) -> Called {
        let guest = match self.guests.get(call.code) {
            Ok(guest) => guest,
            Err(failure) => return Called { result: Err(failure), denials: Vec::new(), usage: Usage::default() },
        };
        // Preparing a guest for the first time is not the agent's time.
        let start = Instant::now();
        let log = Log::new(call.log.clone());
        let mut store = Store::new(&self.engine, state(&call, &log));
        let result = self.call_in(&mut store, &guest, &call).await;
        log.finish();
        let left = store.get_fuel().unwrap_or_default();
        let usage = Usage {
            fuel: call.limits.fuel.saturating_sub(left),
            memory: store.data().limiter.memory(),
            time: start.elapsed(),
        };
        let (denials, written) = call.gate.finish();
        let unwritten = |why| Failure::host(format_args!("the audit log can't be written: {why}"));
        Called { result: written.map_err(unwritten).and(result), denials, usage }
    }

    /// Compiles a Python agent's source in the guest, and runs nothing of it. Anything but Python
    /// passes.
    ///
    /// # Errors
    ///
    /// What the guest's compiler says, or a limit that compiling reached.
    pub async fn compile(&self, manifest: &Manifest, code: &agent::Code) -> Result<(), Failure> {
        let Limits { memory, fuel, time, output, .. } = Limits::default();
        let limits = CallLimits { memory, fuel, deadline: Instant::now() + time, output };
        let mounts =
            Mounts::open(&[], &Protected::default()).map_err(|error| Failure::new(Code::Host, error.message))?;
        let log: Sink = Arc::new(|_, _| {});
        let call = Call {
            manifest,
            code,
            inputs: &[],
            limits,
            mounts: Arc::new(mounts),
            gate: Gate::new(Arc::default(), Subject::default(), None),
            log: log.clone(),
        };
        let guest = self.guests.get(code)?;
        let mut store = Store::new(&self.engine, state(&call, &Log::new(log)));
        meter(&mut store, &call.limits)?;
        let compiled = within(&call.limits, guest.compile(&mut store, &call)).await?;
        settled(compiled, &store, &call.limits).map(drop)
    }

    async fn call_in(
        &self,
        store: &mut Store<CallState>,
        guest: &Guest,
        call: &Call<'_>,
    ) -> Result<Vec<(String, Value)>, Failure> {
        meter(store, &call.limits)?;
        imports::refuse(call.code, &call.gate)?;
        let inputs: Vec<_> =
            call.inputs.iter().map(|(name, value)| Field { name: name.clone(), value: lower(value) }).collect();
        let returned = within(&call.limits, guest.run(&mut *store, call, &inputs)).await?;
        outputs(settled(returned, store, &call.limits)?, call)
    }
}

/// Bounds what a store may use.
fn meter(store: &mut Store<CallState>, limits: &CallLimits) -> Result<(), Failure> {
    store.limiter(|state| &mut state.limiter);
    let hostcall = limits.output.saturating_add(HOSTCALL_ROOM);
    store.set_hostcall_fuel(usize::try_from(hostcall).unwrap_or(usize::MAX));
    engine::meter(store, limits.fuel).map_err(Failure::host)
}

/// What `running` gives before its deadline. A guest yields at every slice of its fuel, so this
/// preempts a busy loop too; whatever it was doing is dropped with its store.
async fn within<T>(limits: &CallLimits, running: impl Future<Output = T>) -> Result<T, Failure> {
    let deadline = tokio::time::Instant::from_std(limits.deadline);
    let out_of_time =
        |_| Failure::new(Code::Time, "the agent ran out of time").help("raise `limits.time` in the policy");
    tokio::time::timeout_at(deadline, running).await.map_err(out_of_time)
}

/// What the guest returned: it may have failed, or have been stopped.
fn settled<T>(
    returned: wasmtime::Result<Result<T, types::Failure>>,
    store: &Store<CallState>,
    limits: &CallLimits,
) -> Result<T, Failure> {
    match returned {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(failure)) => Err(reported(failure, &store.data().limiter, limits)),
        Err(error) => Err(trapped(&error, store, limits)),
    }
}

fn state(call: &Call<'_>, log: &Log) -> CallState {
    let mut wasi = WasiCtxBuilder::new();
    wasi.stdout(LogStream::new(log.clone(), Level::Info))
        .stderr(LogStream::new(log.clone(), Level::Warn))
        .max_random_size(MAX_RANDOM);
    tcp::deny_addresses(&mut wasi, &call.gate);
    let mut table = ResourceTable::new();
    table.set_max_capacity(MAX_HANDLES);
    CallState {
        wasi: wasi.build(),
        table,
        limiter: Limiter::new(call.limits.memory),
        files: Files::new(call.mounts.clone()),
        log: log.clone(),
        gate: call.gate.clone(),
    }
}

fn lower(value: &Value) -> types::Value {
    match value {
        Value::Text(text) => types::Value::Text(text.as_ref().to_owned()),
        Value::Data(data) => types::Value::Data(data.to_vec()),
        Value::Json(json) => types::Value::Json(json.as_str().to_owned()),
    }
}

/// Checks what a guest returned: declared names only, once each, valid, and not too much.
fn outputs(fields: Vec<Field>, call: &Call<'_>) -> Result<Vec<(String, Value)>, Failure> {
    let size: u64 = fields.iter().map(size).sum();
    if size > call.limits.output {
        return Err(too_much(&call.limits));
    }
    let mut outputs: Vec<(String, Value)> = Vec::with_capacity(fields.len());
    for Field { name, value } in fields {
        let shown = name.escape_debug();
        if call.manifest.output(&name).is_none() && name != agent::STATUS {
            let known: Vec<_> = call.manifest.outputs.iter().map(|output| output.name.as_str()).collect();
            let mut failure =
                Failure::new(Code::Result, format!("the agent returned `{shown}`, which its manifest doesn't declare"));
            failure.help = crate::diagnostic::suggestion(&name, known.iter().copied());
            return Err(failure);
        }
        if outputs.iter().any(|(other, _)| *other == name) {
            return Err(Failure::new(Code::Result, format!("the agent returned `{shown}` twice")));
        }
        let value = lift(value)
            .map_err(|error| Failure::new(Code::Result, format!("the output `{shown}` is not JSON: {error}")))?;
        outputs.push((name, value));
    }
    Ok(outputs)
}

fn size(field: &Field) -> u64 {
    let value = match &field.value {
        types::Value::Text(text) | types::Value::Json(text) => text.len(),
        types::Value::Data(data) => data.len(),
    };
    (field.name.len() + value) as u64
}

fn lift(value: types::Value) -> Result<Value, crate::JsonError> {
    Ok(match value {
        types::Value::Text(text) => Value::text(text),
        types::Value::Data(data) => Value::data(data),
        types::Value::Json(text) => Value::Json(crate::Json::parse(text)?),
    })
}

fn too_much(limits: &CallLimits) -> Failure {
    Failure::new(Code::Output, format!("the agent returned more than {}", size_text(limits.output)))
        .help("raise `limits.output` in the policy")
}

fn out_of_memory(limits: &CallLimits) -> Failure {
    Failure::new(Code::Memory, format!("the agent needs more memory than {}", size_text(limits.memory)))
        .help("raise `limits.memory` in the policy")
}

/// A failure that the guest told us of.
fn reported(failure: types::Failure, limiter: &Limiter, limits: &CallLimits) -> Failure {
    use types::FailureKind;
    let mut result = match failure.kind {
        FailureKind::Memory if limiter.refused() => out_of_memory(limits),
        FailureKind::Error | FailureKind::Memory => Failure::new(Code::Failed, failure.message),
        FailureKind::Source => Failure::new(Code::Source, failure.message),
        FailureKind::Output => Failure::new(Code::Result, failure.message),
    };
    result.trace = failure.trace;
    result
}

/// A failure that stopped the guest.
fn trapped(error: &wasmtime::Error, store: &Store<CallState>, limits: &CallLimits) -> Failure {
    let limiter = &store.data().limiter;
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return Failure::new(Code::Crashed, format!("the agent's program exited with {code} in place of returning"));
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return Failure::new(
            Code::Crashed,
            format!("the agent holds more than {MAX_HANDLES} files and streams open at once"),
        );
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => {
            Failure::new(Code::Fuel, format!("the agent burnt all its fuel, {} units", limits.fuel))
                .help("raise `limits.fuel` in the policy, of the agent or of the workflow that called it")
        }
        Some(_) if limiter.refused() => out_of_memory(limits),
        Some(Trap::StackOverflow) => {
            Failure::new(Code::Crashed, "the agent overflowed its stack: does it call itself for ever?")
        }
        Some(trap) => Failure::new(Code::Crashed, format!("the agent crashed: {trap}")),
        None if limiter.refused() => out_of_memory(limits),
        None if format!("{error:#}").contains("fuel allocated for hostcalls") => too_much(limits),
        None => Failure::new(Code::Crashed, format!("the agent broke the contract: {error:#}")),
    }
}
