//! Fuel, counted by the guest itself.
//!
//! wasmtime can count what a guest burns, instruction for instruction, and keeps the count up to date at every branch
//! and call. Here it is a global of the merged module, which no code but this touches, whatever becomes of the
//! memory; it goes down where work can go on (see `cost.rs`): at each turn of a loop, before some calls, and
//! before memory is copied, filled or asked for, by its length. When nothing is left, the host is asked for more: it
//! gives a slice, lets others run, or ends the guest.

use std::collections::HashSet;

use wasm_encoder::{
    BlockType, BranchHint, BranchHints, ConstExpr, Function, GlobalSection, GlobalType, Instruction, ValType,
    reencode::{Error, Reencode},
};
use wasmparser::{CanonicalFunction, CanonicalOption, FuncType, FunctionBody, Operator};

use super::{
    Result,
    component::{Component, Origin, Part},
    cost::{Cost, per_unit},
    module::Kind,
    pages::Pages,
};

/// Where the host's function comes from, and its name.
const INTERFACE: &str = "turingbox:agent/fuel@0.1.0";
const REFILL: &str = "refill";

/// The guest's function that gives up what is left.
const UNBURNT: &str = "unburnt";

/// What can be burnt on credit where the host can't be asked, in units: a second's work or less. What runs there is
/// `malloc` and `free`, once for each text that the host hands over, of which an answer has up to millions.
const CREDIT: i64 = 1 << 30;

/// Where in a component fuel comes in.
pub struct Fuel<'c> {
    /// The host's function, and its type.
    pub refill: (Origin, &'c FuncType),
    /// What gives up what is left.
    unburnt: Origin,
    /// What the canonical ABI calls while the guest can't call the host.
    confined: HashSet<Origin>,
}

impl<'c> Fuel<'c> {
    /// Finds what a component that can count has for it.
    pub fn find(component: &'c Component<'_>) -> Result<Option<Self>> {
        let Some(refill) = refill(component)? else { return Ok(None) };
        let (mut unburnt, mut confined) = (None, HashSet::new());
        for part in &component.parts {
            for index in part.confined() {
                confined.insert(component.origin(Kind::Function, index)?);
            }
            if let Some(index) = part.lifted()
                && component.exported_as(Kind::Function, index) == Some(UNBURNT)
            {
                unburnt = Some(component.origin(Kind::Function, index)?);
            }
        }
        let unburnt = unburnt.ok_or_else(|| format!("what imports `{REFILL}` has to export `{UNBURNT}`"))?;
        Ok(Some(Self { refill, unburnt, confined }))
    }

    /// A function of the component, as it is when the guest counts: after what gives up what is left, nothing is to be
    /// cleaned up, and what would clean up knows nothing of it.
    pub fn lifted(&self, component: &Component<'_>, function: &CanonicalFunction) -> Result<CanonicalFunction> {
        let mut function = function.clone();
        if let CanonicalFunction::Lift { core_func_index, options, .. } = &mut function
            && component.origin(Kind::Function, *core_func_index)? == self.unburnt
        {
            *options = [].into();
        }
        Ok(function)
    }

    /// Whether a function is run while the host can't be asked.
    pub fn is_confined(&self, function: Origin) -> bool {
        self.confined.contains(&function)
    }

    /// Whether a function is the one that gives up what is left.
    pub fn is_unburnt(&self, function: Origin) -> bool {
        self.unburnt == function
    }
}

/// The host's function, if a module imports it.
fn refill<'c>(component: &'c Component<'_>) -> Result<Option<(Origin, &'c FuncType)>> {
    for instance in component.instantiated() {
        let (module, _) = component.made(instance)?;
        let mut imports = (0..).zip(module.imports(Kind::Function));
        if let Some((at, _)) = imports.find(|(_, import)| **import == (INTERFACE, REFILL)) {
            let ty = &module.types[module.functions[at as usize] as usize];
            return Ok(Some((component.defined(instance, Kind::Function, at)?, ty)));
        }
    }
    Ok(None)
}

/// Writes functions that count.
pub struct Meter {
    /// The global with what is left, and the one that says whether the host can't be asked.
    fuel: u32,
    confined: u32,
    /// The one that says how often the host was asked.
    asked: u32,
    /// The function that is called when nothing is left.
    refill: u32,
    hints: BranchHints,
}

impl Meter {
    /// A meter, whose globals are added here, and whose function is to be the one of this index.
    pub fn new(globals: &mut GlobalSection, refill: u32) -> Self {
        let mut global = |val_type, start: &ConstExpr| {
            globals.global(GlobalType { val_type, mutable: true, shared: false }, start);
            globals.len() - 1
        };
        let fuel = global(ValType::I64, &ConstExpr::i64_const(0));
        let confined = global(ValType::I32, &ConstExpr::i32_const(0));
        let asked = global(ValType::I32, &ConstExpr::i32_const(0));
        Self { fuel, confined, asked, refill, hints: BranchHints::new() }
    }

    /// The global that says how often the host was asked for more.
    pub fn asked(&self) -> u32 {
        self.asked
    }

    /// What says that there nearly always is fuel left. It goes before the code.
    pub fn hints(&self) -> &BranchHints {
        &self.hints
    }

    /// The function at `index`, as it is written by `view`, and counting.
    pub fn counting<R: Reencode>(
        &mut self,
        index: u32,
        view: &mut R,
        (body, ty): (&FunctionBody<'_>, &FuncType),
        cost: &Cost,
    ) -> std::result::Result<Function, Error<R::Error>> {
        let (mut locals, mut count) = (Vec::new(), u32::try_from(ty.params().len()).unwrap_or(u32::MAX));
        for local in body.get_locals_reader()? {
            let (number, ty) = local?;
            count += number;
            locals.push((number, view.val_type(ty)?));
        }
        locals.push((1, ValType::I64));
        if cost.has_lengths {
            locals.push((1, ValType::I32));
        }
        let mut written = Counting { function: Function::new(locals), hints: Vec::new(), meter: self, left: count };
        if let Some(cost) = cost.entry {
            written.pay(&[Instruction::I64Const(cost.into())]);
        }
        let (mut turns, mut calls) = (cost.loops.iter(), cost.calls.iter());
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            if let Some(each) = per_unit(&operator) {
                written.pay_by_length(each);
            }
            if matches!(operator, Operator::Call { .. } | Operator::CallIndirect { .. })
                && let Some(Some(cost)) = calls.next()
            {
                written.pay(&[Instruction::I64Const((*cost).into())]);
            }
            let turn = if matches!(operator, Operator::Loop { .. }) { turns.next() } else { None };
            written.function.instruction(&view.instruction(operator)?);
            if let Some(cost) = turn {
                written.pay(&[Instruction::I64Const((*cost).into())]);
            }
        }
        let Counting { function, hints, .. } = written;
        if !hints.is_empty() {
            self.hints.function_hints(index, hints);
        }
        Ok(function)
    }

    /// What is called when nothing is left: asks `host` until there is something again.
    pub fn refill(&self, host: u32) -> Function {
        let mut function = Function::new([]);
        let mut code = function.instructions();
        code.global_get(self.confined).if_(BlockType::Empty);
        code.global_get(self.fuel).i64_const(-CREDIT).i64_lt_s().if_(BlockType::Empty).unreachable().end();
        code.return_().end();
        code.global_get(self.asked).i32_const(1).i32_add().global_set(self.asked);
        code.loop_(BlockType::Empty).global_get(self.fuel).call(host).i64_add().global_set(self.fuel);
        code.global_get(self.fuel).i64_const(0).i64_lt_s().br_if(0).end().end();
        function
    }

    /// Gives up what is left. It is the last that is called, so it writes to `pages`, too.
    pub fn unburnt(&self, pages: &Pages) -> Function {
        let mut function = Function::new([]);
        let mut code = function.instructions();
        pages.touch(&mut code);
        code.global_get(self.fuel).i64_const(0).global_set(self.fuel).end();
        function
    }

    /// Calls a function of this type, on credit.
    pub fn on_credit(&self, called: u32, ty: &FuncType) -> Function {
        let mut function = Function::new([]);
        let mut code = function.instructions();
        code.i32_const(1).global_set(self.confined);
        for (parameter, _) in (0..).zip(ty.params()) {
            code.local_get(parameter);
        }
        code.call(called).i32_const(0).global_set(self.confined).end();
        function
    }
}

/// A function that is being written.
struct Counting<'m> {
    function: Function,
    hints: Vec<BranchHint>,
    meter: &'m Meter,
    /// The local with what is left; the one after it has a length.
    left: u32,
}

impl Counting<'_> {
    /// Takes what `cost` puts on the stack.
    fn pay(&mut self, cost: &[Instruction<'_>]) {
        let Meter { fuel, refill, .. } = *self.meter;
        self.function.instructions().global_get(fuel);
        for instruction in cost {
            self.function.instruction(instruction);
        }
        let mut code = self.function.instructions();
        code.i64_sub().local_tee(self.left).global_set(fuel).local_get(self.left).i64_const(0).i64_lt_s();
        let here = u32::try_from(self.function.byte_len()).unwrap_or(u32::MAX);
        self.hints.push(BranchHint { branch_func_offset: here, branch_hint_value: 0 });
        self.function.instructions().if_(BlockType::Empty).call(refill).end();
    }

    /// Takes as much for each unit of the length that is on the stack, and leaves it there.
    fn pay_by_length(&mut self, each: i64) {
        let length = self.left + 1;
        self.function.instructions().local_tee(length);
        let cost = [Instruction::LocalGet(length), Instruction::I64ExtendI32U, Instruction::I64Const(each)];
        self.pay(&[&cost[..], &[Instruction::I64Mul]].concat());
    }
}

impl Part<'_> {
    /// The core functions that are called while the guest can't call the host.
    fn confined(&self) -> impl Iterator<Item = u32> {
        self.options().iter().filter_map(|option| match option {
            CanonicalOption::Realloc(index) | CanonicalOption::PostReturn(index) => Some(*index),
            _ => None,
        })
    }
}
