use super::*;
use crate::{
    audit::{Record, Verdict},
    policy::Request,
    source::Place,
};

const UNDER: &str = r#"version = 1
[agents.a]
limits = { time = "90s", memory = "3MB" }
files = [{ path = "in", mount = "/in", access = "write" }]
within = { env = [] }
"#;

/// A record of a request, and the code of its denial; none where it was allowed.
fn record(agent: &str, request: &str, code: &str) -> Record {
    let (capability, request) = request.split_once(' ').unwrap_or((request, "move the head"));
    Record {
        time: 0,
        run: String::new(),
        step: String::new(),
        agent: agent.into(),
        digest: String::new(),
        capability: capability.into(),
        request: request.escape_debug().to_string(),
        decision: if code.is_empty() { Verdict::Allowed } else { Verdict::Denied },
        code: code.into(),
        line: None,
        count: 1,
    }
}

fn suggested(asked: &[(&str, &str)]) -> Suggestion {
    let mut recorded = Recorded::default();
    for (request, code) in asked {
        recorded.add(&record("a", request, code));
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
    let grants = policy.lines().map(str::trim).filter(|line| line.starts_with(['{', '"']) || line.starts_with("jump"));
    grants.map(|line| line.trim_end_matches(',').to_owned()).collect()
}

#[test]
fn folders_are_merged_and_access_is_the_least() {
    let (read, write) = ("access = \"read\" }", "access = \"write\" }");
    let folder = |path: &str, mount: &str, access: &str| format!("{{ path = \"{path}\", mount = \"{mount}\", {access}");
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
        ("http TRACE https://a.example/", "http.not-granted"),
        ("http G\0T https://a.example/", "http.not-granted"),
        ("sql read a b.t", "sql.not-granted"),
    ];
    assert_eq!(lines(&asked), [""; 0]);
    let policy = suggested(&asked).policy;
    assert!(
        asked.iter().all(|(request, _)| policy.contains(&format!("#   {}: DENIED once", request.escape_debug()))),
        "{policy}"
    );
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
# as before: what this denied to those that it calls stays denied
within = { env = [] }
"#;
    assert_eq!(suggestion.policy, expected);
}

/// Everything that a policy can take away, from agents that are recorded and from others.
const STRICT: &str = r#"version = 1
[limits]
bytes = "1KB"
calls = 3
[agents."*"]
limits = { memory = "1MB" }
jump = false
[agents.a]
files = [{ path = "in", mount = "/in", access = "read" }]
http = [
    { host = "*.example.com", methods = ["HEAD"], paths = ["/v1/*/x", "/v1/y*/z"], addresses = ["10.0.0.0/8"] },
    { host = "b.example.com", ports = [81], addresses = ["10.1.0.0/16"] },
]
tcp = [{ host = "db.internal", ports = [1], addresses = ["10.0.0.0/8"] }, { host = "db.internal", ports = [2] }]
env = [{ name = "TOKEN", only_to = "api.example.com" }, { name = "LANG", secret = false }]
calls = ["text/*"]
imports = { deny = ["json.tool", "os"], allow = ["json", "xml.etree", "socket", "dis"] }
isolation = "run"
within = { files = [{ path = "in", access = "read" }], env = [], imports = { deny = ["csv"] }, jump = false }
[[agents.a.databases]]
name = "db"
url = { file = "x.db" }
tables = { "*" = "write" }
hidden = { t = ["ssn"], "*" = ["p"], u = ["q"] }
functions = ["tax"]
rows = 7
[agents.b]
imports = { allow = ["json"] }
jump = true
[agents."g/*"]
imports = { deny = ["os"] }
within = { jump = false }
"#;

/// What is asked about: what the policy allows, and more.
const PROBES: [&str; 62] = [
    "files read /in/a/b",
    "files read /in/a/c",
    "files read /in/x",
    "files write /in/a/b",
    "files read /etc/x",
    "http HEAD https://a.example.com/v1/a/x",
    "http HEAD https://a.example.com/v1/b/x at 10.0.0.1",
    "http HEAD https://a.example.com/v1/*/x",
    "http HEAD https://a.example.com/v1/c/y",
    "http GET https://a.example.com/v1/a/x",
    "http HEAD https://a.example.com/v1/y%20y/z",
    "http HEAD https://a.example.com/other",
    "http GET https://b.example.com:81/",
    "http GET https://b.example.com:81/ at 10.1.0.1",
    "http GET https://b.example.com:81/ at 10.2.0.1",
    "http HEAD https://b.example.com/v1/a/x at 10.2.0.1",
    "http HEAD https://b.example.com:82/v1/a/x",
    "tcp db.internal",
    "tcp db.internal:1 at 10.0.0.1",
    "tcp db.internal:2",
    "tcp db.internal:2 at 10.0.0.1",
    "tcp db.internal:3",
    "env TOKEN",
    "env LANG",
    "env HOME",
    "calls text/split",
    "calls text/join",
    "calls web/get",
    "imports json",
    "imports json.decoder",
    "imports json.tool",
    "imports _json",
    "imports xml",
    "imports xml.etree",
    "imports xml.etree.cElementTree",
    "imports xml.dom",
    "imports _socket",
    "imports socket",
    "imports opcode",
    "imports _opcode_metadata",
    "imports dis",
    "imports os",
    "imports os.path",
    "imports posix",
    "imports re",
    "imports builtins",
    "sql connect db",
    "sql read db.t",
    "sql read db.t(a)",
    "sql read db.t(ssn)",
    "sql read db.t(p)",
    "sql read db.u(q)",
    "sql insert db.u",
    "sql delete db.u",
    "sql read db.s.x",
    "sql read db.a.b.c",
    "sql read db.\"a*\"",
    "sql call db.tax",
    "sql call db.dblink",
    "sql call db.lower",
    "sql connect other-1",
    "jump",
];

const AGENTS: [(&str, &str); 4] = [("a", "x/a"), ("b", "b"), ("c", "g/c"), ("stranger", "x/stranger")];

/// A log of what the agents ask for and what the policy answers, of every `each`-th probe from `from`.
fn logged(policy: &Policy, from: usize, each: usize) -> Recorded {
    let mut recorded = Recorded::default();
    for (name, path) in &AGENTS[..3] {
        for probe in PROBES.iter().skip(from).step_by(each) {
            let request = Request::parse(probe).unwrap();
            let code = match policy.authority(name, path).decide(&request) {
                Decision::Allowed(_) => "",
                Decision::Denied(denial) => denial.code,
            };
            recorded.add(&record(name, probe, code));
        }
    }
    recorded
}

/// Whether the lines before `place` say that it was denied.
fn is_marked(place: &Place) -> bool {
    let above = place.source.text[..place.span.start].lines().rev().skip(1);
    above.map(str::trim).take_while(|line| line.starts_with('#')).any(|line| line.contains("DENIED"))
}

/// What the policy denied stays denied, unless the line that allows it is marked; and what was allowed
/// in the runs still is.
#[test]
fn a_suggestion_widens_nothing_in_silence() {
    let policy = Policy::parse("p", STRICT).unwrap_or_else(|report| panic!("{report}"));
    for (from, each) in (1..8).flat_map(|each| (0..each).map(move |from| (from, each))).chain([(99, 1)]) {
        for with_denied in [false, true] {
            let recorded = logged(&policy, from, each);
            let ground = Ground { policy: &policy, base: Path::new("/b"), with_denied };
            let text = recorded.suggest(&AGENTS[..3], &ground).policy;
            let new = Policy::parse("s", &text).unwrap_or_else(|report| panic!("{report}\n{text}"));
            for (agent, caller) in AGENTS.iter().flat_map(|agent| [(*agent, None), (*agent, Some(AGENTS[0]))]) {
                let callers: Vec<_> = caller.into_iter().collect();
                let (old, new) = (policy.authority_below(&callers, agent), new.authority_below(&callers, agent));
                assert!(
                    old.limits == new.limits && old.isolation.max(new.isolation) == old.isolation,
                    "{agent:?}\n{text}"
                );
                for probe in PROBES {
                    let request = Request::parse(probe).unwrap();
                    let asked =
                        PROBES.iter().skip(from).step_by(each).any(|other| *other == probe) && agent.0 != "stranger";
                    match (old.decide(&request), new.decide(&request)) {
                        (Decision::Denied(_), Decision::Allowed(place)) => assert!(
                            with_denied && place.as_ref().is_some_and(is_marked),
                            "{agent:?} {caller:?} may {probe}: {place:?}\n{text}"
                        ),
                        (Decision::Allowed(_), Decision::Denied(denial)) if asked && !unwritable(probe) => {
                            panic!("{agent:?} may no longer {probe}: {denial:?}\n{text}")
                        }
                        _ => {}
                    }
                }
                for name in ["TOKEN", "LANG"] {
                    let (old, new) = (old.variable(name), new.variable(name));
                    let both = new.zip(old);
                    assert!(
                        both.is_none_or(|(new, old)| new.only_to == old.only_to && new.secret == old.secret),
                        "{text}"
                    );
                }
            }
        }
    }
}

/// A table whose name is a pattern can't be granted alone.
fn unwritable(probe: &str) -> bool {
    probe.contains("a*")
}

#[test]
fn what_was_said_of_a_database_is_said_again() {
    let policy = Policy::parse("p", STRICT).unwrap();
    let mut recorded = Recorded::default();
    recorded.add(&record("a", "sql read db.t(a)", ""));
    recorded.add(&record("a", "sql call db.tax", ""));
    let ground = Ground { policy: &policy, base: Path::new("/b"), with_denied: true };
    let text = recorded.suggest(&AGENTS[..1], &ground).policy;
    let expected = r#"{ name = "db", url = { file = "/b/x.db" }, tables = { t = "read" }, hidden = { t = ["ssn"], "*" = ["p"] }, functions = ["tax"], rows = 7 },"#;
    assert!(text.contains(expected), "{text}");
    let expected = "within = { files = [{ path = \"/b/in\", access = \"read\" }], env = [], imports = { deny = [\"csv\"] }, jump = false }\n";
    assert!(text.contains(expected) && text.contains("\nisolation = \"run\"\n"), "{text}");
}
