//! What agents asked for in recorded runs, counted.

use std::collections::BTreeMap;

use crate::{
    audit::{Record, Verdict},
    policy::{CUT, Request},
};

/// The most different requests that are told apart; what comes after is only counted.
const MAX_DIFFERENT: usize = 100_000;

/// The most steps that are named for one request.
const MAX_STEPS: usize = 3;

/// What agents asked for, by agent and request.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    asked: BTreeMap<(String, String), Counts>,
    /// How often something was asked for that there was no more room for.
    pub left_off: u64,
}

/// How often one thing was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    allowed: u64,
    denied: BTreeMap<String, u64>,
    steps: Vec<String>,
    more_steps: u64,
}

/// One thing that an agent asked for, how often, and what it was told.
#[derive(Clone, Debug)]
pub(super) struct Asked<'a> {
    /// What, as it was recorded.
    pub text: &'a str,
    /// What, as it was read.
    pub request: Request<'a>,
    /// How often.
    pub counts: &'a Counts,
}

impl Recorded {
    /// Counts what `record` says.
    pub fn add(&mut self, record: &Record) {
        let key = (record.agent.clone(), format!("{} {}", record.capability, unescaped(&record.request)));
        if self.asked.len() >= MAX_DIFFERENT && !self.asked.contains_key(&key) {
            self.left_off = self.left_off.saturating_add(record.count);
            return;
        }
        self.asked.entry(key).or_default().add(record);
    }

    /// The agents that asked for something.
    pub fn agents(&self) -> impl Iterator<Item = &str> {
        let mut last = None;
        self.asked.keys().map(|(agent, _)| agent.as_str()).filter(move |agent| last.replace(*agent) != Some(*agent))
    }

    /// Leaves only what the agents asked for that `keep` picks.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.asked.retain(|(agent, _), _| keep(agent));
    }

    /// What `agent` asked for: the request in text, and how often.
    pub(super) fn of<'r>(&'r self, agent: &'r str) -> impl Iterator<Item = (&'r str, &'r Counts)> {
        let from = (agent.to_owned(), String::new());
        let own = self.asked.range(from..).take_while(move |((other, _), _)| other == agent);
        own.map(|((_, request), counts)| (request.as_str(), counts))
    }
}

impl Counts {
    fn add(&mut self, record: &Record) {
        match record.decision {
            Verdict::Allowed => self.allowed = self.allowed.saturating_add(record.count),
            Verdict::Denied => {
                let count = self.denied.entry(record.code.clone()).or_default();
                *count = count.saturating_add(record.count);
            }
        }
        if !record.step.is_empty() && !self.steps.contains(&record.step) {
            if self.steps.len() < MAX_STEPS { self.steps.push(record.step.clone()) } else { self.more_steps += 1 }
        }
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.allowed = self.allowed.saturating_add(other.allowed);
        for (code, count) in &other.denied {
            let sum = self.denied.entry(code.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
        let new: Vec<_> = other.steps.iter().filter(|step| !self.steps.contains(step)).cloned().collect();
        let room = MAX_STEPS.saturating_sub(self.steps.len()).min(new.len());
        self.more_steps += (new.len() - room) as u64 + other.more_steps;
        self.steps.extend(new.into_iter().take(room));
    }

    /// How often it was asked for.
    pub fn total(&self) -> u64 {
        self.denied.values().fold(self.allowed, |sum, count| sum.saturating_add(*count))
    }

    /// How often it was denied.
    pub fn denied(&self) -> u64 {
        self.total() - self.allowed
    }

    /// The codes of its denials.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.denied.keys().map(String::as_str)
    }
}

/// `allowed 3 times, DENIED once (files.read-only): steps 0 and 1`, on one line.
impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let times = |count: u64| if count == 1 { "once".into() } else { format!("{count} times") };
        let mut parts = Vec::new();
        if self.allowed > 0 {
            parts.push(format!("allowed {}", times(self.allowed)));
        }
        for (code, count) in &self.denied {
            parts.push(format!("DENIED {} ({})", times(*count), code.escape_debug()));
        }
        f.write_str(&parts.join(", "))?;
        match (self.steps.as_slice(), self.more_steps) {
            ([], _) => Ok(()),
            ([step], 0) => write!(f, ", by step {}", step.escape_debug()),
            ([first @ .., last], 0) => {
                write!(f, ", by steps {} and {}", first.join(", ").escape_debug(), last.escape_debug())
            }
            (steps, _) => write!(f, ", by steps {} and more", steps.join(", ").escape_debug()),
        }
    }
}

impl Asked<'_> {
    /// Whether it was ever denied.
    pub fn is_denied(&self) -> bool {
        !self.counts.denied.is_empty()
    }
}

/// Reads what a record quotes, if it is a request and quoted in full.
pub(super) fn request(text: &str) -> Option<Request<'_>> {
    let (_, rest) = text.split_once(' ')?;
    if rest.len() < CUT { Request::parse(text).ok() } else { None }
}

/// Takes back what `escape_debug` did.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match rest.next() {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some('0') => plain.push('\0'),
            Some('u') => {
                let digits: String = rest.by_ref().skip_while(|c| *c == '{').take_while(|c| *c != '}').collect();
                plain.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
            }
            Some(other) => plain.push(other),
            None => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_agent() {
        let record = |agent: &str, step: u64, decision, code: &str| Record {
            time: 0,
            run: String::new(),
            step: step.to_string(),
            agent: agent.into(),
            digest: String::new(),
            capability: "env".into(),
            request: "A".into(),
            decision,
            code: code.into(),
            line: None,
            count: 2,
        };
        let mut recorded = Recorded::default();
        for step in 0..5 {
            recorded.add(&record("a", step, Verdict::Allowed, ""));
        }
        recorded.add(&record("b", 0, Verdict::Allowed, ""));
        recorded.add(&record("b", 1, Verdict::Denied, "env.ceiling"));
        assert_eq!(recorded.agents().collect::<Vec<_>>(), ["a", "b"]);
        let counted = |agent| recorded.of(agent).map(|(text, counts)| format!("{text}: {counts}")).collect::<Vec<_>>();
        assert_eq!(counted("a"), ["env A: allowed 10 times, by steps 0, 1, 2 and more"]);
        assert_eq!(counted("b"), ["env A: allowed 2 times, DENIED 2 times (env.ceiling), by steps 0 and 1"]);
    }

    #[test]
    fn what_was_escaped_comes_back() {
        for text in ["/data/a b", "a\"b'c\\d", "\u{1b}[31m\n\r\t\0", "\u{301}x\u{202e}", "\\u{41}"] {
            assert_eq!(unescaped(&text.escape_debug().to_string()), text);
        }
        assert_eq!(unescaped("broken \\u{110000} \\"), "broken  ");
    }
}
