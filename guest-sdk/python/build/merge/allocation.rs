//! Small pieces of memory, given again without asking for them.
//!
//! CPython for WASI has no allocator of its own: each small object goes through a table to libc's, and back. Here what
//! is freed is kept in a list of its size, up to a bound, and given to who asks next for as much. libc takes it to be
//! in use meanwhile, so whoever frees it otherwise or makes it larger does so as before. What is kept in lists is
//! known by its size, which libc has before each piece (Doug Lea's `malloc`, as wasi-libc has it).
//!
//! Who watches all memory, as `tracemalloc` does, puts functions of its own into CPython's tables: then all goes there.

use std::collections::HashMap;

use wasm_encoder::{BlockType, Instruction, MemArg, ValType};
use wasmparser::Operator;

use super::{
    Result,
    code::{Code, Read, Writer},
};

/// CPython's functions that give memory, and those that take it back.
const GIVES: [&str; 2] = ["PyMem_Malloc", "PyObject_Malloc"];
const TAKES: [&str; 2] = ["PyMem_Free", "PyObject_Free"];

/// libc's, which has a piece's size before it.
const LIBC: &str = "dlmalloc";

/// What the lists' heads take, one for each size, in bytes: it is taken off the stack, where it is empty. That page is
/// written to by each call, so it is one page less that is to be reset.
pub const SPACE: u32 = 256;

/// How often the host was asked for fuel when lists begin to be used: the first time is when a call begins. A short
/// call wouldn't gain by them, and writes to a dozen more places in memory, which are to be reset.
const WORKED: i32 = 2;

/// What a piece's size is a multiple of, in bytes; and what libc has of it for itself, before what it gives.
const UNIT: i32 = 16;
const OWN: i32 = 4;

/// By how many bits a piece's size is more than the place of its list's head: these have four bytes for each unit.
const HEADS_FOR_BYTES: i32 = 2;

/// Where a piece that is kept says which one comes next, and how many there are from it on.
const NEXT: u64 = 0;
const LENGTH: u64 = 4;

/// The largest piece that is kept, in bytes.
const LARGEST: i32 = 512;

const _: () = assert!((LARGEST >> HEADS_FOR_BYTES) as u32 + 4 <= SPACE, "each size has a list");

/// How many pieces of a size are kept: 2.1 MiB of all sizes at most, which nobody else gets.
const LONGEST: i32 = 256;

/// Bits of a piece's size that say something else.
const FLAGS: i32 = 7;

/// What comes of a module.
pub struct Kept {
    pub module: Vec<u8>,
    /// How many of the functions keep lists now.
    pub functions: usize,
}

/// The module with lists of what is freed, whose heads are in the `space` for them. Where `asked` is a global that
/// counts how often there was no fuel left, they are used from the [`WORKED`]th time on.
pub fn keep(module: &[u8], space: Option<u32>, asked: Option<u32>) -> Result<Kept> {
    let Some(space) = space else { return Ok(Kept { module: module.to_vec(), functions: 0 }) };
    let code = Code::read(module)?;
    if !code.names.iter().any(|(_, name)| *name == LIBC) {
        return Ok(Kept { module: module.to_vec(), functions: 0 });
    }
    let (mut written, mut copied) = (HashMap::new(), Vec::new());
    for (function, name) in &code.names {
        let is_known = GIVES.contains(name) || TAKES.contains(name);
        let Some(read) = code.function(*function)?.filter(|_| is_known) else { continue };
        let Some(hook) = Hook::find(&code, &read, (space.into(), asked))? else { continue };
        let otherwise = code.copy(copied.len())?;
        written.insert(*function, if GIVES.contains(name) { hook.give(otherwise) } else { hook.take(otherwise) });
        copied.push(*function);
    }
    Ok(Kept { module: code.written(|function| Ok(written.remove(&function)), &copied)?, functions: copied.len() })
}

/// Where CPython's table has a function, which one it has from the start, and where the lists' heads are.
struct Hook {
    place: u64,
    usual: i32,
    heads: u64,
    asked: Option<u32>,
}

impl Hook {
    /// The one that a function calls.
    fn find(code: &Code<'_>, read: &Read<'_>, (heads, asked): (u64, Option<u32>)) -> Result<Option<Self>> {
        let Some(place) = called_from(read) else { return Ok(None) };
        for (start, bytes) in code.data()? {
            let at = place.checked_sub(start.into()).and_then(|at| usize::try_from(at).ok());
            if let Some(found) = at.and_then(|at| bytes.get(at..)?.first_chunk()) {
                let usual = i32::from_le_bytes(*found);
                // A table has nothing at null.
                return Ok(Some(Self { place, usual, heads, asked }).filter(|hook| hook.usual != 0));
            }
        }
        Ok(None)
    }

    /// What leaves the block around it where somebody watches, or little was done so far.
    fn otherwise(&self) -> Vec<Instruction<'static>> {
        let often = Instruction::I32Const(WORKED);
        let asked =
            self.asked.map(|asked| [Instruction::GlobalGet(asked), often, Instruction::I32LtU, Instruction::BrIf(0)]);
        let (usual, nothing) = (Instruction::I32Const(self.usual), Instruction::I32Const(0));
        let watched = [nothing, Instruction::I32Load(at(self.place)), usual, Instruction::I32Ne, Instruction::BrIf(0)];
        asked.into_iter().flatten().chain(watched).collect()
    }

    /// Gives as many bytes as are asked for, or has another function do so.
    fn give(&self, otherwise: u32) -> Writer {
        let (bytes, piece, list) = (0, 1, 2);
        let mut writer = Writer::new([ValType::I32; 2]);
        writer.write_all(&[
            Instruction::Block(BlockType::Empty),
            Instruction::LocalGet(bytes),
            Instruction::I32Const(LARGEST - OWN),
            Instruction::I32GtU,
            Instruction::BrIf(0),
        ]);
        writer.write_all(&self.otherwise());
        writer.write_all(&[
            // The list for what a piece is then: it is rounded up.
            Instruction::LocalGet(bytes),
            Instruction::I32Const(OWN + UNIT - 1),
            Instruction::I32Add,
            Instruction::I32Const(-UNIT),
            Instruction::I32And,
            Instruction::I32Const(HEADS_FOR_BYTES),
            Instruction::I32ShrU,
            Instruction::LocalTee(list),
            Instruction::I32Load(at(self.heads)),
            Instruction::LocalTee(piece),
            Instruction::I32Eqz,
            Instruction::BrIf(0),
            // The next one comes first.
            Instruction::LocalGet(list),
            Instruction::LocalGet(piece),
            Instruction::I32Load(at(NEXT)),
            Instruction::I32Store(at(self.heads)),
            Instruction::LocalGet(piece),
            Instruction::Return,
            Instruction::End,
            Instruction::LocalGet(bytes),
            Instruction::Call(otherwise),
            Instruction::End,
        ]);
        writer
    }

    /// Takes a piece back, or has another function do so.
    fn take(&self, otherwise: u32) -> Writer {
        let (piece, list, next, length) = (0, 1, 2, 3);
        let mut writer = Writer::new([ValType::I32; 3]);
        writer.write_all(&[
            Instruction::Block(BlockType::Empty),
            Instruction::LocalGet(piece),
            Instruction::I32Eqz,
            Instruction::BrIf(0),
        ]);
        writer.write_all(&self.otherwise());
        writer.write_all(&[
            Instruction::LocalGet(piece),
            Instruction::I32Const(OWN),
            Instruction::I32Sub,
            Instruction::I32Load(at(0)),
            Instruction::I32Const(!FLAGS),
            Instruction::I32And,
            Instruction::LocalTee(list),
            Instruction::I32Const(LARGEST),
            Instruction::I32GtU,
            Instruction::BrIf(0),
            Instruction::LocalGet(list),
            Instruction::I32Const(HEADS_FOR_BYTES),
            Instruction::I32ShrU,
            Instruction::LocalTee(list),
            Instruction::I32Load(at(self.heads)),
            Instruction::LocalTee(next),
            // Behind a null pointer is nothing, too.
            Instruction::I32Load(at(LENGTH)),
            Instruction::LocalTee(length),
            Instruction::I32Const(LONGEST),
            Instruction::I32GeU,
            Instruction::BrIf(0),
            Instruction::LocalGet(piece),
            Instruction::LocalGet(next),
            Instruction::I32Store(at(NEXT)),
            Instruction::LocalGet(piece),
            Instruction::LocalGet(length),
            Instruction::I32Const(1),
            Instruction::I32Add,
            Instruction::I32Store(at(LENGTH)),
            Instruction::LocalGet(list),
            Instruction::LocalGet(piece),
            Instruction::I32Store(at(self.heads)),
            Instruction::Return,
            Instruction::End,
            Instruction::LocalGet(piece),
            Instruction::Call(otherwise),
            Instruction::End,
        ]);
        writer
    }
}

fn at(offset: u64) -> MemArg {
    MemArg { offset, align: 2, memory_index: 0 }
}

/// What a value on the stack or in a local is, where it is known.
#[derive(Clone, Copy)]
enum Known {
    Constant(u64),
    /// What the memory has at this address.
    Loaded(u64),
}

/// The address from which a function takes what it calls, where that is always the same.
fn called_from(read: &Read<'_>) -> Option<u64> {
    let (mut locals, mut on_top, mut called) = (HashMap::new(), None, None);
    for (operator, _) in &read.operators {
        let known = on_top.take();
        match operator {
            Operator::I32Const { value } => on_top = Some(Known::Constant(value.cast_unsigned().into())),
            Operator::LocalTee { local_index } => {
                on_top = known;
                locals.insert(*local_index, known);
            }
            Operator::LocalSet { local_index } => drop(locals.insert(*local_index, known)),
            Operator::LocalGet { local_index } => on_top = locals.get(local_index).copied().flatten(),
            Operator::I32Load { memarg } => {
                if let Some(Known::Constant(base)) = known {
                    on_top = Some(Known::Loaded(base + memarg.offset));
                }
            }
            // Fuel is counted between what is called and the call.
            Operator::GlobalGet { .. } => called = known,
            Operator::CallIndirect { .. } => {
                let Some(Known::Loaded(place)) = known.or(called) else { return None };
                return Some(place);
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use wasmtime::{Engine, Instance, Memory, Module, Store, TypedFunc, Val};

    use super::*;

    /// What CPython and libc are to it: functions in a table, and one behind the other pieces that say how large they
    /// are.
    const MODULE: &str = r#"(module
        (memory (export "memory") 2)
        (table funcref (elem $dlmalloc $given $taken $watched))
        (data (i32.const 70000) "\01\00\00\00\02\00\00\00")
        (global $next (mut i32) (i32.const 80000))
        (global $given (export "given") (mut i32) (i32.const 0))
        (global $taken (export "taken") (mut i32) (i32.const 0))
        (global $asked (export "asked") (mut i32) (i32.const 0))
        (func $dlmalloc)
        (func $given (param i32) (result i32) (local $size i32)
            (global.set $given (i32.add (global.get $given) (i32.const 1)))
            (local.set $size (i32.and (i32.add (local.get 0) (i32.const 19)) (i32.const -16)))
            (i32.store offset=4 (global.get $next) (i32.or (local.get $size) (i32.const 3)))
            (global.set $next (i32.add (global.get $next) (local.get $size)))
            (i32.add (i32.sub (global.get $next) (local.get $size)) (i32.const 8)))
        (func $taken (param i32) (global.set $taken (i32.add (global.get $taken) (i32.const 1))))
        (func $watched (param i32) (result i32) (i32.const 7))
        (func $PyMem_Malloc (export "give") (param i32) (result i32) (local i32)
            (call_indirect (param i32) (result i32) (local.get 0) (i32.load (local.tee 1 (i32.const 70000)))))
        (func $PyMem_Free (export "take") (param i32) (local i32)
            (drop (i32.load (local.tee 1 (i32.const 69996))))
            (call_indirect (param i32) (local.get 0) (i32.load offset=8 (local.get 1)))))"#;

    struct Run {
        store: Store<()>,
        instance: Instance,
        memory: Memory,
        give: TypedFunc<i32, i32>,
        take: TypedFunc<i32, ()>,
    }

    impl Run {
        fn new(asked: Option<u32>) -> Self {
            let kept = keep(&wat::parse_str(MODULE).unwrap(), Some(1024), asked).unwrap();
            assert_eq!(kept.functions, 2);
            let engine = Engine::default();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &Module::new(&engine, kept.module).unwrap(), &[]).unwrap();
            let memory = instance.get_memory(&mut store, "memory").unwrap();
            let give = instance.get_typed_func(&mut store, "give").unwrap();
            let take = instance.get_typed_func(&mut store, "take").unwrap();
            Self { store, instance, memory, give, take }
        }

        fn give(&mut self, bytes: i32) -> i32 {
            self.give.call(&mut self.store, bytes).unwrap()
        }

        fn take(&mut self, piece: i32) {
            self.take.call(&mut self.store, piece).unwrap();
        }

        /// How often libc was asked, and how often it got something back.
        fn asked(&mut self) -> (i32, i32) {
            let mut count = |name| match self.instance.get_global(&mut self.store, name).unwrap().get(&mut self.store) {
                Val::I32(count) => count,
                _ => unreachable!("counts are whole numbers"),
            };
            (count("given"), count("taken"))
        }
    }

    #[test]
    fn what_is_freed_is_given_again_to_who_asks_for_as_much() {
        let mut run = Run::new(None);
        // Sizes with what libc has of them are 16, 32 and 512.
        let (small, other, large) = (run.give(0), run.give(13), run.give(508));
        [small, other, large].into_iter().for_each(|piece| run.take(piece));
        assert_eq!(run.asked(), (3, 0));
        assert_eq!((run.give(28), run.give(12), run.give(493)), (other, small, large));
        assert_eq!(run.asked(), (3, 0));
        // Nothing of these sizes is left.
        assert!(run.give(28) > large);
        // The last comes first.
        [small, run.give(5)].into_iter().for_each(|piece| run.take(piece));
        assert_ne!(run.give(5), small);
        assert_eq!(run.give(5), small);
        assert_eq!(run.asked(), (5, 0));
    }

    #[test]
    fn what_is_large_or_too_much_or_nothing_goes_to_libc() {
        let mut run = Run::new(None);
        let piece = run.give(509);
        run.take(piece);
        run.take(0);
        assert_ne!(run.give(509), piece);
        assert_eq!(run.asked(), (2, 2));
        // As much as none has.
        run.give(-1);
        assert_eq!(run.asked(), (3, 2));
        let pieces: Vec<_> = (0..=LONGEST).map(|_| run.give(5)).collect();
        pieces.iter().for_each(|piece| run.take(*piece));
        assert_eq!(run.asked(), (3 + LONGEST + 1, 3));
        let again: Vec<_> = (0..LONGEST).map(|_| run.give(5)).collect();
        assert_eq!(again, pieces[..LONGEST as usize].iter().rev().copied().collect::<Vec<_>>());
        assert_eq!(run.asked(), (3 + LONGEST + 1, 3));
    }

    #[test]
    fn who_watches_sees_all() {
        let mut run = Run::new(None);
        let piece = run.give(5);
        run.take(piece);
        // What gives is another function now, which isn't asked for what was given by itself.
        run.memory.write(&mut run.store, 70000, &[3]).unwrap();
        assert_eq!(run.give(5), 7);
        run.memory.write(&mut run.store, 70000, &[1]).unwrap();
        assert_eq!(run.give(5), piece);
        assert_eq!(run.asked(), (1, 0));
    }

    #[test]
    fn who_does_little_does_without() {
        let mut run = Run::new(Some(3));
        let asked = run.instance.get_global(&mut run.store, "asked").unwrap();
        for (times, is_kept) in [(1, false), (2, true), (-1, true)] {
            asked.set(&mut run.store, Val::I32(times)).unwrap();
            let piece = run.give(5);
            run.take(piece);
            assert_eq!(run.give(5) == piece, is_kept, "{times}");
        }
    }

    #[test]
    fn without_space_or_that_libc_nothing_is_kept() {
        let module = wat::parse_str(MODULE).unwrap();
        let other = wat::parse_str(MODULE.replace("$dlmalloc", "$malloc")).unwrap();
        for (module, space) in [(module, None), (other, Some(1024))] {
            let kept = keep(&module, space, None).unwrap();
            assert_eq!((kept.functions, kept.module == module), (0, true));
        }
    }
}
