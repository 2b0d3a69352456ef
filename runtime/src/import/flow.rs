//! Which names are set when a step of a workflow begins.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{
    agent::{STATUS, STEP_INDEX, STEP_MAX},
    import::{
        given::{self, Last, given},
        library::{Library, inputs},
        names::{clean, is_special},
        outputs::{Plan, Steps, result},
        proc::Proc,
        prompt::placeholders,
        read::{Agent, Body, Step},
        shape::Key,
    },
};

/// What is known of a workflow as a whole.
#[derive(Debug, Default)]
pub struct Facts {
    /// The inputs that it always has, and those that it may have.
    pub required: HashSet<String>,
    pub optional: HashSet<String>,
    /// The names that its steps can set, and the first step that can set any name.
    pub settable: HashSet<String>,
    /// Those of them that a step sets which doesn't fail, and what its last step gives.
    pub given: HashSet<String>,
    pub last: Last,
    /// The last step that sets each of them.
    last_set: HashMap<String, usize>,
    pub open: Option<usize>,
    /// The names that it reads: in its steps, in the prompts that they fill in, and as its outputs.
    pub used: HashSet<String>,
    /// The names that are set whenever it ends without a failure.
    pub sure: HashSet<String>,
    /// Whether some step moves the head.
    pub jumps: bool,
    /// Whether a failed step is its last.
    pub stops: bool,
}

/// What one step sets.
#[derive(Debug, Default)]
pub struct Sets {
    pub may: Vec<String>,
    /// What is set whenever the step has run, also when it failed.
    pub sure: Vec<String>,
    /// What is an empty text when it has failed, though its agent gives nothing then.
    pub empty: Option<String>,
    /// Whether it can set any name.
    pub open: bool,
}

/// How a name stands when a step begins.
#[derive(Debug, PartialEq)]
pub enum Standing {
    /// It has a value.
    Sure,
    /// Only a run can tell. The original takes the text that refers to it in its place.
    Maybe,
    /// Nothing sets it.
    Never,
}

/// The names that a step gives its results.
pub fn result_names(step: &Step) -> Vec<String> {
    step.outputs.iter().map(|name| clean(&name.text).into_owned()).collect()
}

impl Facts {
    /// Looks at the steps of `agent`; `known` are the workflows in it, as far as they don't run it.
    pub fn of(library: &Library<'_>, known: &BTreeMap<usize, Self>, at: usize, agent: &Agent) -> Self {
        let Body::Workflow { steps, stops } = &agent.body else { return Self::default() };
        let stops = *stops;
        let required = agent.inputs.iter().map(|name| clean(&name.text).into_owned()).collect::<HashSet<_>>();
        let optional = inputs(agent).chain(library.extra[at].iter().cloned()).filter(|name| !required.contains(name));
        let used = used(library, agent, steps);
        let last = Last::of(library, known, steps);
        let mut facts = Self { optional: optional.collect(), required, used, stops, last, ..Self::default() };
        for (position, step) in steps.iter().enumerate() {
            let mut sets = Sets::of(library, step, None, None, stops);
            let given = given(library, known, step);
            sets.may.extend(given.iter().cloned());
            facts.given.extend(given);
            facts.last_set.extend(sets.may.iter().map(|name| (name.clone(), position)));
            facts.settable.extend(sets.may);
            facts.jumps |= proc(library, step).is_some_and(|proc| proc.jumps);
            if sets.open {
                facts.open.get_or_insert(position);
            }
        }
        let mut flow = Flow::new(&facts);
        for (position, step) in steps.iter().enumerate() {
            let sets = Sets::of(library, step, None, None, stops);
            flow.pass(position, step, &sets, library);
        }
        facts.sure = flow.sure();
        facts
    }

    /// Takes what the steps' results are called, now that it is settled.
    pub fn settle(&mut self, library: &Library<'_>, steps: &[Step], planned: &Steps) {
        let open = std::mem::take(&mut self.settable);
        self.settable = steps.iter().zip(planned).flat_map(|(step, named)| self.names(library, step, named)).collect();
        if self.open.is_some() {
            self.settable.extend(open);
        }
    }

    /// The results that a step may set, where its agent's outputs are called like this, if that is
    /// said at all.
    pub fn names(&self, library: &Library<'_>, step: &Step, named: &Option<Vec<(String, String)>>) -> Vec<String> {
        let sets = Sets::of(library, step, None, None, self.stops);
        match named {
            Some(named) => {
                named.iter().map(|(_, name)| name.clone()).chain(sets.empty.map(|name| result(self, &name))).collect()
            }
            None => sets.may.iter().map(|name| result(self, name)).collect(),
        }
    }

    /// Whether one of these names is set where nothing fails.
    pub fn gives_any(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.given.contains(name))
    }

    /// Whether `name` could be a name of this workflow: text that merely begins with `$` isn't one.
    pub fn knows(&self, name: &str) -> bool {
        self.required.contains(name) || self.optional.contains(name) || self.settable.contains(name)
    }
}

/// The function that a step calls, if it calls one.
pub fn proc<'l>(library: &'l Library<'_>, step: &Step) -> Option<&'l Proc> {
    let (at, _) = library.find(&step.agent.text)?;
    library.procs.get(at)?.as_ref()
}

impl Sets {
    /// What `step` sets; `child` is what is known of its agent, where that is a workflow, and `named`
    /// what the step's results are called, where that is settled.
    pub fn of(
        library: &Library<'_>,
        step: &Step,
        child: Option<(&Facts, &Plan)>,
        named: Option<&Vec<(String, String)>>,
        stops: bool,
    ) -> Self {
        let names = result_names(step);
        let Some((at, agent)) = library.find(&step.agent.text) else {
            return Self::default();
        };
        let first: Vec<_> = names.first().cloned().into_iter().collect();
        match &agent.body {
            Body::Template { .. } => Self { may: first.clone(), sure: first, ..Self::default() },
            Body::Workflow { stops: child_stops, .. } => {
                let mut may: Vec<_> = named.map_or(names, |named| named.iter().map(|(_, name)| name.clone()).collect());
                let sure = named.into_iter().flatten().filter(|(own, _)| is_sure(child, own));
                let mut sure: Vec<_> = sure.map(|(_, name)| name.clone()).collect();
                // Of a workflow that has stopped, the original takes an empty result.
                let empty = first.into_iter().next().filter(|name| *child_stops && !stops && !is_special(name));
                if *child_stops && !stops {
                    sure.retain(|name| empty.as_ref() == Some(name));
                }
                may.extend(empty.clone());
                Self { may, sure, empty, open: false }
            }
            Body::Missing => Self { may: names, sure: first, ..Self::default() },
            Body::Proc { .. } | Body::Unfinished { .. } => match library.procs.get(at).and_then(Option::as_ref) {
                Some(proc) => Self::of_proc(proc, &names, first, stops),
                None => Self::default(),
            },
        }
    }

    fn of_proc(proc: &Proc, names: &[String], first: Vec<String>, stops: bool) -> Self {
        // A function that raises sets the first name, and no other.
        let sure = if stops {
            proc.shape.always.iter().filter_map(|key| given::called(key, names)).collect()
        } else if proc.shape.always.contains(&Key::Output(0)) {
            first.clone()
        } else {
            Vec::new()
        };
        let mut may = first;
        may.retain(|name| !is_special(name));
        if proc.unfinished.is_some() {
            return Self { sure: may.clone(), may, ..Self::default() };
        }
        may.extend(given::of_proc(proc, names));
        Self { may, sure, empty: None, open: proc.outputs.is_none() && !proc.shape.known }
    }
}

/// Whether a workflow's output is there whenever it has ended without a failure.
fn is_sure(child: Option<(&Facts, &Plan)>, output: &str) -> bool {
    child.is_some_and(|(facts, plan)| {
        let from = plan.outputs.iter().find(|own| own.name == output).map(|own| &own.from);
        from.is_some_and(|from| facts.sure.contains(from))
    })
}

/// The names that a workflow reads.
fn used(library: &Library<'_>, agent: &Agent, steps: &[Step]) -> HashSet<String> {
    let mut used: HashSet<String> = agent.outputs.iter().map(|name| clean(&name.text).into_owned()).collect();
    let mut prompts = HashSet::new();
    for step in steps {
        let names = step.params.iter().filter_map(|(_, value)| value.text()?.strip_prefix('$'));
        used.extend(names.map(|name| clean(name).into_owned()));
        if let Some((at, Agent { body: Body::Template { prompt, .. }, .. })) = library.find(&step.agent.text)
            && prompts.insert(at)
        {
            used.extend(placeholders(&prompt.text).into_iter().map(|name| clean(name).into_owned()));
        }
    }
    used
}

/// The names that are set, step by step.
pub struct Flow<'f> {
    facts: &'f Facts,
    /// What is set when the next step begins, if it is reached from the one before.
    set: HashSet<String>,
    /// What is set wherever the head can be moved from; none where it isn't moved forward.
    jumped: Option<HashSet<String>>,
    may: HashSet<String>,
    position: usize,
    /// The steps that set a name, so far.
    setters: HashMap<String, Vec<bool>>,
}

impl<'f> Flow<'f> {
    /// A flow that is before the first step.
    pub fn new(facts: &'f Facts) -> Self {
        Self { facts, set: HashSet::new(), jumped: None, may: HashSet::new(), position: 0, setters: HashMap::new() }
    }

    /// How `name` stands when the next step begins.
    pub fn standing(&self, name: &str) -> Standing {
        let always = [STEP_INDEX, STEP_MAX].contains(&name) || name == STATUS && self.position > 0;
        if self.facts.required.contains(name) || always {
            return Standing::Sure;
        }
        let is_set = self.set.contains(name) && self.jumped.as_ref().is_none_or(|jumped| jumped.contains(name));
        match is_set {
            true => Standing::Sure,
            false if self.facts.optional.contains(name) || self.may(name) => Standing::Maybe,
            false => Standing::Never,
        }
    }

    fn may(&self, name: &str) -> bool {
        let open = self.facts.open.is_some_and(|open| self.facts.jumps || open < self.position);
        let settable = if self.facts.jumps { &self.facts.settable } else { &self.may };
        open || settable.contains(name)
    }

    /// Goes past a step.
    pub fn pass(&mut self, position: usize, step: &Step, sets: &Sets, library: &Library<'_>) {
        let goes_back = self.goes_back(step);
        if let Some(jumped) = &self.jumped {
            self.set.retain(|name| jumped.contains(name));
        }
        let from_head = step.params.iter().any(|(_, value)| value.text() == Some("$step_index"));
        for name in &sets.may {
            self.setters.entry(name.clone()).or_default().push(from_head);
        }
        self.set.extend(sets.sure.iter().cloned());
        self.may.extend(sets.may.iter().cloned());
        self.position = position + 1;
        let later = |name: &str| self.facts.last_set.get(name).is_some_and(|last| *last > position);
        let moves = proc(library, step).is_some_and(|proc| proc.jumps);
        if moves && goes_back.is_none_or(|name| later(&name)) {
            match &mut self.jumped {
                Some(jumped) => jumped.retain(|name| self.set.contains(name)),
                None => self.jumped = Some(self.set.clone()),
            }
        }
    }

    /// The name that says where a step moves the head to, if all that has set it got the head's own
    /// position then: so a step that ends a loop goes back to the one that began it.
    fn goes_back(&self, step: &Step) -> Option<String> {
        let target = step.params.iter().find(|(name, _)| *clean(&name.text) == *STEP_INDEX)?;
        let name = clean(target.1.text()?.strip_prefix('$')?).into_owned();
        let setters = self.setters.get(&name)?;
        let known = !self.facts.knows_input(&name) && self.facts.open.is_none();
        (known && !setters.is_empty() && setters.iter().all(|from_head| *from_head)).then_some(name)
    }

    fn sure(self) -> HashSet<String> {
        let Self { set, jumped, .. } = self;
        set.into_iter().filter(|name| jumped.as_ref().is_none_or(|jumped| jumped.contains(name))).collect()
    }
}

impl Facts {
    fn knows_input(&self, name: &str) -> bool {
        self.required.contains(name) || self.optional.contains(name)
    }
}

/// The text that refers to a name, where it could be one: `$name`.
pub fn referred<'t>(text: &'t str, facts: &Facts) -> Option<std::borrow::Cow<'t, str>> {
    let name = text.strip_prefix('$')?;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let cleaned = clean(name);
    let is_name = crate::agent::is_name(&cleaned) && (plain && first || facts.knows(&cleaned));
    is_name.then_some(cleaned)
}
