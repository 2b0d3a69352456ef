//! The one module, written.

use std::{collections::HashMap, fmt};

use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, FunctionSection,
    GlobalSection, ImportSection, Instruction, MemorySection, NameMap, NameSection, TableSection, TypeSection,
    reencode::{Error, Reencode, RoundtripReencoder, utils},
};
use wasmparser::{DataKind, FuncType, Operator};

use super::{
    Result,
    component::{Component, Origin, index},
    immortal::immortalize,
    link::{Constant, Linked},
    memory::Memory,
    module::{Kind, Module},
};

/// The name under which functions from outside are imported.
pub const OUTSIDE: &str = "outside";

/// The merged module of `component`, and how many objects in its memory were made immortal.
pub fn encode<'a>(component: &Component<'a>, linked: &Linked<'a, '_>) -> Result<(Vec<u8>, usize)> {
    let mut merged = Merged::default();
    merged.declare(component, linked)?;
    let mut names = NameMap::new();
    for &instance in &linked.members {
        merged.fill(component, linked, instance, &mut names)?;
    }
    merged.export(linked)?;
    let immortal = immortalize(merged.memory.bytes_mut())?;
    Ok((merged.finish(&names), immortal))
}

/// The sections, and which index everything of the members has in them.
#[derive(Default)]
struct Merged {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    globals: GlobalSection,
    exports: ExportSection,
    elements: ElementSection,
    code: CodeSection,
    memory: Memory,
    type_at: HashMap<FuncType, u32>,
    function_at: HashMap<Origin, u32>,
    table_at: HashMap<Origin, u32>,
    memory_at: HashMap<Origin, u32>,
    global_at: HashMap<Origin, u32>,
}

impl Merged {
    /// Gives everything its index.
    fn declare<'a>(&mut self, component: &Component<'a>, linked: &Linked<'a, '_>) -> Result<()> {
        for (at, (outside, ty)) in (0..).zip(&linked.imports) {
            let ty = self.ty(ty)?;
            self.imports.import(OUTSIDE, &at.to_string(), EntityType::Function(ty));
            self.function_at.insert(*outside, at);
        }
        for &instance in &linked.members {
            let (module, _) = component.made(instance)?;
            for at in own(module, Kind::Function)? {
                let origin = Origin::Defined { instance, index: at };
                if !linked.reached.contains(&origin) {
                    continue;
                }
                let ty = self.ty(&module.types[module.functions[at as usize] as usize])?;
                self.function_at.insert(origin, self.imports.len() + self.functions.len());
                self.functions.function(ty);
            }
            for (at, ty) in own(module, Kind::Memory)?.zip(&module.memories) {
                if !self.memories.is_empty() {
                    return Err("only what shares one memory can be merged".into());
                }
                self.memory = Memory::new(ty)?;
                self.memory_at.insert(Origin::Defined { instance, index: at }, self.memories.len());
                self.memories.memory(RoundtripReencoder.memory_type(*ty)?);
            }
            for (at, ty) in own(module, Kind::Table)?.zip(&module.tables) {
                self.table_at.insert(Origin::Defined { instance, index: at }, self.tables.len());
                self.tables.table(RoundtripReencoder.table_type(*ty)?);
            }
            for (at, (ty, _)) in own(module, Kind::Global)?.zip(&module.globals) {
                let origin = Origin::Defined { instance, index: at };
                // The others are written as the constants that they are.
                if linked.fixed(origin)?.is_none() {
                    self.global_at.insert(origin, self.globals.len());
                    self.globals.global(RoundtripReencoder.global_type(*ty)?, &linked.start(origin)?.expression());
                }
            }
        }
        Ok(())
    }

    fn ty(&mut self, ty: &FuncType) -> Result<u32> {
        if let Some(at) = self.type_at.get(ty) {
            return Ok(*at);
        }
        let at = self.types.len();
        self.types.ty().func_type(&RoundtripReencoder.func_type(ty.clone())?);
        self.type_at.insert(ty.clone(), at);
        Ok(at)
    }

    /// Writes what the module of an instance has.
    fn fill<'a>(
        &mut self,
        component: &Component<'a>,
        linked: &Linked<'a, '_>,
        instance: u32,
        names: &mut NameMap,
    ) -> Result<()> {
        let (module, _) = component.made(instance)?;
        let mut view = self.view(component, linked, instance, module)?;
        for at in own(module, Kind::Function)? {
            let origin = Origin::Defined { instance, index: at };
            if !linked.reached.contains(&origin) {
                continue;
            }
            view.parse_function_body(&mut self.code, module.body(at).clone())?;
            if let Some(name) = module.names.get(&at) {
                names.append(self.function_at[&origin], name);
            }
        }
        for segment in &module.elements {
            let functions = segment.functions.iter().map(|function| view.function_index(*function));
            let functions = functions.collect::<Reencoded<Vec<_>>>()?;
            let offset = ConstExpr::i32_const(linked.offset(instance, &segment.offset)?);
            let table = view.tables[segment.table as usize];
            self.elements.active(Some(table), &offset, Elements::Functions(functions.into()));
        }
        for data in &module.data {
            let DataKind::Active { offset_expr, .. } = &data.kind else {
                return Err("only data that is there from the start can be merged".into());
            };
            self.memory.write(linked.offset(instance, offset_expr)?.cast_unsigned(), data.data)?;
        }
        Ok(())
    }

    fn view<'a>(
        &mut self,
        component: &Component<'a>,
        linked: &Linked<'a, '_>,
        instance: u32,
        module: &Module<'a>,
    ) -> Result<View> {
        let known = |kind, at: &HashMap<Origin, u32>| -> Result<Vec<u32>> {
            let origins = (0..module.count(kind)?).map(|index| component.defined(instance, kind, index));
            origins.map(|origin| Ok(*at.get(&origin?).ok_or_else(|| format!("a {kind:?} isn't a member's"))?)).collect()
        };
        let functions = (0..module.count(Kind::Function)?)
            .map(|function| Ok(self.function_at.get(&linked.function(instance, function)?).copied()))
            .collect::<Result<_>>()?;
        let globals = (0..module.count(Kind::Global)?).map(|global| {
            let origin = component.defined(instance, Kind::Global, global)?;
            Ok(match linked.fixed(origin)? {
                Some(constant) => Global::Fixed(constant),
                None => Global::At(self.global_at[&origin]),
            })
        });
        Ok(View {
            functions,
            globals: globals.collect::<Result<_>>()?,
            memories: known(Kind::Memory, &self.memory_at)?,
            tables: known(Kind::Table, &self.table_at)?,
            types: module.types.iter().map(|ty| self.ty(ty)).collect::<Result<_>>()?,
        })
    }

    fn export(&mut self, linked: &Linked<'_, '_>) -> Result<()> {
        for (name, (kind, origin)) in (0..).zip(&linked.exports) {
            let name = export_name(name);
            match kind {
                Kind::Function => self.exports.export(&name, ExportKind::Func, self.function_at[origin]),
                Kind::Memory => self.exports.export(&name, ExportKind::Memory, self.memory_at[origin]),
                other => return Err(format!("a {other:?} can't be exported").into()),
            };
        }
        Ok(())
    }

    fn finish(self, functions: &NameMap) -> Vec<u8> {
        let mut names = NameSection::new();
        names.functions(functions);
        let mut module = wasm_encoder::Module::new();
        module.section(&self.types).section(&self.imports).section(&self.functions).section(&self.tables);
        module.section(&self.memories).section(&self.globals).section(&self.exports).section(&self.elements);
        module.section(&self.code).section(&self.memory.data()).section(&names);
        module.finish()
    }
}

/// The name of the export that others need as the one at this place.
pub fn export_name(at: usize) -> String {
    at.to_string()
}

/// The indices that a module's own things of a kind have in it.
fn own(module: &Module<'_>, kind: Kind) -> Result<std::ops::Range<u32>> {
    Ok(index(module.imports(kind).len())?..module.count(kind)?)
}

enum Global {
    At(u32),
    Fixed(Constant),
}

/// What the indices of one member's module are in the merged one.
struct View {
    types: Vec<u32>,
    functions: Vec<Option<u32>>,
    memories: Vec<u32>,
    tables: Vec<u32>,
    globals: Vec<Global>,
}

/// Code that can be reached has what it was found not to have.
#[derive(Debug)]
struct Astray;

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function needs what it was found not to need")
    }
}

impl std::error::Error for Astray {}

type Reencoded<T> = std::result::Result<T, Error<Astray>>;

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

    fn expression(self) -> ConstExpr {
        match self {
            Self::I32(value) => ConstExpr::i32_const(value),
            Self::I64(value) => ConstExpr::i64_const(value),
            Self::F32(value) => ConstExpr::f32_const(value.into()),
            Self::F64(value) => ConstExpr::f64_const(value.into()),
        }
    }
}
