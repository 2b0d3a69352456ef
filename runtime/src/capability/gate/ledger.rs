//! What of a call's decisions is written down, and when.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{
    audit::{Record, Verdict},
    capability::gate::Subject,
    policy::{Denial, Request},
    secret::Scrubber,
    source::Place,
};

/// The most different requests of one call that were allowed and are told apart; of further ones, those
/// of one policy line are counted together. An agent may well read a million files.
const MAX_DIFFERENT: usize = 256;

/// What was allowed in one call. The first of its kind is written down at once, and how often it was
/// asked for again when the call ends.
#[derive(Default)]
pub(super) struct Ledger(Vec<Kind>);

struct Kind {
    capability: &'static str,
    request: String,
    place: Option<Place>,
    /// Whether any other request of the same line counts with it.
    any: bool,
    /// When it was asked for again first, and how often since.
    time: u64,
    repeats: u64,
}

impl Ledger {
    /// Counts a request that was allowed. Gives the record if it has to be written first.
    pub fn add(&mut self, request: &Request<'_>, place: Option<Place>, scrubber: &Scrubber) -> Option<Record> {
        let (capability, text) = (request.capability(), scrubbed(&Denial::new("", request), scrubber));
        let full = self.0.len() >= MAX_DIFFERENT;
        let same = |known: &&mut Kind| {
            known.capability == capability && known.place == place && (known.request == text || full && known.any)
        };
        if let Some(known) = self.0.iter_mut().find(same) {
            if known.repeats == 0 {
                known.time = now();
            }
            known.repeats += 1;
            return None;
        }
        let record = record(capability, &text, place.as_ref());
        self.0.push(Kind { capability, request: text, place, any: full, time: 0, repeats: 0 });
        Some(record)
    }

    /// How often each kind was asked for again. Begins anew.
    pub fn end(&mut self) -> impl Iterator<Item = Record> + use<> {
        let repeated = std::mem::take(&mut self.0).into_iter().filter(|kind| kind.repeats > 0);
        repeated.map(|Kind { capability, request, place, any, time, repeats }| {
            let request = if any { "" } else { &request };
            Record { time, count: repeats, ..record(capability, request, place.as_ref()) }
        })
    }
}

/// What was asked for, without the secrets; where it was cut, without a part of one at its end.
pub(super) fn scrubbed(denial: &Denial, scrubber: &Scrubber) -> String {
    match denial.is_cut() {
        true => scrubber.cut(&denial.request),
        false => scrubber.text(&denial.request).into_owned(),
    }
}

/// The line that would allow it, likewise; none for a path of which `request` hides something. That line mounts the
/// folder that the path is in, so what it has of a secret could be a part.
pub(super) fn scrubbed_help(denial: &Denial, request: &str, scrubber: &Scrubber) -> String {
    match denial.capability() == "files" && request != denial.request {
        true => String::new(),
        false => scrubber.text(&denial.help).into_owned(),
    }
}

/// The record of an agent that may run, since who has to vouches for it.
pub(super) fn vouched_for(path: &str, place: Option<&Place>) -> Record {
    record("signed_by", &format!("run {path}"), place)
}

/// The record of a denial.
pub(super) fn denied(denial: &Denial) -> Record {
    Record {
        decision: Verdict::Denied,
        code: denial.code.to_owned(),
        ..record(denial.capability(), &denial.request, denial.place.as_ref())
    }
}

/// `record`, as one about `subject`.
pub(super) fn about(subject: &Subject, record: Record) -> Record {
    let Subject { run, step, agent, digest, .. } = subject;
    Record { run: run.to_string(), step: step.clone(), agent: agent.clone(), digest: digest.clone(), ..record }
}

fn record(capability: &str, request: &str, place: Option<&Place>) -> Record {
    Record {
        time: now(),
        run: String::new(),
        step: String::new(),
        agent: String::new(),
        digest: String::new(),
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
