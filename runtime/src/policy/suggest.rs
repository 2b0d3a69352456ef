//! The least policy that recorded runs needed, written out.

use std::{collections::BTreeSet, fmt::Write, path::Path, sync::Arc};

use crate::{
    document::quoted,
    policy::{
        Asked, Authority, Ceiling, Decision, Grants, Isolation, Named, Policy, Recorded, SignedBy,
        advice::{self, Advise, Least},
        asked::{self, Counts},
        limits::LimitKeys,
    },
};

mod carried;

/// The most requests of one agent that are listed because no policy can allow them.
const MAX_LISTED: usize = 20;

/// A suggested policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The policy file.
    pub policy: String,
    /// How many grants it has.
    pub grants: usize,
    /// How many of them are for something that was denied.
    pub denied: usize,
}

/// What a suggestion is made from.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The policy that the runs were under: it knows where folders are, and the limits.
    pub policy: &'a Policy,
    /// The folder that relative paths of that policy start at.
    pub base: &'a Path,
    /// Whether what was denied is granted, too.
    pub with_denied: bool,
}

impl Recorded {
    /// The least policy under which `agents` are allowed what they asked for.
    pub fn suggest(&self, agents: &[Named<'_>], ground: &Ground<'_>) -> Suggestion {
        let mut suggestion = Suggestion { policy: String::new(), grants: 0, denied: 0 };
        let mut body = String::new();
        let mut total = Counts::default();
        for agent in agents {
            self.of(agent.0).for_each(|(_, counts)| total.merge(counts));
            let section = Section::new(self, *agent, ground);
            let asked_for = |least: &&Least| !least.of.is_empty();
            suggestion.grants += section.lines.iter().flat_map(|(_, least, _)| least).filter(asked_for).count();
            let marked = |least: &&Least| section.counts(least).denied() > 0;
            suggestion.denied += section.lines.iter().flat_map(|(_, least, _)| least).filter(marked).count();
            section.write(&mut body);
        }
        suggestion.policy = head(&total, suggestion.denied, self.left_off);
        limits(&mut suggestion.policy, &ground.policy.limits);
        semaphores(&mut suggestion.policy, ground.policy);
        suggestion.policy.push_str(&body);
        carried::write(&mut suggestion.policy, agents, ground);
        suggestion
    }
}

fn head(total: &Counts, marked: usize, left_off: u64) -> String {
    let all = if total.total() == 1 { "1 request".into() } else { format!("{} requests", total.total()) };
    let denied = total.denied();
    let mut head = format!("# The least policy for what was recorded: {all}, {denied} of them denied.\n");
    if marked > 0 {
        head.push_str("# Read it before you use it: lines marked DENIED give what was refused until now.\n");
    }
    if left_off > 0 {
        let _ = writeln!(head, "# {left_off} more requests are not in it: they were too many different ones.");
    }
    head + "version = 1\n"
}

fn limits(policy: &mut String, keys: &LimitKeys) {
    let keys = keys.to_toml();
    if !keys.is_empty() {
        policy.push_str("\n[limits]\n");
        keys.iter().for_each(|(name, value)| policy.push_str(&format!("{name} = {value}\n")));
    }
}

/// As before: a workflow that names one needs it.
fn semaphores(policy: &mut String, ground: &Policy) {
    let semaphores = ground.semaphores();
    if !semaphores.is_empty() {
        policy.push_str("\n[semaphores]\n");
        semaphores.iter().for_each(|(name, places)| policy.push_str(&format!("{name} = {places}\n")));
    }
}

/// The section of one agent.
struct Section<'r> {
    name: &'r str,
    limits: LimitKeys,
    /// What it leaves to those it calls, in TOML.
    within: Option<String>,
    isolation: Isolation,
    signed_by: Option<Arc<SignedBy>>,
    asked: Vec<Asked<'r>>,
    /// The key, its grants, and whether it is a list.
    lines: Vec<(&'static str, Vec<Least>, bool)>,
    /// What nothing was suggested for, and how often it was asked for.
    beyond: Vec<(&'r str, &'r Counts)>,
}

impl<'r> Section<'r> {
    fn new(recorded: &'r Recorded, (name, path): Named<'r>, ground: &Ground<'_>) -> Self {
        let (held, within) = held(ground, (name, path));
        let mut section = Self {
            name,
            limits: LimitKeys::default(),
            within: within.map(|within| within.to_toml(ground.base)),
            isolation: held.isolation,
            signed_by: held.signed_by.clone(),
            asked: Vec::new(),
            lines: Vec::new(),
            beyond: Vec::new(),
        };
        for one in ground.policy.about(name, path) {
            section.limits.narrow_to(&one.limits);
        }
        // That somebody vouches for it is nothing to grant.
        let vouched = |text: &str, counts: &Counts| text.starts_with("signed_by ") && counts.denied() == 0;
        for (text, counts) in recorded.of(name).filter(|(text, counts)| !vouched(text, counts)) {
            let request = asked::request(text)
                .filter(|_| is_plain(name) && (ground.with_denied || counts.denied() < counts.total()));
            let known = request.and_then(|request| Some((advice::of(request.capability())?, request)));
            match known {
                Some((advice, request)) if !is_beyond(advice, counts) => {
                    section.asked.push(Asked { text, request, counts })
                }
                _ => section.beyond.push((text, counts)),
            }
        }
        advice::ALL.into_iter().for_each(|advice| section.add(advice, &held));
        section
    }

    /// Adds the least that one capability needs.
    fn add(&mut self, advice: &'static dyn Advise, held: &Authority) {
        let positions: Vec<_> =
            (0..self.asked.len()).filter(|at| self.asked[*at].request.capability() == advice.word()).collect();
        let asked: Vec<_> = positions.iter().map(|at| self.asked[*at].clone()).collect();
        let mut least = advice.least(&asked, held);
        let met: BTreeSet<_> = least.iter().flat_map(|least| least.of.iter().copied()).collect();
        let unmet = asked.iter().enumerate().filter(|(at, _)| !met.contains(at)).map(|(_, one)| one);
        // What is allowed where nothing is said needs no line.
        let unmet = unmet.filter(|one| one.is_denied() || matches!(Grants::unsaid(&one.request), Decision::Denied(_)));
        self.beyond.extend(unmet.map(|one| (one.text, one.counts)));
        least.iter_mut().for_each(|least| least.of.iter_mut().for_each(|of| *of = positions[*of]));
        if !least.is_empty() {
            self.lines.push((advice.key(), least, advice.is_list()));
        }
    }

    fn counts(&self, least: &Least) -> Counts {
        let mut sum = Counts::default();
        least.of.iter().for_each(|of| sum.merge(self.asked[*of].counts));
        sum
    }

    fn write(&self, policy: &mut String) {
        if !is_plain(self.name) {
            return self.write_beyond(policy);
        }
        let isolation = (self.isolation == Isolation::Run).then(|| "isolation = \"run\"".to_owned());
        let settings = limits_line(&self.limits).into_iter().chain(isolation);
        let settings: Vec<_> = settings.chain(self.signed_by.as_deref().map(signed_by_line)).collect();
        if !(self.lines.is_empty() && settings.is_empty() && self.within.is_none()) {
            policy.push_str(&format!("\n[agents.{}]\n", quoted(self.name)));
        }
        settings.iter().for_each(|line| policy.push_str(&format!("{line}\n")));
        for (word, least, is_list) in &self.lines {
            let grants: String = least.iter().map(|grant| self.grant_lines(word, grant, *is_list)).collect();
            policy.push_str(&if *is_list { format!("{word} = [\n{grants}]\n") } else { grants });
        }
        if let Some(within) = &self.within {
            policy.push_str(&format!("# as before: what this denied to those that it calls stays denied\n{within}\n"));
        }
        self.write_beyond(policy);
    }

    /// One grant, with what was asked for above it.
    fn grant_lines(&self, word: &str, grant: &Least, is_list: bool) -> String {
        let (indent, comma) = if is_list { ("    ", ",") } else { ("", "") };
        let counts = if grant.of.is_empty() { String::new() } else { self.counts(grant).to_string() };
        let remarks = [counts, grant.note.clone()].into_iter().filter(|remark| !remark.is_empty());
        let remarks: String = remarks.map(|remark| format!("{indent}# {remark}\n")).collect();
        let key = if is_list { String::new() } else { format!("{word} = ") };
        format!("{remarks}{indent}{key}{}{comma}\n", grant.toml)
    }

    fn write_beyond(&self, policy: &mut String) {
        if self.beyond.is_empty() {
            return;
        }
        policy.push_str(&format!("\n# Not granted to {}:\n", quoted(self.name)));
        for (text, counts) in self.beyond.iter().take(MAX_LISTED) {
            policy.push_str(&format!("#   {}: {counts}\n", text.escape_debug()));
        }
        if let Some(more) = self.beyond.len().checked_sub(MAX_LISTED).filter(|more| *more > 0) {
            policy.push_str(&format!("#   and {more} more\n"));
        }
    }
}

/// What the agent was given, with folders from the policy's base; and what it leaves to others.
fn held(ground: &Ground<'_>, (name, path): Named<'_>) -> (Authority, Option<Arc<Ceiling>>) {
    let authority = ground.policy.authority(name, path);
    let grants = authority.grants.based(ground.base);
    let given = Authority::new(authority.limits, grants, None, authority.isolation);
    (given.signed_by(authority.signed_by), authority.within)
}

/// Limits in one line; none where nothing is said.
fn limits_line(limits: &LimitKeys) -> Option<String> {
    let limits: Vec<_> = limits.to_toml().iter().map(|(name, value)| format!("{name} = {value}")).collect();
    (!limits.is_empty()).then(|| format!("limits = {{ {} }}", limits.join(", ")))
}

/// Who has to vouch for an agent, in one line.
fn signed_by_line(signed_by: &SignedBy) -> String {
    format!("signed_by = {signed_by}")
}

/// Whether all that was ever said to a request is that no policy can allow it.
fn is_beyond(advice: &dyn Advise, counts: &Counts) -> bool {
    counts.denied() == counts.total() && counts.codes().all(|code| advice.beyond().contains(&code))
}

/// Whether a section can be about this agent and no other. A log may hold anything.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['*', '/'])
}

#[cfg(test)]
mod tests;
