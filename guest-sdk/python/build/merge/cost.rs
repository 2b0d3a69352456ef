//! What a guest's functions cost, and which of them have to count.
//!
//! Every loop counts at each turn. What is called outside of loops goes on for ever only in a circle of calls, so one
//! function of each circle counts, too, and what none of the others does between takes a bounded time: who calls it
//! pays for it.

use wasmparser::{FunctionBody, Operator};

use super::Result;

/// The most that a function does from its beginning to the next count, in instructions, whatever ways it goes and
/// whatever a table makes it call: some microseconds. What has counted, as a turn of a loop has, may call several.
const MOST: u64 = 10_000;

/// What makes a unit worth what one of wasmtime's is, an instruction: long ways are gone more often than short ones,
/// so the means come to a third of what it counts for the programs of `benches/peers`.
const SCALE: u64 = 3;

/// A call of a function: this one, or one of this type that a table has. Both are indices of the merged module, the
/// function's among those that it defines.
#[derive(Clone, Copy)]
pub enum Call {
    Direct(u32),
    Indirect(u32),
    /// Of a function of the host.
    Host,
}

/// A function without its loops, or a loop without those in it.
#[derive(Default)]
struct Region {
    instructions: u64,
    calls: Vec<Call>,
    /// How often it goes on elsewhere, in halves: where it may, and where it does.
    turns: u64,
}

/// What is known of a function by itself.
pub struct Shape {
    entry: Region,
    loops: Vec<Region>,
    has_lengths: bool,
}

/// What a function takes, in units of fuel.
#[derive(Clone)]
pub struct Cost {
    /// For each time that it is called; nothing where its callers pay.
    pub entry: Option<u32>,
    /// For each turn of its loops, in order.
    pub loops: Vec<u32>,
    /// Whether something in it costs by its length.
    pub has_lengths: bool,
}

impl Shape {
    /// Looks through a function; `callee` knows what is called.
    pub fn of(body: &FunctionBody<'_>, callee: impl Fn(&Operator<'_>) -> Result<Option<Call>>) -> Result<Self> {
        let mut shape = Self { entry: Region::default(), loops: Vec::new(), has_lengths: false };
        // For each block that is open, the loop that it is in.
        let mut open: Vec<Option<usize>> = vec![None];
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            let inside = open.last().copied().flatten();
            match operator {
                Operator::Loop { .. } => {
                    open.push(Some(shape.loops.len()));
                    shape.loops.push(Region::default());
                }
                Operator::Block { .. } | Operator::If { .. } => open.push(inside),
                Operator::End => drop(open.pop()),
                _ => {}
            }
            shape.has_lengths |= per_unit(&operator).is_some();
            let region = inside.map_or(&mut shape.entry, |at| &mut shape.loops[at]);
            region.instructions += u64::from(is_work(&operator));
            region.turns += turns(&operator);
            region.calls.extend(callee(&operator)?);
        }
        Ok(shape)
    }
}

/// The costs of all functions, in order. `listed` are, for each type, the functions that tables have.
pub fn costs(shapes: &[Shape], listed: &[Vec<u32>]) -> Vec<Cost> {
    let mut walk = Walk {
        shapes,
        listed,
        states: vec![State::New; shapes.len() + listed.len()],
        counts: vec![false; shapes.len()],
        costs: vec![0; shapes.len() + listed.len()],
        bounds: vec![0; shapes.len() + listed.len()],
    };
    (0..shapes.len() + listed.len()).for_each(|node| walk.from(node));
    let of = |shape: &Shape, function: usize| Cost {
        entry: walk.counts[function].then(|| unit(walk.cost(&shape.entry))),
        loops: shape.loops.iter().map(|region| unit(walk.cost(region))).collect(),
        has_lengths: shape.has_lengths,
    };
    shapes.iter().zip(0..).map(|(shape, function)| of(shape, function)).collect()
}

fn unit(cost: u64) -> u32 {
    u32::try_from(cost.saturating_mul(SCALE)).unwrap_or(u32::MAX).max(1)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// A walk over calls outside of loops, depth first. What it goes through are functions, and after them types, which
/// stand for the functions of a table.
struct Walk<'s> {
    shapes: &'s [Shape],
    listed: &'s [Vec<u32>],
    states: Vec<State>,
    counts: Vec<bool>,
    /// What each takes on average.
    costs: Vec<u64>,
    /// What each can take at most, without what counts by itself.
    bounds: Vec<u64>,
}

impl Walk<'_> {
    fn from(&mut self, start: usize) {
        if self.states[start] != State::New {
            return;
        }
        self.states[start] = State::Open;
        let mut path = vec![(start, 0)];
        while let Some((node, step)) = path.last_mut() {
            let node = *node;
            let Some(next) = self.next(node, *step) else {
                self.close(node);
                path.pop();
                continue;
            };
            *step += 1;
            match self.states[next] {
                State::New => {
                    self.states[next] = State::Open;
                    path.push((next, 0));
                }
                // A circle. A type can't count, but who calls one of it can.
                State::Open => self.counts[if next < self.shapes.len() { next } else { node }] = true,
                State::Done => {}
            }
        }
    }

    fn next(&self, node: usize, step: usize) -> Option<usize> {
        match self.shapes.get(node) {
            Some(shape) => {
                let mut calls = shape.entry.calls.iter().filter_map(|call| self.node(*call));
                calls.nth(step)
            }
            None => self.listed[node - self.shapes.len()].get(step).map(|function| *function as usize),
        }
    }

    fn node(&self, call: Call) -> Option<usize> {
        match call {
            Call::Direct(function) => Some(function as usize),
            Call::Indirect(ty) => Some(self.shapes.len() + ty as usize),
            Call::Host => None,
        }
    }

    /// All that a function calls outside of loops has its numbers by now, or is in a circle with it, and one of the two
    /// counts.
    fn close(&mut self, node: usize) {
        self.states[node] = State::Done;
        match self.shapes.get(node) {
            Some(Shape { entry, .. }) => {
                self.costs[node] = self.cost(entry);
                let called = entry.calls.iter().filter_map(|call| self.node(*call)).map(|called| self.bound_of(called));
                self.bounds[node] = called.fold(entry.instructions, u64::saturating_add);
                self.counts[node] |= self.bounds[node] > MOST;
            }
            None => {
                let functions = self.listed[node - self.shapes.len()].iter().map(|function| *function as usize);
                let all: u64 = functions.clone().map(|function| self.paid_for(function)).sum();
                self.costs[node] = all / (functions.len() as u64).max(1);
                self.bounds[node] = functions.map(|function| self.bound_of(function)).max().unwrap_or(0);
            }
        }
    }

    /// What a function or one of a type can take until something counts.
    fn bound_of(&self, node: usize) -> u64 {
        if self.counts.get(node).is_some_and(|counts| *counts) { 0 } else { self.bounds[node] }
    }

    /// What who calls it pays for a function or a type.
    fn paid_for(&self, node: usize) -> u64 {
        if self.counts.get(node).is_some_and(|counts| *counts) { 0 } else { self.costs[node] }
    }

    /// What one way through a region costs. A large `switch` is as many ways as it has arms, and one of them is taken;
    /// what stands behind a condition, half of the time. So it is the mean.
    fn cost(&self, region: &Region) -> u64 {
        let called = region.calls.iter().filter_map(|call| self.node(*call)).map(|node| self.paid_for(node));
        2 * (region.instructions + called.sum::<u64>()) / (region.turns + 2)
    }
}

/// What an instruction costs for each byte, or page.
pub fn per_unit(operator: &Operator<'_>) -> Option<i64> {
    match operator {
        Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } => Some(1),
        // The host zeroes it.
        Operator::MemoryGrow { .. } => Some(255),
        _ => None,
    }
}

/// Whether an instruction does something, as wasmtime's own counting has it.
fn is_work(operator: &Operator<'_>) -> bool {
    !matches!(
        operator,
        Operator::Nop
            | Operator::Drop
            | Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::Unreachable
            | Operator::Return
            | Operator::Else
            | Operator::End
    )
}

/// How much of another way begins after an instruction, in halves.
fn turns(operator: &Operator<'_>) -> u64 {
    match operator {
        Operator::Br { .. } | Operator::BrTable { .. } | Operator::Return | Operator::Unreachable | Operator::Else => 2,
        Operator::BrIf { .. } => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(instructions: u64, calls: &[Call], turns: u64) -> Region {
        Region { instructions, calls: calls.to_vec(), turns }
    }

    fn shape(entry: Region, loops: Vec<Region>) -> Shape {
        Shape { entry, loops, has_lengths: false }
    }

    fn counting(costs: &[Cost]) -> Vec<usize> {
        (0..).zip(costs).filter(|(_, cost)| cost.entry.is_some()).map(|(at, _)| at).collect()
    }

    #[test]
    fn what_multiplies_counts_however_it_is_left() {
        // Each calls the next ten times, directly or as one of a type, and may stop after each of them.
        let direct = |next: u32| shape(region(20, &[Call::Direct(next); 10], 10), vec![]);
        let chain: Vec<_> = (1..9).map(direct).chain([shape(region(20, &[], 0), vec![])]).collect();
        assert_eq!(counting(&costs(&chain, &[])), [1, 5]);
        let through = |ty: u32| shape(region(20, &[Call::Indirect(ty); 10], 10), vec![]);
        let chain: Vec<_> = (0..8).map(through).chain([shape(region(20, &[], 0), vec![])]).collect();
        // Beside each, its type has something cheap: the mean of both says nothing of what is called.
        let listed: Vec<_> = (1..9).map(|function| vec![8, function]).collect();
        assert_eq!(counting(&costs(&chain, &listed)), [2, 5]);
    }

    #[test]
    fn circles_count_and_pay_for_what_is_beside_them() {
        let cheap = || shape(region(100, &[], 0), vec![]);
        // Through a type that has another function, too.
        let shapes = [shape(region(10, &[Call::Indirect(0)], 0), vec![]), cheap()];
        let found = costs(&shapes, &[vec![0, 1]]);
        assert_eq!((counting(&found), found[0].entry), (vec![0], Some(unit(10 + 50))));
        // Directly, through each other.
        let shapes = [shape(region(1, &[Call::Direct(1)], 0), vec![]), shape(region(1, &[Call::Direct(0)], 0), vec![])];
        assert_eq!(counting(&costs(&shapes, &[])), [0]);
    }

    #[test]
    fn a_turn_pays_for_what_it_calls() {
        let called = || shape(region(100, &[], 0), vec![]);
        let turns = vec![region(10, &[Call::Direct(1), Call::Indirect(0), Call::Host], 0)];
        let found = costs(&[shape(region(5, &[], 0), turns), called()], &[vec![1]]);
        assert_eq!((counting(&found), &found[0].loops[..]), (vec![], &[unit(210)][..]));
    }
}
