//! The least policy that recorded runs needed, written out.

use std::{collections::BTreeSet, fmt::Write, path::Path};

use crate::policy::{
    Asked, Authority, Decision, FileGrant, Grants, Named, Policy, Recorded,
    advice::{self, Advise, Least, quoted},
    asked::{self, Counts},
    limits::LimitKeys,
};
use crate::source::Place;

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
            suggestion.grants += section.lines.iter().map(|(_, least, _)| least.len()).sum::<usize>();
            let marked = |least: &&Least| section.counts(least).denied() > 0;
            suggestion.denied += section.lines.iter().flat_map(|(_, least, _)| least).filter(marked).count();
            section.write(&mut body);
        }
        suggestion.policy = head(&total, suggestion.denied, self.left_off);
        limits(&mut suggestion.policy, &ground.policy.limits);
        suggestion.policy.push_str(&body);
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

/// The section of one agent.
struct Section<'r> {
    name: &'r str,
    limits: LimitKeys,
    /// Its `within`: folders in it are relative to another file, so it isn't copied.
    ceiling: Option<Place>,
    asked: Vec<Asked<'r>>,
    /// The key, its grants, and whether it is a list.
    lines: Vec<(&'static str, Vec<Least>, bool)>,
    /// What nothing was suggested for, and how often it was asked for.
    beyond: Vec<(&'r str, &'r Counts)>,
}

impl<'r> Section<'r> {
    fn new(recorded: &'r Recorded, (name, path): Named<'r>, ground: &Ground<'_>) -> Self {
        let held = held(ground, (name, path));
        let mut section = Self {
            name,
            limits: LimitKeys::default(),
            ceiling: None,
            asked: Vec::new(),
            lines: Vec::new(),
            beyond: Vec::new(),
        };
        for one in ground.policy.about(name, path) {
            section.limits.narrow_to(&one.limits);
            section.ceiling = one.within.as_ref().map(|within| within.place.clone()).or(section.ceiling);
        }
        for (text, counts) in recorded.of(name) {
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
        let limits = self.limits.to_toml();
        if !(self.lines.is_empty() && limits.is_empty()) {
            policy.push_str(&format!("\n[agents.{}]\n", quoted(self.name)));
        }
        if !limits.is_empty() {
            let limits: Vec<_> = limits.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            policy.push_str(&format!("limits = {{ {} }}\n", limits.join(", ")));
        }
        for (word, least, is_list) in &self.lines {
            let (indent, comma) = if *is_list { ("    ", ",") } else { ("", "") };
            let mut grants = String::new();
            for grant in least {
                grants.push_str(&format!("{indent}# {}\n", self.counts(grant)));
                if !grant.note.is_empty() {
                    grants.push_str(&format!("{indent}# {}\n", grant.note));
                }
                let key = if *is_list { String::new() } else { format!("{word} = ") };
                grants.push_str(&format!("{indent}{key}{}{comma}\n", grant.toml));
            }
            policy.push_str(&if *is_list { format!("{word} = [\n{grants}]\n") } else { grants });
        }
        if let Some(place) = &self.ceiling {
            policy.push_str(&format!(
                "# What it leaves to others is not in this policy: `within` at {}\n",
                place.line().escape_debug()
            ));
        }
        self.write_beyond(policy);
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

/// What the agent was given, with folders from the policy's base.
fn held(ground: &Ground<'_>, (name, path): Named<'_>) -> Authority {
    let authority = ground.policy.authority(name, path);
    let based = |files: &[FileGrant]| files.iter().map(|grant| grant.based(ground.base)).collect();
    let files = authority.grants.files.as_deref().map(based);
    Authority::new(authority.limits, Grants { files, ..authority.grants }, None, authority.isolation)
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
mod tests {
    use super::*;
    use crate::audit::{Record, Verdict};

    const UNDER: &str = r#"version = 1
[agents.a]
limits = { time = "90s", memory = "3MB" }
files = [{ path = "in", mount = "/in", access = "write" }]
within = { env = [] }
"#;

    fn suggested(asked: &[(&str, &str)]) -> Suggestion {
        let mut recorded = Recorded::default();
        for (request, code) in asked {
            let (capability, request) = request.split_once(' ').unwrap();
            recorded.add(&Record {
                time: 0,
                run: String::new(),
                step: String::new(),
                agent: "a".into(),
                digest: String::new(),
                capability: capability.into(),
                request: request.escape_debug().to_string(),
                decision: if code.is_empty() { Verdict::Allowed } else { Verdict::Denied },
                code: (*code).into(),
                line: None,
                count: 1,
            });
        }
        let policy = Policy::parse("p", UNDER).unwrap();
        let suggestion =
            recorded.suggest(&[("a", "x/a")], &Ground { policy: &policy, base: Path::new("/b"), with_denied: true });
        Policy::parse("s", &suggestion.policy).unwrap_or_else(|report| panic!("{report}\n{}", suggestion.policy));
        suggestion
    }

    /// The lines that grant something, without what is said about them.
    fn lines(asked: &[(&str, &str)]) -> Vec<String> {
        let policy = suggested(asked).policy;
        let grants =
            policy.lines().map(str::trim).filter(|line| line.starts_with(['{', '"']) || line.starts_with("jump"));
        grants.map(|line| line.trim_end_matches(',').to_owned()).collect()
    }

    #[test]
    fn folders_are_merged_and_access_is_the_least() {
        let (read, write) = ("access = \"read\" }", "access = \"write\" }");
        let folder =
            |path: &str, mount: &str, access: &str| format!("{{ path = \"{path}\", mount = \"{mount}\", {access}");
        let asked = [("files read /in/a/1", ""), ("files read /in/a/2", ""), ("files write /in/b/c/3", "")];
        assert_eq!(lines(&asked), [folder("/b/in/a", "/in/a", read), folder("/b/in/b/c", "/in/b/c", write)]);
        let asked = [("files read /in/1", ""), ("files write /in/b/2", "")];
        assert_eq!(lines(&asked), [folder("/b/in", "/in", write)]);
        assert!(suggested(&asked).policy.contains("# a folder in it is written"));
        let asked = [("files read /in", ""), ("files read /etc/passwd", "files.not-granted")];
        assert_eq!(lines(&asked), [folder("…", "/etc", read), folder("/b/in", "/in", read)]);
        let many: Vec<_> = (0..100).map(|n| format!("files read /in/{n}/x")).collect();
        let many: Vec<_> = many.iter().map(|request| (request.as_str(), "")).collect();
        assert_eq!(lines(&many), [folder("/b/in", "/in", read)]);
    }

    #[test]
    fn what_no_policy_allows_is_a_comment() {
        let asked = [
            ("files read /in/link", "files.outside"),
            ("udp send to 192.0.2.1:53", "udp.not-granted"),
            ("env no-name", "env.not-granted"),
            ("calls x/*", "calls.not-granted"),
            ("files read /;/x", "files.not-granted"),
        ];
        assert_eq!(lines(&asked), [""; 0]);
        let policy = suggested(&asked).policy;
        assert!(asked.iter().all(|(request, _)| policy.contains(&format!("#   {request}: DENIED once"))), "{policy}");
    }

    #[test]
    fn what_was_denied_is_marked() {
        let suggestion = suggested(&[("jump move the head", "jump.denied"), ("env B", ""), ("env B", "env.ceiling")]);
        assert_eq!((suggestion.grants, suggestion.denied), (2, 2));
        let expected = r#"# The least policy for what was recorded: 3 requests, 2 of them denied.
# Read it before you use it: lines marked DENIED give what was refused until now.
version = 1

[agents."a"]
limits = { memory = "3000000B", time = "90s" }
env = [
    # allowed once, DENIED once (env.ceiling)
    "B",
]
# DENIED once (jump.denied)
jump = true
# What it leaves to others is not in this policy: `within` at p:5
"#;
        assert_eq!(suggestion.policy, expected);
    }
}
