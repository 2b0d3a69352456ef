//! Guests that are compiled and linked, ready to be instantiated.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use wasmtime::{
    Engine, Store,
    component::{Component, HasSelf, Linker},
};
use wasmtime_wasi::p2::bindings::{Command, CommandPre};

use crate::{
    agent::Code as AgentCode,
    capability::{call, files, http, tcp},
    component::Facts,
    failure::{Code, Failure},
    sandbox::{
        Call, CallState,
        bindings::{
            Field,
            interpreter::{Interpreter, InterpreterPre, Options, Source, turingbox::agent::imports},
            proc::{Proc, ProcPre},
            types,
        },
        cache::{Cache, digest, just_compiled},
        command,
    },
};

/// Told what is being prepared, when that takes long; it is over when the returned value is dropped.
pub type Notice = Box<dyn Fn(&str) -> Box<dyn Send> + Send + Sync>;

/// Every guest that was used so far.
pub(super) struct Guests {
    engine: Engine,
    linker: Linker<CallState>,
    pub(super) cache: Option<Cache>,
    notice: Notice,
    pub(super) unkept: OnceLock<String>,
    python: OnceLock<Result<Guest, Failure>>,
    components: Mutex<HashMap<(Role, String), Guest>>,
}

/// A guest that only has to be instantiated.
#[derive(Clone)]
pub(super) enum Guest {
    /// CPython.
    Interpreter(InterpreterPre<CallState>),
    /// A compiled agent.
    Proc(ProcPre<CallState>),
    /// A program.
    Command(CommandPre<CallState>),
}

/// What a component is to be.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Role {
    Agent,
    Command,
}

impl Guests {
    pub(super) fn new(engine: &Engine, cache: Option<Cache>, notice: Notice) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        command::add_to_linker(&mut linker)?;
        // The capabilities below stand before WASI's own.
        linker.allow_shadowing(true);
        files::add_to_linker(&mut linker)?;
        tcp::add_to_linker(&mut linker)?;
        http::add_to_linker(&mut linker)?;
        super::bindings::http::add_to_linker::<CallState, HasSelf<_>>(&mut linker, |state| state)?;
        call::add_to_linker(&mut linker)?;
        super::bindings::sql::add_to_linker::<CallState, HasSelf<_>>(&mut linker, |state| state)?;
        super::bindings::log::add_to_linker::<CallState, HasSelf<_>>(&mut linker, |state| state)?;
        imports::add_to_linker::<CallState, HasSelf<_>>(&mut linker, |state| state)?;
        Ok(Self {
            engine: engine.clone(),
            linker,
            cache,
            notice,
            unkept: OnceLock::new(),
            python: OnceLock::new(),
            components: Mutex::default(),
        })
    }

    /// The guest that runs `code`.
    pub(super) fn get(&self, code: &AgentCode) -> Result<Guest, Failure> {
        match code {
            AgentCode::Python { .. } => self.python.get_or_init(|| self.prepare_python()).clone(),
            AgentCode::Component { bytes, digest: known } => {
                self.component(Role::Agent, bytes, known.get_or_init(|| digest(bytes)))
            }
            AgentCode::Command { bytes, digest: known } => {
                self.component(Role::Command, bytes, known.get_or_init(|| digest(bytes)))
            }
        }
    }

    fn prepare_python(&self) -> Result<Guest, Failure> {
        let component = self
            .compile(turingbox_python::COMPONENT, turingbox_python::DIGEST, "the Python guest")
            .map_err(Failure::host)?;
        let ready = self.linker.instantiate_pre(&component).and_then(InterpreterPre::new);
        ready.map(Guest::Interpreter).map_err(Failure::host)
    }

    fn component(&self, role: Role, bytes: &[u8], known_as: &str) -> Result<Guest, Failure> {
        let key = (role, known_as.to_owned());
        let known = || self.components.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(guest) = known().get(&key) {
            return Ok(guest.clone());
        }
        let unusable =
            |why: &dyn std::fmt::Display| Failure::new(Code::Source, format!("the component can't be used: {why}"));
        let facts = Facts::read(bytes).map_err(|why| unusable(&why))?;
        let misfit = if role == Role::Command { facts.command_misfit() } else { facts.misfit() };
        if let Some(misfit) = misfit {
            return Err(unusable(&misfit).help(misfit.help));
        }
        check_functions(bytes)?;
        let broken = |error: wasmtime::Error| unusable(&format!("{error:#}"));
        let guest = match role {
            Role::Agent => {
                let component = self.compile(bytes, known_as, "a component").map_err(broken)?;
                self.linker.instantiate_pre(&component).and_then(ProcPre::new).map(Guest::Proc)
            }
            Role::Command => {
                let program =
                    command::component(&self.engine, bytes, facts.is_component).map_err(|why| unusable(&why))?;
                // With another adapter it is another component.
                let component = self.compile(&program, &digest(&program), "a command").map_err(broken)?;
                self.linker.instantiate_pre(&component).and_then(CommandPre::new).map(Guest::Command)
            }
        };
        let guest = guest.map_err(broken)?;
        known().insert(key, guest.clone());
        Ok(guest)
    }

    fn compile(&self, bytes: &[u8], digest: &str, what: &str) -> wasmtime::Result<Component> {
        let compile = || {
            let _told = (self.notice)(what);
            self.engine.precompile_component(bytes)
        };
        match &self.cache {
            Some(cache) => {
                let (component, unkept) = cache.component(&self.engine, digest, compile)?;
                if let Some(error) = unkept {
                    self.unkept.get_or_init(|| error.to_string());
                }
                Ok(component)
            }
            None => just_compiled(&self.engine, &compile()?),
        }
    }
}

/// The largest function of a component that is compiled, in bytes. The compiler's work grows faster
/// than a function does, and nothing can stop it halfway; what compilers make is far smaller.
const MAX_FUNCTION: usize = 512 << 10;

/// Refuses a component that would keep the compiler busy for ever.
fn check_functions(bytes: &[u8]) -> Result<(), Failure> {
    use wasmparser::{Parser, Payload};
    for payload in Parser::new(0).parse_all(bytes) {
        match payload {
            Ok(Payload::CodeSectionEntry(body)) if body.range().len() > MAX_FUNCTION => {
                let message =
                    format!("the component can't be used: it has a function of more than {MAX_FUNCTION} bytes");
                return Err(Failure::new(Code::Source, message));
            }
            Ok(_) => {}
            // What is wrong with it is for wasmtime to say.
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

impl Guest {
    /// Compiles an agent's source in `store`. A guest that is compiled already has nothing to do.
    pub(super) async fn compile(
        &self,
        store: &mut Store<CallState>,
        call: &Call<'_>,
    ) -> wasmtime::Result<Result<Vec<u8>, types::Failure>> {
        match self {
            Self::Proc(_) | Self::Command(_) => Ok(Ok(Vec::new())),
            Self::Interpreter(ready) => {
                let instance = ready.instantiate_async(&mut *store).await?;
                compile(&instance, store, &source(call).0).await
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
            Self::Proc(ready) => Ok(Ok(Loaded::Proc(ready.instantiate_async(&mut *store).await?))),
            Self::Command(ready) => Ok(Ok(Loaded::Command(ready.instantiate_async(&mut *store).await?))),
            Self::Interpreter(ready) => {
                let instance = ready.instantiate_async(&mut *store).await?;
                let (source, bytecode) = source(call);
                let compiled = match bytecode.get() {
                    Some(compiled) => compiled.clone(),
                    None => match compile(&instance, &mut *store, &source).await? {
                        Ok(compiled) => bytecode.get_or_init(|| compiled.into()).clone(),
                        Err(failure) => return Ok(Err(failure)),
                    },
                };
                let options = Options { guard_imports: call.gate.authority().guards_imports() };
                let loaded = instance.call_load(&mut *store, &source, &compiled, options).await?;
                Ok(loaded.map(|()| Loaded::Interpreter(instance)))
            }
        }
    }
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
        inputs: &[Field],
    ) -> wasmtime::Result<Result<Vec<Field>, types::Failure>> {
        match self {
            Self::Interpreter(instance) => instance.call_run(store, inputs).await,
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
    source: &Source,
) -> wasmtime::Result<Result<Vec<u8>, types::Failure>> {
    store.data().gate.prepare(true);
    let compiled = instance.call_compile(&mut *store, source).await;
    store.data().gate.prepare(false);
    compiled
}

fn source<'a>(call: &Call<'a>) -> (Source, &'a OnceLock<Arc<[u8]>>) {
    let AgentCode::Python { file, source, function, bytecode, .. } = call.code else {
        unreachable!("only Python code has the interpreter as its guest")
    };
    // The guest takes a dict for the one output's value, unless there may be others.
    let declared = call.manifest.outputs.iter().filter(|_| !call.manifest.open_outputs);
    let outputs = declared.map(|output| output.name.clone()).collect();
    let source = Source { name: file.clone(), text: source.text.clone(), function: function.clone(), outputs };
    (source, bytecode)
}
