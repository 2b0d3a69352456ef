//! Makes one core module out of the many that a component of shared libraries is linked from.
//!
//! A component as wit-component links it from `.so` modules calls between them through tables, and reads
//! every address from a global of another module. An instance of it fills those tables by hand, again
//! and again. In one module the calls are direct and the addresses are constants; what an instance
//! starts with is part of its image.
//!
//! The modules that stand between the canonical functions and the rest stay as they are: those need
//! the memory that is made here, and what is made here needs them.

mod allocation;
mod code;
mod component;
mod cost;
mod emit;
mod encode;
mod fuel;
mod immortal;
mod inline;
mod link;
mod memory;
mod module;
mod offsets;
mod pages;
mod view;

use wasmparser::{Parser, Payload};

use component::Component;
use encode::Encoded;
use fuel::Fuel;
use link::Linked;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What comes of a component.
pub struct Merged {
    pub component: Vec<u8>,
    /// How many objects of CPython were made immortal.
    pub immortal: usize,
    /// How many functions that give memory or take it back keep lists of it.
    pub lists: usize,
    /// Whether it counts what it burns.
    pub counts: bool,
}

/// Whether a component was made by [`merge`] to count what it burns.
///
/// # Errors
///
/// When it isn't one.
pub fn counts(bytes: &[u8]) -> Result<bool> {
    for payload in Parser::new(0).parse_all(bytes) {
        if matches!(payload?, Payload::CustomSection(section) if section.name() == emit::COUNTS) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The same component, with its core modules merged. With `count`, it counts what it burns, if it has what that
/// takes.
///
/// # Errors
///
/// When the component isn't one, or has something that isn't known here how to merge.
pub fn merge(bytes: &[u8], count: bool) -> Result<Merged> {
    let component = Component::read(bytes)?;
    let fuel = if count { Fuel::find(&component)? } else { None };
    let linked = Linked::new(&component, fuel.as_ref())?;
    let Encoded { module, immortal, space, asked } = encode::encode(&component, &linked, fuel.as_ref())?;
    let kept = allocation::keep(&module, space, asked)?;
    let module = offsets::fold(&inline::inline(&kept.module)?, space)?;
    let component = emit::emit(&component, &linked, fuel.as_ref(), &module)?;
    Ok(Merged { component, immortal, lists: kept.functions, counts: fuel.is_some() })
}
