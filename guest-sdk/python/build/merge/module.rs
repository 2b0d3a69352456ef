//! A core module as it is read.

use std::collections::HashMap;

use wasmparser::{
    ConstExpr, Data, Element, ElementItems, ElementKind, ExternalKind, FuncType, FunctionBody, GlobalType, KnownCustom,
    MemoryType, Name, Operator, Parser, Payload, TableInit, TableType, TypeRef,
};

use super::{Result, component::index};

/// What crosses the border of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Function,
    Memory,
    Table,
    Global,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Function, Self::Memory, Self::Table, Self::Global];

    /// The kind, as wasmparser has it.
    pub fn of(kind: ExternalKind) -> Result<Self> {
        Ok(match kind {
            ExternalKind::Func | ExternalKind::FuncExact => Self::Function,
            ExternalKind::Memory => Self::Memory,
            ExternalKind::Table => Self::Table,
            ExternalKind::Global => Self::Global,
            ExternalKind::Tag => return Err("exceptions can't be merged".into()),
        })
    }
}

#[derive(Default)]
pub struct Module<'a> {
    pub bytes: &'a [u8],
    pub types: Vec<FuncType>,
    /// The names of what is imported: whose it is, and its own.
    imported: HashMap<Kind, Vec<(&'a str, &'a str)>>,
    /// The type of each function, those that are imported first.
    pub functions: Vec<u32>,
    pub memories: Vec<MemoryType>,
    pub tables: Vec<TableType>,
    pub globals: Vec<(GlobalType, ConstExpr<'a>)>,
    pub exports: HashMap<&'a str, (Kind, u32)>,
    pub elements: Vec<Segment<'a>>,
    pub bodies: Vec<FunctionBody<'a>>,
    pub data: Vec<Data<'a>>,
    pub names: HashMap<u32, &'a str>,
}

/// Functions that a table has from the start.
pub struct Segment<'a> {
    pub table: u32,
    pub offset: ConstExpr<'a>,
    pub functions: Vec<u32>,
}

impl<'a> Module<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut module = Self { bytes, ..Self::default() };
        for payload in Parser::new(0).parse_all(bytes) {
            module.section(payload?)?;
        }
        Ok(module)
    }

    fn section(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::TypeSection(types) => {
                for ty in types.into_iter_err_on_gc_types() {
                    self.types.push(ty?);
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    self.import(import.module, import.name, import.ty)?;
                }
            }
            Payload::FunctionSection(functions) => self.functions.extend(all(functions)?),
            Payload::TableSection(tables) => {
                for table in all(tables)? {
                    if !matches!(table.init, TableInit::RefNull) {
                        return Err("only tables that begin empty can be merged".into());
                    }
                    self.tables.push(table.ty);
                }
            }
            Payload::MemorySection(memories) => self.memories.extend(all(memories)?),
            Payload::GlobalSection(globals) => {
                self.globals.extend(all(globals)?.into_iter().map(|global| (global.ty, global.init_expr)));
            }
            Payload::ExportSection(exports) => {
                for export in all(exports)? {
                    self.exports.insert(export.name, (Kind::of(export.kind)?, export.index));
                }
            }
            Payload::ElementSection(elements) => {
                let segments = all(elements)?.into_iter().map(Segment::read);
                self.elements = segments.collect::<Result<_>>()?;
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::DataSection(data) => self.data.extend(all(data)?),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    self.name(names)?;
                }
            }
            Payload::StartSection { .. } => return Err("a module that starts something can't be merged".into()),
            Payload::TagSection(_) => return Err("exceptions can't be merged".into()),
            Payload::Version { .. } | Payload::CodeSectionStart { .. } => {}
            Payload::DataCountSection { .. } | Payload::End(_) => {}
            other => return Err(format!("a module has what can't be merged: {other:?}").into()),
        }
        Ok(())
    }

    fn import(&mut self, from: &'a str, name: &'a str, ty: TypeRef) -> Result<()> {
        let kind = match ty {
            TypeRef::Func(ty) => {
                self.functions.push(ty);
                Kind::Function
            }
            TypeRef::Memory(_) => Kind::Memory,
            TypeRef::Table(_) => Kind::Table,
            TypeRef::Global(_) => Kind::Global,
            other => return Err(format!("an import can't be merged: {other:?}").into()),
        };
        self.imported.entry(kind).or_default().push((from, name));
        Ok(())
    }

    fn name(&mut self, names: wasmparser::NameSectionReader<'a>) -> Result<()> {
        for names in names {
            if let Name::Function(names) = names? {
                for name in names {
                    let name = name?;
                    self.names.insert(name.index, name.name);
                }
            }
        }
        Ok(())
    }

    pub fn imports(&self, kind: Kind) -> &[(&'a str, &'a str)] {
        self.imported.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The names under which something of an index is imported, if it is.
    pub fn imported(&self, kind: Kind, index: u32) -> Option<(&'a str, &'a str)> {
        self.imports(kind).get(index as usize).copied()
    }

    /// How many functions, tables and so on there are of a kind, imported or not.
    pub fn count(&self, kind: Kind) -> Result<u32> {
        let own = match kind {
            Kind::Function => self.bodies.len(),
            Kind::Memory => self.memories.len(),
            Kind::Table => self.tables.len(),
            Kind::Global => self.globals.len(),
        };
        index(self.imports(kind).len() + own)
    }

    /// Where a thing that isn't imported stands among its like.
    pub fn own(&self, kind: Kind, index: u32) -> usize {
        index as usize - self.imports(kind).len()
    }

    pub fn body(&self, function: u32) -> &FunctionBody<'a> {
        &self.bodies[self.own(Kind::Function, function)]
    }

    /// The slot that a function hands its own parameters on to, where it does nothing else.
    pub fn trampoline(&self, function: u32) -> Result<Option<(u32, u32)>> {
        let body = self.body(function);
        if body.get_locals_reader()?.get_count() > 0 {
            return Ok(None);
        }
        let parameters = self.types[self.functions[function as usize] as usize].params().len();
        let mut operators = body.get_operators_reader()?;
        for parameter in 0..index(parameters)? {
            if !matches!(operators.read()?, Operator::LocalGet { local_index } if local_index == parameter) {
                return Ok(None);
            }
        }
        let Operator::I32Const { value: slot } = operators.read()? else { return Ok(None) };
        let Operator::CallIndirect { table_index, type_index } = operators.read()? else { return Ok(None) };
        if self.types[type_index as usize] != self.types[self.functions[function as usize] as usize] {
            return Ok(None);
        }
        let ends = matches!(operators.read()?, Operator::End) && operators.eof();
        Ok(ends.then_some((table_index, slot.cast_unsigned())))
    }
}

impl<'a> Segment<'a> {
    fn read(element: Element<'a>) -> Result<Self> {
        let (ElementKind::Active { table_index, offset_expr }, ElementItems::Functions(functions)) =
            (element.kind, element.items)
        else {
            return Err("only tables of functions that are filled from the start can be merged".into());
        };
        Ok(Self { table: table_index.unwrap_or(0), offset: offset_expr, functions: all(functions)? })
    }
}

fn all<'a, T: wasmparser::FromReader<'a>>(section: wasmparser::SectionLimited<'a, T>) -> Result<Vec<T>> {
    Ok(section.into_iter().collect::<std::result::Result<_, _>>()?)
}
