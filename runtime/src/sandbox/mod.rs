//! Code that nobody here has read, run in an instance of its own.
//!
//! One [`Sandbox`] serves a process. Each [`Sandbox::call`] makes a store, an instance in it, calls
//! the guest and throws both away, whatever happened. All that the guest can reach hangs off the
//! store's state.

pub(crate) mod bindings;
mod cache;
mod command;
mod compile;
mod elsewhere;
mod engine;
pub(crate) mod fuel;
mod given;
mod guests;
mod instance;
mod limiter;
mod limits;
mod modules;
mod moment;
mod phases;
mod returned;
mod state;
pub(crate) mod written;

use std::{
    env,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use wasmtime::Store;

pub use cache::Cache;
pub(crate) use compile::{Role, compile, unusable};
pub(crate) use elsewhere::received;
pub use engine::{LIVE, MAX_LIVE};
use instance::Instance;
pub use instance::Kept;
pub use limits::CallLimits;
use limits::{OnReturn, meter, within};
pub(crate) use limits::{handed, out_of_time};
pub(crate) use modules::compile_module;
pub use moment::Moment;
use phases::Watch;
pub use phases::{Phases, PhasesSink};
pub(crate) use returned::{lift, lower, over};
use returned::{outputs, reported, scrubbed, trapped};
pub use state::CallState;

use crate::{
    Value,
    agent::{self, Manifest},
    capability::{
        call::{self, Callees},
        env::Env,
        files::{Mounts, Protected},
        gate::{self, Gate, Subject},
        imports,
        log::{self, Sink},
        network::Network,
        sql::Databases,
    },
    failure::{Code, Failure},
    plan::Effects,
    policy::{Denials, Limits},
    sandbox::{
        bindings::{Input, Lent, types},
        guests::{Compile, Guest, Guests},
    },
    wall::{self, Compiler},
};

/// Runs guests. Cloning is cheap: the clones are one sandbox.
#[derive(Clone)]
pub struct Sandbox {
    /// How many instances it has room for, of each kind of guest: those that are compiled, and Python.
    live: u32,
    guests: Arc<Guests>,
    network: Arc<Network>,
    /// One for each instance that may be kept.
    places: Arc<Semaphore>,
    /// Where programs have their folders.
    scratch: Arc<Path>,
    /// What compiles components, if anything does.
    compile: Option<Arc<Compile>>,
    /// Where the parts of calls go, if anyone asks how long they take.
    phases: Option<PhasesSink>,
    /// No folders: what a source is compiled with. It is opened before a worker can open nothing more.
    nothing: Arc<Mounts>,
}

/// What one call is made with.
pub struct Call<'a> {
    /// The agent's interface.
    pub manifest: &'a Manifest,
    /// The agent's code.
    pub code: &'a agent::Code,
    /// Its guest, once it was found.
    pub ready: &'a Ready,
    /// The agent's inputs.
    pub inputs: &'a [(String, Value)],
    /// What the call may use.
    pub limits: CallLimits,
    /// The folders that it may reach.
    pub mounts: Arc<Mounts>,
    /// The databases that it may use.
    pub databases: Arc<Databases>,
    /// Where it asks for what it may do.
    pub gate: Gate,
    /// The variables that it holds.
    pub env: Arc<Env>,
    /// The agents that it can call.
    pub callees: Arc<dyn Callees>,
    /// Where its log goes.
    pub log: Sink,
    /// Its time and its randomness; the machine's, where there are none.
    pub moment: Option<Moment>,
    /// Where the instance waits for the agent's next call; none where each call gets a fresh one, as a program
    /// always does.
    pub kept: Option<Arc<Kept>>,
}

/// Where the guest of one agent's code is once it was found, so that each call needn't look for it. Whoever calls
/// an agent keeps one for its code and its sandbox, and uses it for no other.
#[derive(Default)]
pub struct Ready(OnceLock<Guest>);

impl Ready {
    /// Whether the guest asks the host for anything at all, as far as is known.
    pub(crate) fn asks(&self) -> bool {
        self.0.get().is_none_or(Guest::asks)
    }
}

/// How a call went.
#[derive(Debug)]
pub struct Called {
    /// The outputs, or why there are none.
    pub result: Result<Vec<(String, Value)>, Failure>,
    /// What was denied on the way.
    pub denials: Denials,
    /// What it used.
    pub usage: Usage,
}

/// What a call, or several together, used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Work.
    pub fuel: u64,
    /// The most linear memory at a time, in bytes.
    pub memory: u64,
    /// Wall time.
    pub time: Duration,
    /// Steps of workflows.
    pub steps: u64,
    /// What went over the network and to databases, in bytes.
    pub bytes: u64,
    /// Agents that procs called.
    pub calls: u64,
}

impl Usage {
    /// Adds what another call used, one after the other.
    pub fn add(&mut self, other: Self) {
        self.fuel = self.fuel.saturating_add(other.fuel);
        self.memory = self.memory.max(other.memory);
        self.time += other.time;
        self.steps = self.steps.saturating_add(other.steps);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.calls = self.calls.saturating_add(other.calls);
    }
}

impl Sandbox {
    /// A sandbox with room for [`LIVE`] instances at once. `cache` keeps compiled guests; `notice` is told what
    /// takes long.
    ///
    /// # Errors
    ///
    /// When what all calls share can't be made. A machine that can't run wasmtime is found by the first call.
    pub fn new(cache: Option<Cache>, notice: guests::Notice) -> Result<Self, Failure> {
        Self::with_room(LIVE, cache, notice)
    }

    /// The same, for `live` instances at once, of at most [`MAX_LIVE`]. With each, setting up an engine takes a little
    /// longer: its stack is fenced off.
    ///
    /// # Errors
    ///
    /// When what all calls share can't be made. A machine that can't run wasmtime is found by the first call.
    pub fn with_room(live: u32, cache: Option<Cache>, notice: guests::Notice) -> Result<Self, Failure> {
        Self::with((true, live.clamp(1, MAX_LIVE)), cache, notice)
    }

    fn with((parallel, live): (bool, u32), cache: Option<Cache>, notice: guests::Notice) -> Result<Self, Failure> {
        let guests = Guests::new((parallel, live), cache, notice);
        // Of those that a run has room for without jobs, half, so that there is always one for a call.
        let places = Arc::new(Semaphore::new(live.min(LIVE) as usize / 2));
        let scratch = scratch(guests.cache.as_ref()).into();
        let nothing = Mounts::open(&[], &[], &Protected::default(), None);
        let nothing = Arc::new(nothing.map_err(|error| Failure::new(Code::Host, error.message))?);
        let (guests, network) = (Arc::new(guests), Arc::default());
        Ok(Self { live, guests, network, places, scratch, compile: None, phases: None, nothing })
    }

    /// The same sandbox, with another network than the system's.
    #[must_use]
    pub fn over(self, network: Network) -> Self {
        Self { network: Arc::new(network), ..self }
    }

    /// The same sandbox, whose components are compiled by `compiler`. Without one, a component that isn't in
    /// the cache can't be run.
    #[must_use]
    pub fn compiled_by(self, compiler: Compiler) -> Self {
        Self { compile: Some(Arc::new(move |role, bytes| wall::compile(&compiler, role, bytes))), ..self }
    }

    /// The same sandbox, which tells `sink` how long the parts of each call took. Those of a worker behind the
    /// second wall aren't among them.
    #[must_use]
    pub fn watched_by(self, sink: PhasesSink) -> Self {
        Self { phases: Some(sink), ..self }
    }

    /// Compiles and links the guest that `code` needs, unless that is done already. A call does it
    /// by itself; done before, it is no part of a run, and an interrupt ends it at once. What is
    /// wrong with the code is for the call to say.
    pub fn prepare(&self, code: &agent::Code, ready: &Ready) {
        drop(self.guest(code, ready));
    }

    fn guest<'a>(&self, code: &agent::Code, ready: &'a Ready) -> Result<&'a Guest, Failure> {
        match ready.0.get() {
            Some(guest) => Ok(guest),
            None => self.guests.get(code, self.compile.as_deref()).map(|guest| ready.0.get_or_init(|| guest)),
        }
    }

    /// Why a compiled guest couldn't be kept, if one couldn't.
    pub fn unkept(&self) -> Option<&str> {
        self.guests.unkept.get().map(String::as_str)
    }

    /// Calls an agent's code in a fresh instance.
    pub async fn call(&self, mut call: Call<'_>) -> Called {
        let guest = match self.guest(call.code, call.ready) {
            Ok(guest) => guest,
            Err(failure) => {
                return Called { result: Err(failure), denials: Denials::default(), usage: Usage::default() };
            }
        };
        // Preparing a guest for the first time is not the agent's time.
        let start = Instant::now();
        // A program runs to its end: there is nothing left to call.
        if call.manifest.command().is_some() {
            call.kept = None;
        }
        let kept = call.kept.as_ref().and_then(|kept| kept.take(&call));
        let mut instance = kept.unwrap_or_else(|| Box::new(Instance::new(self.store(&call, guest))));
        let state = instance.store.data_mut();
        state.watch = self.phases.as_ref().map(|_| Watch::new(start));
        (call.gate, call.env) = (state.gate.clone(), state.env.clone());
        let result = self.call_in(&mut instance, guest, &call).await;
        let (left, state) = (fuel::left(&instance.store), instance.store.data());
        state.log.finish();
        let usage = Usage {
            fuel: call.limits.fuel.saturating_sub(left),
            memory: state.limiter.memory(),
            time: start.elapsed(),
            bytes: call.limits.bytes - state.bytes.left(),
            calls: call.limits.calls - state.calls.left(),
            steps: 0,
        };
        if let (Some(tell), Some(watch)) = (&self.phases, instance.store.data_mut().watch.take()) {
            tell(watch.phases());
        }
        if let Some(kept) = &call.kept {
            kept.put(instance, &self.places);
        }
        let result = scrubbed(result, call.env.scrubber_of_held());
        let (denials, written) = call.gate.finish();
        Called { result: written.map_err(gate::unwritten).and(result), denials, usage }
    }

    /// Compiles a Python agent's source in the guest, and runs nothing of it. Anything but Python
    /// passes, and gives nothing.
    ///
    /// # Errors
    ///
    /// What the guest's compiler says, or a limit that compiling reached.
    pub async fn compile(&self, manifest: &Manifest, code: &agent::Code) -> Result<Vec<u8>, Failure> {
        let Limits { memory, fuel, time, output, .. } = Limits::default();
        let limits = CallLimits { memory, fuel, deadline: Instant::now() + time, output, bytes: 0, calls: 0 };
        let ready = Ready::default();
        let call = Call {
            manifest,
            code,
            ready: &ready,
            inputs: &[],
            limits,
            mounts: self.nothing.clone(),
            gate: Gate::new(Arc::default(), Subject::default(), None, Effects::Real, Arc::default()),
            env: Arc::default(),
            callees: Arc::new(call::Nobody),
            databases: Arc::default(),
            log: log::silent(),
            moment: None,
            kept: None,
        };
        let guest = self.guest(code, &ready)?;
        let mut store = self.store(&call, guest);
        meter(&mut store, guest.counter(), &call.limits)?;
        let compiled = within(&call.limits, guest.compile(&mut store, &call)).await?;
        settled(compiled, &store, &call.limits)
    }

    fn store(&self, call: &Call<'_>, guest: &Guest) -> Store<CallState> {
        let mut store = Store::new(guest.engine(), CallState::new(call, self));
        if guest.asks() {
            store.call_hook_async(OnReturn);
        }
        store
    }

    async fn call_in(
        &self,
        instance: &mut Instance,
        guest: &Guest,
        call: &Call<'_>,
    ) -> Result<Vec<(String, Value)>, Failure> {
        meter(&mut instance.store, guest.counter(), &call.limits)?;
        imports::refuse(call.code, &call.gate)?;
        let given = call.inputs.iter().map(|(name, value)| Ok((name, given::meant(call, name, value)?)));
        let given = given.collect::<Result<Vec<_>, Failure>>()?;
        let inputs = given.iter().map(|(name, value)| {
            let value = match &**value {
                Value::Text(text) => Lent::Text(text),
                Value::Data(data) => Lent::Data(data),
                Value::Json(json) => Lent::Json(json.as_str()),
                Value::Secret(secret) => Lent::Text(call.env.input(secret.name(), &call.gate)?),
            };
            Ok(Input { name, value })
        });
        let inputs = inputs.collect::<Result<Vec<_>, Failure>>()?;
        if let Some(command) = call.manifest.command() {
            instance.store.data_mut().start(call, command, &inputs, &self.scratch)?;
        }
        let returned = within(&call.limits, instance.run(guest, call, &inputs)).await?;
        outputs(settled(returned, &instance.store, &call.limits)?, call)
    }
}

/// Where programs have their folders: with the compiled guests, which no mount may reach; or else where this
/// machine keeps temporary files.
pub(crate) fn scratch(cache: Option<&Cache>) -> PathBuf {
    cache.map_or_else(env::temp_dir, |cache| cache.folder().to_path_buf())
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
