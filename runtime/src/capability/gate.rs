//! The one place where a call's requests are decided, remembered and written down, and where it is
//! asked whether what is allowed happens or is only planned.

mod ledger;
mod planning;
mod tally;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tracing::span::Id;

pub use self::tally::Tally;
pub(crate) use self::tally::{Logged, Open};
use crate::{
    audit::{Audit, Record, Verdict},
    capability::gate::ledger::Ledger,
    failure::Failure,
    plan::{Effects, Entry},
    policy::{Authority, Decision, Denial, Denials, Request},
    secret::Scrubber,
    source::Place,
    telemetry,
};

/// The most denials of one call that are kept for its report; a guest asks as often as it likes, and the
/// others are counted.
pub(crate) const MAX_KEPT: usize = 16;

/// The most denials of one call: with this one it ends. Each has a record of its own, so else a guest
/// could fill a disk by asking; and who was told no so often has nothing to gain by asking on.
pub(crate) const MAX_DENIED: u64 = 10_000;

/// The most denials of one call that are told as events; the span has how many there were.
const MAX_TOLD: u64 = 16;

/// The code of a denial for want of a record: what is allowed, but can't be written down.
pub(crate) const UNWRITTEN: &str = "host.audit";

/// Asks the policy for one call of one agent, and remembers what it said.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    authority: Arc<Authority>,
    audit: Option<Arc<dyn Audit>>,
    effects: Effects,
    scrubber: Arc<Scrubber>,
    state: Mutex<State>,
    /// Whether the call has been denied all that it may be.
    over: AtomicBool,
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
    /// What its run has done so far.
    pub tally: Tally,
    /// The span that tells of the call. It isn't held open.
    pub span: Option<Id>,
}

#[derive(Default)]
struct State {
    subject: Subject,
    kept: Denials,
    denied: u64,
    allowed: Ledger,
    /// What the planner knows, each with how often it was said since.
    planned: Vec<Entry>,
    unplanned: u64,
    /// Whether what asks is the guest's runtime, and nothing of the agent has run.
    preparing: bool,
    /// Why the audit log can't be written, if it can't.
    lost: Option<String>,
}

impl State {
    /// Nothing has been asked for.
    fn about(subject: Subject) -> Self {
        let (kept, allowed, planned) = (Denials::default(), Ledger::default(), Vec::new());
        Self { subject, kept, denied: 0, allowed, planned, unplanned: 0, preparing: false, lost: None }
    }
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
        let state = Mutex::new(State::about(subject));
        Self(Arc::new(Inner { authority, audit, effects, scrubber, state, over: AtomicBool::new(false) }))
    }

    /// Goes on for another call of the same agent under the same authority: the one that `next` is for.
    pub(crate) fn go_on_for(&self, next: &Self) {
        let subject = next.state().subject.clone();
        *self.state() = State::about(subject);
        self.0.over.store(false, Ordering::Relaxed);
    }

    /// What is decided about.
    pub fn authority(&self) -> &Arc<Authority> {
        &self.0.authority
    }

    /// Whether the policy allows `request`; what it says is remembered.
    pub fn allows(&self, request: &Request<'_>) -> bool {
        self.ask(request).is_ok()
    }

    /// Asks the policy about `request`; what it says is remembered. What is allowed is written down
    /// before it can be done.
    ///
    /// # Errors
    ///
    /// Why it is denied.
    pub fn ask(&self, request: &Request<'_>) -> Result<(), Denial> {
        if self.state().preparing {
            return Err(Denial::new("host.preparing", request));
        }
        match self.0.authority.decide(request) {
            Decision::Allowed(place) => {
                telemetry::allowed(request, place.as_ref());
                let Some(audit) = &self.0.audit else { return Ok(()) };
                let mut state = self.state();
                let State { subject, allowed, lost, .. } = &mut *state;
                if lost.is_none()
                    && let Some(record) = allowed.add(request, place, &self.0.scrubber)
                {
                    written(audit, lost, &ledger::about(subject, record));
                }
                let unwritten = || Denial::of(UNWRITTEN, "the audit log can't be written");
                if lost.is_none() { Ok(()) } else { Err(unwritten()) }
            }
            Decision::Denied(denial) => {
                self.deny(denial.clone());
                Err(denial)
            }
        }
    }

    /// Counts a file that is to be opened; nothing where the run has too many.
    pub(crate) fn open(&self) -> Option<Open> {
        self.state().subject.tally.open()
    }

    /// Remembers what was denied.
    pub fn deny(&self, denial: Denial) {
        let mut state = self.state();
        if state.preparing {
            return;
        }
        let request = ledger::scrubbed(&denial, &self.0.scrubber);
        let help = ledger::scrubbed_help(&denial, &request, &self.0.scrubber);
        let denial = Denial { request, help, ..denial };
        let record = ledger::about(&state.subject, ledger::denied(&denial));
        self.write(&mut state, &record);
        self.count_denied(&mut state, &record);
        if let Effects::Planned(planner) = &self.0.effects {
            state.plan(planner, planning::denied(&denial));
        }
        state.kept.keep(denial, MAX_KEPT);
    }

    /// Whether the call has to end: it, or the run, was denied all that it may be. What it asks for
    /// until it does is denied and written down like anything else.
    pub(crate) fn is_over(&self) -> bool {
        self.0.over.load(Ordering::Relaxed)
    }

    /// Whether what asks from now on is the guest's own runtime, which looks around before anything of
    /// the agent has run. It gets nothing, and that is nothing to write down.
    pub(crate) fn prepare(&self, preparing: bool) {
        self.state().preparing = preparing;
    }

    /// Writes down what the same call decided in another process, as a record of this one's subject.
    ///
    /// # Errors
    ///
    /// Why the audit log can't be written.
    pub(crate) fn write_down(&self, record: Record) -> Result<(), String> {
        let mut state = self.state();
        if record.decision == Verdict::Denied {
            self.count_denied(&mut state, &record);
        }
        let request = self.0.scrubber.text(&record.request).into_owned();
        let record = ledger::about(&state.subject, Record { request, ..record });
        self.write(&mut state, &record);
        state.lost.clone().map_or(Ok(()), Err)
    }

    /// Keeps what was denied to an agent that this one called; it is written down already.
    pub fn adopt(&self, denials: Denials) {
        self.state().kept.adopt(denials, MAX_KEPT);
    }

    /// Writes down that the agent at `path` in its library may run: this line's keys vouch for it.
    ///
    /// # Errors
    ///
    /// Why the audit log can't be written.
    pub(crate) fn vouched_for(&self, path: &str, place: Option<&Place>) -> Result<(), String> {
        if self.0.audit.is_none() { Ok(()) } else { self.write_down(ledger::vouched_for(path, place)) }
    }

    /// Ends the call: writes down how often what was allowed was asked for again, and gives what was
    /// denied.
    ///
    /// # Errors
    ///
    /// Why the audit log can't be written.
    pub fn finish(&self) -> (Denials, Result<(), String>) {
        let mut state = self.state();
        end(&mut state, &self.0.effects, self.0.audit.as_ref());
        state.denied = 0;
        (std::mem::take(&mut state.kept), state.lost.take().map_or(Ok(()), Err))
    }

    fn count_denied(&self, state: &mut State, record: &Record) {
        if state.denied < MAX_TOLD {
            telemetry::denied(state.subject.span.clone(), record);
        }
        state.denied += 1;
        state.subject.tally.count();
        if state.denied >= MAX_DENIED || state.subject.tally.is_full() {
            self.0.over.store(true, Ordering::Relaxed);
        }
    }

    fn write(&self, state: &mut State, record: &Record) {
        if let Some(audit) = &self.0.audit {
            written(audit, &mut state.lost, record);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes down, and tells the planner, how often everything was asked for again.
fn end(state: &mut State, effects: &Effects, audit: Option<&Arc<dyn Audit>>) {
    if let Effects::Planned(planner) = effects {
        state.tell_all(planner);
    }
    let Some(audit) = audit else { return };
    for repeats in state.allowed.end() {
        written(audit, &mut state.lost, &ledger::about(&state.subject, repeats));
    }
}

/// A call that is interrupted has no end: what it did is written down all the same.
impl Drop for Inner {
    fn drop(&mut self) {
        let Self { state, effects, audit, .. } = self;
        end(state.get_mut().unwrap_or_else(PoisonError::into_inner), effects, audit.as_ref());
    }
}

/// The failure of a call whose audit log can't be written.
pub(crate) fn unwritten(why: impl std::fmt::Display) -> Failure {
    Failure::host(format_args!("the audit log can't be written: {why}"))
}

fn written(audit: &Arc<dyn Audit>, lost: &mut Option<String>, record: &Record) {
    if let Err(error) = audit.record(record) {
        lost.get_or_insert_with(|| error.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Policy, policy::Access};

    #[derive(Default)]
    struct Records(Mutex<Vec<Record>>);

    impl Audit for Records {
        fn record(&self, record: &Record) -> std::io::Result<()> {
            self.0.lock().unwrap().push(record.clone());
            Ok(())
        }
    }

    impl Records {
        fn counts(&self) -> Vec<u64> {
            self.0.lock().unwrap().iter().map(|record| record.count).collect()
        }
    }

    fn gate(denied: &Tally) -> (Gate, Arc<Records>) {
        let text = "version = 1\n[agents.a]\nfiles = [{ path = \"in\", mount = \"/in\", access = \"read\" }]\n";
        let authority = Policy::parse("p", text).unwrap_or_else(|report| panic!("{report}")).authority("a", "a");
        let records = Arc::new(Records::default());
        let subject = Subject { tally: denied.clone(), ..Subject::default() };
        (Gate::new(Arc::new(authority), subject, Some(records.clone()), Effects::Real, Arc::default()), records)
    }

    fn read(gate: &Gate, path: String) -> bool {
        gate.allows(&Request::Files { access: Access::Read, path: path.into() })
    }

    #[test]
    fn requests_are_told_apart_up_to_a_bound() {
        let (gate, records) = gate(&Tally::default());
        for round in 0..2 {
            assert!((0..300).all(|number| read(&gate, format!("/in/{number}"))));
            // Of the 300, one stands for those that are too many.
            assert_eq!(records.counts(), [1; 257], "round {round}");
        }
        gate.finish().1.unwrap();
        let counts = records.counts();
        assert_eq!((counts.len(), counts.iter().sum::<u64>()), (257 + 257, 600));
        let records = records.0.lock().unwrap();
        let together = records.iter().filter(|record| record.request.is_empty()).map(|record| record.count);
        assert_eq!(together.collect::<Vec<_>>(), [43 + 44]);
    }

    #[test]
    fn a_gate_that_is_dropped_has_written_all() {
        let (gate, records) = gate(&Tally::default());
        assert!((0..5).all(|_| read(&gate, "/in/a".into())));
        assert_eq!(records.counts(), [1]);
        drop(gate);
        assert_eq!(records.counts(), [1, 4]);
    }

    #[test]
    fn a_call_and_a_run_are_denied_so_much_and_no_more() {
        let denied = Tally::default();
        for call in 1..=10 {
            let (gate, records) = gate(&denied);
            assert!((1..MAX_DENIED).all(|number| !read(&gate, format!("/{number}"))));
            assert!(!gate.is_over() && !denied.is_full(), "call {call}");
            assert!(!read(&gate, "/last".into()) && gate.is_over());
            assert_eq!(records.counts().len() as u64, MAX_DENIED, "each has its record");
            assert_eq!(denied.is_full(), call == 10);
        }
        let (gate, _) = gate(&denied);
        assert!(!gate.is_over() && !read(&gate, "/".into()) && gate.is_over(), "no other gets further");
    }

    #[test]
    fn what_the_runtime_asks_for_is_neither_given_nor_written() {
        let (gate, records) = gate(&Tally::default());
        gate.prepare(true);
        assert!(!read(&gate, "/in/a".into()) && !read(&gate, "/a".into()));
        gate.prepare(false);
        let (kept, written) = gate.finish();
        assert_eq!((kept, written, records.counts()), (Denials::default(), Ok(()), vec![]));
        assert!(read(&gate, "/in/a".into()));
    }
}
