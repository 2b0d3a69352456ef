//! Where the head can go from each step.

use std::collections::HashMap;

use crate::{
    Value,
    agent::{Hint, OnFail, STEP_INDEX, STEP_MAX, manifest::Manifest, program::Source as From},
};

use super::Wired;

/// The input of an agent by which it decides whether to jump.
const CONDITION: &str = "condition";

/// The most steps that may set where a jump leads to; beyond that it can be anywhere.
const MAX_SETTERS: usize = 100;

/// The steps of a workflow as a graph. Beside them it has a node for the end, and one for all steps
/// that a jump can lead to.
pub struct Flow {
    /// The nodes behind each node.
    pub next: Vec<Vec<usize>>,
    /// The end of the workflow.
    pub exit: usize,
}

/// Where a step can send the head, but for the step behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    /// Nowhere.
    None,
    /// To one of these nodes, which runs next.
    To(Vec<usize>),
    /// It isn't known.
    Anywhere,
}

impl Flow {
    /// Every way that the head can go.
    pub fn possible(wired: &Wired<'_>) -> Self {
        let stops = wired.spec.on_fail == OnFail::Stop;
        // A step that fails doesn't jump.
        Self::new(wired, |step| possible(wired, step), |step| !(stops && always_jumps(&wired.callees[step])))
    }

    /// Those that it goes if agents are what they usually are.
    pub fn likely(wired: &Wired<'_>) -> Self {
        let setters = setters(wired);
        let falls = |step: usize| !always_jumps(&wired.callees[step]) && condition(wired, step) != Some(true);
        Self::new(wired, |step| likely(wired, &setters, step), falls)
    }

    fn new(wired: &Wired<'_>, targets: impl Fn(usize) -> Targets, falls: impl Fn(usize) -> bool) -> Self {
        let exit = wired.steps.len();
        let anywhere = exit + 1;
        let mut next: Vec<Vec<usize>> = Vec::with_capacity(exit + 2);
        for step in 0..exit {
            let mut after = Vec::new();
            match targets(step) {
                Targets::None => {}
                Targets::To(nodes) => after.extend(nodes),
                Targets::Anywhere => after.push(anywhere),
            }
            if falls(step) && !after.contains(&(step + 1)) {
                after.push(step + 1);
            }
            // It runs next itself, not the step behind it.
            after.extend(wired.steps[step].on_error.filter(|target| !after.contains(target)));
            next.push(after);
        }
        next.push(Vec::new());
        // What runs is the step after the target: the first one only where a jump may go before it.
        next.push((usize::from(!wired.spec.open_ends)..=exit).collect());
        Self { next, exit }
    }
}

/// Whether an agent can move the head.
pub fn jumps(callee: &Manifest) -> bool {
    callee.output(STEP_INDEX).is_some()
}

/// Whether an agent moves the head each time.
pub fn always_jumps(callee: &Manifest) -> bool {
    callee.output(STEP_INDEX).is_some_and(|output| output.always)
}

/// What a step says of those inputs of its agent that name a step.
pub fn step_inputs<'a>(wired: &'a Wired<'_>, step: usize) -> Vec<&'a From> {
    let named = |name: &String| wired.callees[step].input(name).is_some_and(|input| input.hint == Hint::Step);
    wired.steps[step].inputs.iter().filter(|(name, _)| named(name)).map(|(_, from)| from).collect()
}

fn possible(wired: &Wired<'_>, step: usize) -> Targets {
    if !jumps(&wired.callees[step]) {
        return Targets::None;
    }
    let mut targets = Vec::new();
    for from in step_inputs(wired, step) {
        match from {
            From::Constant(value) => targets.extend(wired.targets().after(value)),
            _ => return Targets::Anywhere,
        }
    }
    if targets.is_empty() { Targets::Anywhere } else { Targets::To(targets) }
}

fn likely(wired: &Wired<'_>, setters: &HashMap<&str, Vec<usize>>, step: usize) -> Targets {
    let callee = &wired.callees[step];
    if !jumps(callee) || condition(wired, step) == Some(false) {
        return Targets::None;
    }
    if !callee.inputs.iter().any(|input| input.hint == Hint::Step) {
        // Whoever asks how many steps there are goes to the end.
        return match callee.input(STEP_MAX) {
            Some(_) => Targets::To(vec![wired.steps.len()]),
            None => Targets::Anywhere,
        };
    }
    let mut targets = Vec::new();
    for from in step_inputs(wired, step) {
        match from {
            From::Constant(value) => targets.extend(wired.targets().after(value)),
            From::Reference(reference) if reference.path.is_empty() => match setters.get(reference.name.as_str()) {
                Some(steps) if steps.len() <= MAX_SETTERS && wired.manifest.input(&reference.name).is_none() => {
                    targets.extend(steps.iter().map(|step| step + 1));
                }
                _ => return Targets::Anywhere,
            },
            _ => return Targets::Anywhere,
        }
    }
    if targets.is_empty() { Targets::None } else { Targets::To(targets) }
}

/// Whether the condition of a step holds by which it jumps, where the step says so itself: as `jump_if`
/// has it.
fn condition(wired: &Wired<'_>, step: usize) -> Option<bool> {
    const FALSE: [&str; 7] = ["", "0", "false", "no", "off", "none", "null"];
    let inputs = &wired.steps[step].inputs;
    let (_, From::Constant(value)) = inputs.iter().find(|(name, _)| name == CONDITION)? else { return None };
    let holds = |text: &str| !FALSE.contains(&text.trim().to_lowercase().as_str());
    match value {
        _ if step_inputs(wired, step).is_empty() || !jumps(&wired.callees[step]) => None,
        Value::Text(text) => Some(holds(text)),
        Value::Json(json) => match json.to_value() {
            serde_json::Value::Null => Some(false),
            serde_json::Value::Bool(holds) => Some(holds),
            serde_json::Value::Number(number) => Some(number.as_f64() != Some(0.0)),
            serde_json::Value::String(text) => Some(holds(&text)),
            serde_json::Value::Array(list) => Some(!list.is_empty()),
            serde_json::Value::Object(entries) => Some(!entries.is_empty()),
        },
        Value::Data(_) | Value::Secret(_) => None,
    }
}

/// For each name that only steps set which know where they are: these steps. So a loop's start sets
/// its own position.
fn setters<'a>(wired: &'a Wired<'_>) -> HashMap<&'a str, Vec<usize>> {
    let mut setters: HashMap<_, Vec<usize>> = HashMap::new();
    let set = |step: usize| wired.steps[step].outputs.iter().map(move |(_, name)| (step, name.as_str()));
    (0..wired.steps.len()).flat_map(set).for_each(|(step, name)| setters.entry(name).or_default().push(step));
    setters.retain(|_, steps| steps.iter().all(|&step| wired.callees[step].input(STEP_INDEX).is_some()));
    setters
}
