//! What is merged does as before.

#[path = "merge/fuel.rs"]
mod fuel;
#[path = "../build/merge/mod.rs"]
mod merge;

use wasmparser::{Parser, Payload};
use wasmtime::{
    Engine, Store,
    component::{Component, Linker},
};

fn linked() -> Vec<u8> {
    wat::parse_str(include_str!("merge/linked.wat")).unwrap()
}

fn merged(component: &[u8]) -> Vec<u8> {
    let merged = merge::merge(component, true).unwrap();
    assert_eq!(merged.immortal, 0, "there is no CPython in it");
    merged.component
}

/// How often something is in a component.
fn count(component: &[u8], is_it: impl Fn(&Payload<'_>) -> usize) -> usize {
    Parser::new(0).parse_all(component).map(|payload| is_it(&payload.unwrap())).sum()
}

fn modules(component: &[u8]) -> usize {
    count(component, |payload| usize::from(matches!(payload, Payload::ModuleSection { .. })))
}

fn run(component: &[u8], number: u32) -> u32 {
    let engine = Engine::default();
    let component = Component::new(&engine, component).unwrap();
    let mut linker = Linker::new(&engine);
    let mut root = linker.root();
    root.func_wrap("host", |_, (text,): (String,)| {
        assert_eq!(text, "text");
        Ok((1000_u32,))
    })
    .unwrap();
    root.func_wrap("plain", |_, (number,): (u32,)| Ok((number * 100_000,))).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run").unwrap().call(&mut store, (number,)).unwrap().0
}

#[test]
fn one_module_does_what_many_did() {
    let linked = linked();
    let merged = merged(&linked);
    for number in [0, 1, 7] {
        let expected = 42 + 1000 + (number + 1) * 2 + number * 100_000;
        assert_eq!(run(&linked, number), expected);
        assert_eq!(run(&merged, number), expected);
    }
    assert_eq!(modules(&linked), 6);
    // It, and the two between it and what needs its memory.
    assert_eq!(modules(&merged), 3);
}

#[test]
fn what_never_changes_is_no_global_and_what_only_hands_on_is_no_function() {
    let merged = merged(&linked());
    let globals = count(&merged, |payload| match payload {
        Payload::GlobalSection(globals) => globals.count() as usize,
        _ => 0,
    });
    // The one that `realloc` sets; the one that was set by what is called no more is a constant.
    assert_eq!(globals, 1);
    let functions = count(&merged, |payload| match payload {
        Payload::FunctionSection(functions) => functions.count() as usize,
        _ => 0,
    });
    // `ask`, `through`, both in the table, `late`, `realloc`, `run`; and the shim's.
    assert_eq!(functions, 8);
}

#[test]
fn what_is_merged_can_be_merged_again() {
    let once = merged(&linked());
    let again = merged(&once);
    assert_eq!(run(&again, 7), run(&once, 7));
    assert_eq!(modules(&again), 3);
}

#[test]
fn two_instances_of_a_module_stay_two_and_of_two_segments_the_later_holds() {
    let component = wat::parse_str(
        r#"(component
          (core module $counter
            (global $count (mut i32) (i32.const 0))
            (func (export "next") (result i32)
              (global.set $count (i32.add (global.get $count) (i32.const 1)))
              (global.get $count)))
          (core module $run
            (type $number (func (result i32)))
            (import "a" "next" (func $a (result i32)))
            (import "b" "next" (func $b (result i32)))
            (table 2 funcref)
            (func $one (result i32) (i32.const 1))
            (func $two (result i32) (i32.const 2))
            (func $second (result i32) (call_indirect (type $number) (i32.const 1)))
            (elem (i32.const 0) func $one $one)
            (elem (i32.const 1) func $two)
            (func (export "run") (result i32)
              (drop (call $a))
              (i32.mul (call $a) (i32.const 100))
              (i32.add (i32.mul (call $b) (i32.const 10)))
              (i32.add (call $second))))
          (core instance $a (instantiate $counter))
          (core instance $b (instantiate $counter))
          (core instance $run (instantiate $run (with "a" (instance $a)) (with "b" (instance $b))))
          (func (export "run") (result u32) (canon lift (core func $run "run"))))"#,
    );
    let component = component.unwrap();
    for component in [&component, &merged(&component)] {
        let engine = Engine::default();
        let component = Component::new(&engine, component).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
        let run = instance.get_typed_func::<(), (u32,)>(&mut store, "run").unwrap();
        assert_eq!(run.call(&mut store, ()).unwrap().0, 212);
    }
}

#[test]
fn what_isnt_known_how_to_merge_is_an_error() {
    let error = |text: &str| merge::merge(&wat::parse_str(text).unwrap(), true).err().unwrap().to_string();
    let with = |module: &str| format!("(component (core module $m {module}) (core instance (instantiate $m)))");
    assert_eq!(error(&with("(func $f) (start $f)")), "a module that starts something can't be merged");
    assert_eq!(error(&with("(memory 1) (data \"x\")")), "only data that is there from the start can be merged");
    assert_eq!(
        error(&with("(table 1 funcref) (func (export \"f\")) (elem func 0)")),
        "only tables of functions that are filled from the start can be merged"
    );
    assert_eq!(error(&with("(table 1 funcref (ref.func 0)) (func)")), "only tables that begin empty can be merged");
    let exported = |code: &str| {
        let module = format!("(table 1 funcref) (data \"x\") (memory 1) (func (export \"f\") {code})");
        format!(
            "(component (core module $m {module}) (core instance $i (instantiate $m)) (func (export \"f\") (canon lift (core func $i \"f\"))))"
        )
    };
    assert_eq!(
        error(&exported("(table.set (i32.const 0) (ref.null func))").replace("(data \"x\")", "")),
        "what changes its tables can't be merged"
    );
    assert_eq!(error(&exported("(data.drop 0)")), "what reads its data again can't be merged");
    assert_eq!(error("(component (import \"m\" (core module)))"), "a core module from elsewhere can't be merged");
    assert!(merge::merge(b"no component", true).is_err());
}

#[test]
fn the_guest_is_one_module_with_few_globals() {
    assert_eq!(modules(turingbox_python::COMPONENT), 3);
    let globals = count(turingbox_python::COMPONENT, |payload| match payload {
        Payload::GlobalSection(globals) => globals.count() as usize,
        _ => 0,
    });
    assert!(globals < 10, "{globals} globals");
}
