//! Plans: what a run would do to the world, were it a real one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::audit::Verdict;

/// The most entries of one plan: more than a person reads. What comes after is counted.
const MAX_ENTRIES: usize = 1000;

/// The longest text of an entry, in bytes: a guest chooses its paths, URLs and statements.
const MAX_TEXT: usize = 1024;

/// What becomes of effects: requests, connections, changes of files, statements.
#[derive(Clone, Default)]
pub enum Effects {
    /// They happen.
    #[default]
    Real,
    /// They are told to a planner and don't happen: the guest is answered with a dummy.
    Planned(Arc<dyn Planner>),
}

/// Who is told of effects that don't happen.
pub trait Planner: Send + Sync {
    /// Takes an effect, or one that it has taken already once more.
    fn add(&self, entry: Entry);

    /// Takes the number of effects that are left out, because there are too many.
    fn leave_out(&self, effects: u64);
}

/// One effect, or something that was denied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Which step, as the tape has it; empty outside workflows.
    pub step: String,
    /// The agent's name.
    pub agent: String,
    /// The capability's word.
    pub capability: String,
    /// What would be done. Guest text is in it: escape it before a terminal sees it.
    pub effect: String,
    /// What the policy says.
    pub decision: Verdict,
    /// Why it is denied; empty where it is allowed.
    pub code: String,
    /// The policy line that decides, `file:line`; none where it is the absence of one.
    pub line: Option<String>,
    /// What the guest was answered with; empty where it was denied.
    pub answer: String,
    /// How often.
    pub count: u64,
}

impl Entry {
    /// The same with no text longer than it may be.
    #[must_use]
    pub(crate) fn bounded(mut self) -> Self {
        let texts = [&mut self.capability, &mut self.effect, &mut self.code, &mut self.answer];
        texts.into_iter().chain(&mut self.line).for_each(bound);
        self
    }

    /// Whether both are about the same, however often.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let Self { step, agent, capability, effect, decision, code, line, answer, count: _ } = self;
        (step, effect, agent) == (&other.step, &other.effect, &other.agent)
            && (capability, decision, code) == (&other.capability, &other.decision, &other.code)
            && (line, answer) == (&other.line, &other.answer)
    }
}

fn bound(text: &mut String) {
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text.push('…');
    }
}

/// What a run would do, in the order in which it would.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use turingbox::plan::{Effects, Plan};
///
/// let plan = Arc::new(Plan::default());
/// let effects = Effects::Planned(plan.clone());
/// // … a run whose `Setup` has these effects, and then:
/// assert!(plan.entries().is_empty());
/// # drop(effects);
/// ```
#[derive(Default)]
pub struct Plan(Mutex<Planned>);

#[derive(Default)]
struct Planned {
    entries: Vec<Entry>,
    more: u64,
}

impl Plan {
    /// What was planned so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.planned().entries.clone()
    }

    /// How many effects more there are than entries.
    pub fn more(&self) -> u64 {
        self.planned().more
    }

    fn planned(&self) -> MutexGuard<'_, Planned> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Planner for Plan {
    fn add(&self, entry: Entry) {
        let mut planned = self.planned();
        // What is said again was mostly said a moment ago.
        if let Some(known) = planned.entries.iter_mut().rev().find(|known| known.is_like(&entry)) {
            known.count = known.count.saturating_add(entry.count);
        } else if planned.entries.len() < MAX_ENTRIES {
            planned.entries.push(entry);
        } else {
            planned.more = planned.more.saturating_add(entry.count);
        }
    }

    fn leave_out(&self, effects: u64) {
        let mut planned = self.planned();
        planned.more = planned.more.saturating_add(effects);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(effect: impl Into<String>) -> Entry {
        Entry {
            step: "0".into(),
            agent: "save".into(),
            capability: "files".into(),
            effect: effect.into(),
            decision: Verdict::Allowed,
            code: String::new(),
            line: Some("policy.toml:3".into()),
            answer: "done in a copy of ./out".into(),
            count: 1,
        }
    }

    #[test]
    fn the_same_again_is_counted_and_the_order_kept() {
        let plan = Plan::default();
        for effect in ["write /out/b", "write /out/a", "write /out/b"] {
            plan.add(entry(effect));
        }
        plan.add(Entry { agent: "other".into(), ..entry("write /out/b") });
        plan.add(Entry { count: 3, ..entry("write /out/a") });
        let found: Vec<_> = plan.entries().into_iter().map(|entry| (entry.effect, entry.count)).collect();
        let expected = [("write /out/b", 2), ("write /out/a", 4), ("write /out/b", 1)];
        assert_eq!(found, expected.map(|(effect, count)| (effect.to_owned(), count)));
        assert_eq!(plan.more(), 0);
    }

    #[test]
    fn a_plan_is_bounded() {
        let plan = Plan::default();
        (0..MAX_ENTRIES + 5).for_each(|number| plan.add(entry(number.to_string())));
        plan.add(entry("0"));
        plan.leave_out(7);
        assert_eq!((plan.entries().len(), plan.entries()[0].count, plan.more()), (MAX_ENTRIES, 2, 12));
        let long = entry("ü".repeat(1 << 20)).bounded();
        assert_eq!(long.effect, "ü".repeat(MAX_TEXT / 2) + "…");
    }
}
