//! The strongly connected components of a graph: nodes that lie in a loop together.

/// Which nodes of a graph some way leads between in both directions.
pub struct Components {
    /// The component of each node.
    pub of: Vec<usize>,
    /// The nodes of each component. No edge leads to a component with a higher number.
    pub nodes: Vec<Vec<usize>>,
}

impl Components {
    /// Finds the components, by Tarjan's algorithm, on a stack of its own: a workflow may be long.
    pub fn of(next: &[Vec<usize>]) -> Self {
        let mut search = Search {
            next,
            order: vec![None; next.len()],
            lowest: vec![0; next.len()],
            open: Vec::new(),
            found: Self { of: vec![usize::MAX; next.len()], nodes: Vec::new() },
            visited: 0,
        };
        (0..next.len()).for_each(|node| search.visit(node));
        search.found
    }

    /// Whether some way leads from the nodes of `component` back to them.
    pub fn is_loop(&self, component: usize, next: &[Vec<usize>]) -> bool {
        match self.nodes[component].as_slice() {
            [node] => next[*node].contains(node),
            _ => true,
        }
    }
}

struct Search<'g> {
    next: &'g [Vec<usize>],
    /// When each node was met.
    order: Vec<Option<usize>>,
    /// The earliest open node that each one leads to, as far as is known.
    lowest: Vec<usize>,
    /// The nodes whose component isn't known yet.
    open: Vec<usize>,
    found: Components,
    visited: usize,
}

impl Search<'_> {
    fn visit(&mut self, start: usize) {
        if self.order[start].is_some() {
            return;
        }
        self.meet(start);
        let mut path = vec![(start, 0)];
        while let Some((node, edge)) = path.pop() {
            match self.next[node].get(edge) {
                Some(&after) => {
                    path.push((node, edge + 1));
                    match self.order[after] {
                        None => {
                            self.meet(after);
                            path.push((after, 0));
                        }
                        Some(order) if self.is_open(after) => self.lowest[node] = self.lowest[node].min(order),
                        Some(_) => {}
                    }
                }
                None => {
                    if let Some((parent, _)) = path.last() {
                        self.lowest[*parent] = self.lowest[*parent].min(self.lowest[node]);
                    }
                    self.leave(node);
                }
            }
        }
    }

    fn meet(&mut self, node: usize) {
        self.order[node] = Some(self.visited);
        self.lowest[node] = self.visited;
        self.visited += 1;
        self.open.push(node);
    }

    fn is_open(&self, node: usize) -> bool {
        self.found.of[node] == usize::MAX
    }

    /// Goes back from a node. Where it leads to none before it, those behind it are its component.
    fn leave(&mut self, node: usize) {
        if self.order[node] != Some(self.lowest[node]) {
            return;
        }
        let start = self.open.iter().rposition(|open| *open == node).unwrap_or_default();
        let nodes = self.open.split_off(start);
        nodes.iter().for_each(|&node| self.found.of[node] = self.found.nodes.len());
        self.found.nodes.push(nodes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_are_components_and_no_edge_leads_up() {
        // 0 → 1 ⇄ 2 → 3 → 3, 4 → 1, 5 ⇄ 6 over 7.
        let next = [vec![1], vec![2], vec![1, 3], vec![3], vec![1], vec![7], vec![5], vec![6]];
        let components = Components::of(&next);
        let together = |a: usize, b: usize| components.of[a] == components.of[b];
        assert!(together(1, 2) && together(5, 6) && together(6, 7));
        assert!(!together(0, 1) && !together(2, 3) && !together(4, 1));
        let up = |node: usize| next[node].iter().any(|&after| components.of[after] > components.of[node]);
        assert!(!(0..next.len()).any(up));
        let loops = [0, 1, 3, 4, 5].map(|node| components.is_loop(components.of[node], &next));
        assert_eq!(loops, [false, true, true, false, true]);
    }
}
