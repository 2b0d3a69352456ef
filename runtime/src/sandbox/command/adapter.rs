//! A module for WASI 0.1, made into the component that it would be for WASI 0.2.

use std::borrow::Cow;

use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER;
use wasm_encoder::{
    ImportSection, Module, RawSection,
    reencode::{Reencode, RoundtripReencoder},
};
use wasmparser::{Import, Parser, Payload};
use wasmtime::{Engine, StoreContextMut, component::Linker};
use wasmtime_wasi::I32Exit;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::{
    component::WASI_0_1,
    sandbox::{CallState, cache::digest},
};

/// How a program exits. The adapter's own way knows success and failure, and no other code.
const EXIT: &str = "
package turingbox:command@0.1.0;
interface exit { exit: func(code: u32); }
world program { import exit; }
";

const INTERFACE: &str = "turingbox:command/exit@0.1.0";

/// The function that exits, in WASI 0.1.
const PROC_EXIT: &str = "proc_exit";

/// Links what [`component`] has programs import beside WASI 0.2.
pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    let exit = |_: StoreContextMut<'_, CallState>, (code,): (u32,)| -> wasmtime::Result<()> {
        Err(I32Exit(code.cast_signed()).into())
    };
    linker.instance(INTERFACE)?.func_wrap("exit", exit)
}

/// What the component of the module with this digest is known by: with another adapter, it is another
/// component.
pub fn known_as(module: &str) -> String {
    let parts = [WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER, EXIT.as_bytes(), module.as_bytes()];
    digest(&parts.map(|part| digest(part).into_bytes()).concat())
}

/// The component of a program: a component as it is, a module behind the adapter.
///
/// # Errors
///
/// What keeps a module from being a program for WASI 0.1.
pub fn component<'p>(engine: &Engine, program: &'p [u8], is_component: bool) -> Result<Cow<'p, [u8]>, String> {
    if is_component {
        return Ok(program.into());
    }
    adapted(engine, program).map(Cow::Owned)
}

fn adapted(engine: &Engine, module: &[u8]) -> Result<Vec<u8>, String> {
    // What isn't valid, nothing below was made for.
    wasmtime::Module::validate(engine, module).map_err(|error| format!("{error:#}"))?;
    let mut resolve = Resolve::default();
    let written = resolve.push_str("exit.wit", EXIT).map_err(|error| format!("{error:#}"))?;
    let world = resolve.select_world(&[written], None).map_err(|error| format!("{error:#}"))?;
    let mut module = prepared(module)?;
    let encoded = embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .and_then(|()| ComponentEncoder::default().module(&module))
        .and_then(|encoder| encoder.adapter(WASI_0_1, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER))
        .and_then(|mut encoder| encoder.encode());
    encoded.map_err(|error| format!("{error:#}"))
}

/// The module with our own way to exit, and without all that it says beside its code: the encoder would take
/// orders from it.
fn prepared(module: &[u8]) -> Result<Vec<u8>, String> {
    let mut prepared = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(|error| error.to_string())?;
        match &payload {
            Payload::CustomSection(_) => {}
            Payload::ImportSection(section) => {
                let mut imports = ImportSection::new();
                for import in section.clone().into_imports() {
                    let import = import.map_err(|error| error.to_string())?;
                    let (from, name) = source(&import);
                    let ty = RoundtripReencoder.entity_type(import.ty).map_err(|error| error.to_string())?;
                    imports.import(from, name, ty);
                }
                prepared.section(&imports);
            }
            payload => {
                if let Some((id, range)) = payload.as_section() {
                    prepared.section(&RawSection { id, data: &module[range] });
                }
            }
        }
    }
    Ok(prepared.finish())
}

/// Where an import comes from.
fn source<'a>(import: &Import<'a>) -> (&'a str, &'a str) {
    match (import.module, import.name) {
        (WASI_0_1, PROC_EXIT) => (INTERFACE, "exit"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::Facts;

    const PROGRAM: &str = r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start") (call $exit (i32.const 3)))
        (@custom "component-type" "\00asm"))"#;

    #[test]
    fn a_module_becomes_a_command() {
        let module = wat::parse_str(PROGRAM).unwrap();
        let component = adapted(&Engine::default(), &module).unwrap();
        let facts = Facts::read(&component).unwrap();
        assert!(facts.exports.iter().any(|export| export.starts_with("wasi:cli/run@0.2.")), "{facts:?}");
        assert!(facts.imports.contains(INTERFACE), "{facts:?}");
        assert_eq!(component, adapted(&Engine::default(), &module).unwrap(), "the same each time");
    }

    /// What is no module, or half of one, is an error and nothing worse.
    #[test]
    fn broken_modules_are_refused() {
        let (engine, module) = (Engine::default(), wat::parse_str(PROGRAM).unwrap());
        for length in 8..module.len() / 2 {
            assert!(adapted(&engine, &module[..length]).is_err(), "{length}");
        }
        for at in 8..module.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut module = module.clone();
                module[at] = byte;
                drop(adapted(&engine, &module));
            }
        }
    }
}
