//! Workflows of the original system: each step's inputs as wires, its results by their names.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::{
    agent::{STATUS, STEP_INDEX, STEP_MAX},
    diagnostic::{Report, list},
    import::{
        flow::{Facts, Flow, Last, Sets, Standing, proc, result_names},
        library::{CHANGED, Library, SAFE, UNFINISHED, inputs},
        manifest::Manifest,
        names::clean,
        proc::{OUTPUT, RESULT_NAMES, names},
        prompt::placeholders,
        read::{Agent, Body, Step},
        toml::{loses, step_table},
        wires::{Scope, Value, or},
    },
};

/// All workflows of a library, planned together: what one wants of another is the other's output.
pub struct Workflows<'l, 'a> {
    library: &'l Library<'a>,
    facts: BTreeMap<usize, Facts>,
    plans: BTreeMap<usize, Plan>,
    /// The inputs of templates that read more than they declare.
    pub reads: Vec<BTreeSet<String>>,
    /// Which variables the definition gives to which input of which agent.
    pub variables: Vec<(usize, String, String)>,
}

/// One workflow.
#[derive(Debug, Default)]
struct Plan {
    steps: Vec<String>,
    /// Its outputs: their names, and the results that they are.
    outputs: Vec<(String, String)>,
}

impl<'l, 'a> Workflows<'l, 'a> {
    /// Plans every workflow of `library`.
    pub fn new(library: &'l Library<'a>, report: &mut Report) -> Self {
        let mut workflows = Self {
            library,
            facts: BTreeMap::new(),
            plans: BTreeMap::new(),
            reads: vec![BTreeSet::new(); library.legacy.agents.len()],
            variables: Vec::new(),
        };
        let all = library.legacy.agents.iter().enumerate();
        for (at, agent, steps, stops) in all.clone().filter_map(|(at, agent)| match &agent.body {
            Body::Workflow { steps, stops } => Some((at, agent, steps, *stops)),
            _ => None,
        }) {
            workflows.facts.insert(at, Facts::of(library, at, agent, steps, stops));
        }
        for (at, agent) in all.clone() {
            workflows.interface(at, agent, report);
        }
        for (at, agent) in all {
            if let Body::Workflow { steps, .. } = &agent.body {
                workflows.plan(at, agent, steps, report);
            }
        }
        workflows
    }

    /// The manifest of the workflow `agent`.
    pub fn manifest(&self, at: usize, agent: &Agent) -> String {
        let mut manifest = Manifest::new(self.library, agent, "workflow");
        let stops = self.facts.get(&at).is_some_and(|facts| facts.stops);
        manifest.line(if stops { "on_fail = \"stop\"" } else { "on_fail = \"continue\"" });
        manifest.inputs(agent, &self.library.extra[at]);
        if let Some(plan) = self.plans.get(&at) {
            manifest.outputs(plan.outputs.iter().map(|(name, from)| (name.as_str(), Some(from.as_str()))));
            plan.steps.iter().for_each(|step| manifest.step(step));
        }
        manifest.text()
    }

    /// Decides about the outputs that a workflow declares: those that a step sets, or else its last
    /// result.
    fn interface(&mut self, at: usize, agent: &Agent, report: &mut Report) {
        let Some(facts) = self.facts.get(&at) else { return };
        let (set, unset): (Vec<_>, Vec<_>) = agent
            .outputs
            .iter()
            .map(|name| clean(&name.text).into_owned())
            .filter(|name| name != STATUS)
            .partition(|name| facts.open.is_some() || facts.settable.contains(name));
        let mut outputs: Vec<_> = set.iter().map(|name| (name.clone(), self.result(at, name))).collect();
        let mut left_out = unset.as_slice();
        if let (true, Some(last)) = (set.is_empty(), Last::of(self.library, agent).result) {
            let name = unset.first().cloned().unwrap_or_else(|| "result".into());
            left_out = unset.get(1..).unwrap_or_default();
            outputs.push((name, self.result(at, &last)));
        }
        if !left_out.is_empty() {
            let message = format!("no step sets its output {}, which is left out", list(left_out));
            report.push(self.library.finding(UNFINISHED, agent, &message, &agent.name.span));
        }
        self.plans.insert(at, Plan { outputs, steps: Vec::new() });
    }

    /// What a result is called in the workflow `at`. An input hides a result of its name from every
    /// step, here as in the original; there it is an output all the same.
    fn result(&self, at: usize, name: &str) -> String {
        let hidden = self.facts.get(&at).is_some_and(|facts| facts.required.contains(name));
        if hidden { format!("{name}_result") } else { name.to_owned() }
    }

    fn plan(&mut self, at: usize, agent: &Agent, steps: &[Step], report: &mut Report) {
        let Some(facts) = self.facts.remove(&at) else { return };
        let used = used_names(self.library, agent, steps, &facts);
        let mut flow = Flow::new(&facts);
        let mut texts = Vec::with_capacity(steps.len());
        self.facts.insert(at, Facts::default());
        for (position, step) in steps.iter().enumerate() {
            let child = self.library.find(&step.agent.text).map(|(child, _)| child);
            let scope = Scope::new(&step.params, &facts);
            let planned = Planned { at, agent, step, facts: &facts, scope: &scope, used: &used };
            let inputs = self.inputs(&planned, &flow, report);
            let outputs = self.outputs(&planned);
            let mut text = format!("agent = \"{}\"\n", self.library.names.get(&step.agent.text));
            // A table of its own ends the step's lines, so what fits on one comes first.
            let tables = [inputs, outputs].into_iter().flatten();
            let (long, short): (Vec<_>, Vec<_>) = tables.partition(|table| table.starts_with('['));
            short.iter().chain(&long).for_each(|table| text.push_str(table));
            texts.push(text);
            // What is known of this very workflow is no help: it isn't known yet.
            let child = child.filter(|child| *child != at).and_then(|child| self.facts.get(&child));
            let sets = Sets::of(self.library, step, child, facts.stops);
            flow.pass(position, step, &sets, self.library);
        }
        drop(flow);
        self.facts.insert(at, facts);
        if let Some(plan) = self.plans.get_mut(&at) {
            plan.steps = texts;
        }
    }

    /// The table of a step's inputs.
    fn inputs(&mut self, planned: &Planned<'_>, flow: &Flow<'_>, report: &mut Report) -> Option<String> {
        let Planned { step, agent, .. } = planned;
        self.step_findings(planned, flow, report);
        let callee = self.library.find(&step.agent.text);
        let entries = match callee.map(|(child, agent)| (child, agent, &agent.body)) {
            Some((child, callee, Body::Template { prompt, .. })) => {
                self.template_inputs(planned, flow, (child, callee), &prompt.text)
            }
            Some((child, ..)) => self.given(planned, flow, child),
            None => {
                let message = format!("its step uses `{}`, which isn't there: it can't run", step.agent.text.escape_debug());
                report.push(self.library.finding(UNFINISHED, agent, &message, &step.agent.span));
                self.given(planned, flow, usize::MAX)
            }
        };
        Some(step_table("inputs", &entries)).filter(|_| !entries.is_empty())
    }

    /// The inputs that a step gives to a proc or a workflow.
    fn given(&mut self, planned: &Planned<'_>, flow: &Flow<'_>, callee: usize) -> Vec<(String, String)> {
        let Planned { step, scope, at, .. } = planned;
        let mut entries: BTreeMap<usize, (String, String)> = BTreeMap::new();
        let mut places = BTreeMap::new();
        let function = proc(self.library, step);
        for (position, (name, value)) in step.params.iter().enumerate() {
            let name = clean(&name.text).into_owned();
            if function.is_some() && name == OUTPUT {
                continue;
            }
            let value = scope.resolve(value);
            let text = match value.variable() {
                Some(variable) => {
                    self.variables.push((callee, name.clone(), variable.to_owned()));
                    format!("\"$env.{variable}\"")
                }
                None => value.write(flow),
            };
            // Of a name that is there twice once it is cleaned, the last counts.
            entries.insert(*places.entry(name.clone()).or_insert(position), (name, text));
        }
        let mut entries: Vec<_> = entries.into_values().collect();
        if function.is_some_and(|proc| proc.outputs.is_none() && proc.unfinished.is_none()) {
            let wanted: Vec<_> = result_names(step).iter().map(|name| self.result(*at, name)).collect();
            entries.push((RESULT_NAMES.into(), names(&wanted)));
        }
        entries
    }

    /// The inputs of a template: what it declares and is given, and what its prompt reads of the
    /// workflow's names.
    fn template_inputs(
        &mut self,
        planned: &Planned<'_>,
        flow: &Flow<'_>,
        (callee, template): (usize, &Agent),
        prompt: &str,
    ) -> Vec<(String, String)> {
        let declared: HashSet<_> = inputs(template).collect();
        let mut entries = Vec::new();
        let mut seen = HashSet::new();
        let given = planned.step.params.iter().map(|(name, _)| clean(&name.text)).filter(|name| declared.contains(&**name));
        for name in given {
            if let (true, Some(value)) = (seen.insert(name.clone().into_owned()), planned.value(&name)) {
                entries.push((name.into_owned(), value.write(flow)));
            }
        }
        for old in placeholders(prompt) {
            let name = clean(old).into_owned();
            if !crate::agent::is_name(&name) || !seen.insert(name.clone()) {
                continue;
            }
            let text = match (planned.value(&name), flow.standing(&name)) {
                (Some(value), _) => value.write(flow),
                (None, Standing::Sure) => format!("\"${name}\""),
                (None, Standing::Maybe | Standing::OrEmpty) if planned.facts.knows(&name) => {
                    or(&name, &format!("{{{old}}}"))
                }
                (None, _) => continue,
            };
            if !declared.contains(&name) {
                self.reads[callee].insert(name.clone());
            }
            entries.push((name, text));
        }
        entries
    }

    /// The table of a step's outputs: what its agent gives, and what that is called.
    fn outputs(&mut self, planned: &Planned<'_>) -> Option<String> {
        let wanted = result_names(planned.step);
        let (child, callee) = self.library.find(&planned.step.agent.text)?;
        let renamed: Vec<(String, String)> = match &callee.body {
            Body::Template { .. } => {
                let own = template_output(callee);
                wanted.into_iter().take(1).map(|name| (own.clone(), name)).collect()
            }
            Body::Workflow { .. } => self.child_outputs(planned, (child, callee), wanted),
            Body::Proc { .. } | Body::Unfinished { .. } => {
                let proc = proc(self.library, planned.step)?;
                let named = match (&proc.outputs, &proc.unfinished) {
                    (Some(named), _) => named.iter().map(|own| (own.name.clone(), own.position)).collect(),
                    (None, Some(_)) => {
                        let first = callee.outputs.first().map(|name| clean(&name.text).into_owned());
                        vec![(first.unwrap_or_else(|| "result".into()), Some(0))]
                    }
                    (None, None) => return None,
                };
                let called = |(own, position): (String, Option<usize>)| match position {
                    Some(position) => Some((own, wanted.get(position)?.clone())),
                    None => Some((own.clone(), own)),
                };
                named.into_iter().filter_map(called).collect()
            }
        };
        let renamed = renamed.into_iter().map(|(own, name)| (own, format!("\"{}\"", self.result(planned.at, &name))));
        Some(step_table("outputs", &renamed.collect::<Vec<_>>()))
    }

    /// What a step wants of the workflow that it runs. Names that the workflow has keep their names;
    /// where it has none of them, the first is what its last step gave.
    fn child_outputs(
        &mut self,
        planned: &Planned<'_>,
        (child, callee): (usize, &Agent),
        wanted: Vec<String>,
    ) -> Vec<(String, String)> {
        let has = |facts: &Facts, name: &String| facts.settable.contains(name);
        let facts = if child == planned.at { Some(planned.facts) } else { self.facts.get(&child) };
        let Some(facts) = facts else { return Vec::new() };
        let open = facts.open.is_some();
        // Where a run may set any name, those that are wanted may be among them.
        let listed = wanted.iter().any(|name| has(facts, name)) || wanted.len() > 1;
        let there: Vec<_> = wanted.iter().filter(|name| has(facts, name) || (open && listed)).cloned().collect();
        if wanted.iter().any(|name| has(facts, name)) {
            return there.into_iter().map(|name| (self.exposed(child, &name, None), name)).collect();
        }
        let last = Last::of(self.library, callee);
        let (Some(first), Some(result)) = (wanted.first(), last.result) else { return Vec::new() };
        let mut renamed = Vec::new();
        // The original passes a dict on under its own names: whoever reads these gets them, too.
        let keys: Vec<_> =
            last.keys.into_iter().filter(|key| planned.used.contains(key) && !wanted.contains(key)).collect();
        let both = planned.used.contains(first) && keys.contains(&result);
        if planned.used.contains(first) || keys.is_empty() {
            let alias = both.then_some(first.as_str());
            renamed.push((self.exposed(child, &result, alias), first.clone()));
        }
        for key in keys {
            renamed.push((self.exposed(child, &key, None), key));
        }
        for name in there {
            renamed.push((self.exposed(child, &name, None), name));
        }
        renamed
    }

    /// The output of the workflow `child` that is its result `result`; `alias` asks for another one
    /// of this name.
    fn exposed(&mut self, child: usize, result: &str, alias: Option<&str>) -> String {
        let from = self.result(child, result);
        let Some(plan) = self.plans.get_mut(&child) else { return result.to_owned() };
        let found = plan.outputs.iter().find(|(name, own)| *own == from && alias.is_none_or(|alias| alias == name));
        if let Some((name, _)) = found {
            return name.clone();
        }
        let taken = |name: &str| plan.outputs.iter().any(|(own, _)| own == name);
        let wanted = alias.unwrap_or(result);
        let mut name = wanted.to_owned();
        let mut number = 1;
        while taken(&name) {
            number += 1;
            name = format!("{wanted}_{number}");
        }
        plan.outputs.push((name.clone(), from));
        name
    }

    /// What there is to say of one step.
    fn step_findings(&self, planned: &Planned<'_>, flow: &Flow<'_>, report: &mut Report) {
        let Planned { step, agent, scope, .. } = planned;
        let mut say = |code, message: &str, span| report.push(self.library.finding(code, agent, message, span));
        if let Some(fault) = step.fault {
            say(UNFINISHED, &format!("a step of `{}` is at fault: {fault}", step.agent.text.escape_debug()), &step.agent.span);
        }
        let mut given = HashSet::new();
        for (name, value) in &step.params {
            let cleaned = clean(&name.text);
            if cleaned != *name.text {
                say(CHANGED, &format!("the input `{}` is called `{cleaned}` here", name.text.escape_debug()), &name.span);
            }
            given.insert(cleaned);
            match scope.resolve(value) {
                Value::Indirect(text) => {
                    let text = text.escape_debug();
                    say(SAFE, &format!("`{text}` is a name that data chooses: the text itself is passed on"), &value.span);
                }
                Value::Outer(name, text) if flow.standing(&name) == Standing::Never => {
                    let text = text.escape_debug();
                    say(UNFINISHED, &format!("nothing sets `{text}`: the text itself is passed on, as in the original"), &value.span);
                }
                _ if loses(value) => say(CHANGED, "a long value is passed on with empty texts for its nulls", &value.span),
                _ => {}
            }
        }
        if let Some((_, callee)) = self.library.find(&step.agent.text) {
            let missing: Vec<_> = callee.inputs.iter().map(|name| clean(&name.text)).filter(|name| !given.contains(name)).collect();
            let default = |name: &str| callee.defaults.iter().any(|(own, _)| clean(&own.text) == name);
            let missing: Vec<_> = missing.into_iter().filter(|name| !default(name)).collect();
            if !missing.is_empty() {
                let message = format!("a step gives `{}` no {}: it can't run", callee.name.text.escape_debug(), list(&missing));
                say(UNFINISHED, &message, &step.agent.span);
            }
        }
    }
}

/// One step that is being planned, and what surrounds it.
struct Planned<'p> {
    at: usize,
    agent: &'p Agent,
    step: &'p Step,
    facts: &'p Facts,
    scope: &'p Scope<'p>,
    used: &'p HashSet<String>,
}

impl<'p> Planned<'p> {
    /// What the step says that `name` is.
    fn value(&self, name: &str) -> Option<Value<'p>> {
        match name {
            STEP_INDEX | STEP_MAX if self.scope.own(name).is_none() => None,
            _ => self.scope.own(name).cloned(),
        }
    }
}

/// The names that a workflow reads: in its steps, in the prompts that they fill in, and as outputs.
fn used_names(library: &Library<'_>, agent: &Agent, steps: &[Step], facts: &Facts) -> HashSet<String> {
    let mut used: HashSet<String> = agent.outputs.iter().map(|name| clean(&name.text).into_owned()).collect();
    let mut prompts = HashSet::new();
    for step in steps {
        let texts = step.params.iter().filter_map(|(_, value)| value.text());
        used.extend(texts.filter_map(|text| crate::import::flow::referred(text, facts)).map(std::borrow::Cow::into_owned));
        if let Some((at, Agent { body: Body::Template { prompt, .. }, .. })) = library.find(&step.agent.text)
            && prompts.insert(at)
        {
            used.extend(placeholders(&prompt.text).into_iter().map(|name| clean(name).into_owned()));
        }
    }
    used
}

/// What the output of a template is called.
pub fn template_output(agent: &Agent) -> String {
    let first = agent.outputs.first().map(|name| clean(&name.text).into_owned());
    first.filter(|name| ![STATUS, STEP_INDEX].contains(&name.as_str())).unwrap_or_else(|| "output".into())
}
