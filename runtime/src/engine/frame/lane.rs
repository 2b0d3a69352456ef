//! A step that runs for each item of a list: its items in lanes, each of which runs some of them, one after
//! the other.
//!
//! Which lane runs an item, and what it may use, is settled before the first one begins. So it doesn't depend
//! on who is faster.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use serde_json::value::RawValue;

use crate::{
    Json, Value,
    agent::{INDEX, ITEM, OnFail, STATUS, Step},
    engine::{Inputs, MAX_DENIALS, Outcome, Status, frame::Frame},
    failure::{Code, Failure},
    policy::Denials,
    sandbox::Usage,
};

use super::{attempts::Attempts, inputs::number, shortened};

/// The most items of one step. More are better split, or are a batch.
const MAX_ITEMS: usize = 100_000;

/// What an item costs beside its value, in bytes: what became of it is kept until all have ended.
const ITEM_OVERHEAD: u64 = 256;

/// What an output of an item costs, in bytes, whether or not it is given.
const OUTPUT_OVERHEAD: u64 = 32;

/// The items of a step, and what became of them.
pub struct Items {
    values: Vec<Value>,
    /// What the list holds in bytes.
    size: u64,
    ended: Mutex<Vec<Option<Ended>>>,
    /// The first item that failed, where one is enough.
    failed: AtomicUsize,
}

/// What became of one item.
struct Ended {
    /// What is kept of it: the agent's outputs, in the order in which the step names them.
    outputs: Vec<Option<Value>>,
    status: Status,
    failure: Option<Failure>,
    denials: Denials,
}

/// One of those that run the items of a step.
pub struct Lane {
    items: Arc<Items>,
    /// The item that is next, and how far the one behind it is.
    next: usize,
    stride: usize,
    at: Option<usize>,
    /// How often the step was visited before its first item.
    visits: u32,
    index: Value,
}

impl Lane {
    /// What `name` means to the step, for the item that runs.
    pub fn value(&self, name: &str) -> Option<&Value> {
        match name {
            ITEM => self.items.values.get(self.at?),
            INDEX => Some(&self.index),
            _ => None,
        }
    }
}

impl Items {
    fn read(list: &Value) -> Result<Self, Failure> {
        let wrong = |message: String| Failure::new(Code::Expression, message);
        let Value::Json(json) = list else {
            return Err(wrong(format!("`for_each` takes a list in JSON, not {}", list.kind())));
        };
        let items: Vec<&RawValue> =
            serde_json::from_str(json.as_str()).map_err(|_| wrong(format!("`for_each` takes a list, not {list:?}")))?;
        if items.len() > MAX_ITEMS {
            let message = format!("`for_each` takes up to {MAX_ITEMS} items, not {}", items.len());
            return Err(wrong(message).help("split the list, or run the workflow as a batch"));
        }
        let value = |item: &&RawValue| match serde_json::from_str::<String>(item.get()) {
            Ok(text) => Value::text(text),
            Err(_) => Value::Json(Json::known(item.get())),
        };
        Ok(Self {
            size: list.len() as u64 + ITEM_OVERHEAD * items.len() as u64,
            ended: Mutex::new(items.iter().map(|_| None).collect()),
            values: items.iter().map(value).collect(),
            failed: AtomicUsize::new(usize::MAX),
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// What the step gives: for each output a list in the order of the items; or the failure of the first
    /// one that failed. It may make `room` bytes.
    fn outcome(&self, step: &Step, usage: Usage, room: u64) -> Outcome {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = self.failed.load(Ordering::SeqCst);
        let mut outcome = Outcome { usage, ..Outcome::default() };
        // What ran behind the first that failed depends on who was faster: only the tape has it.
        ended.truncate(failed.saturating_add(1));
        for one in ended.iter_mut().flatten() {
            outcome.denials.adopt(std::mem::take(&mut one.denials), MAX_DENIALS);
        }
        let failed = match ended.get(failed) {
            Some(one) => one.as_ref().and_then(|one| Some((one.status.clone(), one.failure.clone()?))),
            None => match lists(step, &ended, room) {
                Ok(lists) => {
                    outcome.outputs = lists;
                    None
                }
                Err(failure) => Some((Status::of(&failure), failure)),
            },
        };
        if let Some((status, failure)) = failed {
            outcome.status = status;
            outcome.failure = Some(failure);
        }
        outcome
    }
}

/// A list for each of the step's outputs.
fn lists(step: &Step, ended: &[Option<Ended>], room: u64) -> Result<Vec<(String, Value)>, Failure> {
    let mut lists: Vec<(String, Value)> = Vec::new();
    let (mut left, mut known) = (room, HashSet::new());
    for (position, (output, _)) in step.outputs.iter().enumerate() {
        if !known.insert(output) {
            continue;
        }
        let mut list = String::from("[");
        for (index, one) in ended.iter().enumerate() {
            let one = one.as_ref().ok_or_else(|| Failure::host("an item was not run"))?;
            let before = list.len();
            if index > 0 {
                list.push(',');
            }
            let status = (output == STATUS).then(|| one.status.to_value());
            match status.as_ref().or_else(|| one.outputs.get(position)?.as_ref()) {
                None => list.push_str("null"),
                Some(Value::Json(json)) => list.push_str(json.as_str()),
                Some(Value::Text(text)) => list.push_str(&serde_json::Value::from(text.as_ref()).to_string()),
                Some(value) => {
                    let what = value.kind();
                    let message = format!("`{output}` of item {index} is {what}, and no list holds that");
                    return Err(Failure::new(Code::Result, message));
                }
            }
            left = left.checked_sub((list.len() - before) as u64).ok_or_else(|| {
                let message =
                    format!("the lists of what {} items gave are more than the memory that is left", ended.len());
                Failure::new(Code::Memory, message).help("raise `limits.memory` in the policy")
            })?;
        }
        list.push(']');
        lists.push((output.clone(), Value::Json(Json::known(list))));
    }
    Ok(lists)
}

impl<'a> Frame<'a> {
    /// The items of the step under the head. A list that can't be had is a visit of its own.
    pub(in crate::engine) fn items(&mut self) -> Result<Arc<Items>, Failure> {
        let step = self.step();
        let room = self.budget.memory.saturating_sub(self.held);
        let list = match step.and_then(|step| step.each.as_ref()) {
            Some(each) => match self.resolve(&each.items, step, room) {
                Ok(Some(list)) => Items::read(&list),
                Ok(None) => Err(self.unset(&each.items)),
                Err(failure) => Err(failure),
            },
            None => Err(Failure::host("a step without a list")),
        };
        let nested = (self.budget.each == 0).then(|| {
            Failure::new(Code::Depth, "too many steps with `for_each` are in one another")
                .help("let a loop with the agent `for_each` do the outer ones")
        });
        let list = nested.map_or(list, Err);
        if list.is_err() {
            self.visits[self.head] = self.visits[self.head].saturating_add(1);
        }
        list.map(Arc::new)
    }

    /// The frames of the lanes that run `items`, at most `most` of them.
    pub(in crate::engine) fn lanes(&self, items: &Arc<Items>, most: usize) -> Vec<Self> {
        let parallel = self.step().and_then(|step| step.each.as_ref()).map_or(1, |each| each.parallel);
        let lanes = usize::try_from(self.budget.lanes).unwrap_or(1).min(parallel).min(most).min(items.len());
        (0..lanes).map(|lane| self.lane(items, lane, lanes)).collect()
    }

    fn lane(&self, items: &Arc<Items>, lane: usize, lanes: usize) -> Self {
        let budget = self.budget.share(self.held.saturating_add(items.size), lane as u64, lanes as u64);
        let visits = self.visits[self.head];
        Self {
            workflow: self.workflow,
            manifest: self.manifest,
            path: shortened(self.path.clone()),
            inputs: self.inputs.clone(),
            results: self.results.clone(),
            held: 0,
            head: self.head,
            visits: self.visits[..=self.head].to_vec(),
            status: self.status.clone(),
            last_failure: None,
            budget,
            ceilings: self.ceilings.clone(),
            step_inputs: Inputs::default(),
            attempts: Attempts::default(),
            lane: Some(Lane { items: items.clone(), next: lane, stride: lanes, at: None, visits, index: number(lane) }),
            place: None,
            places: self.places.clone(),
            denials: Denials::default(),
            jumps: BTreeMap::new(),
            usage: Usage::default(),
            began: Instant::now(),
            spans: self.spans.of_lane(),
        }
    }

    /// Goes on to a lane's next item, unless it is still at one; whether there is one. A frame that is no lane
    /// has no items to go on to.
    pub(super) fn next_item(&mut self) -> bool {
        let Some(lane) = self.lane.as_mut().filter(|lane| lane.at.is_none()) else { return true };
        let at = lane.next;
        // What is before the first that failed has to run: it may have failed before that.
        if at >= lane.items.len() || at > lane.items.failed.load(Ordering::SeqCst) {
            return false;
        }
        lane.at = Some(at);
        self.step_inputs = Inputs::default();
        lane.index = number(at);
        lane.next = at + lane.stride;
        let visit = lane.visits.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
        self.visits[self.head] = visit.saturating_add(1);
        true
    }

    /// Keeps what an item gave, and lets the lane go on.
    pub(super) fn merge_item(&mut self, outcome: Outcome) -> Option<Outcome> {
        self.spend(&outcome.usage);
        self.attempts = Attempts::default();
        let (step, path) = (self.step()?, self.step_path());
        let lane = self.lane.as_mut()?;
        let (at, items) = (lane.at.take()?, lane.items.clone());
        let mut denials = std::mem::take(&mut self.denials);
        denials.adopt(outcome.denials, MAX_DENIALS);
        let given = |name: &str| outcome.outputs.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
        let outputs: Vec<_> = step.outputs.iter().map(|(output, _)| given(output)).collect();
        let status = outcome.status;
        let goes_on = step.each.as_ref().is_some_and(|each| each.on_fail == OnFail::Continue);
        // Where the others go on, the tape alone has why it failed.
        let ends = |failure: &Failure| !goes_on || !failure.code.is_the_steps_own();
        let failure = outcome.failure.map(|failure| failure.at_step(path)).filter(ends);
        if failure.is_some() {
            items.failed.fetch_min(at, Ordering::SeqCst);
        }
        let kept = outputs.iter().flatten().chain([&status.to_value()]).map(|value| value.len() as u64).sum::<u64>();
        let said = failure.as_ref().map_or(0, Failure::size) + denials.size();
        self.held += kept + said as u64 + OUTPUT_OVERHEAD * outputs.len() as u64;
        let mut ended = items.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = ended.get_mut(at) {
            *place = Some(Ended { outputs, status, failure, denials });
        }
        None
    }

    /// What the lanes of a step did together, which used `usage`.
    pub(in crate::engine) fn items_outcome(&mut self, step: &Step, items: &Items, usage: Usage) -> Outcome {
        let visits = u32::try_from(items.len()).unwrap_or(u32::MAX);
        self.visits[self.head] = self.visits[self.head].saturating_add(visits);
        let room = self.budget.memory.saturating_sub(self.held);
        items.outcome(step, usage, room)
    }
}
