//! The steps of a workflow, as its manifest has them.

use std::collections::HashSet;

use crate::{
    agent::{
        handling::{Handling, read_handling},
        name::{key_name, text_name},
        wire::Wire,
    },
    diagnostic::{Diagnostic, Report},
    document::{Item, Table},
    source::Place,
};

/// The most steps that one workflow may list: each is checked against every agent it can use, and
/// a longer one is better said as a loop.
const MAX_STEPS: usize = 10_000;

/// What a workflow does when one of its steps fails, or a step when one of its items does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFail {
    /// The workflow fails with the step's failure.
    #[default]
    Stop,
    /// The head moves on; the step's status is in scope as `$status`.
    Continue,
}

impl OnFail {
    /// The words in a manifest.
    pub(super) const WORDS: [(&'static str, Self); 2] = [("stop", Self::Stop), ("continue", Self::Continue)];
}

/// A workflow whose agents have not been looked up yet.
#[derive(Clone, Debug)]
pub struct WorkflowSpec {
    /// The steps, in order.
    pub steps: Vec<StepSpec>,
    /// What a failed step means.
    pub on_fail: OnFail,
    /// Whether a jump may go out of the steps: before the first one, or behind the last.
    pub open_ends: bool,
    /// Whether a status has no `code`.
    pub plain_status: bool,
}

/// One step.
#[derive(Clone, Debug)]
pub struct StepSpec {
    /// The label that a jump can name.
    pub id: Option<String>,
    /// The agent's name.
    pub agent: String,
    /// The agent's inputs.
    pub inputs: Vec<StepInput>,
    /// The agent's output → the name in results. Where nothing is said, every output keeps its name.
    pub outputs: Option<Vec<(String, String, Place)>>,
    /// The result that is an empty text after the step has failed, unless its agent gave it.
    pub empty_on_fail: Option<String>,
    /// What becomes of it when it fails or takes long, and how often it runs.
    pub handling: Handling,
    /// Where the agent is named.
    pub place: Place,
}

/// What a step says of one of its agent's inputs.
#[derive(Clone, Debug)]
pub struct StepInput {
    /// The input's name.
    pub name: String,
    /// Where its value comes from.
    pub wire: Wire,
    /// Where the name is written.
    pub key: Place,
    /// Where the wire is written.
    pub place: Place,
}

pub(super) fn read_workflow(top: &mut Table<'_>, report: &mut Report) -> Option<WorkflowSpec> {
    let on_fail = top.take("on_fail", report, |item| item.choice(&OnFail::WORDS)).unwrap_or_default();
    let open_ends = top.take("open_ends", report, Item::boolean).unwrap_or_default();
    let plain_status = top.take("plain_status", report, Item::boolean).unwrap_or_default();
    let items = top.need("steps", report, |item| match item.clone().array()? {
        steps if steps.len() > MAX_STEPS => {
            Err(item.wrong("too-many-steps", format!("{} steps are more than {MAX_STEPS}", steps.len())))
        }
        steps => Ok(steps),
    })?;
    let mut ids = HashSet::new();
    let steps = items.into_iter().filter_map(|item| read_step(item, &mut ids, report)).collect();
    Some(WorkflowSpec { steps, on_fail, open_ends, plain_status })
}

/// Reads a step behind those that have these `ids`.
fn read_step(item: Item<'_>, ids: &mut HashSet<String>, report: &mut Report) -> Option<StepSpec> {
    let mut table = item.table().map_err(|wrong| report.push(wrong)).ok()?;
    let id = table.take("id", report, |item| {
        let id = text_name(item.clone(), "a step")?;
        if ids.insert(id.clone()) {
            return Ok(id);
        }
        let wrong = item.wrong("duplicate-id", format!("two steps have the id `{id}`"));
        Err(wrong.label("a step before has it").help("an id is one step's alone: a jump goes to it"))
    });
    let agent = table.need("agent", report, |item| Ok((item.clone().string()?, item.place())));
    let mut warnings = Vec::new();
    let inputs = entries(&mut table, "inputs", report, |item| {
        let (key, place) = (item.key_place(), Wire::place(&item));
        let name = key_name(&item, "an input")?;
        let (wire, more) = Wire::read(&item)?;
        warnings.extend(more);
        Ok(StepInput { name, wire, key, place })
    });
    let inputs = inputs.unwrap_or_default();
    report.0.extend(warnings);
    let outputs = entries(&mut table, "outputs", report, |item| {
        Ok((key_name(&item, "an output")?, text_name(item.clone(), "a result")?, item.key_place()))
    });
    let empty_on_fail = table.take("empty_on_fail", report, |item| text_name(item, "a result"));
    let handling = read_handling(&mut table, report);
    table.finish(report);
    let (agent, place) = agent?;
    Some(StepSpec { id, agent, inputs, outputs, empty_on_fail, handling, place })
}

fn entries<'a, T>(
    table: &mut Table<'a>,
    key: &'static str,
    report: &mut Report,
    mut read: impl FnMut(Item<'a>) -> Result<T, Diagnostic>,
) -> Option<Vec<T>> {
    let inner = table.take(key, report, Item::table)?;
    Some(inner.entries().into_iter().filter_map(|item| read(item).map_err(|wrong| report.push(wrong)).ok()).collect())
}
