//! Where everything that modules import from each other comes from, in the end.

use std::collections::{HashMap, HashSet};

use wasmparser::{CanonicalOption, ConstExpr, FuncType, Operator};

use super::{
    Result,
    component::{Component, Origin, Part, index},
    fuel::Fuel,
    module::Kind,
};

/// What a constant expression gives.
#[derive(Clone, Copy)]
pub enum Constant {
    I32(i32),
    I64(i64),
    F32(wasmparser::Ieee32),
    F64(wasmparser::Ieee64),
}

/// The instances that become one, and what they know each other's things by.
pub struct Linked<'a, 'c> {
    component: &'c Component<'a>,
    /// The instances, in the order in which they are made.
    pub members: Vec<u32>,
    /// The functions that come from outside.
    pub imports: Vec<(Origin, &'c FuncType)>,
    /// What others need of them.
    pub exports: Vec<(Kind, Origin)>,
    /// The functions of the members that can be called.
    pub reached: HashSet<Origin>,
    /// The globals that one of these sets.
    set: HashSet<Origin>,
    /// What the tables hold; nothing where some function changes a table.
    slots: HashMap<(Origin, u32), Origin>,
}

impl<'a, 'c> Linked<'a, 'c> {
    /// `fuel` is how it counts what it burns, if it does.
    pub fn new(component: &'c Component<'a>, fuel: Option<&Fuel<'c>>) -> Result<Self> {
        let members = component.mergeable()?;
        let mut linked = Self {
            component,
            members,
            imports: Vec::new(),
            exports: Vec::new(),
            reached: HashSet::new(),
            set: HashSet::new(),
            slots: HashMap::new(),
        };
        linked.exports = linked.needed()?;
        linked.slots = linked.filled()?;
        linked.reach(fuel)?;
        Ok(linked)
    }

    pub fn is_member(&self, origin: Origin) -> bool {
        matches!(origin, Origin::Defined { instance, .. } if self.members.contains(&instance))
    }

    /// The function that is run for one of a member: what only hands its parameters on is passed by.
    pub fn function(&self, instance: u32, function: u32) -> Result<Origin> {
        let mut origin = self.component.defined(instance, Kind::Function, function)?;
        // What hands on to what hands on comes to an end, unless the guest would never have come to one.
        let mut seen = HashSet::new();
        while let Some(next) = self.handed_on(origin)?
            && seen.insert(origin)
        {
            origin = next;
        }
        Ok(origin)
    }

    fn handed_on(&self, origin: Origin) -> Result<Option<Origin>> {
        let Origin::Defined { instance, index } = origin else { return Ok(None) };
        if !self.is_member(origin) {
            return Ok(None);
        }
        let (module, _) = self.component.made(instance)?;
        let Some((table, slot)) = module.trampoline(index)? else { return Ok(None) };
        let table = self.component.defined(instance, Kind::Table, table)?;
        let Some(target) = self.slots.get(&(table, slot)) else { return Ok(None) };
        // Elsewhere the call fails.
        let same = match *target {
            Origin::Defined { instance: other, index: function } => {
                self.ty(instance, index)? == self.ty(other, function)?
            }
            Origin::Canonical(_) => false,
        };
        Ok(same.then_some(*target))
    }

    fn ty(&self, instance: u32, function: u32) -> Result<&'c FuncType> {
        let (module, _) = self.component.made(instance)?;
        Ok(&module.types[module.functions[function as usize] as usize])
    }

    /// The value of a global that no function sets.
    pub fn fixed(&self, global: Origin) -> Result<Option<Constant>> {
        if self.set.contains(&global) { Ok(None) } else { self.start(global).map(Some) }
    }

    /// What a global of a member starts with.
    pub fn start(&self, global: Origin) -> Result<Constant> {
        let Origin::Defined { instance, index } = global else { return Err("a global isn't a member's".into()) };
        if !self.is_member(global) {
            return Err("a global isn't a member's".into());
        }
        let (module, _) = self.component.made(instance)?;
        self.constant(instance, &module.globals[module.own(Kind::Global, index)].1)
    }

    /// What a constant expression of a member gives.
    pub fn constant(&self, instance: u32, expression: &ConstExpr<'a>) -> Result<Constant> {
        let mut stack = Vec::new();
        for operator in expression.get_operators_reader() {
            match operator? {
                Operator::I32Const { value } => stack.push(Constant::I32(value)),
                Operator::I64Const { value } => stack.push(Constant::I64(value)),
                Operator::F32Const { value } => stack.push(Constant::F32(value)),
                Operator::F64Const { value } => stack.push(Constant::F64(value)),
                Operator::GlobalGet { global_index } => {
                    stack.push(self.start(self.component.defined(instance, Kind::Global, global_index)?)?);
                }
                Operator::I32Add => match (stack.pop(), stack.pop()) {
                    (Some(Constant::I32(a)), Some(Constant::I32(b))) => stack.push(Constant::I32(a.wrapping_add(b))),
                    _ => return Err("a constant adds what it hasn't got".into()),
                },
                Operator::End => {}
                other => return Err(format!("a constant isn't known how to merge: {other:?}").into()),
            }
        }
        match stack[..] {
            [value] => Ok(value),
            _ => Err("a constant gives not one value".into()),
        }
    }

    /// Where something begins in a memory or a table.
    pub fn offset(&self, instance: u32, expression: &ConstExpr<'a>) -> Result<i32> {
        match self.constant(instance, expression)? {
            Constant::I32(offset) => Ok(offset),
            _ => Err("only memories and tables of 32 bits can be merged".into()),
        }
    }

    /// What the rest of the component needs of the members.
    fn needed(&self) -> Result<Vec<(Kind, Origin)>> {
        let mut needed = Vec::new();
        for part in &self.component.parts {
            for (kind, index) in part.needs() {
                needed.push((kind, self.component.origin(kind, index)?));
            }
            let Part::Instance(instance) = part else { continue };
            let Ok((module, _)) = self.component.made(*instance) else { continue };
            if self.members.contains(instance) {
                continue;
            }
            for kind in Kind::ALL {
                for at in 0..module.imports(kind).len() {
                    needed.push((kind, self.component.defined(*instance, kind, index(at)?)?));
                }
            }
        }
        needed.retain(|(_, origin)| self.is_member(*origin));
        let mut seen = HashSet::new();
        needed.retain(|(kind, origin)| seen.insert((*kind, *origin)));
        if needed.iter().any(|(kind, _)| !matches!(kind, Kind::Function | Kind::Memory)) {
            return Err("the rest of the component needs a table or a global of what is merged".into());
        }
        Ok(needed)
    }

    /// Finds the functions that can be called, and what they set.
    fn reach(&mut self, fuel: Option<&Fuel<'c>>) -> Result<()> {
        let mut waiting = self.roots()?;
        waiting.extend(fuel.map(|fuel| fuel.refill));
        let mut outside = HashSet::new();
        while let Some((origin, ty)) = waiting.pop() {
            match origin {
                Origin::Defined { instance, index } if self.is_member(origin) => {
                    if !self.reached.insert(origin) {
                        continue;
                    }
                    self.look_through(instance, index, &mut waiting)?;
                }
                _ if outside.insert(origin) => self.imports.push((origin, ty)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The functions that can be called from outside or through a table, with their types.
    fn roots(&self) -> Result<Vec<(Origin, &'c FuncType)>> {
        let mut roots = Vec::new();
        for (kind, origin) in &self.exports {
            if let (Kind::Function, Origin::Defined { instance, index }) = (kind, origin) {
                roots.push((*origin, self.ty(*instance, *index)?));
            }
        }
        for &instance in &self.members {
            let (module, _) = self.component.made(instance)?;
            for function in module.elements.iter().flat_map(|segment| &segment.functions) {
                roots.push((self.function(instance, *function)?, self.ty(instance, *function)?));
            }
        }
        Ok(roots)
    }

    /// Notes what a function calls and sets.
    fn look_through(&mut self, instance: u32, function: u32, waiting: &mut Vec<(Origin, &'c FuncType)>) -> Result<()> {
        let (module, _) = self.component.made(instance)?;
        for operator in module.body(function).get_operators_reader()? {
            match operator? {
                Operator::Call { function_index }
                | Operator::ReturnCall { function_index }
                | Operator::RefFunc { function_index } => {
                    waiting.push((self.function(instance, function_index)?, self.ty(instance, function_index)?));
                }
                Operator::GlobalSet { global_index } => {
                    self.set.insert(self.component.defined(instance, Kind::Global, global_index)?);
                }
                // Calls through a table's slots have been made direct.
                Operator::TableSet { .. }
                | Operator::TableGrow { .. }
                | Operator::TableFill { .. }
                | Operator::TableCopy { .. }
                | Operator::TableInit { .. } => return Err("what changes its tables can't be merged".into()),
                Operator::MemoryInit { .. } | Operator::DataDrop { .. } | Operator::ElemDrop { .. } => {
                    return Err("what reads its data again can't be merged".into());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn filled(&self) -> Result<HashMap<(Origin, u32), Origin>> {
        let mut slots = HashMap::new();
        for &instance in &self.members {
            let (module, _) = self.component.made(instance)?;
            for segment in &module.elements {
                let table = self.component.defined(instance, Kind::Table, segment.table)?;
                let first = self.offset(instance, &segment.offset)?.cast_unsigned();
                for (slot, function) in (first..).zip(&segment.functions) {
                    let origin = self.component.defined(instance, Kind::Function, *function)?;
                    slots.insert((table, slot), origin);
                }
            }
        }
        Ok(slots)
    }
}

impl Part<'_> {
    /// The core things that a function of the component stands on.
    pub fn needs(&self) -> Vec<(Kind, u32)> {
        let options = self.options().iter().filter_map(|option| match option {
            CanonicalOption::Memory(index) => Some((Kind::Memory, *index)),
            CanonicalOption::Realloc(index) | CanonicalOption::PostReturn(index) | CanonicalOption::Callback(index) => {
                Some((Kind::Function, *index))
            }
            _ => None,
        });
        self.lifted().map(|index| (Kind::Function, index)).into_iter().chain(options).collect()
    }
}
