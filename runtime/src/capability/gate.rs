//! The one place where a call's requests are decided, remembered and written down, and where it is
//! asked whether what is allowed happens or is only planned.

mod planning;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    audit::{Audit, Record, Verdict},
    plan::{Effects, Entry},
    policy::{Authority, Decision, Denial, Request},
    secret::Scrubber,
    source::Place,
};

/// The most denials of one call that are kept for its report; a guest can ask as often as it likes.
pub(crate) const MAX_KEPT: usize = 16;

/// The most denials of one call that are written down one by one; of what comes after, the last
/// record has the number. Else a guest could fill a disk by asking.
const MAX_RECORDED: u64 = 1000;

/// The most different requests of one call that were allowed and are written down by themselves;
/// further ones count with the first of their policy line. Also the most different effects of one call
/// that are planned by themselves; further ones are counted.
const MAX_DIFFERENT: usize = 256;

/// Asks the policy for one call of one agent, and remembers what it said.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    authority: Arc<Authority>,
    audit: Option<Arc<dyn Audit>>,
    effects: Effects,
    scrubber: Arc<Scrubber>,
    state: Mutex<State>,
}

/// Whom the records are about.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Which run.
    pub run: Arc<str>,
    /// Which step of it.
    pub step: String,
    /// The agent's name.
    pub agent: String,
    /// The agent's content hash.
    pub digest: String,
}

#[derive(Default)]
struct State {
    subject: Subject,
    kept: Vec<Denial>,
    denied: u64,
    allowed: Vec<Allowed>,
    /// What the planner knows, each with how often it was said since.
    planned: Vec<Entry>,
    unplanned: u64,
    /// Why the audit log can't be written, if it can't.
    lost: Option<String>,
}

struct Allowed {
    capability: &'static str,
    request: String,
    place: Option<Place>,
    time: u64,
    count: u64,
}

impl Gate {
    /// A gate under an authority. Without an audit log, only denials are remembered.
    /// What it remembers of requests has no secret in it that `scrubber` knows.
    pub fn new(
        authority: Arc<Authority>,
        subject: Subject,
        audit: Option<Arc<dyn Audit>>,
        effects: Effects,
        scrubber: Arc<Scrubber>,
    ) -> Self {
        let state = Mutex::new(State { subject, ..State::default() });
        Self(Arc::new(Inner { authority, audit, effects, scrubber, state }))
    }

    /// Goes on for another call of the same agent under the same authority: the one that `next` is for.
    pub(crate) fn go_on_for(&self, next: &Self) {
        let subject = next.state().subject.clone();
        *self.state() = State { subject, ..State::default() };
    }

    /// What is decided about.
    pub fn authority(&self) -> &Arc<Authority> {
        &self.0.authority
    }

    /// Whether the policy allows `request`; what it says is remembered.
    pub fn allows(&self, request: &Request<'_>) -> bool {
        self.ask(request).is_ok()
    }

    /// Asks the policy about `request`; what it says is remembered.
    ///
    /// # Errors
    ///
    /// Why it is denied.
    pub fn ask(&self, request: &Request<'_>) -> Result<(), Denial> {
        match self.0.authority.decide(request) {
            Decision::Allowed(place) => {
                let unwritten = || Denial::of("host.audit", "the audit log can't be written");
                if self.allow(request, place) { Ok(()) } else { Err(unwritten()) }
            }
            Decision::Denied(denial) => {
                self.deny(denial.clone());
                Err(denial)
            }
        }
    }

    fn allow(&self, request: &Request<'_>, place: Option<Place>) -> bool {
        if self.0.audit.is_none() {
            return true;
        }
        let mut state = self.state();
        if state.lost.is_some() {
            return false;
        }
        let (capability, text) = (request.capability(), Denial::new("", request).request);
        let text = self.0.scrubber.text(&text).into_owned();
        let full = state.allowed.len() >= MAX_DIFFERENT;
        let same = |known: &&mut Allowed| {
            known.capability == capability && (known.request == text || full && known.place == place)
        };
        match state.allowed.iter_mut().find(same) {
            Some(known) => known.count += 1,
            None => state.allowed.push(Allowed { capability, request: text, place, time: now(), count: 1 }),
        }
        true
    }

    /// Remembers what was denied.
    pub fn deny(&self, denial: Denial) {
        let request = self.0.scrubber.text(&denial.request).into_owned();
        let help = self.0.scrubber.text(&denial.help).into_owned();
        let denial = Denial { request, help, ..denial };
        let mut state = self.state();
        state.denied += 1;
        if state.denied <= MAX_RECORDED {
            let record = denied_record(&state.subject, &denial, 1);
            self.write(&mut state, record);
        }
        if let Effects::Planned(planner) = &self.0.effects {
            state.plan(planner, planning::denied(&denial));
        }
        if state.kept.len() < MAX_KEPT && !state.kept.contains(&denial) {
            state.kept.push(denial);
        }
    }

    /// Writes down what the same call decided in another process, as a record of this one's subject.
    ///
    /// # Errors
    ///
    /// Why the audit log can't be written.
    pub(crate) fn write_down(&self, record: Record) -> Result<(), String> {
        let mut state = self.state();
        let Subject { run, step, agent, digest } = state.subject.clone();
        self.write(&mut state, Record { run: run.to_string(), step, agent, digest, ..record });
        state.lost.clone().map_or(Ok(()), Err)
    }

    /// Keeps what was denied to an agent that this one called; it is written down already.
    pub fn adopt(&self, denials: Vec<Denial>) {
        let mut state = self.state();
        for denial in denials {
            if state.kept.len() < MAX_KEPT && !state.kept.contains(&denial) {
                state.kept.push(denial);
            }
        }
    }

    /// Forgets what was denied so far: nobody asked for it.
    pub fn forget(&self) {
        self.state().kept.clear();
    }

    /// Ends the call: writes down what was allowed, and gives what was denied.
    ///
    /// # Errors
    ///
    /// Why the audit log can't be written.
    pub fn finish(&self) -> (Vec<Denial>, Result<(), String>) {
        let mut state = self.state();
        for allowed in std::mem::take(&mut state.allowed) {
            let record = Record {
                time: allowed.time,
                count: allowed.count,
                ..record(&state.subject, allowed.capability, &allowed.request, allowed.place.as_ref())
            };
            self.write(&mut state, record);
        }
        if let Some(more) = state.denied.checked_sub(MAX_RECORDED).filter(|more| *more > 0)
            && let Some(last) = state.kept.last().cloned()
        {
            let record = denied_record(&state.subject, &last, more);
            self.write(&mut state, record);
        }
        if let Effects::Planned(planner) = &self.0.effects {
            state.tell_all(planner);
        }
        state.denied = 0;
        (std::mem::take(&mut state.kept), state.lost.take().map_or(Ok(()), Err))
    }

    fn write(&self, state: &mut State, record: Record) {
        let Some(audit) = &self.0.audit else { return };
        if let Err(error) = audit.record(&record) {
            state.lost.get_or_insert_with(|| error.to_string());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn denied_record(subject: &Subject, denial: &Denial, count: u64) -> Record {
    Record {
        decision: Verdict::Denied,
        code: denial.code.to_owned(),
        count,
        ..record(subject, denial.capability(), &denial.request, denial.place.as_ref())
    }
}

fn record(subject: &Subject, capability: &str, request: &str, place: Option<&Place>) -> Record {
    let Subject { run, step, agent, digest } = subject;
    Record {
        time: now(),
        run: run.to_string(),
        step: step.clone(),
        agent: agent.clone(),
        digest: digest.clone(),
        capability: capability.to_owned(),
        request: request.escape_debug().to_string(),
        decision: Verdict::Allowed,
        code: String::new(),
        line: place.map(Place::line),
        count: 1,
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
