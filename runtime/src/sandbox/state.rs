//! All that one call can reach.

use std::{sync::Arc, time::Instant};

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::WasiHttpCtx;

use crate::{
    capability::{
        call::{Callees, Nobody},
        env::Env,
        files::Files,
        gate::Gate,
        http::Http,
        log::{self, Level, Log, LogStream},
        meter::Meter,
        network::Network,
        sql::Sql,
        tcp::Tcp,
    },
    packages::Packages,
    sandbox::{
        Call, Moment, Sandbox, command::Streams, fuel::Slices, limiter::Limiter, moment::World, phases::Watch,
        written::Written,
    },
};

/// Everything that a guest can reach.
pub struct CallState {
    /// Made when the guest first asks for something of it: many never do.
    pub(super) wasi: Option<WasiCtx>,
    pub(crate) table: ResourceTable,
    pub(crate) limiter: Limiter,
    /// When it last let others have a turn.
    pub(super) turn: Instant,
    /// Its fuel, where the guest counts it.
    pub(super) slices: Option<Slices>,
    pub(crate) files: Files,
    pub(crate) log: Log,
    pub(crate) gate: Gate,
    /// The agent's name.
    agent: String,
    /// These two, once it has asked for them.
    http: Option<Http>,
    tcp: Option<Tcp>,
    wasi_http: WasiHttpCtx,
    pub(crate) sql: Sql,
    pub(crate) callees: Arc<dyn Callees>,
    pub(crate) env: Arc<Env>,
    /// When it is called, where its clock and its randomness are not the machine's.
    moment: Option<Moment>,
    /// These, once it has asked for them.
    world: Option<World>,
    network: Arc<Network>,
    /// How many instances live beside this one, at most.
    pub(super) live: u32,
    pub(crate) bytes: Meter,
    pub(crate) calls: Meter,
    /// What its program writes, if it is one.
    pub(super) streams: Option<Streams>,
    /// How long its parts take, if anyone asks.
    pub(super) watch: Option<Watch>,
    /// The packages that come with it, and who compiles them.
    pub(crate) packages: Option<(Arc<Packages>, Sandbox)>,
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi_and_files().0
    }
}

/// The most handles (open files, streams, sockets) that a guest holds at once; a file is one of the
/// 1,024 that a process usually may open.
pub(super) const MAX_HANDLES: usize = 256;

/// The largest random text that a guest may ask for at once, in bytes: it is made in our memory.
const MAX_RANDOM: u64 = 1 << 20;

impl CallState {
    /// What a call begins with.
    pub(super) fn new(call: &Call<'_>, sandbox: &Sandbox) -> Self {
        let log = Log::new(call.log.clone(), call.env.scrubber().clone());
        let bytes = Meter::new(call.limits.bytes);
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_HANDLES);
        Self {
            wasi: None,
            table,
            limiter: Limiter::new(call.limits.memory),
            turn: Instant::now(),
            slices: None,
            files: Files::new(call.mounts.clone()),
            log,
            gate: call.gate.clone(),
            agent: call.manifest.name.clone(),
            http: None,
            tcp: None,
            wasi_http: WasiHttpCtx::new(),
            sql: Sql::new(call.databases.clone(), sandbox.network.clone(), bytes.clone()),
            callees: call.callees.clone(),
            env: call.env.clone(),
            moment: call.moment,
            world: None,
            network: sandbox.network.clone(),
            live: sandbox.live,
            bytes,
            calls: Meter::new(call.limits.calls),
            streams: None,
            watch: None,
            packages: call.code.packages().map(|packages| (packages.clone(), sandbox.clone())),
        }
    }

    /// WASI's own part, and what a policy says of its folders.
    pub(crate) fn wasi_and_files(&mut self) -> (WasiCtxView<'_>, &mut Files) {
        let Self { wasi, table, files, log, env, gate, tcp, agent, network, moment, world, .. } = self;
        let ctx = wasi.get_or_insert_with(|| {
            let log = |level| Written(LogStream::new(log.clone(), level));
            let tcp = connections(tcp, agent, gate, network);
            let mut wasi = granted((env, gate), tcp, made_up(*moment, world));
            wasi.stdout(log(Level::Info)).stderr(log(Level::Warn)).build()
        });
        (WasiCtxView { ctx, table }, files)
    }

    /// What WASI gives the guest; its streams are for whoever asks to say.
    pub(super) fn granted(&mut self) -> WasiCtxBuilder {
        let tcp = connections(&mut self.tcp, &self.agent, &self.gate, &self.network);
        granted((&self.env, &self.gate), tcp, made_up(self.moment, &mut self.world))
    }

    /// What sends its requests.
    pub(crate) fn http(&mut self) -> &mut Http {
        self.http_for_wasi().0
    }

    /// The same, with what WASI's own part needs for it.
    pub(crate) fn http_for_wasi(&mut self) -> (&mut Http, &mut ResourceTable, &mut WasiHttpCtx) {
        let Self { http, table, wasi_http, agent, limiter, gate, network, bytes, env, .. } = self;
        let of = (agent.as_str(), limiter.limit());
        let new = || Http::new(of, gate.clone(), network.clone(), bytes.clone(), env.clone());
        (http.get_or_insert_with(new), table, wasi_http)
    }

    /// Its connections.
    pub(crate) fn tcp(&mut self) -> &Tcp {
        connections(&mut self.tcp, &self.agent, &self.gate, &self.network)
    }

    /// Its clock and randomness, where they are not the machine's.
    pub(super) fn made_up(&mut self) -> Option<&World> {
        made_up(self.moment, &mut self.world)
    }

    /// Goes on with the agent's next call, under the same authority. What the guest holds open stays,
    /// and so do the placeholders that it has been given; what counts, counts from the beginning.
    pub(super) fn go_on_for(&mut self, call: &Call<'_>) {
        self.gate.go_on_for(&call.gate);
        self.log.restart(call.log.clone());
        self.bytes.refill(call.limits.bytes);
        self.calls.refill(call.limits.calls);
        self.http = None;
        if let Some(tcp) = &self.tcp {
            tcp.go_on();
        }
        self.sql = Sql::new(call.databases.clone(), self.network.clone(), self.bytes.clone());
        self.callees = call.callees.clone();
        self.moment = call.moment;
        if let (Some(world), Some(moment)) = (&self.world, call.moment) {
            world.set(moment);
        }
    }

    /// Lets go of what belongs to one call alone.
    pub(super) fn rest(&mut self) {
        self.callees = Arc::new(Nobody);
        self.log.restart(log::silent());
    }
}

/// The connections of a call, which are made when they are first asked for.
fn connections<'t>(tcp: &'t mut Option<Tcp>, agent: &str, gate: &Gate, network: &Arc<Network>) -> &'t Tcp {
    tcp.get_or_insert_with(|| Tcp::new(agent, gate.clone(), network.clone()))
}

fn made_up(moment: Option<Moment>, world: &mut Option<World>) -> Option<&World> {
    moment.map(|moment| &*world.get_or_insert_with(|| World::at(moment)))
}

fn granted((env, gate): (&Env, &Gate), tcp: &Tcp, made_up: Option<&World>) -> WasiCtxBuilder {
    let mut wasi = WasiCtxBuilder::new();
    wasi.max_random_size(MAX_RANDOM);
    for (name, value) in env.variables(gate) {
        wasi.env(name, value);
    }
    tcp.check_addresses(&mut wasi);
    if let Some(made_up) = made_up {
        made_up.add_to(&mut wasi);
    }
    wasi
}
