//! What a component has for debuggers alone. cargo takes it out of the crate's own module; the linker adds
//! modules around that one, which keep their names.

use wasm_encoder::Encode;
use wasmparser::{BinaryReader, BinaryReaderError};

/// How deep components may be in one another; the linker makes two levels. What is deeper stays as it is.
const MAX_DEPTH: usize = 8;

/// The magic and the version that each binary begins with, and where it says whether it is a component.
const PREAMBLE: usize = 8;
const LAYER: usize = 6;

const CUSTOM: u8 = 0;
/// In a component: a module, and another component.
const MODULE: u8 = 1;
const COMPONENT: u8 = 4;

/// The same component, without names and other notes for debuggers.
///
/// # Errors
///
/// What is no component.
pub fn stripped(component: &[u8]) -> Result<Vec<u8>, String> {
    sections(component, MAX_DEPTH).map_err(|error| error.message().to_owned())
}

fn sections(binary: &[u8], depth: usize) -> Result<Vec<u8>, BinaryReaderError> {
    let mut reader = BinaryReader::new(binary, 0);
    let mut kept = reader.read_bytes(PREAMBLE)?.to_vec();
    let is_component = kept[LAYER] == 1;
    while !reader.eof() {
        let (id, length) = (reader.read_u8()?, reader.read_var_u32()?);
        let bytes = reader.read_bytes(length as usize)?;
        let inner = match id {
            CUSTOM if is_for_debuggers(bytes)? => continue,
            MODULE | COMPONENT if is_component && depth > 0 => Some(sections(bytes, depth - 1)?),
            _ => None,
        };
        kept.push(id);
        inner.as_deref().unwrap_or(bytes).encode(&mut kept);
    }
    Ok(kept)
}

fn is_for_debuggers(custom: &[u8]) -> Result<bool, BinaryReaderError> {
    let name = BinaryReader::new(custom, 0).read_string()?;
    Ok(matches!(name, "name" | "component-name") || name.starts_with(".debug_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMED: &str = "(component $outer
        (core module $inner (func $f) (@custom \"kept\" \"abc\") (@custom \".debug_line\" \"abc\"))
        (component $nested (core module $deep (func $g))))";
    const PLAIN: &str = "(component
        (core module (func) (@custom \"kept\" \"abc\"))
        (component (core module (func))))";

    #[test]
    fn names_are_left_out_at_each_level() {
        let named = wat::parse_str(NAMED).unwrap();
        let plain = wat::parse_str(PLAIN).unwrap();
        assert_ne!(named, plain);
        assert_eq!(stripped(&named), Ok(plain.clone()));
        assert_eq!(stripped(&plain), Ok(plain));
    }

    #[test]
    fn what_is_cut_short_is_an_error() {
        let named = wat::parse_str(NAMED).unwrap();
        for length in (0..PREAMBLE).chain([PREAMBLE + 1, named.len() - 1]) {
            assert!(stripped(&named[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn what_is_nested_deeper_than_is_looked_at_stays() {
        let deep = (0..20).fold("(core module $m (func $f))".to_owned(), |inner, _| format!("(component {inner})"));
        let component = wat::parse_str(&deep).unwrap();
        assert_eq!(stripped(&component), Ok(component));
    }
}
