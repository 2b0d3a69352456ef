//! What the steps of workflows give, by which names: planned for all workflows together, since what
//! one wants of another has to be the other's output.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use crate::import::{
    flow::{Facts, proc, result_names},
    given::Last,
    library::Library,
    names::{clean, is_special},
    read::{Agent, Body, Step},
};

/// One workflow: what it gives, and what its steps give.
#[derive(Debug, Default)]
pub struct Plan {
    /// Its outputs.
    pub outputs: Vec<Given>,
    /// What each step gives.
    pub steps: Steps,
}

/// For each step, its agent's outputs and what they are called; none where all keep their names.
pub type Steps = Vec<Option<Vec<(String, String)>>>;

/// An output of a workflow.
#[derive(Debug)]
pub struct Given {
    pub name: String,
    /// The result that it is.
    pub from: String,
    /// Whether it is one only because another workflow asks for it.
    pub internal: bool,
}

impl Given {
    fn declared(name: String, from: String) -> Self {
        Self { name, from, internal: false }
    }
}

/// The plans of all workflows, by the number of the agent.
pub struct Outputs<'l, 'a> {
    library: &'l Library<'a>,
    facts: &'l BTreeMap<usize, Facts>,
    plans: BTreeMap<usize, Plan>,
}

/// Plans every workflow of `library`.
pub fn plan(library: &Library<'_>, facts: &BTreeMap<usize, Facts>) -> BTreeMap<usize, Plan> {
    let mut outputs = Outputs { library, facts, plans: BTreeMap::new() };
    for (at, agent) in library.legacy.agents.iter().enumerate() {
        outputs.interface(at, agent);
    }
    for (at, agent) in library.legacy.agents.iter().enumerate() {
        if let Body::Workflow { steps, .. } = &agent.body {
            let last = steps.len().saturating_sub(1);
            let planned = steps.iter().enumerate().map(|(position, step)| outputs.step(at, step, position == last));
            let planned = planned.collect();
            outputs.plans.entry(at).or_default().steps = planned;
        }
    }
    outputs.prune();
    outputs.plans
}

/// What a result is called in a workflow. An input hides a result of its name from every step, here
/// as in the original; there it is an output all the same.
pub fn result(facts: &Facts, name: &str) -> String {
    if facts.required.contains(name) { format!("{name}_result") } else { name.to_owned() }
}

/// What the output of a template is called.
pub fn template_output(agent: &Agent) -> String {
    declared(agent).next().unwrap_or_else(|| "output".into())
}

/// The outputs that an agent declares.
pub fn declared(agent: &Agent) -> impl Iterator<Item = String> {
    agent.outputs.iter().map(|name| clean(&name.text).into_owned()).filter(|name| !is_special(name))
}

impl Outputs<'_, '_> {
    /// Decides about the outputs that a workflow declares: those that a step sets, or else its last
    /// result, which keeps its own names where it is a dict.
    fn interface(&mut self, at: usize, agent: &Agent) {
        let Some(facts) = self.facts.get(&at) else { return };
        let own: Vec<_> = declared(agent).collect();
        let set = |name: &&String| facts.open.is_some() || facts.settable.contains(*name);
        let declared = |name: &String, from: &String| Given::declared(name.clone(), result(facts, from));
        let mut outputs: Vec<Given> = Vec::new();
        if facts.open.is_none() && !facts.gives_any(&own) {
            let first = || own.first().cloned().unwrap_or_else(|| "result".into());
            outputs.extend(facts.last.result.as_ref().map(|last| declared(&first(), last)));
            outputs.extend(facts.last.keys.iter().map(|key| declared(key, key)));
            let mut seen = HashSet::new();
            outputs.retain(|own| seen.insert(own.name.clone()));
        }
        if outputs.is_empty() {
            outputs.extend(own.iter().filter(set).map(|name| declared(name, name)));
        }
        self.plans.insert(at, Plan { outputs, steps: Vec::new() });
    }

    /// What one step of the workflow `at` gives.
    fn step(&mut self, at: usize, step: &Step, is_last: bool) -> Option<Vec<(String, String)>> {
        let wanted = result_names(step);
        let facts = self.facts.get(&at)?;
        let renamed: Vec<(String, String)> = match self.library.find(&step.agent.text) {
            None => Vec::new(),
            Some((child, callee)) => match &callee.body {
                Body::Template { .. } => {
                    let own = template_output(callee);
                    wanted.into_iter().take(1).map(|name| (own.clone(), name)).collect()
                }
                Body::Workflow { .. } => {
                    // What the last step gives is asked for by whoever runs this workflow.
                    let reads = |name: &str| is_last || facts.used.contains(name);
                    self.of_child(reads, child, wanted)
                }
                Body::Proc { .. } | Body::Unfinished { .. } | Body::Missing => self.of_proc(step, callee, &wanted)?,
            },
        };
        // What is wanted twice is called as it was wanted first.
        let mut seen = HashSet::new();
        let renamed = renamed.into_iter().filter(|(own, name)| !is_special(name) && seen.insert(own.clone()));
        Some(renamed.map(|(own, name)| (own, result(facts, &name))).collect())
    }

    /// What a step wants of a function; none where only a run can tell what that gives.
    fn of_proc(&self, step: &Step, callee: &Agent, wanted: &[String]) -> Option<Vec<(String, String)>> {
        let proc = proc(self.library, step)?;
        let named: Vec<_> = match (&proc.outputs, &proc.unfinished) {
            (Some(named), _) => named.iter().map(|own| (own.name.clone(), own.position)).collect(),
            (None, Some(_)) => {
                vec![(declared(callee).next().unwrap_or_else(|| "result".into()), Some(0))]
            }
            (None, None) => return None,
        };
        let called = |(own, position): (String, Option<usize>)| match position {
            Some(position) => Some((own, wanted.get(position)?.clone())),
            None => Some((own.clone(), own)),
        };
        Some(named.into_iter().filter_map(called).collect())
    }

    /// What a step wants of the workflow that it runs. Names that the workflow has keep their names;
    /// where it has none of them, the first is what its last step gave.
    fn of_child(
        &mut self,
        reads: impl Fn(&str) -> bool,
        child: usize,
        mut wanted: Vec<String>,
    ) -> Vec<(String, String)> {
        wanted.retain(|name| !is_special(name));
        let Some(facts) = self.facts.get(&child) else { return Vec::new() };
        let any = facts.gives_any(&wanted);
        // Where a run may set any name, those that are wanted may be among them.
        let open = facts.open.is_some() && (any || wanted.len() > 1);
        let has = |name: &&String| open || any && facts.settable.contains(*name);
        let there: Vec<_> = wanted.iter().filter(has).cloned().collect();
        let mut renamed = Vec::new();
        if let (false, Some(first), Last { result, keys }) = (any, wanted.first(), &facts.last) {
            // The original passes a dict on under its own names: whoever reads these gets them, too.
            let keys: Vec<_> =
                keys.iter().filter(|key| reads(key) && (result.is_none() || !wanted.contains(key))).collect();
            if let Some(last) = result {
                let alias = keys.contains(&last).then_some(first.as_str());
                renamed.push((self.exposed(child, last, alias), first.clone()));
            }
            renamed.extend(keys.into_iter().map(|key| (self.exposed(child, key, None), key.clone())));
        }
        for name in there {
            renamed.push((self.exposed(child, &name, None), name));
        }
        renamed
    }

    /// The output of the workflow `child` that is its result `name`; `alias` asks for another one of
    /// that name.
    fn exposed(&mut self, child: usize, name: &str, alias: Option<&str>) -> String {
        let from = self.facts.get(&child).map_or_else(|| name.to_owned(), |facts| result(facts, name));
        let Some(plan) = self.plans.get_mut(&child) else { return name.to_owned() };
        let found = plan.outputs.iter().find(|own| own.from == from && alias.is_none_or(|alias| alias == own.name));
        if let Some(own) = found {
            return own.name.clone();
        }
        let wanted = alias.unwrap_or(name);
        let (mut own, mut number) = (wanted.to_owned(), 1);
        while plan.outputs.iter().any(|other| other.name == own) {
            number += 1;
            own = format!("{wanted}_{number}");
        }
        plan.outputs.push(Given { name: own.clone(), from, internal: true });
        own
    }

    /// Takes out outputs that no step sets after all, and what was to come of them.
    fn prune(&mut self) {
        let mut set: HashMap<usize, HashMap<String, usize>> = HashMap::new();
        let mut callers: HashMap<usize, Vec<(usize, usize)>> = HashMap::new();
        for (at, agent) in self.library.legacy.agents.iter().enumerate() {
            let Body::Workflow { steps, .. } = &agent.body else { continue };
            for (position, step) in steps.iter().enumerate() {
                if let Some((child, _)) = self.library.find(&step.agent.text) {
                    callers.entry(child).or_default().push((at, position));
                }
            }
            let (Some(facts), Some(plan)) = (self.facts.get(&at), self.plans.get(&at)) else { continue };
            let names = steps.iter().zip(&plan.steps).flat_map(|(step, named)| facts.names(self.library, step, named));
            for name in names {
                *set.entry(at).or_default().entry(name).or_default() += 1;
            }
        }
        let mut waiting: VecDeque<usize> = self.plans.keys().copied().collect();
        while let Some(at) = waiting.pop_front() {
            for lost in self.lost(at, set.get(&at)) {
                for (caller, position) in callers.get(&at).into_iter().flatten() {
                    let Some(plan) = self.plans.get_mut(caller) else { continue };
                    let Some(Some(step)) = plan.steps.get_mut(*position) else { continue };
                    let Some(found) = step.iter().position(|(own, _)| *own == lost) else { continue };
                    let (_, name) = step.remove(found);
                    let count = set.entry(*caller).or_default().entry(name).or_default();
                    *count = count.saturating_sub(1);
                    if *count == 0 {
                        waiting.push_back(*caller);
                    }
                }
            }
        }
    }

    /// Takes out the outputs of one workflow that no step sets, and names them.
    fn lost(&mut self, at: usize, set: Option<&HashMap<String, usize>>) -> Vec<String> {
        let open = self.facts.get(&at).is_some_and(|facts| facts.open.is_some());
        let Some(plan) = self.plans.get_mut(&at).filter(|_| !open) else { return Vec::new() };
        let is_set = |from: &String| set.and_then(|set| set.get(from)).is_some_and(|count| *count > 0);
        let (kept, lost): (Vec<_>, Vec<_>) = plan.outputs.drain(..).partition(|own| is_set(&own.from));
        plan.outputs = kept;
        lost.into_iter().map(|own| own.name).collect()
    }
}
