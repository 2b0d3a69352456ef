//! What steps give where nothing fails: by which names, and what a workflow passes on of its last one.

use std::collections::{BTreeMap, BTreeSet};

use crate::import::{
    flow::{Facts, proc, result_names},
    library::Library,
    names::{clean, is_special},
    proc::Proc,
    read::{Agent, Body, Step},
    shape::Key,
};

/// The most keys of a dict that workflows pass on: each that passes it on has an output for each.
const MAX_KEYS: usize = 100;

/// What the last step of a workflow gives. The original passes it on where none of the names that
/// are wanted of the workflow is set.
#[derive(Debug, Default)]
pub struct Last {
    /// The name that has it, where it may be anything but a dict.
    pub result: Option<String>,
    /// The names that it has where it is a dict: the original passes it on under these, and under no
    /// other.
    pub keys: Vec<String>,
}

impl Last {
    /// The last result of `steps`; `known` is what is known of the workflows in it.
    pub fn of(library: &Library<'_>, known: &BTreeMap<usize, Facts>, steps: &[Step]) -> Self {
        let mut last = Self::of_any_size(library, known, steps);
        last.keys.truncate(MAX_KEYS);
        last
    }

    fn of_any_size(library: &Library<'_>, known: &BTreeMap<usize, Facts>, steps: &[Step]) -> Self {
        let Some(step) = steps.last() else { return Self::default() };
        let names = result_names(step);
        let first = names.first().cloned().filter(|name| !is_special(name));
        match library.find(&step.agent.text) {
            // A workflow gives a dict, whatever is in it.
            Some((at, Agent { body: Body::Workflow { .. }, .. })) => {
                Self { result: None, keys: of_child(known.get(&at), names) }
            }
            _ => match proc(library, step).map(|proc| (proc, &proc.shape)) {
                Some((proc, shape)) if shape.dict => {
                    let keys = of_proc(proc, &names);
                    Self { result: first.filter(|_| shape.plain), keys }
                }
                _ => Self { result: first, keys: Vec::new() },
            },
        }
    }
}

/// The names that `step` sets.
pub fn given(library: &Library<'_>, known: &BTreeMap<usize, Facts>, step: &Step) -> Vec<String> {
    let names = result_names(step);
    match library.find(&step.agent.text) {
        Some((at, Agent { body: Body::Workflow { .. }, .. })) => of_child(known.get(&at), names),
        Some((_, Agent { body: Body::Missing, .. })) => names.into_iter().filter(|name| !is_special(name)).collect(),
        _ => match proc(library, step).filter(|proc| proc.unfinished.is_none()) {
            Some(proc) => of_proc(proc, &names),
            None => names.into_iter().take(1).filter(|name| !is_special(name)).collect(),
        },
    }
}

/// The names that a function's results get of `names`. Of one that nobody can look through, all may
/// be among them.
pub fn of_proc(proc: &Proc, names: &[String]) -> Vec<String> {
    let named = proc.shape.keys.iter().filter_map(|key| called(key, names));
    let mut given: BTreeSet<String> = named.collect();
    if !proc.shape.known {
        given.extend(names.iter().cloned());
    }
    given.into_iter().filter(|name| !is_special(name)).collect()
}

/// What a result is called by a step that calls its results `names`.
pub fn called(key: &Key, names: &[String]) -> Option<String> {
    match key {
        Key::Output(position) => names.get(*position).cloned(),
        Key::Name(name) => Some(clean(name).into_owned()),
    }
}

/// The names that a workflow's results get where `names` are wanted of it. Of one that runs itself,
/// nothing is known yet.
fn of_child(child: Option<&Facts>, mut names: Vec<String>) -> Vec<String> {
    names.retain(|name| !is_special(name));
    let Some(facts) = child else { return names };
    if facts.gives_any(&names) {
        names.retain(|name| facts.given.contains(name) || facts.open.is_some());
        return names;
    }
    let mut given = facts.last.keys.clone();
    let may = if facts.open.is_some() { names.len() } else { usize::from(facts.last.result.is_some()) };
    given.extend(names.into_iter().take(may));
    given
}

/// The workflows of `library`, such that those a workflow uses come before it, unless it is one of
/// those that they use.
pub fn inner_first(library: &Library<'_>) -> Vec<usize> {
    let agents = &library.legacy.agents;
    let (mut order, mut begun) = (Vec::new(), vec![false; agents.len()]);
    for at in 0..agents.len() {
        // Each with the steps that are still to be looked at: a library may nest as deep as it is long.
        let mut open = vec![(at, 0)];
        while let Some((at, position)) = open.pop() {
            if position == 0 && std::mem::replace(&mut begun[at], true) {
                continue;
            }
            let steps = agents[at].steps();
            let next = steps.get(position).map(|step| library.find(&step.agent.text));
            match next {
                Some(inner) => {
                    open.push((at, position + 1));
                    open.extend(inner.filter(|(inner, _)| !begun[*inner]).map(|(inner, _)| (inner, 0)));
                }
                None if steps.is_empty() => {}
                None => order.push(at),
            }
        }
    }
    order
}
