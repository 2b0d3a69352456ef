//! The code of a module, read to be written anew.

use std::collections::HashMap;

use wasm_encoder::{
    BranchHint, BranchHints, CodeSection, Function, FunctionSection, Instruction, RawSection, ValType,
    reencode::{Reencode, RoundtripReencoder},
};
use wasmparser::{
    BlockType, BranchHintSectionReader, ContType, DataKind, FrameKind, FuncType, FunctionBody, KnownCustom,
    ModuleArity, Name, Operator, Parser, Payload, RefType, SubType, TypeRef,
};

use super::Result;

const HINTS: &str = "metadata.code.branch_hint";

/// The code of a module.
#[derive(Default)]
pub struct Code<'a> {
    bytes: &'a [u8],
    types: Vec<SubType>,
    /// The type of each function, those that are imported first.
    functions: Vec<u32>,
    imported: u32,
    bodies: Vec<FunctionBody<'a>>,
    /// Where in a function's body a branch is seldom taken, or nearly always.
    hints: HashMap<u32, HashMap<u32, bool>>,
    /// The functions' names, those that have one.
    pub names: Vec<(u32, &'a str)>,
    payloads: Vec<Payload<'a>>,
}

/// A function that is read.
pub struct Read<'a> {
    pub ty: FuncType,
    pub locals: Vec<ValType>,
    pub operators: Vec<(Operator<'a>, Option<bool>)>,
}

impl<'a> Code<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut code = Self { bytes, ..Self::default() };
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            match &payload {
                Payload::TypeSection(types) => {
                    for ty in types.clone().into_iter_err_on_gc_types() {
                        code.types.push(SubType::func(ty?, false));
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.clone().into_imports() {
                        if let TypeRef::Func(ty) = import?.ty {
                            code.functions.push(ty);
                            code.imported += 1;
                        }
                    }
                }
                Payload::FunctionSection(functions) => {
                    for ty in functions.clone() {
                        code.functions.push(ty?);
                    }
                }
                Payload::CodeSectionEntry(body) => code.bodies.push(body.clone()),
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::BranchHints(hints) => code.hints(hints)?,
                    KnownCustom::Name(names) => {
                        for names in names {
                            if let Name::Function(names) = names? {
                                for name in names {
                                    code.names.push(name.map(|name| (name.index, name.name))?);
                                }
                            }
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
            code.payloads.push(payload);
        }
        Ok(code)
    }

    fn hints(&mut self, hints: BranchHintSectionReader<'_>) -> Result<()> {
        for function in hints {
            let function = function?;
            let found = function.hints.into_iter().map(|hint| hint.map(|hint| (hint.func_offset, hint.taken)));
            self.hints.insert(function.func, found.collect::<std::result::Result<_, _>>()?);
        }
        Ok(())
    }

    /// What the memory has from the start: where each stretch begins, and its bytes.
    pub fn data(&self) -> Result<Vec<(u32, &'a [u8])>> {
        let mut data = Vec::new();
        for payload in &self.payloads {
            let Payload::DataSection(segments) = payload else { continue };
            for segment in segments.clone() {
                let segment = segment?;
                let DataKind::Active { offset_expr, .. } = segment.kind else {
                    return Err("only data that is there from the start can be looked at".into());
                };
                match offset_expr.get_operators_reader().read()? {
                    Operator::I32Const { value } => data.push((value.cast_unsigned(), segment.data)),
                    other => return Err(format!("where data begins is {other:?}").into()),
                }
            }
        }
        Ok(data)
    }

    /// The index that a copy gets which is the one at this place of those that are written behind the functions.
    pub fn copy(&self, place: usize) -> Result<u32> {
        Ok(u32::try_from(self.functions.len() + place)?)
    }

    /// A function, if it isn't imported.
    pub fn function(&self, function: u32) -> Result<Option<Read<'a>>> {
        let Some(body) = function.checked_sub(self.imported).and_then(|at| self.bodies.get(at as usize)) else {
            return Ok(None);
        };
        let (mut locals, mut operators) = (Vec::new(), Vec::new());
        for local in body.get_locals_reader()? {
            let (number, ty) = local?;
            locals.extend(std::iter::repeat_n(RoundtripReencoder.val_type(ty)?, number as usize));
        }
        let hints = self.hints.get(&function);
        for operator in body.get_operators_reader()?.into_iter_with_offsets() {
            let (operator, at) = operator?;
            let at = u32::try_from(at - body.range().start)?;
            operators.push((operator, hints.and_then(|hints| hints.get(&at).copied())));
        }
        let ty = self.types[self.functions[function as usize] as usize].unwrap_func().clone();
        Ok(Some(Read { ty, locals, operators }))
    }

    fn hints_of(&self, function: u32) -> Vec<(u32, bool)> {
        self.hints.get(&function).into_iter().flatten().map(|(at, taken)| (*at, *taken)).collect()
    }

    /// The module with those functions in another form that `rewritten` has one for, and behind all of them copies of
    /// these as they were.
    pub fn written(&self, mut rewritten: impl FnMut(u32) -> Result<Option<Writer>>, copied: &[u32]) -> Result<Vec<u8>> {
        let (mut code, mut hints) = (CodeSection::new(), BranchHints::new());
        for (function, body) in (self.imported..).zip(&self.bodies) {
            match rewritten(function)? {
                Some(written) => {
                    code.function(&written.function);
                    hinted(&mut hints, function, written.hints);
                }
                None => {
                    code.raw(body.as_bytes());
                    hinted(&mut hints, function, self.hints_of(function));
                }
            }
        }
        for (place, of) in copied.iter().enumerate() {
            code.raw(self.bodies[(of - self.imported) as usize].as_bytes());
            hinted(&mut hints, self.copy(place)?, self.hints_of(*of));
        }
        let mut module = wasm_encoder::Module::new();
        for payload in &self.payloads {
            match payload {
                Payload::CodeSectionStart { .. } => {
                    if !self.hints.is_empty() {
                        module.section(&hints);
                    }
                    module.section(&code);
                }
                Payload::CodeSectionEntry(_) => {}
                Payload::FunctionSection(_) => {
                    let mut functions = FunctionSection::new();
                    let own = self.functions[self.imported as usize..].iter().copied();
                    own.chain(copied.iter().map(|of| self.functions[*of as usize])).for_each(|ty| {
                        functions.function(ty);
                    });
                    module.section(&functions);
                }
                Payload::CustomSection(section) if section.name() == HINTS => {}
                other => {
                    if let Some((id, range)) = other.as_section() {
                        module.section(&RawSection { id, data: &self.bytes[range] });
                    }
                }
            }
        }
        Ok(module.finish())
    }
}

/// What an instruction takes and gives, where no block begins or ends with it.
impl ModuleArity for Code<'_> {
    fn sub_type_at(&self, ty: u32) -> Option<&SubType> {
        self.types.get(ty as usize)
    }

    fn type_index_of_function(&self, function: u32) -> Option<u32> {
        self.functions.get(function as usize).copied()
    }

    fn tag_type_arity(&self, _: u32) -> Option<(u32, u32)> {
        None
    }

    fn func_type_of_cont_type(&self, _: &ContType) -> Option<&FuncType> {
        None
    }

    fn sub_type_of_ref_type(&self, _: &RefType) -> Option<&SubType> {
        None
    }

    fn control_stack_height(&self) -> u32 {
        0
    }

    fn label_block(&self, _: u32) -> Option<(BlockType, FrameKind)> {
        None
    }
}

/// A function that is being written.
pub struct Writer {
    function: Function,
    hints: Vec<(u32, bool)>,
}

impl Writer {
    pub fn new(locals: impl IntoIterator<Item = ValType>) -> Self {
        Self { function: Function::new_with_locals_types(locals), hints: Vec::new() }
    }

    /// Writes an instruction, with the hint that it has.
    pub fn write(&mut self, instruction: &Instruction<'_>, hint: Option<bool>) {
        let here = u32::try_from(self.function.byte_len()).unwrap_or(u32::MAX);
        self.hints.extend(hint.map(|taken| (here, taken)));
        self.function.instruction(instruction);
    }

    /// Writes instructions without hints.
    pub fn write_all(&mut self, instructions: &[Instruction<'_>]) {
        instructions.iter().for_each(|instruction| self.write(instruction, None));
    }
}

fn hinted(hints: &mut BranchHints, function: u32, mut found: Vec<(u32, bool)>) {
    found.sort_unstable();
    if !found.is_empty() {
        let hint = |(at, taken)| BranchHint { branch_func_offset: at, branch_hint_value: u32::from(taken) };
        hints.function_hints(function, found.into_iter().map(hint));
    }
}
