//! Small functions, written in the place of their calls.
//!
//! CPython is compiled for machines where a call takes next to nothing, and as libraries whose functions anyone may
//! replace, so its compiler has left many calls of a few instructions each. In WebAssembly a call looks at the stack's
//! end, and the compiler that runs then knows nothing of what is called. wasmtime has such a pass itself, but over
//! everything: whoever compiles the guest would wait for it. Here it is what programs run most, which is little.
//!
//! What a function counts of its fuel goes with it, so it comes after that is written.

use std::collections::HashMap;

use wasm_encoder::{
    BlockType, Instruction, ValType,
    reencode::{Reencode, RoundtripReencoder},
};
use wasmparser::Operator;

use super::{
    Result,
    code::{Code, Read, Writer},
};

/// The functions that ran most in the programs of `benches/peers`, and in each of some eighty operations of Python
/// by itself. Where they are others, calls are left as they are.
const OFTEN: &str = include_str!("often.txt");

/// What is written in the place of a call has so many instructions that do something, at most.
const LARGEST: usize = 150;

/// What is written there may call something small itself.
const ROUNDS: usize = 2;

/// The module, with small functions that are called often in the place of their calls by each other.
pub fn inline(module: &[u8]) -> Result<Vec<u8>> {
    let is_often = |name: &str| OFTEN.lines().any(|line| line == name);
    (0..ROUNDS).try_fold(module.to_vec(), |module, _| once(&module, is_often))
}

fn once(module: &[u8], is_often: impl Fn(&str) -> bool) -> Result<Vec<u8>> {
    let code = Code::read(module)?;
    let mut often = HashMap::new();
    for (function, _) in code.names.iter().filter(|(_, name)| is_often(name)) {
        often.extend(code.function(*function)?.map(|read| (*function, read)));
    }
    let often = Often(often);
    code.written(|function| often.0.get(&function).map(|caller| often.rewritten(function, caller)).transpose(), &[])
}

/// The functions that are called often.
struct Often<'a>(HashMap<u32, Read<'a>>);

impl<'a> Often<'a> {
    /// What is written in the place of a call.
    fn instead(&self, caller: u32, operator: &Operator<'_>) -> Option<&Read<'a>> {
        let Operator::Call { function_index: called } = *operator else { return None };
        self.0.get(&called).filter(|read| called != caller && read.is_small() && !read.calls(called))
    }

    fn rewritten(&self, function: u32, caller: &Read<'a>) -> Result<Writer> {
        let instead: Vec<_> = caller.operators.iter().map(|(operator, _)| self.instead(function, operator)).collect();
        let mut locals = Locals { first: caller.ty.params().len() + caller.locals.len(), added: Vec::new() };
        let places = instead.iter().flatten().map(|called| locals.place(called)).collect::<Result<Vec<_>>>()?;
        let mut writer = Writer::new(caller.locals.iter().chain(&locals.added).copied());
        let mut places = places.into_iter();
        for ((operator, hint), instead) in caller.operators.iter().zip(&instead) {
            match instead.zip(instead.and_then(|_| places.next())) {
                Some((called, place)) => writer.instead(called, &place)?,
                None => writer.write(&RoundtripReencoder.instruction(operator.clone())?, *hint),
            }
        }
        Ok(writer)
    }
}

impl Read<'_> {
    fn is_small(&self) -> bool {
        let all = || self.operators.iter().map(|(operator, _)| operator);
        let works = all().filter(|operator| {
            !matches!(
                operator,
                Operator::Block { .. }
                    | Operator::Else
                    | Operator::End
                    | Operator::Return
                    | Operator::I32Const { .. }
                    | Operator::LocalGet { .. }
                    | Operator::LocalSet { .. }
                    | Operator::LocalTee { .. }
            )
        });
        self.ty.results().len() <= 1
            && works.count() <= LARGEST
            && !all().any(|operator| matches!(operator, Operator::Loop { .. }))
    }

    fn calls(&self, function: u32) -> bool {
        let is_it = |operator: &Operator<'_>| matches!(operator, Operator::Call { function_index } if *function_index == function);
        self.operators.iter().any(|(operator, _)| is_it(operator))
    }
}

/// The locals that a caller gets. Whatever is written there has the same ones: nothing of it is left afterwards.
struct Locals {
    first: usize,
    added: Vec<ValType>,
}

impl Locals {
    /// The locals of what is written in the place of a call, its parameters first.
    fn place(&mut self, called: &Read<'_>) -> Result<Vec<u32>> {
        let parameters = called.ty.params().iter().map(|ty| RoundtripReencoder.val_type(*ty));
        let mut taken = vec![false; self.added.len()];
        let mut place = Vec::new();
        for ty in parameters.chain(called.locals.iter().map(|ty| Ok(*ty))) {
            let ty = ty?;
            let free = (0..taken.len()).find(|at| self.added[*at] == ty && !taken[*at]).unwrap_or_else(|| {
                self.added.push(ty);
                taken.push(false);
                taken.len() - 1
            });
            taken[free] = true;
            place.push(u32::try_from(self.first + free)?);
        }
        Ok(place)
    }
}

impl Writer {
    /// Writes what is `called` in the place of its call, with its locals at `place`.
    fn instead(&mut self, called: &Read<'_>, place: &[u32]) -> Result<()> {
        let (parameters, locals) = place.split_at(called.ty.params().len());
        for local in parameters.iter().rev() {
            self.write(&Instruction::LocalSet(*local), None);
        }
        // They begin as nothing each time.
        for (local, ty) in locals.iter().zip(&called.locals) {
            self.write(&nothing(*ty)?, None);
            self.write(&Instruction::LocalSet(*local), None);
        }
        let block = match called.ty.results().first() {
            Some(result) => BlockType::Result(RoundtripReencoder.val_type(*result)?),
            None => BlockType::Empty,
        };
        self.write(&Instruction::Block(block), None);
        // How many blocks are open in it. Its own end closes the one around it.
        let mut open = 0_u32;
        for (operator, hint) in &called.operators {
            let at = |local: &u32| place[*local as usize];
            let instruction = match operator {
                Operator::LocalGet { local_index } => Instruction::LocalGet(at(local_index)),
                Operator::LocalSet { local_index } => Instruction::LocalSet(at(local_index)),
                Operator::LocalTee { local_index } => Instruction::LocalTee(at(local_index)),
                Operator::Return => Instruction::Br(open),
                other => RoundtripReencoder.instruction(other.clone())?,
            };
            match operator {
                Operator::Block { .. } | Operator::If { .. } => open += 1,
                Operator::End => open = open.saturating_sub(1),
                _ => {}
            }
            self.write(&instruction, *hint);
        }
        Ok(())
    }
}

fn nothing(ty: ValType) -> Result<Instruction<'static>> {
    Ok(match ty {
        ValType::I32 => Instruction::I32Const(0),
        ValType::I64 => Instruction::I64Const(0),
        ValType::F32 => Instruction::F32Const(0.0_f32.into()),
        ValType::F64 => Instruction::F64Const(0.0_f64.into()),
        other => return Err(format!("a local is a {other:?}").into()),
    })
}

#[cfg(test)]
mod tests {
    use wasmtime::{Config, Engine, Instance, Module, Store};

    use super::*;

    const MODULE: &str = r#"(module
        (func $swap (param i32 i32) (result i32)
            (local i32)
            ;; What it had the last time is gone.
            (if (local.get 2) (then unreachable))
            (local.set 2 (i32.const 1))
            (block
                (@metadata.code.branch_hint "\01") (br_if 0 (i32.lt_s (local.get 0) (i32.const 10)))
                (return (i32.sub (local.get 1) (local.get 0))))
            (i32.sub (local.get 0) (local.get 1)))
        (func $through (param i32) (result i32) (call $swap (local.get 0) (i32.const 1)))
        (func $itself (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
            (call $itself (i32.sub (local.get 0) (i32.const 1))))
        (func $seldom (result i32) (i32.const 1000))
        (func $caller (export "caller") (param i32) (result i32)
            (local $sum i32) (local $turn i32)
            (loop $more
                (local.set $sum (i32.add (local.get $sum) (call $swap (local.get 0) (i32.const 100))))
                (local.set $turn (i32.add (local.get $turn) (i32.const 1)))
                (@metadata.code.branch_hint "\00") (br_if $more (i32.lt_u (local.get $turn) (i32.const 3))))
            (i32.add (i32.add (local.get $sum) (call $through (local.get 0)))
                (i32.add (call $itself (local.get 0)) (call $seldom)))))"#;

    fn called(module: &[u8], number: i32) -> i32 {
        let engine = Engine::new(Config::new().wasm_branch_hinting(true)).unwrap();
        let module = Module::new(&engine, module).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        instance.get_typed_func::<i32, i32>(&mut store, "caller").unwrap().call(&mut store, number).unwrap()
    }

    /// The names of what the function of this index calls, and its hints in their order.
    fn left(module: &[u8], function: u32) -> (Vec<u32>, Vec<bool>) {
        let code = Code::read(module).unwrap();
        let read = code.function(function).unwrap().unwrap();
        let calls = read.operators.iter().filter_map(|(operator, _)| match operator {
            Operator::Call { function_index } => Some(*function_index),
            _ => None,
        });
        (calls.collect(), read.operators.iter().filter_map(|(_, hint)| *hint).collect())
    }

    #[test]
    fn what_is_called_often_and_small_is_written_in_its_place() {
        let before = wat::parse_str(MODULE).unwrap();
        let is_often = |name: &str| name != "seldom";
        let once = super::once(&before, is_often).unwrap();
        let twice = super::once(&once, is_often).unwrap();
        for number in [3, 30] {
            let swapped = |one: i32, other: i32| if one < 10 { one - other } else { other - one };
            let expected = 3 * swapped(number, 100) + swapped(number, 1) + 1000;
            for module in [&before, &once, &twice] {
                assert_eq!(called(module, number), expected);
            }
        }
        let (swap, itself, seldom) = (0, 2, 3);
        assert_eq!(left(&before, 4).0, [swap, 1, itself, seldom]);
        assert_eq!(left(&once, 4), (vec![swap, itself, seldom], vec![true, false]));
        assert_eq!(left(&twice, 4), (vec![itself, seldom], vec![true, false, true]));
        // Nor is one that nobody knows to be called often changed.
        assert_eq!(left(&super::once(&before, |_| false).unwrap(), 4), left(&before, 4));
    }
}
