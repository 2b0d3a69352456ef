//! What metering costs: the Python guest in wasmtime as we set it up, with fuel and a deadline, and without either.
//!
//! The programs are those of `compute.rs`. Only the call is timed: the instance is there and has them loaded.

use std::time::Duration;

use turingbox_python::COMPONENT;
use wasmtime::{
    Config, Engine, Store,
    component::{Component, Linker, types::ComponentItem},
};

use crate::{
    World,
    command::Failed,
    compute::{Work, together},
    host::Host,
    table::{Row, Unit},
    turns::{Measured, Side, Times, in_turn},
};

mod contract {
    wasmtime::component::bindgen!({
        path: "guest-sdk/wit",
        world: "interpreter",
        exports: { default: async },
    });
}

use contract::{Interpreter, InterpreterPre, Options, Source, turingbox::agent::types::Value};

/// The fuel of a call and of a slice of it, and its time, as they are where no policy says otherwise.
const FUEL: u64 = 20_000_000_000;
const SLICE: u64 = 5_000_000;
const TIME: Duration = Duration::from_secs(30);

/// The native stack of a guest, and what the host may take of it, as ours has them.
const WASM_STACK: usize = 4 << 20;
const HOST_STACK: usize = 1 << 20;

const METERED: &str = "wasmtime, metered";
const FREE: &str = "wasmtime, neither fuel nor time";

/// The two in turn.
pub fn run(world: &mut World) -> Result<(), Failed> {
    let (metered, free) = (Guest::compile(true)?, Guest::compile(false)?);
    let runtime = &world.ours.runtime;
    let mut all: Vec<Measured> = Vec::new();
    for work in Work::all()? {
        let mut loaded = [(METERED, &metered), (FREE, &free)].map(|(name, guest)| {
            let loaded = runtime.block_on(guest.load(&work));
            (name, loaded)
        });
        let mut sides = Vec::new();
        for (name, loaded) in &mut loaded {
            let loaded = loaded.as_mut().map_err(|error| format!("{name}: {error}"))?;
            sides.push(Side::new(name, |runs| Times::of(runs, || runtime.block_on(loaded.call()))));
        }
        let measured = in_turn(sides)?;
        all.push(measured.clone());
        world.table.add(Row::of_times(&format!("metering: {}", work.name), measured));
    }
    world.table.add(Row::new("metering: geometric mean", Unit::Time, together(&all)));
    Ok(())
}

/// The guest, compiled one way or the other.
struct Guest {
    engine: Engine,
    ready: InterpreterPre<Host>,
    is_metered: bool,
}

/// An instance with a program.
struct Loaded {
    store: Store<Host>,
    interpreter: Interpreter,
    is_metered: bool,
}

impl Guest {
    fn compile(is_metered: bool) -> Result<Self, Failed> {
        let mut config = Config::new();
        config.consume_fuel(is_metered).max_wasm_stack(WASM_STACK).async_stack_size(WASM_STACK + HOST_STACK);
        config.generate_address_map(false).relaxed_simd_deterministic(true);
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, COMPONENT)?;
        let mut linker = Linker::<Host>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        deny_contract(&mut linker, &component)?;
        let ready = InterpreterPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Self { engine, ready, is_metered })
    }

    async fn load(&self, work: &Work) -> Result<Loaded, Failed> {
        let mut store = Store::new(&self.engine, Host::new());
        refuel(&mut store, self.is_metered)?;
        let interpreter = self.ready.instantiate_async(&mut store).await?;
        let source = Source {
            name: "main.py".to_owned(),
            text: work.source.clone(),
            function: "main".to_owned(),
            outputs: vec!["text".to_owned()],
        };
        let options = Options { guard_imports: false, has_packages: false };
        let compiled = interpreter.call_compile(&mut store, &source).await?.map_err(|failure| failure.message)?;
        let loaded = interpreter.call_load(&mut store, &source, &compiled, options).await?;
        loaded.map_err(|failure| failure.message)?;
        Ok(Loaded { store, interpreter, is_metered: self.is_metered })
    }
}

impl Loaded {
    async fn call(&mut self) -> Result<String, String> {
        refuel(&mut self.store, self.is_metered).map_err(|error| error.to_string())?;
        let call = self.interpreter.call_run(&mut self.store, &[]);
        let outputs = match self.is_metered {
            true => tokio::time::timeout(TIME, call).await.map_err(|_| format!("took more than {TIME:?}"))?,
            false => call.await,
        };
        let outputs = outputs.map_err(|error| error.to_string())?.map_err(|failure| failure.message)?;
        match outputs.into_iter().next().map(|field| field.value) {
            Some(Value::Text(text)) => Ok(text),
            other => Err(format!("gave {other:?}")),
        }
    }
}

/// Has everything of the contract trap: the programs use nothing of it.
fn deny_contract(linker: &mut Linker<Host>, component: &Component) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    for (name, item) in component.component_type().imports(&engine) {
        let ComponentItem::ComponentInstance(interface) = item.ty else { continue };
        if !name.starts_with("turingbox:") {
            continue;
        }
        let mut instance = linker.instance(name)?;
        for (function, item) in interface.exports(&engine) {
            if let ComponentItem::ComponentFunc(_) = item.ty {
                instance.func_new(function, |_, _, _, _| wasmtime::bail!("nothing of the contract is granted"))?;
            }
        }
    }
    Ok(())
}

fn refuel(store: &mut Store<Host>, is_metered: bool) -> wasmtime::Result<()> {
    if is_metered {
        store.set_fuel(FUEL)?;
        store.fuel_async_yield_interval(Some(SLICE))?;
    }
    Ok(())
}
