//! Constants, moved from additions into the instructions that use their sums as addresses.
//!
//! CPython is compiled so that its pointers may wrap around, so its compiler adds where a field lies in a structure by
//! an instruction of its own: the offset that a load or a store has for it would trap where an addition wraps. What
//! that gives here lies at the very beginning of the memory, where no program has anything. There a trap does as well.

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasmparser::{MemArg, Operator};

use super::{
    Result,
    code::{Code, Read, Writer},
};

/// What is taken for empty of the memory's beginning, if no data is there, in bytes: the far end of a stack that is
/// larger than twice as much, which CPython keeps well away from. That is where wit-component has the stack of what it
/// links.
const EMPTY: u64 = 64 << 10;

/// What an instruction loads or stores at most, in bytes.
const WIDEST: u64 = 8;

/// A sum of something and a constant, that the instruction at this place gives; the constant is from the one before.
#[derive(Clone, Copy)]
struct Sum {
    constant: u64,
    at: usize,
}

/// The module, with constants as offsets, if it has a stack whose other end is at `stack`.
pub fn fold(module: &[u8], stack: Option<u32>) -> Result<Vec<u8>> {
    if stack.is_none_or(|stack| u64::from(stack) < 2 * EMPTY) {
        return Ok(module.to_vec());
    }
    let code = Code::read(module)?;
    let empty = code.data()?.iter().map(|(start, _)| u64::from(*start)).min().map_or(EMPTY, |start| start.min(EMPTY));
    code.written(|function| code.function(function)?.map(|read| folded(&code, read, empty)).transpose(), &[])
}

fn folded(code: &Code<'_>, mut read: Read<'_>, empty: u64) -> Result<Writer> {
    // What gave each value on the stack, where it is the sum of something and a constant.
    let mut stack: Vec<Option<Sum>> = Vec::new();
    let mut is_left = vec![true; read.operators.len()];
    for at in 0..read.operators.len() {
        let (before, rest) = read.operators.split_at_mut(at);
        let operator = &mut rest[0].0;
        let arity = operator.operator_arity(code).filter(|_| !matches!(operator, Operator::Unreachable));
        let Some((takes, gives)) = arity else {
            stack.clear();
            continue;
        };
        let first = stack.len().checked_sub(takes as usize);
        // An address comes before what is stored there.
        if let (Some(first), Some(place)) = (first, place(operator))
            && let Some(Some(Sum { constant, at })) = stack.get(first)
            && let Some(offset) = place.offset.checked_add(*constant)
            && offset.saturating_add(WIDEST) <= empty
        {
            place.offset = offset;
            is_left[at - 1] = false;
            is_left[*at] = false;
        }
        stack.truncate(first.unwrap_or(0));
        let sum = match (&*operator, before.last()) {
            (Operator::I32Add, Some((Operator::I32Const { value }, _))) => {
                u64::try_from(*value).ok().map(|constant| Sum { constant, at })
            }
            _ => None,
        };
        stack.extend(std::iter::repeat_n(sum, gives as usize));
    }
    let mut writer = Writer::new(read.locals);
    for ((operator, hint), is_left) in read.operators.into_iter().zip(is_left) {
        if is_left {
            writer.write(&RoundtripReencoder.instruction(operator)?, hint);
        }
    }
    Ok(writer)
}

/// Where an instruction loads from or stores to.
fn place<'o>(operator: &'o mut Operator<'_>) -> Option<&'o mut MemArg> {
    match operator {
        Operator::I32Load { memarg }
        | Operator::I64Load { memarg }
        | Operator::F32Load { memarg }
        | Operator::F64Load { memarg }
        | Operator::I32Load8S { memarg }
        | Operator::I32Load8U { memarg }
        | Operator::I32Load16S { memarg }
        | Operator::I32Load16U { memarg }
        | Operator::I64Load8S { memarg }
        | Operator::I64Load8U { memarg }
        | Operator::I64Load16S { memarg }
        | Operator::I64Load16U { memarg }
        | Operator::I64Load32S { memarg }
        | Operator::I64Load32U { memarg }
        | Operator::I32Store { memarg }
        | Operator::I64Store { memarg }
        | Operator::F32Store { memarg }
        | Operator::F64Store { memarg }
        | Operator::I32Store8 { memarg }
        | Operator::I32Store16 { memarg }
        | Operator::I64Store8 { memarg }
        | Operator::I64Store16 { memarg }
        | Operator::I64Store32 { memarg } => Some(memarg),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::{Engine, Instance, Module, Store};

    use super::*;

    /// A module whose data begins here, with a function that has this in it.
    fn module(data: u32, body: &str) -> Vec<u8> {
        let text = format!(
            r#"(module
                (memory (export "memory") 2)
                (data (i32.const {data}) "\2a\00\00\00\2b\00\00\00\2c\00\00\00")
                (func $seven (param i32) (result i32) (i32.const 7))
                (func (export "run") (param i32) (result i32) (local i32) {body}))"#
        );
        wat::parse_str(text).unwrap()
    }

    fn run(module: &[u8], given: i32) -> i32 {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &Module::new(&engine, module).unwrap(), &[]).unwrap();
        instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap().call(&mut store, given).unwrap()
    }

    /// How many additions are left, and what the offsets are.
    fn left(module: &[u8]) -> (usize, Vec<u64>) {
        let mut read = Code::read(module).unwrap().function(1).unwrap().unwrap();
        let additions = read.operators.iter().filter(|(operator, _)| matches!(operator, Operator::I32Add));
        let additions = additions.count();
        (additions, read.operators.iter_mut().filter_map(|(operator, _)| Some(place(operator)?.offset)).collect())
    }

    #[test]
    fn what_is_added_to_an_address_becomes_its_offset() {
        for (body, offsets) in [
            ("(i32.load (i32.add (local.get 0) (i32.const 8)))", vec![8]),
            ("(i32.load offset=4 (i32.add (local.get 0) (i32.const 4)))", vec![8]),
            // What is stored is a sum, too, and comes of a call.
            (
                "(i32.store (i32.add (local.get 0) (i32.const 8))
                    (i32.add (call $seven (i32.add (local.get 0) (i32.const 1))) (i32.const 37)))
                 (i32.load8_s offset=8 (local.get 0))",
                vec![8, 8],
            ),
            // The largest offset.
            ("(i32.load (i32.add (i32.sub (local.get 0) (i32.const 65520)) (i32.const 65528)))", vec![65528]),
            // A block begins and ends while an address waits.
            (
                "(i32.add (local.get 0) (i32.const 8)) (drop (if (result i32) (local.get 0)
                    (then (i32.const 0)) (else (i32.const 1)))) (i32.load)",
                vec![0],
            ),
        ] {
            let before = module(70_000, body);
            let after = fold(&before, Some(1 << 20)).unwrap();
            assert_eq!((run(&before, 70_000), run(&after, 70_000)), (44, 44), "{body}");
            assert_eq!(left(&after).1, offsets, "{body}");
        }
    }

    #[test]
    fn without_a_large_stack_everything_stays() {
        let before = module(70_000, "(i32.load (i32.add (local.get 0) (i32.const 8)))");
        for stack in [None, Some(65_536)] {
            assert!(fold(&before, stack).unwrap() == before);
        }
    }

    #[test]
    fn what_may_wrap_around_or_is_asked_for_stays() {
        // Backwards; from before the memory's beginning; to where data lies; past what is taken for empty; and where
        // the sum is asked for, too.
        for (data, body) in [
            (1000, "(i32.load (i32.add (local.get 0) (i32.const -4)))"),
            (1000, "(i32.load (i32.add (i32.sub (local.get 0) (i32.const 1100)) (i32.const 1096)))"),
            (4, "(i32.load (i32.add (i32.sub (local.get 0) (i32.const 1004)) (i32.const 4)))"),
            (80_000, "(i32.load (i32.add (i32.sub (local.get 0) (i32.const 71004)) (i32.const 150000)))"),
            (1008, "(i32.load (local.tee 1 (i32.add (local.get 0) (i32.const 4))))"),
        ] {
            let before = module(data, body);
            let after = fold(&before, Some(1 << 20)).unwrap();
            assert_eq!((run(&before, 1004), run(&after, 1004)), (42, 42), "{body}");
            assert_eq!(left(&after), left(&before), "{body}");
        }
    }
}
