//! Any audit log: what is suggested for it is a policy that loads and that allows what was allowed,
//! whatever stands in the log. What was denied stays denied, or the line says so.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use turingbox::{
    Policy,
    audit::{Record, Verdict},
    policy::{Decision, Ground, Recorded, Request},
    source::Place,
};

const UNDER: &str = r#"version = 1
[limits]
time = "90s"
[agents."*"]
jump = false
[agents.a]
limits = { memory = "1KiB" }
files = [{ path = "x", mount = "/data", access = "write" }, { path = "y", mount = "/in", access = "read" }]
http = [
    { host = "*.example.com", methods = ["HEAD"], paths = ["/v1/*/x"], addresses = ["10.0.0.0/8"] },
    { host = "b.example.com", ports = [81] },
]
tcp = [{ host = "db.internal", ports = [1], addresses = ["10.0.0.0/8"] }, { host = "db.internal", ports = [2] }]
env = ["A", { name = "B", only_to = "b.example.com" }]
calls = ["**"]
imports = { deny = ["json.tool", "os"], allow = ["json", "xml.etree", "dis"] }
isolation = "run"
within = { env = [], jump = false }
databases = [{ name = "db", url = { env = "URL" }, tables = { "*" = "write" }, hidden = { "*" = ["ssn"] }, functions = ["tax"] }]
[agents.b]
jump = true
imports = { allow = ["json"] }
"#;

/// What is asked about beside what stands in the log.
const PROBES: [&str; 22] = [
    "files write /data/a",
    "files write /in/a",
    "http HEAD https://a.example.com/v1/a/x at 10.0.0.1",
    "http HEAD https://a.example.com/v1/a/y",
    "http GET https://a.example.com/v1/a/x",
    "http GET https://b.example.com:81/ at 10.0.0.1",
    "tcp db.internal:1 at 10.0.0.1",
    "tcp db.internal:2 at 10.0.0.1",
    "env C",
    "calls text/split",
    "imports json.tool",
    "imports xml.dom",
    "imports _opcode_metadata",
    "imports os.path",
    "imports csv",
    "sql read db.t(ssn)",
    "sql delete db.t",
    "sql read db.s.t",
    "sql call db.tax",
    "sql call db.dblink",
    "sql connect other",
    "jump",
];

/// A line is an agent, a verdict, and a request: `a+files read /data/x`. What is a request gets the
/// verdict of the policy.
fn record(line: &str, under: &Policy) -> Option<Record> {
    let at = line.find(['+', '-'])?;
    let (agent, text) = (&line[..at], &line[at + 1..]);
    let (capability, request) = text.split_once(' ')?;
    let code = match Request::parse(text).map(|request| under.authority(agent, agent).decide(&request)) {
        Ok(Decision::Allowed(_)) => String::new(),
        Ok(Decision::Denied(denial)) => denial.code.into(),
        Err(_) if line.as_bytes()[at] == b'+' => String::new(),
        Err(_) => format!("{capability}.not-granted"),
    };
    Some(Record {
        time: 0,
        run: String::new(),
        step: line.len().to_string(),
        agent: agent.into(),
        digest: String::new(),
        capability: capability.into(),
        request: request.escape_debug().to_string(),
        decision: if code.is_empty() { Verdict::Allowed } else { Verdict::Denied },
        code,
        line: None,
        count: 1,
    })
}

/// Whether the comment above `place` says that it was denied.
fn is_marked(place: &Place) -> bool {
    let above = place.source.text[..place.span.start].lines().rev().skip(1);
    above.map(str::trim).take_while(|line| line.starts_with('#')).any(|line| line.contains("DENIED"))
}

fuzz_target!(|text: &str| {
    let under = Policy::parse("under.toml", UNDER).unwrap();
    let records: Vec<_> = text.split('\n').filter_map(|line| record(line, &under)).collect();
    let mut recorded = Recorded::default();
    records.iter().for_each(|record| recorded.add(record));
    let agents: Vec<_> = recorded.agents().map(|name| (name, name)).collect();
    let ground = Ground { policy: &under, base: Path::new("/base"), with_denied: text.len() % 2 == 0 };
    let suggested = recorded.suggest(&agents, &ground).policy;
    let policy = Policy::parse("suggested.toml", &suggested).unwrap_or_else(|report| panic!("{report}\n{suggested}"));
    let asked = text.split('\n').filter_map(|line| line.split_once(['+', '-'])).map(|(_, request)| request);
    let asked: Vec<_> = asked.chain(PROBES).filter_map(|text| Request::parse(text).ok()).collect();
    for name in agents.iter().map(|(name, _)| *name).chain(["a", "b", "stranger"]) {
        let (old, new) = (under.authority(name, name), policy.authority(name, name));
        for request in &asked {
            if let (Decision::Denied(_), Decision::Allowed(place)) = (old.decide(request), new.decide(request)) {
                let marked = place.as_ref().is_some_and(is_marked) && ground.with_denied;
                assert!(marked, "{name:?} may {request} under\n{suggested}");
            }
        }
    }
    for record in &records {
        let text =
            text.split('\n').find_map(|line| self::record(line, &under).filter(|other| other == record).map(|_| line));
        let text = text.unwrap_or_default();
        let request = text.split_once(['+', '-']).map(|(_, request)| request).unwrap_or_default();
        let (Ok(request), true) = (Request::parse(request), request.len() < 500) else { continue };
        let decide = |policy: &Policy| policy.authority(&record.agent, &record.agent).decide(&request);
        if matches!((record.decision, decide(&under)), (Verdict::Allowed, Decision::Allowed(_)))
            && !request.to_string().contains(['*', '\\', ';', '\0'])
            // What nobody can ask for, no policy can say.
            && request.clone().in_form().is_ok()
        {
            assert!(matches!(decide(&policy), Decision::Allowed(_)), "{request} is denied under\n{suggested}");
        }
    }
    policy.unused(&recorded, |_| None);
});
