//! What metering costs: the Python guest in wasmtime as we set it up, with fuel, which it counts by itself, and a
//! deadline; and one that doesn't count, without either.
//!
//! The programs are those of `compute.rs`. Only the call is timed: the instance is there and has them loaded.

use std::time::Duration;

use turingbox_python::{COMPONENT, UNCOUNTED};
use wasmtime::{
    Config, Engine, Store, Trap,
    component::{Component, HasSelf, Linker, types::ComponentItem},
};
use wasmtime_wasi::{WasiCtxView, WasiView};

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
        imports: { "turingbox:agent/fuel.refill": async | trappable },
        exports: { default: async },
    });
}

use contract::{
    Interpreter, InterpreterPre, Options, Source,
    turingbox::agent::{fuel, types::Value},
};

/// The fuel of a call and of a slice of it, and its time, as they are where no policy says otherwise.
const FUEL: u64 = 20_000_000_000;
const SLICE: u64 = 5_000_000;
const TIME: Duration = Duration::from_secs(30);

/// The native stack of a guest, and what the host may take of it, as ours has them.
const WASM_STACK: usize = 4 << 20;
const HOST_STACK: usize = 1 << 20;

/// Who counts what a guest burns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counter {
    /// The guest, as ours does.
    Guest,
    /// wasmtime, as it does for any guest.
    Engine,
    /// Nobody, and there is no deadline.
    Nobody,
}

impl Counter {
    const ALL: [(Self, &str); 3] = [
        (Self::Guest, "as ours is metered"),
        (Self::Engine, "metered by wasmtime"),
        (Self::Nobody, "neither fuel nor time"),
    ];
}

/// All in turn.
pub fn run(world: &mut World) -> Result<(), Failed> {
    if UNCOUNTED.is_empty() {
        println!("metering is left out: there is no guest that doesn't count");
        return Ok(());
    }
    let guests = Counter::ALL.map(|(counter, name)| (name, Guest::compile(counter)));
    let runtime = &world.ours.runtime;
    let mut all: Vec<Measured> = Vec::new();
    for work in Work::all()? {
        let mut sides = Vec::new();
        for (name, guest) in &guests {
            let guest = guest.as_ref().map_err(|error| format!("{name}: {error}"))?;
            let mut loaded = runtime.block_on(guest.load(&work)).map_err(|error| format!("{name}: {error}"))?;
            sides.push(Side::new(name, move |runs| Times::of(runs, || runtime.block_on(loaded.call()))));
        }
        let measured = in_turn(sides)?;
        all.push(measured.clone());
        world.table.add(Row::of_times(&format!("metering: {}", work.name), measured));
    }
    world.table.add(Row::new("metering: geometric mean", Unit::Time, together(&all)));
    Ok(())
}

/// What a guest reaches: WASI, with nothing in it, and what it has still to get of its fuel.
struct State {
    host: Host,
    left: u64,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.host.ctx()
    }
}

impl fuel::Host for State {
    async fn refill(&mut self) -> wasmtime::Result<i64> {
        let slice = self.left.min(SLICE);
        self.left -= slice;
        tokio::task::yield_now().await;
        if slice > 0 { Ok(slice.cast_signed()) } else { Err(Trap::OutOfFuel.into()) }
    }
}

/// The guest, compiled one way or the other.
struct Guest {
    engine: Engine,
    ready: InterpreterPre<State>,
    counter: Counter,
}

/// An instance with a program.
struct Loaded {
    store: Store<State>,
    interpreter: Interpreter,
    counter: Counter,
}

impl Guest {
    fn compile(counter: Counter) -> Result<Self, Failed> {
        let mut config = Config::new();
        config.consume_fuel(counter == Counter::Engine).max_wasm_stack(WASM_STACK);
        config.async_stack_size(WASM_STACK + HOST_STACK).generate_address_map(false).relaxed_simd_deterministic(true);
        config.wasm_branch_hinting(true);
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, if counter == Counter::Guest { COMPONENT } else { UNCOUNTED })?;
        let mut linker = Linker::<State>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        fuel::add_to_linker::<State, HasSelf<_>>(&mut linker, |state| state)?;
        deny_contract(&mut linker, &component)?;
        let ready = InterpreterPre::new(linker.instantiate_pre(&component)?)?;
        Ok(Self { engine, ready, counter })
    }

    async fn load(&self, work: &Work) -> Result<Loaded, Failed> {
        let mut store = Store::new(&self.engine, State { host: Host::new(), left: 0 });
        refuel(&mut store, self.counter)?;
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
        Ok(Loaded { store, interpreter, counter: self.counter })
    }
}

impl Loaded {
    async fn call(&mut self) -> Result<String, String> {
        refuel(&mut self.store, self.counter).map_err(|error| error.to_string())?;
        let call = self.interpreter.call_run(&mut self.store, &[]);
        let outputs = match self.counter {
            Counter::Nobody => call.await,
            _ => tokio::time::timeout(TIME, call).await.map_err(|_| format!("took more than {TIME:?}"))?,
        };
        let outputs = outputs.map_err(|error| error.to_string())?.map_err(|failure| failure.message)?;
        match outputs.into_iter().next().map(|field| field.value) {
            Some(Value::Text(text)) => Ok(text),
            other => Err(format!("gave {other:?}")),
        }
    }
}

/// Has everything of the contract trap but fuel: the programs use nothing of it.
fn deny_contract(linker: &mut Linker<State>, component: &Component) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    for (name, item) in component.component_type().imports(&engine) {
        let ComponentItem::ComponentInstance(interface) = item.ty else { continue };
        if !name.starts_with("turingbox:") || name.starts_with("turingbox:agent/fuel@") {
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

fn refuel(store: &mut Store<State>, counter: Counter) -> wasmtime::Result<()> {
    match counter {
        Counter::Guest => store.data_mut().left = FUEL,
        Counter::Engine => {
            store.set_fuel(FUEL)?;
            store.fuel_async_yield_interval(Some(SLICE))?;
        }
        Counter::Nobody => {}
    }
    Ok(())
}
