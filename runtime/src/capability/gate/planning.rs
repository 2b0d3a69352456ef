//! Effects that are only planned: told to the planner once at first, and at the end of the call with how
//! often.

use std::{fmt::Display, sync::Arc};

use super::{Gate, State, Subject};
use crate::{
    audit::Verdict,
    plan::{Effects, Entry, Planner},
    policy::{Decision, Denial, Request},
    source::Place,
};

/// The most different effects of one call that are told apart; further ones are only counted.
const MAX_DIFFERENT: usize = 256;

impl Gate {
    /// Whether `effect`, which the policy allows as `request`, is only planned. Then it must not
    /// happen, and the guest gets `answer`.
    pub(crate) fn plans(&self, request: &Request<'_>, effect: impl Display, answer: impl Display) -> bool {
        let Effects::Planned(planner) = &self.0.effects else { return false };
        let line = match self.0.authority.decide(request) {
            Decision::Allowed(place) => place.as_ref().map(Place::line),
            Decision::Denied(_) => None,
        };
        let clean = |text: String| self.0.scrubber.text(&text).into_owned();
        let entry = entry(request.capability(), clean(effect.to_string()), line);
        self.state().plan(planner, Entry { answer: clean(answer.to_string()), ..entry });
        true
    }

    /// Whether effects are only planned.
    pub(crate) fn is_planning(&self) -> bool {
        matches!(self.0.effects, Effects::Planned(_))
    }

    /// Takes over what the same call planned in another process, as an effect of this one's subject.
    /// Nothing where effects are real: then none is planned.
    pub(crate) fn plan_for(&self, entry: Entry) -> Option<()> {
        let Effects::Planned(planner) = &self.0.effects else { return None };
        let Subject { step, agent, .. } = self.state().subject.clone();
        let clean = |text: String| self.0.scrubber.text(&text).into_owned();
        let (effect, answer) = (clean(entry.effect), clean(entry.answer));
        planner.add(Entry { step, agent, effect, answer, ..entry }.bounded());
        Some(())
    }

    /// Takes over how many effects the same call left out in another process, likewise.
    pub(crate) fn leave_out(&self, effects: u64) -> Option<()> {
        let Effects::Planned(planner) = &self.0.effects else { return None };
        planner.leave_out(effects);
        Some(())
    }
}

/// What was denied, as a part of the plan.
pub(super) fn denied(denial: &Denial) -> Entry {
    let line = denial.place.as_ref().map(Place::line);
    let entry = entry(denial.capability(), denial.request.clone(), line);
    Entry { decision: Verdict::Denied, code: denial.code.to_owned(), ..entry }
}

impl State {
    /// Tells the planner of an effect; not yet of one that it knows.
    pub(super) fn plan(&mut self, planner: &Arc<dyn Planner>, entry: Entry) {
        let Subject { step, agent, .. } = self.subject.clone();
        let entry = Entry { step, agent, ..entry }.bounded();
        if let Some(known) = self.planned.iter_mut().find(|known| known.is_like(&entry)) {
            known.count += 1;
        } else if self.planned.len() < MAX_DIFFERENT {
            planner.add(entry.clone());
            self.planned.push(Entry { count: 0, ..entry });
        } else {
            self.unplanned += 1;
        }
    }

    /// Tells the planner how often it was all said.
    pub(super) fn tell_all(&mut self, planner: &Arc<dyn Planner>) {
        self.planned.drain(..).filter(|entry| entry.count > 0).for_each(|entry| planner.add(entry));
        if self.unplanned > 0 {
            planner.leave_out(std::mem::take(&mut self.unplanned));
        }
    }
}

fn entry(capability: &str, effect: String, line: Option<String>) -> Entry {
    Entry {
        step: String::new(),
        agent: String::new(),
        capability: capability.to_owned(),
        effect,
        decision: Verdict::Allowed,
        code: String::new(),
        line,
        answer: String::new(),
        count: 1,
    }
}
