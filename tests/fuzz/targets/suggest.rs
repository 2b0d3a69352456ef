//! Any audit log: what is suggested for it is a policy that loads and that allows what was allowed,
//! whatever stands in the log.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use turingbox::{
    Policy,
    audit::{Record, Verdict},
    policy::{Decision, Ground, Recorded, Request},
};

const UNDER: &str = "version = 1\n[limits]\ntime = \"90s\"\n[agents.a]\nlimits = { memory = \"1KiB\" }\nfiles = [{ path = \"x\", mount = \"/data\", access = \"write\" }]\nenv = [\"A\"]\ncalls = [\"**\"]\n";

/// A line is an agent, a verdict, and a request: `a+files read /data/x`.
fn record(line: &str) -> Option<Record> {
    let at = line.find(['+', '-'])?;
    let (capability, request) = line[at + 1..].split_once(' ')?;
    Some(Record {
        time: 0,
        run: String::new(),
        step: line.len().to_string(),
        agent: line[..at].into(),
        digest: String::new(),
        capability: capability.into(),
        request: request.escape_debug().to_string(),
        decision: if line.as_bytes()[at] == b'+' { Verdict::Allowed } else { Verdict::Denied },
        code: if line.as_bytes()[at] == b'+' { String::new() } else { format!("{capability}.not-granted") },
        line: None,
        count: 1,
    })
}

fuzz_target!(|text: &str| {
    let under = Policy::parse("under.toml", UNDER).unwrap();
    let records: Vec<_> = text.split('\n').filter_map(record).collect();
    let mut recorded = Recorded::default();
    records.iter().for_each(|record| recorded.add(record));
    let agents: Vec<_> = recorded.agents().map(|name| (name, name)).collect();
    let ground = Ground { policy: &under, base: Path::new("/base"), with_denied: text.len() % 2 == 0 };
    let suggested = recorded.suggest(&agents, &ground).policy;
    let policy = Policy::parse("suggested.toml", &suggested).unwrap_or_else(|report| panic!("{report}\n{suggested}"));
    for record in &records {
        let text = text.split('\n').find_map(|line| self::record(line).filter(|other| other == record).map(|_| line));
        let text = text.unwrap_or_default();
        let request = text.split_once(['+', '-']).map(|(_, request)| request).unwrap_or_default();
        let (Ok(request), true) = (Request::parse(request), request.len() < 500) else { continue };
        let decide = |policy: &Policy| policy.authority(&record.agent, &record.agent).decide(&request);
        if matches!((record.decision, decide(&under)), (Verdict::Allowed, Decision::Allowed(_)))
            && !request.to_string().contains(['*', '\\', ';', '\0'])
        {
            assert!(matches!(decide(&policy), Decision::Allowed(_)), "{request} is denied under\n{suggested}");
        }
    }
    policy.unused(&recorded, |_| None);
});
