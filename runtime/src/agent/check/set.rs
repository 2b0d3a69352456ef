//! Sets of small numbers, and how they spread over a graph.

use std::ops::Range;

use super::components::Components;

/// A set of numbers below a bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    words: Vec<u64>,
}

/// The most memory that sets take together, in bits: one for each node of a graph.
const MAX_BITS: usize = 1 << 28;

/// The numbers below `bound` in parts, each small enough for sets of its numbers at `nodes` nodes.
pub fn parts(bound: usize, nodes: usize) -> impl Iterator<Item = Range<usize>> {
    let size = (MAX_BITS / nodes.max(1)).max(64);
    (0..bound).step_by(size).map(move |start| start..bound.min(start + size))
}

impl Set {
    /// The set of none of the numbers below `bound`.
    pub fn none(bound: usize) -> Self {
        Self { words: vec![0; bound.div_ceil(64)] }
    }

    /// Those of `numbers` that are in `part`, counted from its start.
    pub fn of(numbers: &[usize], part: &Range<usize>) -> Self {
        let mut set = Self::none(part.len());
        numbers.iter().filter(|number| part.contains(number)).for_each(|number| set.insert(number - part.start));
        set
    }

    /// Adds `number`.
    pub fn insert(&mut self, number: usize) {
        if let Some(word) = self.words.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    /// Whether `number` is in it.
    pub fn contains(&self, number: usize) -> bool {
        self.words.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Adds all of `other`.
    pub fn add(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= *other);
    }
}

/// What reaches each node of a graph.
pub struct Spread {
    components: Components,
    /// What reaches the nodes of each component. None where there is no way.
    reaching: Vec<Option<Set>>,
}

impl Spread {
    /// What is made in the nodes on some way to a node from one of `starts`. Every edge is gone over
    /// once, whatever loops there are: in one, all that is made reaches all.
    pub fn of(next: &[Vec<usize>], starts: &[usize], made: &[Set]) -> Self {
        let components = Components::of(next);
        let nothing = Set { words: vec![0; made.first().map_or(0, |set| set.words.len())] };
        let mut reaching: Vec<Option<Set>> = vec![None; components.nodes.len()];
        starts.iter().for_each(|&start| reaching[components.of[start]] = Some(nothing.clone()));
        for component in (0..components.nodes.len()).rev() {
            let Some(mut leaving) = reaching[component].take() else { continue };
            let (nodes, is_loop) = (&components.nodes[component], components.is_loop(component, next));
            let arriving = (!is_loop).then(|| leaving.clone());
            nodes.iter().filter_map(|&node| made.get(node)).for_each(|made| leaving.add(made));
            for after in nodes.iter().flat_map(|&node| &next[node]).map(|&after| components.of[after]) {
                match &mut reaching[after] {
                    _ if after == component => {}
                    Some(known) => known.add(&leaving),
                    unknown => *unknown = Some(leaving.clone()),
                }
            }
            reaching[component] = Some(arriving.unwrap_or(leaving));
        }
        Self { components, reaching }
    }

    /// What reaches `node`, if some way leads to it.
    pub fn at(&self, node: usize) -> Option<&Set> {
        self.reaching.get(*self.components.of.get(node)?)?.as_ref()
    }
}

/// The nodes that some way leads to from one of `starts`, and these.
pub fn reached(next: &[Vec<usize>], starts: &[usize]) -> Vec<bool> {
    let mut reached = vec![false; next.len()];
    let mut waiting = starts.to_vec();
    while let Some(node) = waiting.pop() {
        if !std::mem::replace(&mut reached[node], true) {
            waiting.extend(next[node].iter().filter(|&&after| !reached[after]));
        }
    }
    reached
}

/// The graph with every edge turned around.
pub fn turned(next: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut before = vec![Vec::new(); next.len()];
    for (node, after) in next.iter().enumerate() {
        after.iter().for_each(|&after| before[after].push(node));
    }
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_all_numbers_once() {
        let bound = MAX_BITS / 10_000 * 3 + 5;
        let parts: Vec<_> = parts(bound, 10_000).collect();
        assert_eq!((parts.len(), parts[0].start, parts[3].end), (4, 0, bound));
        assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
        let set = Set::of(&[1, parts[1].start, parts[1].start + 70, bound], &parts[1]);
        assert_eq!([0, 1, 70].map(|number| set.contains(number)), [true, false, true]);
    }

    #[test]
    fn what_is_made_on_some_way_spreads_round_loops() {
        let made = |number: usize| {
            let mut set = Set::none(100);
            set.insert(number);
            set
        };
        // 0 → 1 → 2 → 1, 2 → 3; 4 is on no way.
        let next = [vec![1], vec![2], vec![1, 3], vec![], vec![3]];
        let reaching = Spread::of(&next, &[0], &[made(0), made(1), made(99), made(3), made(4)]);
        let at = |node: usize| [0, 1, 99, 3, 4].map(|number| reaching.at(node).unwrap().contains(number));
        assert_eq!(at(0), [false; 5]);
        assert_eq!(at(1), [true, true, true, false, false]);
        assert_eq!(at(3), [true, true, true, false, false]);
        assert_eq!(reaching.at(4), None);
        assert_eq!(reached(&turned(&next), &[3]), [true, true, true, true, true]);
    }
}
