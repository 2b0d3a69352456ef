//! Pages that are written to for their neighbours' sake.
//!
//! When a call is over, wasmtime asks the kernel which pages of its memory were written to, and makes those what they
//! were. It gets them as stretches, up to 32. What lies behind is given back as a whole: for the next call that is a
//! page fault for each of its pages, and for the other cores an interrupt, to forget them. CPython writes to its state
//! here and there, which made 36 stretches of a call; with what lies between them written to as well, as it is, they
//! are some ten fewer. To copy so many pages takes a fraction of that.

use std::ops::Range;

use wasm_encoder::{InstructionSink, MemArg};

use super::{
    Result,
    component::Component,
    link::{Constant, Linked},
    module::Kind,
};

/// The pages of the machine. Where they are larger, some are written to more than once.
const PAGE: u32 = 4096;

/// What a symbol's address is imported from.
const ADDRESSES: &str = "GOT.mem";

/// Symbols, and the pages around each that a call writes to some of, counted from its own: as they were seen in
/// CPython 3.14 of `requirements.txt`. Where they are others, these are written to for nothing.
const STRETCHES: [(&str, Range<i64>); 3] = [
    // What its runtime holds, behind the stack.
    ("__stack_high", 0..7),
    // The state of the interpreter, and its cache of attributes.
    ("_PyRuntime", 13..41),
    // What libc holds, before the heap.
    ("__heap_base", -3..2),
];

/// Where to write, an address on each page.
pub struct Pages(Vec<u32>);

impl Pages {
    /// Those of a component that has `length` bytes of memory from the start.
    pub fn find(component: &Component<'_>, linked: &Linked<'_, '_>, length: usize) -> Result<Self> {
        let mut addresses = Vec::new();
        for (symbol, stretch) in STRETCHES {
            if let Some(address) = address(component, linked, symbol)? {
                addresses.extend(starts(address, stretch, length));
            }
        }
        Ok(Self(addresses))
    }

    /// Writes code that writes to each what is there. It reads more than it writes: a compiler leaves out what writes
    /// just what it has read.
    pub fn touch(&self, code: &mut InstructionSink<'_>) {
        for &address in &self.0 {
            let here = MemArg { offset: address.into(), align: 0, memory_index: 0 };
            code.i32_const(0).i32_const(0).i32_load16_u(here).i32_store8(here);
        }
    }
}

/// The address of a symbol, if one of the members asks for it.
fn address(component: &Component<'_>, linked: &Linked<'_, '_>, symbol: &str) -> Result<Option<u32>> {
    for &instance in &linked.members {
        let (module, _) = component.made(instance)?;
        let mut imports = (0..).zip(module.imports(Kind::Global));
        if let Some((at, _)) = imports.find(|(_, import)| **import == (ADDRESSES, symbol))
            && let Constant::I32(address) = linked.start(component.defined(instance, Kind::Global, at)?)?
        {
            return Ok(Some(address.cast_unsigned()));
        }
    }
    Ok(None)
}

/// Where the pages begin that are so far from that of an address, of those that there are.
fn starts(address: u32, pages: Range<i64>, length: usize) -> impl Iterator<Item = u32> {
    let start = move |page: i64| u32::try_from((i64::from(address / PAGE) + page) * i64::from(PAGE)).ok();
    pages.filter_map(start).filter(move |start| (*start as usize) < length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_from_that_of_an_address() {
        let all = |pages, length| starts(2 * PAGE + 5, pages, length).collect::<Vec<_>>();
        assert_eq!(all(0..2, 1 << 20), [2 * PAGE, 3 * PAGE]);
        assert_eq!(all(-3..1, 1 << 20), [0, PAGE, 2 * PAGE], "there is none before the first");
        assert_eq!(all(0..9, 3 * PAGE as usize + 1), [2 * PAGE, 3 * PAGE], "nor behind the last");
    }
}
