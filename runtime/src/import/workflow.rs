//! Workflows of the original system: each step's inputs as wires, its results by their names.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::{
    agent::{STATUS, STEP_INDEX, STEP_MAX},
    diagnostic::{Report, list},
    import::{
        flow::{Facts, Flow, Sets, Standing, proc, result_names},
        given::inner_first,
        library::{CHANGED, Library, SAFE, UNFINISHED, inputs},
        manifest::Manifest,
        names::clean,
        outputs::{self, Plan, result},
        proc::{RESULT_NAMES, is_names},
        prompt::placeholders,
        read::{Agent, Body, Step},
        toml::{loses, step_table},
        wires::{Scope, Value, or},
    },
};

/// All workflows of a library.
pub struct Workflows<'l, 'a> {
    library: &'l Library<'a>,
    facts: BTreeMap<usize, Facts>,
    plans: BTreeMap<usize, Plan>,
    /// The inputs of templates that read more than they declare.
    pub reads: Vec<BTreeSet<String>>,
    /// Which variables the definition gives to which input of which agent.
    pub variables: Vec<(usize, String, String)>,
}

/// One step, and what surrounds it.
struct Planned<'p> {
    agent: &'p Agent,
    step: &'p Step,
    facts: &'p Facts,
    scope: &'p Scope<'p>,
}

impl<'l, 'a> Workflows<'l, 'a> {
    /// Plans every workflow of `library`.
    pub fn new(library: &'l Library<'a>) -> Self {
        let mut facts = BTreeMap::new();
        for at in inner_first(library) {
            let known = Facts::of(library, &facts, at, &library.legacy.agents[at]);
            facts.insert(at, known);
        }
        let plans = outputs::plan(library, &facts);
        for (at, plan) in &plans {
            if let Some(facts) = facts.get_mut(at) {
                facts.settle(library, library.legacy.agents[*at].steps(), &plan.steps);
            }
        }
        let reads = vec![BTreeSet::new(); library.legacy.agents.len()];
        Self { library, facts, plans, reads, variables: Vec::new() }
    }

    /// The manifest of the workflow `agent`.
    pub fn manifest(&mut self, at: usize, agent: &Agent, report: &mut Report) -> String {
        let mut manifest = Manifest::new(self.library, agent, "workflow");
        let (Body::Workflow { steps, stops }, Some(plan)) = (&agent.body, self.plans.remove(&at)) else {
            return manifest.text();
        };
        let texts = self.steps(at, agent, steps, &plan, report);
        manifest.line(if *stops { "on_fail = \"stop\"" } else { "on_fail = \"continue\"" });
        // In the original, a status has no code.
        let is_read = |text: &String| text.contains(STATUS);
        if texts.iter().any(is_read) || plan.outputs.iter().any(|own| own.from.contains(STATUS)) {
            manifest.line("plain_status = true");
        }
        if self.facts.get(&at).is_some_and(|facts| facts.jumps) {
            manifest.line("open_ends = true");
        }
        manifest.inputs(agent, &self.library.extra[at]);
        for own in &plan.outputs {
            manifest.output(&own.name, Some(&own.from), own.internal);
        }
        let given: HashSet<_> = plan.outputs.iter().map(|own| own.name.as_str()).collect();
        let missing: Vec<_> = outputs::declared(agent).filter(|name| !given.contains(name.as_str())).collect();
        if !missing.is_empty() {
            let message = format!("no step sets its output {}, which is left out", list(&missing));
            report.push(self.library.finding(UNFINISHED, agent, &message, &agent.name.span));
        }
        for step in texts {
            manifest.step(&step);
        }
        self.plans.insert(at, plan);
        manifest.text()
    }

    fn steps(&mut self, at: usize, agent: &Agent, steps: &[Step], plan: &Plan, report: &mut Report) -> Vec<String> {
        let Some(facts) = self.facts.remove(&at) else { return Vec::new() };
        let mut flow = Flow::new(&facts);
        let mut texts = Vec::with_capacity(steps.len());
        for (position, step) in steps.iter().enumerate() {
            let scope = Scope::new(&step.params, &facts);
            let planned = Planned { agent, step, facts: &facts, scope: &scope };
            let outputs = plan.steps.get(position).and_then(Option::as_ref);
            let inputs = self.inputs(&planned, &flow, report);
            let child = self.library.find(&step.agent.text).and_then(|(child, _)| {
                // What is known of this very workflow is no help: it isn't known yet.
                Some((self.facts.get(&child)?, self.plans.get(&child)?))
            });
            let sets = Sets::of(self.library, step, child, outputs, facts.stops);
            let empty = sets.empty.as_ref().map(|name| result(&facts, name));
            texts.push(self.step(step, &inputs, outputs, empty));
            flow.pass(position, step, &sets, self.library);
        }
        drop(flow);
        self.facts.insert(at, facts);
        texts
    }

    /// A step as it is written. After it has failed, the result `empty` is an empty text.
    fn step(
        &self,
        step: &Step,
        inputs: &[(String, String)],
        outputs: Option<&Vec<(String, String)>>,
        empty: Option<String>,
    ) -> String {
        let mut text = format!("agent = \"{}\"\n", self.library.names.get(&step.agent.text));
        if let Some(name) = empty {
            text.push_str(&format!("empty_on_fail = \"{name}\"\n"));
        }
        let mut tables = Vec::new();
        tables.extend((!inputs.is_empty()).then(|| step_table("inputs", inputs)));
        tables.extend(outputs.map(|outputs| {
            let quoted = outputs.iter().map(|(own, name)| (own.clone(), format!("\"{name}\"")));
            step_table("outputs", &quoted.collect::<Vec<_>>())
        }));
        // A table of its own ends the step's lines, so what fits on one comes first.
        tables.sort_by_key(|table| table.starts_with('['));
        tables.iter().for_each(|table| text.push_str(table));
        text
    }

    /// A step's inputs, and what is given to each.
    fn inputs(&mut self, planned: &Planned<'_>, flow: &Flow<'_>, report: &mut Report) -> Vec<(String, String)> {
        self.say(planned, flow, report);
        let Some((child, callee)) = self.library.find(&planned.step.agent.text) else { return Vec::new() };
        let entries = match &callee.body {
            Body::Template { prompt, .. } => self.template_inputs(planned, flow, (child, callee), &prompt.text),
            _ => self.given(planned, flow, child),
        };
        self.say_missing(planned, callee, &entries, report);
        entries
    }

    /// Says which of its inputs a step's agent gets neither from the step nor from scope.
    fn say_missing(&self, planned: &Planned<'_>, callee: &Agent, entries: &[(String, String)], report: &mut Report) {
        let defaults = callee.defaults.iter().map(|(name, _)| clean(&name.text));
        let given: HashSet<_> = defaults.chain(entries.iter().map(|(name, _)| name.as_str().into())).collect();
        let mut missing: Vec<_> = callee.inputs.iter().map(|name| clean(&name.text)).collect();
        let is_given = |name: &str| proc(self.library, planned.step).is_some() && is_names(name);
        missing.retain(|name| !given.contains(name) && !is_given(name));
        if !missing.is_empty() {
            let used = planned.step.agent.text.escape_debug();
            let message = format!("a step gives `{used}` no {}: it can't run", list(&missing));
            report.push(self.library.finding(UNFINISHED, planned.agent, &message, &planned.step.agent.span));
        }
    }

    /// The inputs that a step gives to a proc or a workflow.
    fn given(&mut self, planned: &Planned<'_>, flow: &Flow<'_>, callee: usize) -> Vec<(String, String)> {
        let Planned { step, scope, facts, .. } = planned;
        let mut entries: BTreeMap<usize, (String, String)> = BTreeMap::new();
        let mut places = BTreeMap::new();
        let function = proc(self.library, step);
        for (position, (name, value)) in step.params.iter().enumerate() {
            let name = clean(&name.text).into_owned();
            if function.is_some() && is_names(&name) {
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
            entries.push((RESULT_NAMES.into(), names_and_results(facts, &result_names(step))));
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
        let given = planned.step.params.iter().map(|(name, _)| clean(&name.text));
        for name in given.filter(|name| declared.contains(&**name)) {
            if let (true, Some(value)) = (seen.insert(name.clone().into_owned()), planned.own(&name)) {
                entries.push((name.into_owned(), value.write(flow)));
            }
        }
        for old in placeholders(prompt) {
            let name = clean(old).into_owned();
            if !crate::agent::is_name(&name) || !seen.insert(name.clone()) {
                continue;
            }
            let text = match (planned.own(&name), flow.standing(&name)) {
                (Some(value), _) => value.write(flow),
                (None, Standing::Sure) => format!("\"${name}\""),
                (None, Standing::Maybe) => or(&name, &format!("{{{old}}}")),
                (None, Standing::Never) => continue,
            };
            if !declared.contains(&name) {
                self.reads[callee].insert(name.clone());
            }
            entries.push((name, text));
        }
        entries
    }

    /// Says what there is to say of one step.
    fn say(&self, planned: &Planned<'_>, flow: &Flow<'_>, report: &mut Report) {
        let Planned { step, agent, scope, .. } = planned;
        let used = step.agent.text.escape_debug();
        let mut say = |code, message: &str, span| report.push(self.library.finding(code, agent, message, span));
        if let Some(fault) = step.fault {
            say(UNFINISHED, &format!("a step of `{used}` is at fault: {fault}"), &step.agent.span);
        }
        for (name, value) in &step.params {
            let cleaned = clean(&name.text);
            if cleaned != *name.text {
                say(
                    CHANGED,
                    &format!("the input `{}` is called `{cleaned}` here", name.text.escape_debug()),
                    &name.span,
                );
            }
            match scope.resolve(value) {
                Value::Indirect(text) => {
                    let message =
                        format!("`{}` is a name that data chooses: the text itself is passed on", text.escape_debug());
                    say(SAFE, &message, &value.span);
                }
                Value::Outer(name, text) if flow.standing(&name) == Standing::Never => {
                    let message = format!(
                        "nothing sets `{}`: the text itself is passed on, as in the original",
                        text.escape_debug()
                    );
                    say(UNFINISHED, &message, &value.span);
                }
                _ if loses(value) => {
                    say(CHANGED, "a long value is passed on with empty texts for its nulls", &value.span);
                }
                _ => {}
            }
        }
        if self.library.find(&step.agent.text).is_some_and(|(_, callee)| callee.is_missing()) {
            let message = format!("its step uses `{used}`, which isn't in the library: a stub stands in, and fails");
            say(UNFINISHED, &message, &step.agent.span);
        }
    }
}

/// The names that a function gets, each with the result that it is where that isn't called so.
fn names_and_results(facts: &Facts, names: &[String]) -> String {
    let entry = |name: &String| match result(facts, name) {
        own if own == *name => format!("\"{name}\""),
        other => format!("{{ {name} = \"{other}\" }}"),
    };
    format!("[{}]", names.iter().map(entry).collect::<Vec<_>>().join(", "))
}

impl<'p> Planned<'p> {
    /// What the step says that `name` is.
    fn own(&self, name: &str) -> Option<Value<'p>> {
        match name {
            STEP_INDEX | STEP_MAX if self.scope.own(name).is_none() => None,
            _ => self.scope.own(name).cloned(),
        }
    }
}
