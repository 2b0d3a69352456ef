//! What a step was allowed, as its cell has it. What it was denied is in its outcome.

use serde::{Deserialize, Serialize};

use crate::{
    audit::{Record, Verdict},
    store::{StoreError, encode::parsed},
};

/// The most different requests that a cell names; of further ones it is known how many there were. An agent may read
/// a million files, and a batch have a million cells.
const MAX_NAMED: usize = 100;

/// What was allowed in one call.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// In the order in which they were asked for first.
    pub requests: Vec<Request>,
    /// How often anything else was asked for.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: u64,
}

/// One request.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The capability's word.
    pub capability: String,
    /// What was asked for; empty where different requests of one line are counted together.
    pub request: String,
    /// The policy line that allows it; none where it is allowed unless a policy says otherwise.
    pub line: Option<String>,
    /// How often it was asked for.
    pub count: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Allowed {
    /// Counts a decision.
    pub(super) fn add(&mut self, record: &Record) {
        if record.decision != Verdict::Allowed {
            return;
        }
        let is_it = |known: &&mut Request| {
            known.capability == record.capability && known.request == record.request && known.line == record.line
        };
        if let Some(known) = self.requests.iter_mut().find(is_it) {
            known.count = known.count.saturating_add(record.count);
        } else if self.requests.len() < MAX_NAMED {
            self.requests.push(Request {
                capability: record.capability.clone(),
                request: record.request.clone(),
                line: record.line.clone(),
                count: record.count,
            });
        } else {
            self.omitted = self.omitted.saturating_add(record.count);
        }
    }

    /// In JSON; nothing where nothing was.
    pub(super) fn text(&self) -> Option<String> {
        (!self.requests.is_empty()).then(|| serde_json::to_string(self).unwrap_or_default())
    }

    /// What was written.
    pub(super) fn read(text: Option<&str>) -> Result<Self, StoreError> {
        text.map_or_else(|| Ok(Self::default()), parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(request: &str, decision: Verdict) -> Record {
        Record {
            time: 0,
            run: String::new(),
            step: String::new(),
            agent: String::new(),
            digest: String::new(),
            capability: "files".into(),
            request: request.into(),
            decision,
            code: String::new(),
            line: Some("policy.toml:3".into()),
            count: 2,
        }
    }

    #[test]
    fn requests_are_counted_up_to_a_bound() {
        let mut allowed = Allowed::default();
        assert_eq!(allowed.text(), None);
        allowed.add(&record("read /a", Verdict::Denied));
        assert_eq!(allowed, Allowed::default());
        allowed.add(&record("read /a", Verdict::Allowed));
        allowed.add(&record("read /a", Verdict::Allowed));
        assert_eq!(allowed.requests[0].count, 4);
        (0..MAX_NAMED).for_each(|number| allowed.add(&record(&number.to_string(), Verdict::Allowed)));
        assert_eq!((allowed.requests.len(), allowed.omitted), (MAX_NAMED, 2));
        assert_eq!(Allowed::read(allowed.text().as_deref()).unwrap(), allowed);
    }
}
