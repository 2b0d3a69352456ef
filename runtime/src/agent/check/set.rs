//! Sets of small numbers, and how they spread over a graph.

/// A set of numbers below a bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    words: Vec<u64>,
}

impl Set {
    /// The set of none of the numbers below `bound`.
    pub fn none(bound: usize) -> Self {
        Self { words: vec![0; bound.div_ceil(64)] }
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

    /// Adds all of `other`, and says whether that were any more.
    pub fn add(&mut self, other: &Self) -> bool {
        let mut more = false;
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            more |= *other & !*word != 0;
            *word |= *other;
        }
        more
    }
}

/// What reaches each node of a graph: all that is made in the nodes on some way to it from one of
/// `starts`. None where there is no way.
pub fn spread(next: &[Vec<usize>], starts: &[usize], made: &[Set]) -> Vec<Option<Set>> {
    let nothing = Set { words: vec![0; made.first().map_or(0, |set| set.words.len())] };
    let mut reaching: Vec<Option<Set>> = vec![None; next.len()];
    let mut waiting = Vec::new();
    for &start in starts {
        if reaching[start].is_none() {
            reaching[start] = Some(nothing.clone());
            waiting.push(start);
        }
    }
    while let Some(node) = waiting.pop() {
        let Some(mut leaving) = reaching[node].clone() else { continue };
        made.get(node).map(|made| leaving.add(made));
        for &after in &next[node] {
            let more = match &mut reaching[after] {
                Some(known) => known.add(&leaving),
                unknown => {
                    *unknown = Some(leaving.clone());
                    true
                }
            };
            if more {
                waiting.push(after);
            }
        }
    }
    reaching
}

/// The nodes that some way leads to from `start`.
pub fn reached(next: &[Vec<usize>], start: usize) -> Vec<bool> {
    spread(next, &[start], &[]).into_iter().map(|reached| reached.is_some()).collect()
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
    fn what_is_made_on_some_way_spreads_round_loops() {
        let made = |number: usize| {
            let mut set = Set::none(100);
            set.insert(number);
            set
        };
        // 0 → 1 → 2 → 1, 2 → 3; 4 is on no way.
        let next = [vec![1], vec![2], vec![1, 3], vec![], vec![3]];
        let reaching = spread(&next, &[0], &[made(0), made(1), made(99), made(3), made(4)]);
        let at = |node: usize| [0, 1, 99, 3, 4].map(|number| reaching[node].as_ref().unwrap().contains(number));
        assert_eq!(at(0), [false; 5]);
        assert_eq!(at(1), [true, true, true, false, false]);
        assert_eq!(at(3), [true, true, true, false, false]);
        assert_eq!(reaching[4], None);
        assert_eq!(reached(&turned(&next), 3), [true, true, true, true, true]);
    }
}
