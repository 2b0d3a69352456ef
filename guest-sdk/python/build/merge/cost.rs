//! What a guest's functions cost, and where they count.
//!
//! Every loop counts at each turn. What is called outside of loops goes on for ever only in a circle of calls, so one
//! call of each circle counts, too: each through a table, since what a table has is known by its type alone, and one
//! of each circle of direct calls. What a function does between takes a bounded time: who calls it pays for it.

use wasmparser::{FunctionBody, Operator};

use super::Result;

/// The most that a function does from its beginning to the next count, in instructions, whatever ways it goes: some
/// microseconds. What has counted, as a turn of a loop has, may call several.
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

impl Call {
    fn is_indirect(&self) -> bool {
        matches!(self, Self::Indirect(_))
    }

    /// The function that is called, where it is known.
    fn function(&self) -> Option<usize> {
        if let Self::Direct(function) = self { Some(*function as usize) } else { None }
    }
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
    /// Whether each of its calls is outside of its loops, in order.
    outside: Vec<bool>,
    has_lengths: bool,
}

/// What a function takes, in units of fuel.
#[derive(Clone)]
pub struct Cost {
    /// For each time that it is called; nothing where its callers pay.
    pub entry: Option<u32>,
    /// For each of its calls, in order, where it counts beforehand.
    pub calls: Vec<Option<u32>>,
    /// For each turn of its loops, in order.
    pub loops: Vec<u32>,
    /// Whether something in it costs by its length.
    pub has_lengths: bool,
}

impl Shape {
    /// Looks through a function; `callee` knows what is called.
    pub fn of(body: &FunctionBody<'_>, callee: impl Fn(&Operator<'_>) -> Result<Option<Call>>) -> Result<Self> {
        let mut shape = Self { entry: Region::default(), loops: Vec::new(), outside: Vec::new(), has_lengths: false };
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
            if let Some(call) = callee(&operator)? {
                region.calls.push(call);
                shape.outside.push(inside.is_none());
            }
        }
        Ok(shape)
    }
}

/// The costs of all functions, in order. `listed` are, for each type, the functions that tables have.
pub fn costs(shapes: &[Shape], listed: &[Vec<u32>]) -> Vec<Cost> {
    let mut walk = Walk {
        shapes,
        states: vec![State::New; shapes.len()],
        cut: shapes.iter().map(|shape| shape.entry.calls.iter().map(Call::is_indirect).collect()).collect(),
        counts: vec![false; shapes.len()],
        costs: vec![0; shapes.len()],
        bounds: vec![0; shapes.len()],
        types: vec![0; listed.len()],
    };
    (0..shapes.len()).for_each(|function| walk.from(function));
    walk.types = listed.iter().map(|functions| walk.mean(functions)).collect();
    shapes.iter().enumerate().map(|(function, shape)| walk.found(function, shape)).collect()
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

/// A walk over direct calls outside of loops, depth first.
struct Walk<'s> {
    shapes: &'s [Shape],
    states: Vec<State>,
    /// For each function which of its calls outside of loops count.
    cut: Vec<Vec<bool>>,
    /// Whether a function counts where it begins.
    counts: Vec<bool>,
    /// What each takes on average.
    costs: Vec<u64>,
    /// What each can take at most, without what counts by itself.
    bounds: Vec<u64>,
    /// What those of each type take on average.
    types: Vec<u64>,
}

impl Walk<'_> {
    fn from(&mut self, start: usize) {
        if self.states[start] != State::New {
            return;
        }
        self.states[start] = State::Open;
        let mut path = vec![(start, 0)];
        while let Some((function, step)) = path.last_mut() {
            let (function, at) = (*function, *step);
            *step += 1;
            match self.shapes[function].entry.calls.get(at) {
                Some(Call::Direct(next)) => {
                    let next = *next as usize;
                    match self.states[next] {
                        State::New => {
                            self.states[next] = State::Open;
                            path.push((next, 0));
                        }
                        // A circle.
                        State::Open => self.cut[function][at] = true,
                        State::Done => {}
                    }
                }
                Some(_) => {}
                None => {
                    self.close(function);
                    path.pop();
                }
            }
        }
    }

    /// All that a function calls outside of loops and without counting has its numbers by now.
    fn close(&mut self, function: usize) {
        let entry = &self.shapes[function].entry;
        self.counts[function] = entry.instructions > MOST;
        // The dearest calls count, where all of them together take too much.
        let bound = |call: &Call| call.function().map_or(0, |called| self.bound_of(called));
        let mut open: Vec<_> = entry.calls.iter().map(bound).enumerate().collect();
        open.retain(|(at, _)| !self.cut[function][*at]);
        open.sort_by_key(|(_, bound)| *bound);
        let mut left = MOST.saturating_sub(entry.instructions);
        for (at, bound) in open {
            match left.checked_sub(bound) {
                Some(rest) => left = rest,
                None => self.cut[function][at] = true,
            }
        }
        self.bounds[function] = MOST - left;
        self.costs[function] = self.cost(entry, &self.cut[function]);
        self.states[function] = State::Done;
    }

    /// What a function can take until something counts.
    fn bound_of(&self, function: usize) -> u64 {
        if self.counts[function] { 0 } else { self.bounds[function] }
    }

    /// What who makes a call pays for it.
    fn paid_for(&self, call: Call) -> u64 {
        match call {
            Call::Direct(function) if self.counts[function as usize] => 0,
            Call::Direct(function) => self.costs[function as usize],
            Call::Indirect(ty) => self.types[ty as usize],
            Call::Host => 0,
        }
    }

    /// What one of these functions costs.
    fn mean(&self, functions: &[u32]) -> u64 {
        let all: u64 = functions.iter().map(|function| self.paid_for(Call::Direct(*function))).sum();
        all / (functions.len() as u64).max(1)
    }

    /// What one way through a region costs, without the calls that count. A large `switch` is as many ways as it has
    /// arms, and one of them is taken; what stands behind a condition, half of the time. So it is the mean.
    fn cost(&self, region: &Region, cut: &[bool]) -> u64 {
        let cut = cut.iter().copied().chain(std::iter::repeat(false));
        let called = region.calls.iter().zip(cut).filter(|(_, cut)| !cut).map(|(call, _)| self.paid_for(*call));
        2 * (region.instructions + called.sum::<u64>()) / (region.turns + 2)
    }

    fn found(&self, function: usize, shape: &Shape) -> Cost {
        let mut calls = shape.entry.calls.iter().zip(&self.cut[function]);
        let mut paid = |is_outside: bool| {
            let (call, cut) = if is_outside { calls.next()? } else { return None };
            cut.then(|| unit(self.paid_for(*call)))
        };
        Cost {
            entry: self.counts[function].then(|| unit(self.cost(&shape.entry, &self.cut[function]))),
            calls: shape.outside.iter().map(|is_outside| paid(*is_outside)).collect(),
            loops: shape.loops.iter().map(|region| unit(self.cost(region, &[]))).collect(),
            has_lengths: shape.has_lengths,
        }
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

    /// What it calls outside of loops comes first.
    fn shape(entry: Region, loops: Vec<Region>) -> Shape {
        let inside = loops.iter().flat_map(|region| &region.calls).map(|_| false);
        let outside = entry.calls.iter().map(|_| true).chain(inside).collect();
        Shape { entry, loops, outside, has_lengths: false }
    }

    /// How many calls of each function count.
    fn counting(costs: &[Cost]) -> Vec<usize> {
        costs.iter().map(|cost| cost.calls.iter().flatten().count()).collect()
    }

    fn count_where_they_begin(costs: &[Cost]) -> Vec<usize> {
        (0..).zip(costs).filter(|(_, cost)| cost.entry.is_some()).map(|(at, _)| at).collect()
    }

    #[test]
    fn what_multiplies_counts_however_it_is_left() {
        // Each calls the next ten times, and may stop after each of them.
        let calling = |call: Call| shape(region(20, &[call; 10], 10), vec![]);
        let chain: Vec<_> =
            (1..7).map(|next| calling(Call::Direct(next))).chain([shape(region(20, &[], 0), vec![])]).collect();
        // What isn't counted comes to 20, 220, 2,220, 20 + 4 * 2,220, and then to one call of as much.
        assert_eq!(counting(&costs(&chain, &[])), [9, 9, 9, 6, 0, 0, 0]);
        // As one of a type, however cheap what it has is.
        let found = costs(&[calling(Call::Indirect(0)), shape(region(1, &[], 0), vec![])], &[vec![1]]);
        assert_eq!((counting(&found), found[0].calls[0]), (vec![10, 0], Some(unit(1))));
    }

    #[test]
    fn what_is_long_counts_where_it_begins() {
        let found = costs(&[shape(region(MOST + 1, &[], 0), vec![]), shape(region(MOST, &[], 0), vec![])], &[]);
        assert_eq!(count_where_they_begin(&found), [0]);
        // Who calls it doesn't pay for it once more.
        let shapes = [shape(region(1, &[Call::Direct(1)], 0), vec![]), shape(region(MOST + 1, &[], 0), vec![])];
        assert_eq!((counting(&costs(&shapes, &[])), costs(&shapes, &[])[1].entry), (vec![0, 0], Some(unit(MOST + 1))));
    }

    #[test]
    fn circles_count_and_pay_for_what_is_called() {
        // Through a type that has another function, too.
        let shapes = [shape(region(10, &[Call::Indirect(0)], 0), vec![]), shape(region(100, &[], 0), vec![])];
        let found = costs(&shapes, &[vec![0, 1]]);
        assert_eq!((counting(&found), found[0].calls[0]), (vec![1, 0], Some(unit(55))));
        // Directly, through each other and of itself.
        let shapes = [shape(region(1, &[Call::Direct(1)], 0), vec![]), shape(region(1, &[Call::Direct(0)], 0), vec![])];
        let found = costs(&shapes, &[]);
        assert_eq!((counting(&found), found[1].calls[0]), (vec![0, 1], Some(unit(2))));
        assert_eq!(counting(&costs(&[shape(region(1, &[Call::Direct(0)], 0), vec![])], &[])), [1]);
    }

    #[test]
    fn a_turn_pays_for_what_it_calls() {
        let called = || shape(region(100, &[], 0), vec![]);
        let turns = vec![region(10, &[Call::Direct(1), Call::Indirect(0), Call::Host], 0)];
        let found = costs(&[shape(region(5, &[Call::Direct(1)], 0), turns), called()], &[vec![1]]);
        assert_eq!((counting(&found), &found[0].loops[..]), (vec![0, 0], &[unit(210)][..]));
    }
}
