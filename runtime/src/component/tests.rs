use super::*;

fn facts(text: &str) -> Facts {
    Facts::read(&wat::parse_str(text).unwrap()).unwrap()
}

#[test]
fn what_is_inside_is_not_outside() {
    let facts = facts(
        r#"(component
            (import "wasi:cli/stdout@0.2.6" (instance))
            (component (import "hidden:a/b@1.0.0" (instance)))
            (core module (import "env" "f" (func)) (func (export "g")) (@custom "turingbox-manifest" "kind = \"proc\""))
            (component $c)
            (instance $i (instantiate $c))
            (export "a:b/c@1.0.0" (instance $i)))"#,
    );
    assert!(facts.is_component);
    assert_eq!(facts.imports, ["wasi:cli/stdout@0.2.6".to_owned()].into());
    assert_eq!(facts.exports, ["a:b/c@1.0.0".to_owned()].into());
    assert_eq!(facts.manifest.as_deref(), Some("kind = \"proc\""));
}

#[test]
fn what_is_no_component_is_told_so() {
    let wrong = |bytes: &[u8]| Facts::read(bytes).unwrap_err();
    assert_eq!(wrong(b""), "it is empty");
    assert_eq!(wrong(b"#!/bin/sh"), "it is no WebAssembly");
    assert!(wrong(b" (component)").contains("text form"));
    let whole = wat::parse_str(r#"(component (import "a" (func)) (core module) (export "run" (func 0)))"#).unwrap();
    for length in 4..whole.len() {
        match Facts::read(&whole[..length]) {
            Ok(facts) => assert!(facts.exports.is_empty(), "{length}"),
            Err(why) => assert!(why.contains("cut off"), "{length}: {why}"),
        }
    }
}

#[test]
fn what_keeps_a_component_from_being_an_agent_is_said() {
    let misfit =
        |text: &str| facts(text).misfit().map(|misfit| format!("{misfit}; {}", misfit.help)).unwrap_or_default();
    for (text, said) in [
        ("(module)", "core module"),
        ("(component)", "it exports nothing"),
        (r#"(component (import "wasi:cli/stdout@0.2.0" (instance)))"#, "doesn't export `run`"),
        (r#"(component (import "wasi:nn/tensor@0.2.0" (instance)))"#, "nobody provides"),
        (r#"(component (import "wasi:cli/stdout@0.3.0" (instance)))"#, "only WASI 0.2"),
        (r#"(component (import "turingbox:agent/http@0.0.9" (instance)))"#, "turingbox:agent@0.0.9; this has 0.1.0"),
        (r#"(component (import "turingbox:agent/teleport@0.1.0" (instance)))"#, "in no interface of the contract"),
        (
            r#"(component (component $c) (instance $i (instantiate $c)) (export "wasi:cli/run@0.2.3" (instance $i)))"#,
            "it is a command",
        ),
        (
            r#"(component (component $c) (instance $i (instantiate $c)) (export "b:c/run" (instance $i)))"#,
            "it exports b:c/run",
        ),
    ] {
        assert!(misfit(text).contains(said), "{text}: {}", misfit(text));
    }
    assert!(misfit(r#"(component (import "run" (func $f)) (export "run" (func $f)))"#).contains("nobody provides"));
    let agent = r#"(component (component $c (core module $m (func (export "f"))) (core instance $i (instantiate $m))
        (func (export "run") (canon lift (core func $i "f")))) (instance $i (instantiate $c)) (export "run" (func $i "run")))"#;
    assert_eq!(misfit(agent), "");
}

#[test]
fn what_every_program_imports_is_not_wanted_by_one() {
    for (import, wanted) in [
        ("wasi:http/outgoing-handler@0.2.6", true),
        ("turingbox:agent/sql@0.1.0", true),
        ("wasi:sockets/tcp-create-socket@0.2.6", true),
        ("wasi:sockets/ip-name-lookup@0.2.6", true),
        ("wasi:sockets/tcp@0.2.6", false),
        ("wasi:sockets/udp@0.2.6", false),
        ("wasi:sockets/network@0.2.6", false),
        ("wasi:filesystem/types@0.2.6", false),
        ("wasi:cli/environment@0.2.6", false),
    ] {
        assert_eq!(Interface::parse(import).is_some_and(|interface| interface.is_wanted()), wanted, "{import}");
    }
}

#[test]
fn what_keeps_it_from_being_a_command_is_said() {
    let misfit = |text: &str| {
        facts(text).command_misfit().map(|misfit| format!("{misfit}; {}", misfit.help)).unwrap_or_default()
    };
    let program = r#"(memory (export "memory") 1) (func (export "_start"))"#;
    for (text, said) in [
        ("(module)".to_owned(), "doesn't export `_start`"),
        (r#"(module (func (export "_start")))"#.to_owned(), "doesn't export `memory`"),
        (r#"(module (func (export "_initialize")))"#.to_owned(), "it is a library"),
        (format!(r#"(module (import "env" "f" (func)) {program})"#), "imports `env`"),
        (format!(r#"(module (import "wasi_unstable" "f" (func)) {program})"#), "before 0.1"),
        (
            format!(r#"(module (import "wasi_snapshot_preview1" "sock_listen" (func)) {program})"#),
            "imports `wasi_snapshot_preview1::sock_listen`, which nobody provides; WASI 0.1 has no such function",
        ),
        ("(component)".to_owned(), "doesn't export `wasi:cli/run@0.2`; it exports nothing"),
        (r#"(component (import "wasi:cli/stdout@0.3.0" (instance)))"#.to_owned(), "only WASI 0.2"),
        (
            r#"(component (component $c) (instance $i (instantiate $c)) (export "wasi:cli/run@0.3.0" (instance $i)))"#
                .to_owned(),
            "doesn't export `wasi:cli/run@0.2`",
        ),
    ] {
        assert!(misfit(&text).contains(said), "{text}: {}", misfit(&text));
    }
    assert_eq!(
        misfit(&format!(r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) {program})"#)),
        ""
    );
    assert_eq!(
        misfit(
            r#"(component (component $c) (instance $i (instantiate $c)) (export "wasi:cli/run@0.2.3" (instance $i)))"#
        ),
        ""
    );
    let other = facts(&format!("(module {program})")).misfit().unwrap();
    assert!(other.help.contains("`command = …`"), "{other:?}");
}

/// What a program may import is what the adapter has that it is given.
#[cfg(feature = "host")]
#[test]
fn the_adapter_has_all_of_wasi_0_1() {
    use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER;

    let own = |name: &str| name.contains("adapter_") || name.ends_with("_adapter_state") || name.contains(':');
    let adapter = Facts::read(WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER).unwrap();
    let has: Vec<_> = adapter.exports.iter().map(String::as_str).collect();
    let has: Vec<_> = has.into_iter().filter(|name| !own(name) && *name != "cabi_import_realloc").collect();
    let mut known = contract::WASI_0_1_FUNCTIONS.to_vec();
    known.sort_unstable();
    assert_eq!(has, known);
}
