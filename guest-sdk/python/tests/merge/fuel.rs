//! What is merged counts what it burns, wherever it could go on.

use wasmtime::{
    Config, Engine, Store, Trap,
    component::{Component, ComponentNamedList, Instance, Lift, Linker, Lower},
};

use crate::merge;

/// What a refill gives, in units.
const SLICE: i64 = 1000;

/// How often one has been had, and how often one can be.
struct Host {
    refills: i64,
    most: i64,
}

struct Guest {
    store: Store<Host>,
    instance: Instance,
}

impl Guest {
    fn new(most: i64) -> Self {
        let linked = wat::parse_str(include_str!("counting.wat")).unwrap();
        let merged = merge::merge(&linked, true).unwrap();
        assert!(merged.counts && merge::counts(&merged.component).unwrap());
        // What isn't CPython has nothing that keeps lists.
        assert_eq!(merged.lists, 0);
        assert!(!merge::counts(&merge::merge(&linked, false).unwrap().component).unwrap());
        let engine = Engine::new(Config::new().wasm_branch_hinting(true)).unwrap();
        let component = Component::new(&engine, merged.component).unwrap();
        let mut linker = Linker::<Host>::new(&engine);
        let mut fuel = linker.instance("turingbox:agent/fuel@0.1.0").unwrap();
        let refill = |mut store: wasmtime::StoreContextMut<'_, Host>, (): ()| {
            let host = store.data_mut();
            host.refills += 1;
            if host.refills > host.most { Err(Trap::OutOfFuel.into()) } else { Ok((SLICE,)) }
        };
        fuel.func_wrap("refill", refill).unwrap();
        let mut store = Store::new(&engine, Host { refills: 0, most });
        let instance = linker.instantiate(&mut store, &component).unwrap();
        Self { store, instance }
    }

    fn call<T, R>(&mut self, name: &str, argument: T) -> wasmtime::Result<R>
    where
        (T,): ComponentNamedList + Lower,
        (R,): ComponentNamedList + Lift + 'static,
    {
        let function = self.instance.get_typed_func::<(T,), (R,)>(&mut self.store, name)?;
        Ok(function.call(&mut self.store, (argument,))?.0)
    }

    /// What was burnt since this was asked last.
    fn burnt(&mut self) -> i64 {
        let unburnt = self.instance.get_typed_func::<(), (i64,)>(&mut self.store, "unburnt").unwrap();
        let left = unburnt.call(&mut self.store, ()).unwrap().0;
        std::mem::take(&mut self.store.data_mut().refills) * SLICE - left
    }

    fn burns(&mut self, name: &str, number: u32) -> i64 {
        self.call::<_, u32>(name, number).unwrap();
        self.burnt()
    }
}

#[test]
fn what_is_done_is_paid_for_each_time() {
    let mut guest = Guest::new(i64::MAX);
    for name in ["turns", "down"] {
        let [one, hundred, thousand] = [1, 100, 1000].map(|number| guest.burns(name, number));
        let each = (hundred - one) / 99;
        assert!((1..100).contains(&each), "{name}: {each}");
        assert_eq!((hundred - one, thousand - one), (99 * each, 999 * each), "{name}");
    }
    // By the byte and by the page.
    let [none, some] = [0, 20_000].map(|length| guest.burns("filled", length));
    assert_eq!(some - none, 20_000);
    let [none, some] = [0, 20_000].map(|length| guest.burns("copied", length));
    assert_eq!(some - none, 20_000);
    let [none, one, too_many] = [0, 1, 5].map(|pages| guest.burns("grown", pages));
    assert_eq!((one - none, too_many - none), (255, 5 * 255));
}

#[test]
fn what_comes_to_an_end_by_itself_counts_nothing_of_its_own() {
    let mut guest = Guest::new(i64::MAX);
    assert_eq!(guest.call::<_, u32>("once", 41_u32).unwrap(), 42);
    assert_eq!(guest.burnt(), 0);
}

#[test]
fn what_has_burnt_all_is_ended() {
    let ends = |name: &str, number: u32| {
        let error = Guest::new(3).call::<_, u32>(name, number).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::OutOfFuel), "{name}");
    };
    // Nothing counts down from none.
    ends("turns", 0);
    ends("down", 10_000);
    ends("filled", 60_000);
    ends("grown", u32::MAX);
    assert_eq!(Guest::new(3).call::<_, u32>("down", 10_u32).unwrap(), 7);
}

#[test]
fn arguments_are_taken_on_credit_where_the_host_cant_be_asked() {
    let mut guest = Guest::new(i64::MAX);
    let text = "x".repeat(5000);
    assert_eq!(guest.call::<_, u32>("taken", text.as_str()).unwrap(), 5000);
    assert!(guest.store.data().refills == 0 && guest.burnt() > 5000, "it is paid for later");
    // And credit comes to an end.
    let error = guest.call::<_, u32>("stuck", "x").unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
}

#[test]
fn nothing_is_counted_where_it_isnt_asked_for() {
    let linked = wat::parse_str(include_str!("counting.wat")).unwrap();
    assert!(!merge::merge(&linked, false).unwrap().counts);
    // And what can't give up what is left is no guest of ours.
    let without =
        include_str!("counting.wat").replace("(export \"unburnt\") (result s64)", "(export \"else\") (result s64)");
    let without = without.replace("(core func $main \"unburnt\") ", "(core func $main \"other\") ");
    let without = without.replace("(func (export \"unburnt\") (result i64)", "(func (export \"other\") (result i64)");
    let error = merge::merge(&wat::parse_str(without).unwrap(), true).err().unwrap();
    assert_eq!(error.to_string(), "what imports `refill` has to export `unburnt`");
}
