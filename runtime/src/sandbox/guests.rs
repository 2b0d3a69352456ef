//! Guests that are compiled and linked, ready to be instantiated.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use wasmtime::{
    Engine, Store,
    component::{Component, HasSelf, InstancePre, Linker, types::ComponentItem},
};
use wasmtime_wasi::{
    WasiView,
    p2::bindings::{Command, CommandPre},
};

use crate::{
    agent::Code as AgentCode,
    capability::{call, files, http, packages, tcp},
    component::{CONTRACT, VERSION},
    failure::{Code, Failure},
    sandbox::{
        Call, CallState,
        bindings::{
            Field, Input,
            interpreter::{
                Interpreter, InterpreterPre, Options, Source,
                turingbox::agent::{fuel, imports},
            },
            proc::{Proc, ProcPre},
            types,
        },
        cache::{Cache, digest, just_compiled},
        command,
        compile::{Role, look, unusable},
        engine::engine,
        fuel::{Counter, counts, take_back},
        moment,
        phases::Watch,
    },
    telemetry,
};

/// Told what is being prepared, when that takes long; it is over when the returned value is dropped.
pub type Notice = Box<dyn Fn(&str) -> Box<dyn Send> + Send + Sync>;

/// Gives the compiled file of a component, or why it can't be had.
pub type Compile = dyn Fn(Role, &[u8]) -> Result<Vec<u8>, Failure> + Send + Sync;

/// Guests by the digests of their code, and what was wrong with those that there aren't.
type ByDigest = HashMap<String, Result<Guest, Failure>>;

/// What guests are made with whose fuel is counted in one way.
struct Ground {
    engine: Engine,
    linker: Linker<CallState>,
}

impl Ground {
    fn new(engine: Engine, counter: Counter) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        command::add_to_linker(&mut linker)?;
        // The capabilities below stand before WASI's own.
        linker.allow_shadowing(true);
        moment::add_to_linker(&mut linker)?;
        files::add_to_linker(&mut linker)?;
        tcp::add_to_linker(&mut linker)?;
        http::add_to_linker(&mut linker)?;
        super::bindings::http::add_to_linker::<CallState, HasSelf<_>>(&mut linker, |state| state)?;
        call::add_to_linker(&mut linker)?;
        packages::add_to_linker(&mut linker)?;
        super::bindings::sql::add_to_linker::<CallState, HasSelf<_>>(&mut linker, |state| state)?;
        super::bindings::log::add_to_linker::<CallState, HasSelf<_>>(&mut linker, |state| state)?;
        imports::add_to_linker::<CallState, HasSelf<_>>(&mut linker, |state| state)?;
        if counter == Counter::Guest {
            fuel::add_to_linker::<CallState, HasSelf<_>>(&mut linker, |state| state)?;
        }
        Ok(Self { engine, linker })
    }
}

/// A ground, once a guest needs it.
type Later = OnceLock<Result<Ground, Failure>>;

/// Every guest that was used so far.
pub(super) struct Guests {
    /// Whether compiling may take all of the machine.
    parallel: bool,
    /// How many instances an engine has room for.
    live: u32,
    /// What components stand on, and what Python does.
    grounds: (Later, Later),
    pub(super) cache: Option<Cache>,
    notice: Notice,
    pub(super) unkept: OnceLock<String>,
    python: OnceLock<Result<Guest, Failure>>,
    components: Mutex<HashMap<Role, ByDigest>>,
    /// Held while a component is compiled: one at a time, so that the memory for it is that of one.
    compiling: Mutex<()>,
}

/// A guest that only has to be instantiated.
#[derive(Clone)]
pub(super) enum Guest {
    /// CPython.
    Interpreter(InterpreterPre<CallState>),
    /// A compiled agent, and whether it asks the host for anything at all.
    Proc { ready: ProcPre<CallState>, asks: bool },
    /// A program.
    Command(CommandPre<CallState>),
}

impl Guests {
    pub(super) fn new((parallel, live): (bool, u32), cache: Option<Cache>, notice: Notice) -> Self {
        Self {
            parallel,
            live,
            grounds: Default::default(),
            cache,
            notice,
            unkept: OnceLock::new(),
            python: OnceLock::new(),
            components: Mutex::default(),
            compiling: Mutex::default(),
        }
    }

    fn ground(&self, counter: Counter) -> Result<&Ground, Failure> {
        let ground = match counter {
            Counter::Engine => &self.grounds.0,
            Counter::Guest => &self.grounds.1,
        };
        let new = || engine(counter, self.parallel, self.live).and_then(|engine| Ground::new(engine, counter));
        ground.get_or_init(|| new().map_err(Failure::host)).as_ref().map_err(Failure::clone)
    }

    /// The guest that runs `code`; `compile` makes its code, where it is a component that was
    /// never used before.
    pub(super) fn get(&self, code: &AgentCode, compile: Option<&Compile>) -> Result<Guest, Failure> {
        match code {
            AgentCode::Python { .. } => self.python.get_or_init(|| self.prepare_python()).clone(),
            AgentCode::Component { bytes, digest: known } => {
                self.component(Role::Agent, bytes, known.get_or_init(|| digest(bytes)), compile)
            }
            AgentCode::Command { bytes, digest: known } => {
                self.component(Role::Command, bytes, known.get_or_init(|| digest(bytes)), compile)
            }
        }
    }

    /// The guest for Python is ours, so this process may compile it.
    fn prepare_python(&self) -> Result<Guest, Failure> {
        let Ground { engine, linker } = self.ground(Counter::Guest)?;
        let compile = || engine.precompile_component(turingbox_python::COMPONENT).map_err(Failure::host);
        let component = self.compiled(engine, turingbox_python::DIGEST, "the Python guest", compile);
        let component = component.map_err(|failure| Failure::host(failure.message))?;
        let ready = linker.instantiate_pre(&component).and_then(InterpreterPre::new);
        ready.map(Guest::Interpreter).map_err(Failure::host)
    }

    fn component(&self, role: Role, bytes: &[u8], known_as: &str, compile: Option<&Compile>) -> Result<Guest, Failure> {
        let known = || self.components.lock().unwrap_or_else(PoisonError::into_inner);
        let found = || known().get(&role)?.get(known_as).cloned();
        if let Some(guest) = found() {
            return guest;
        }
        let _alone = self.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(guest) = found() {
            return guest;
        }
        let guest = self.prepare(role, bytes, known_as, compile);
        // What is wrong with the component stays so, and to find it may have taken long.
        if guest.as_ref().err().is_none_or(|failure| failure.code != Code::Host) {
            known().entry(role).or_default().insert(known_as.to_owned(), guest.clone());
        }
        guest
    }

    fn prepare(&self, role: Role, bytes: &[u8], known_as: &str, compile: Option<&Compile>) -> Result<Guest, Failure> {
        let facts = look(role, bytes)?;
        let what = if role == Role::Command { "a command" } else { "a component" };
        let stamped = (!facts.is_component).then(|| command::known_as(known_as));
        let compile = || match compile {
            Some(compile) => compile(role, bytes),
            None => {
                Err(Failure::host("a component is compiled in a process of its own, and no program is named for it")
                    .help("`Sandbox::compiled_by` names the `turingbox` command"))
            }
        };
        let Ground { engine, linker } = self.ground(Counter::Engine)?;
        let component = self.compiled(engine, stamped.as_deref().unwrap_or(known_as), what, compile)?;
        let ready = linker.instantiate_pre(&component);
        let guest = match role {
            Role::Agent => ready.and_then(|ready| {
                let asks = asks(&ready);
                Ok(Guest::Proc { ready: ProcPre::new(ready)?, asks })
            }),
            Role::Command => ready.and_then(CommandPre::new).map(Guest::Command),
        };
        guest.map_err(|error| {
            let help = format!("build it anew with the types of the contract {CONTRACT}@{VERSION}, in guest-sdk/wit");
            unusable(format_args!("{error:#}")).help(help)
        })
    }

    /// The component that is known by `digest`, from the cache or by `compile`.
    fn compiled(
        &self,
        engine: &Engine,
        digest: &str,
        what: &str,
        compile: impl FnOnce() -> Result<Vec<u8>, Failure>,
    ) -> Result<Component, Failure> {
        let compile = || {
            let (_told, _open) = ((self.notice)(what), telemetry::compiling(what));
            compile()
        };
        match &self.cache {
            Some(cache) => {
                let (component, unkept) = cache.component(engine, digest, compile)?;
                if let Some(error) = unkept {
                    self.unkept.get_or_init(|| error.to_string());
                }
                Ok(component)
            }
            None => just_compiled(engine, &compile()?),
        }
    }
}

impl Guest {
    /// Whether it asks the host for anything at all.
    pub(super) fn asks(&self) -> bool {
        !matches!(self, Self::Proc { asks: false, .. })
    }

    /// Who counts its fuel.
    pub(super) fn counter(&self) -> Counter {
        match self {
            Self::Interpreter(_) => Counter::Guest,
            Self::Proc { .. } | Self::Command(_) => Counter::Engine,
        }
    }

    /// The engine that it runs on.
    pub(super) fn engine(&self) -> &Engine {
        match self {
            Self::Interpreter(ready) => ready.engine(),
            Self::Proc { ready, .. } => ready.engine(),
            Self::Command(ready) => ready.engine(),
        }
    }

    /// Its compiled file.
    pub(super) fn compiled_file(&self) -> wasmtime::Result<Vec<u8>> {
        match self {
            Self::Interpreter(ready) => ready.instance_pre().component().serialize(),
            Self::Proc { ready, .. } => ready.instance_pre().component().serialize(),
            Self::Command(ready) => ready.instance_pre().component().serialize(),
        }
    }

    /// Compiles an agent's source in `store`. A guest that is compiled already has nothing to do.
    pub(super) async fn compile(
        &self,
        store: &mut Store<CallState>,
        call: &Call<'_>,
    ) -> wasmtime::Result<Result<Vec<u8>, types::Failure>> {
        match self {
            Self::Proc { .. } | Self::Command(_) => Ok(Ok(Vec::new())),
            Self::Interpreter(ready) => {
                let instance = ready.instantiate_async(&mut *store).await?;
                compile(&instance, store, source(call, &declared(call)).0).await
            }
        }
    }

    /// Instantiates the guest in `store`, up to where the agent can be called. The outer error is a trap.
    pub(super) async fn load(
        &self,
        store: &mut Store<CallState>,
        call: &Call<'_>,
    ) -> wasmtime::Result<Result<Loaded, types::Failure>> {
        match self {
            Self::Proc { ready, .. } => Ok(Ok(Loaded::Proc(ready.instantiate_async(&mut *store).await?))),
            Self::Command(ready) => Ok(Ok(Loaded::Command(ready.instantiate_async(&mut *store).await?))),
            Self::Interpreter(ready) => {
                let instance = ready.instantiate_async(&mut *store).await?;
                store.data_mut().watch.iter_mut().for_each(Watch::instantiated);
                let outputs = declared(call);
                let (source, bytecode) = source(call, &outputs);
                let compiled = match bytecode.get() {
                    Some(compiled) => compiled.clone(),
                    None => match compile(&instance, &mut *store, source.clone()).await? {
                        Ok(compiled) => bytecode.get_or_init(|| compiled.into()).clone(),
                        Err(failure) => return settled(&instance, store, Err(failure)).await,
                    },
                };
                let options = Options {
                    guard_imports: call.gate.authority().guards_imports(),
                    has_packages: call.code.packages().is_some(),
                };
                match instance.call_load(&mut *store, source, &compiled, options).await? {
                    Ok(()) => Ok(Ok(Loaded::Interpreter(instance))),
                    Err(failure) => settled(&instance, store, Err(failure)).await,
                }
            }
        }
    }
}

/// Whether a component imports more than types without behaviour.
fn asks(ready: &InstancePre<CallState>) -> bool {
    let (component, engine) = (ready.component(), ready.engine());
    let is_type = |item: &ComponentItem| matches!(item, ComponentItem::Type(_));
    component.component_type().imports(engine).any(|(_, import)| match import.ty {
        ComponentItem::ComponentInstance(interface) => !interface.exports(engine).all(|(_, item)| is_type(&item.ty)),
        item => !is_type(&item),
    })
}

/// A guest's instance that only has to be called.
pub(super) enum Loaded {
    Interpreter(Interpreter),
    Proc(Proc),
    Command(Command),
}

impl Loaded {
    /// Calls the agent. The outer error is a trap.
    pub(super) async fn run(
        &self,
        store: &mut Store<CallState>,
        call: &Call<'_>,
        inputs: &[Input<'_>],
    ) -> wasmtime::Result<Result<Vec<Field>, types::Failure>> {
        match self {
            Self::Interpreter(instance) => {
                let returned = instance.call_run(&mut *store, inputs).await?;
                settled(instance, store, returned).await
            }
            Self::Proc(instance) => instance.call_run(store, inputs).await,
            // What it is started with is in the store already.
            Self::Command(instance) => {
                let ended = instance.wasi_cli_run().call_run(&mut *store).await;
                command::outputs(store, call, command::exit_code(ended)?)
            }
        }
    }
}

/// Compiles a source. CPython looks for a file of its name, to quote a line that is wrong: that is
/// none of the agent's doing, since nothing of it has run. So it gets nothing, and nothing is recorded.
async fn compile(
    instance: &Interpreter,
    store: &mut Store<CallState>,
    source: Source<'_>,
) -> wasmtime::Result<Result<Vec<u8>, types::Failure>> {
    // What it holds is decided before: while it prepares, nothing is.
    WasiView::ctx(store.data_mut());
    store.data().gate.prepare(true);
    let compiled = instance.call_compile(&mut *store, source).await;
    store.data().gate.prepare(false);
    compiled
}

/// What the guest for Python `returned`, once it has given up what it didn't burn.
async fn settled<T>(
    instance: &Interpreter,
    store: &mut Store<CallState>,
    returned: Result<T, types::Failure>,
) -> wasmtime::Result<Result<T, types::Failure>> {
    counts(store)?;
    let unburnt = instance.call_unburnt(&mut *store).await?;
    take_back(store, unburnt);
    Ok(returned)
}

fn source<'a>(call: &Call<'a>, outputs: &'a [&'a str]) -> (Source<'a>, &'a OnceLock<Arc<[u8]>>) {
    let AgentCode::Python { file, source, function, bytecode, .. } = call.code else {
        unreachable!("only Python code has the interpreter as its guest")
    };
    (Source { name: file, text: &source.text, function, outputs }, bytecode)
}

/// The outputs that the guest is told of: it takes a dict for the one output's value, unless there may be others.
fn declared<'a>(call: &Call<'a>) -> Vec<&'a str> {
    let declared = call.manifest.outputs.iter().filter(|_| !call.manifest.open_outputs);
    declared.map(|output| output.name.as_str()).collect()
}
