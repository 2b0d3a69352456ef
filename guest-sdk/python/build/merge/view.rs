//! The code of one member, as it is in the merged module.

use std::fmt;

use wasm_encoder::{
    ConstExpr, Instruction,
    reencode::{Error, Reencode, utils},
};
use wasmparser::Operator;

use super::link::Constant;

/// A global: one that is left, or the constant that it is.
pub enum Global {
    At(u32),
    Fixed(Constant),
}

/// What the indices of one member's module are in the merged one.
pub struct View {
    pub types: Vec<u32>,
    /// Nothing for those that can't be called.
    pub functions: Vec<Option<u32>>,
    pub memories: Vec<u32>,
    pub tables: Vec<u32>,
    pub globals: Vec<Global>,
}

/// Code that can be reached has what it was found not to have.
#[derive(Debug)]
pub struct Astray;

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function needs what it was found not to need")
    }
}

impl std::error::Error for Astray {}

pub type Reencoded<T> = std::result::Result<T, Error<Astray>>;

impl Reencode for View {
    type Error = Astray;

    fn type_index(&mut self, ty: u32) -> Reencoded<u32> {
        Ok(self.types[ty as usize])
    }

    fn function_index(&mut self, function: u32) -> Reencoded<u32> {
        self.functions[function as usize].ok_or(Error::UserError(Astray))
    }

    fn memory_index(&mut self, memory: u32) -> Reencoded<u32> {
        Ok(self.memories[memory as usize])
    }

    fn table_index(&mut self, table: u32) -> Reencoded<u32> {
        Ok(self.tables[table as usize])
    }

    fn global_index(&mut self, global: u32) -> Reencoded<u32> {
        match &self.globals[global as usize] {
            Global::At(at) => Ok(*at),
            Global::Fixed(_) => Err(Error::UserError(Astray)),
        }
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Reencoded<Instruction<'a>> {
        if let Operator::GlobalGet { global_index } = operator
            && let Global::Fixed(constant) = &self.globals[global_index as usize]
        {
            return Ok(constant.instruction());
        }
        utils::instruction(self, operator)
    }
}

impl Constant {
    fn instruction(self) -> Instruction<'static> {
        match self {
            Self::I32(value) => Instruction::I32Const(value),
            Self::I64(value) => Instruction::I64Const(value),
            Self::F32(value) => Instruction::F32Const(value.into()),
            Self::F64(value) => Instruction::F64Const(value.into()),
        }
    }

    pub fn expression(self) -> ConstExpr {
        match self {
            Self::I32(value) => ConstExpr::i32_const(value),
            Self::I64(value) => ConstExpr::i64_const(value),
            Self::F32(value) => ConstExpr::f32_const(value.into()),
            Self::F64(value) => ConstExpr::f64_const(value.into()),
        }
    }
}
