//! The agents that one can reach, each with what it may do below those that call it.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use crate::{
    Library, Policy,
    agent::{Entry, Manifest, Spec},
    policy::{Authority, Ceilings, Decision, Limits, Named, Request},
};

/// The most agents that are shown: more is no page that anybody reads.
const MAX_SHOWN: usize = 100;

/// The most that are looked at: an agent counts once for each set of ceilings that it is called under,
/// and there may be many of these.
const MAX_REACHED: usize = 10_000;

/// What an agent reaches.
pub struct Reached {
    /// Those that are shown, the nearest first.
    pub agents: Vec<Below>,
    /// How many there are beside.
    pub more: usize,
}

/// An agent below others.
pub struct Below {
    /// Its name.
    pub name: String,
    /// Who calls it, the outermost first.
    pub callers: Vec<String>,
    /// What it may do there.
    pub authority: Authority,
}

/// The agents below `root`, which `callers` called and which has `authority`: by steps, and by calls that
/// the policy allows. One that is reached in several ways under the same ceilings is there once.
pub fn below(
    library: &Library,
    policy: &Policy,
    root: &Manifest,
    callers: Vec<String>,
    authority: &Authority,
) -> Reached {
    let mut reached = Reached { agents: Vec::new(), more: 0 };
    let mut known = HashSet::from([key(&root.name, &authority.ceilings)]);
    let mut open = VecDeque::from([(root, callers, authority.clone())]);
    while let Some((caller, mut callers, authority)) = open.pop_front() {
        callers.push(caller.name.clone());
        let ceilings = distinct(&authority.ceilings_below());
        for callee in called(library, caller, &authority) {
            if known.len() >= MAX_REACHED || !known.insert(key(&callee.name, &ceilings)) {
                continue;
            }
            let mut below = policy.authority(&callee.name, &callee.path).under(&ceilings);
            below.limits = below.limits.at_most(&left(&authority.limits));
            if reached.agents.len() < MAX_SHOWN {
                let (name, callers) = (callee.name.clone(), callers.clone());
                reached.agents.push(Below { name, callers, authority: below.clone() });
            } else {
                reached.more += 1;
            }
            open.push_back((callee, callers.clone(), below));
        }
    }
    reached
}

/// An agent, and where the ceilings stand that it is under.
fn key(name: &str, ceilings: &Ceilings) -> (String, Vec<(String, usize)>) {
    let mut places: Vec<_> =
        ceilings.iter().map(|most| (most.place.source.path.clone(), most.place.span.start)).collect();
    places.sort();
    places.dedup();
    (name.to_owned(), places)
}

/// The ceilings, each once: a second time it takes nothing more away.
fn distinct(ceilings: &Ceilings) -> Ceilings {
    let first = |(at, most): &(usize, &Arc<_>)| !ceilings[..*at].iter().any(|other| Arc::ptr_eq(other, most));
    ceilings.iter().enumerate().filter(first).map(|(_, most)| most.clone()).collect()
}

/// The limits that an agent has of its own, as far as its callers leave them, the outermost first.
pub fn limits_below(policy: &Policy, callers: &[Named<'_>], own: Limits) -> Limits {
    let leaves = |above: Option<Limits>, (name, path): &Named<'_>| {
        let limits = policy.authority(name, path).limits;
        Some(left(&above.map_or(limits.clone(), |above| limits.at_most(&above))))
    };
    match callers.iter().fold(None, leaves) {
        Some(above) => own.at_most(&above),
        None => own,
    }
}

/// What a caller leaves of its limits.
fn left(limits: &Limits) -> Limits {
    Limits { depth: limits.depth.saturating_sub(1), ..limits.clone() }
}

/// The agents of a workflow's steps, or those that a proc may call.
fn called<'l>(library: &'l Library, caller: &Manifest, authority: &Authority) -> Vec<&'l Manifest> {
    let valid = |entry: &'l Entry| match entry {
        Entry::Valid(manifest) => Some(manifest.as_ref()),
        Entry::Broken(_) => None,
    };
    match &caller.spec {
        Spec::Template { .. } => Vec::new(),
        Spec::Workflow(workflow) => {
            workflow.steps.iter().filter_map(|step| library.get(&step.agent).and_then(valid)).collect()
        }
        Spec::Proc(_) if authority.grants.calls.is_none() => Vec::new(),
        Spec::Proc(_) => {
            let may_call = |callee: &&Manifest| {
                let request = Request::Calls { agent: callee.name.as_str().into(), path: callee.path.as_str().into() };
                matches!(authority.decide(&request), Decision::Allowed(_))
            };
            library.iter().filter_map(|(_, entry)| valid(entry)).filter(may_call).collect()
        }
    }
}
