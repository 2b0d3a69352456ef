//! The one module, written.

use std::collections::{HashMap, HashSet};

use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, FunctionSection,
    GlobalSection, ImportSection, MemorySection, NameMap, NameSection, TableSection, TypeSection,
    reencode::{Reencode, RoundtripReencoder},
};
use wasmparser::{DataKind, FuncType, Operator};

use super::{
    Result,
    allocation::SPACE,
    component::{Component, Origin, index},
    cost::{Call, Cost, Shape, costs},
    fuel::{Fuel, Meter},
    immortal::immortalize,
    link::{Constant, Linked},
    memory::Memory,
    module::{Kind, Module},
    pages::Pages,
    view::{Global, Reencoded, View},
};

/// The name under which functions from outside are imported.
pub const OUTSIDE: &str = "outside";

/// What the stack is imported as.
const STACK: (&str, &str) = ("env", "__stack_pointer");

/// A merged module.
pub struct Encoded {
    pub module: Vec<u8>,
    /// How many objects in its memory were made immortal.
    pub immortal: usize,
    /// Where [`SPACE`] lies, if the component has a stack.
    pub space: Option<u32>,
    /// The global that says how often the host was asked for fuel, if it is.
    pub asked: Option<u32>,
}

/// The merged module of `component`.
pub fn encode<'a>(component: &Component<'a>, linked: &Linked<'a, '_>, fuel: Option<&Fuel<'_>>) -> Result<Encoded> {
    let mut merged = Merged { stack: stack(component, linked)?, ..Merged::default() };
    merged.declare(component, linked)?;
    if let Some(fuel) = fuel {
        merged.count(component, linked, fuel)?;
    }
    let mut names = NameMap::new();
    for &instance in &linked.members {
        merged.fill(component, linked, instance, &mut names)?;
    }
    merged.fill_count(component, &mut names)?;
    merged.export(linked)?;
    let immortal = immortalize(merged.memory.bytes_mut())?;
    let space = merged.stack.map(|(_, space)| space);
    if let Some(space) = space {
        // What ran before has left something there.
        let left = merged.memory.bytes_mut().get_mut(space as usize..).and_then(|left| left.get_mut(..SPACE as usize));
        left.ok_or("the stack lies outside the memory")?.fill(0);
    }
    let asked = merged.counted.as_ref().map(|counted| counted.meter.asked());
    Ok(Encoded { module: merged.finish(&names), immortal, space, asked })
}

/// The global that points to the stack's end, and where it points when space was taken off.
fn stack(component: &Component<'_>, linked: &Linked<'_, '_>) -> Result<Option<(Origin, u32)>> {
    for &instance in &linked.members {
        let (module, _) = component.made(instance)?;
        let mut imports = (0..).zip(module.imports(Kind::Global));
        if let Some((at, _)) = imports.find(|(_, import)| **import == STACK) {
            let origin = component.defined(instance, Kind::Global, at)?;
            let Constant::I32(start) = linked.start(origin)? else { return Err("the stack has no address".into()) };
            return Ok(start.cast_unsigned().checked_sub(SPACE).map(|space| (origin, space)));
        }
    }
    Ok(None)
}

/// What there is beside the members' own for them to count what they burn.
struct Counted<'f> {
    fuel: &'f Fuel<'f>,
    meter: Meter,
    /// What is written to at the end of a call.
    pages: Pages,
    /// The function that asks the host for more, which is called where nothing is left.
    refill: u32,
    /// What each function takes.
    costs: Vec<Cost>,
    /// What is exported as something that runs on credit. They come after `refill`, in this order.
    confined: Vec<Origin>,
}

/// The sections, and which index everything of the members has in them.
#[derive(Default)]
struct Merged<'f> {
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
    stack: Option<(Origin, u32)>,
    counted: Option<Counted<'f>>,
}

impl<'f> Merged<'f> {
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
                    let start = match self.stack {
                        Some((stack, space)) if stack == origin => Constant::I32(space.cast_signed()),
                        _ => linked.start(origin)?,
                    };
                    self.globals.global(RoundtripReencoder.global_type(*ty)?, &start.expression());
                }
            }
        }
        Ok(())
    }

    /// Adds what counting takes.
    fn count<'a>(&mut self, component: &Component<'a>, linked: &Linked<'a, '_>, fuel: &'f Fuel<'f>) -> Result<()> {
        let refill = self.imports.len() + self.functions.len();
        let nothing = self.ty(&FuncType::new([], []))?;
        self.functions.function(nothing);
        let exports = linked.exports.iter().map(|(_, origin)| *origin);
        let confined: Vec<_> = exports.filter(|origin| fuel.is_confined(*origin)).collect();
        for origin in &confined {
            let ty = self.ty(component.ty(*origin)?)?;
            self.functions.function(ty);
        }
        let costs = self.costs(component, linked)?;
        let meter = Meter::new(&mut self.globals, refill);
        let pages = Pages::find(component, linked, self.memory.bytes_mut().len())?;
        self.counted = Some(Counted { fuel, meter, pages, refill, costs, confined });
        Ok(())
    }

    /// What each function of the members takes.
    fn costs<'a>(&mut self, component: &Component<'a>, linked: &Linked<'a, '_>) -> Result<Vec<Cost>> {
        for instance in component.instantiated().filter(|instance| !linked.members.contains(instance)) {
            let (module, _) = component.made(instance)?;
            for body in &module.bodies {
                if body.get_operators_reader()?.into_iter().any(|op| matches!(op, Ok(Operator::Loop { .. }))) {
                    return Err("a module that isn't merged has loops, which nobody counts".into());
                }
            }
        }
        let outside = self.imports.len();
        let (mut shapes, mut listed) = (Vec::new(), HashSet::new());
        for &instance in &linked.members {
            let (module, _) = component.made(instance)?;
            let view = self.view(component, linked, instance, module)?;
            let called = |function: u32| match view.functions[function as usize] {
                Some(at) if at >= outside => Call::Direct(at - outside),
                _ => Call::Host,
            };
            for at in own(module, Kind::Function)? {
                if linked.reached.contains(&Origin::Defined { instance, index: at }) {
                    shapes.push(Shape::of(module.body(at), |operator| {
                        Ok(match operator {
                            Operator::Call { function_index } => Some(called(*function_index)),
                            Operator::CallIndirect { type_index, .. } => {
                                Some(Call::Indirect(view.types[*type_index as usize]))
                            }
                            Operator::ReturnCall { .. }
                            | Operator::ReturnCallIndirect { .. }
                            | Operator::CallRef { .. }
                            | Operator::ReturnCallRef { .. }
                            | Operator::Try { .. }
                            | Operator::TryTable { .. } => {
                                return Err(format!("what has {operator:?} can't be counted").into());
                            }
                            _ => None,
                        })
                    })?);
                }
            }
            for function in module.elements.iter().flat_map(|segment| &segment.functions) {
                if let Call::Direct(at) = called(*function) {
                    let ty = component.ty(linked.function(instance, *function)?)?;
                    listed.insert((self.ty(ty)?, at));
                }
            }
        }
        let mut by_type = vec![Vec::new(); self.types.len() as usize];
        for (ty, function) in listed {
            by_type[ty as usize].push(function);
        }
        by_type.iter_mut().for_each(|functions| functions.sort_unstable());
        Ok(costs(&shapes, &by_type))
    }

    /// Writes what `count` has added.
    fn fill_count(&mut self, component: &Component<'_>, names: &mut NameMap) -> Result<()> {
        let Some(Counted { fuel, meter, refill, confined, .. }) = &self.counted else { return Ok(()) };
        self.code.function(&meter.refill(self.function_at[&fuel.refill.0]));
        names.append(*refill, "refill");
        for origin in confined {
            self.code.function(&meter.on_credit(self.function_at[origin], component.ty(*origin)?));
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
            match &mut self.counted {
                Some(Counted { fuel, meter, pages, .. }) if fuel.is_unburnt(origin) => {
                    self.code.function(&meter.unburnt(pages));
                }
                Some(Counted { meter, costs, .. }) => {
                    let (index, function) = (self.function_at[&origin], (module.body(at), component.ty(origin)?));
                    let cost = &costs[(index - self.imports.len()) as usize];
                    self.code.function(&meter.counting(index, &mut view, function, cost)?);
                }
                None => {
                    view.parse_function_body(&mut self.code, module.body(at).clone())?;
                }
            }
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
                Kind::Function => self.exports.export(&name, ExportKind::Func, self.exported(*origin)),
                Kind::Memory => self.exports.export(&name, ExportKind::Memory, self.memory_at[origin]),
                other => return Err(format!("a {other:?} can't be exported").into()),
            };
        }
        Ok(())
    }

    /// The function that is exported for one of a member.
    fn exported(&self, origin: Origin) -> u32 {
        let on_credit = self.counted.as_ref().and_then(|counted| {
            let at = (1..).zip(&counted.confined).find(|(_, confined)| **confined == origin);
            at.map(|(at, _)| counted.refill + at)
        });
        on_credit.unwrap_or_else(|| self.function_at[&origin])
    }

    fn finish(self, functions: &NameMap) -> Vec<u8> {
        let mut names = NameSection::new();
        names.functions(functions);
        let mut module = wasm_encoder::Module::new();
        module.section(&self.types).section(&self.imports).section(&self.functions).section(&self.tables);
        module.section(&self.memories).section(&self.globals).section(&self.exports).section(&self.elements);
        if let Some(Counted { meter, .. }) = &self.counted {
            module.section(meter.hints());
        }
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
