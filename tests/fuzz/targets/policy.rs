//! Any text as a policy: it loads or it is refused with a place in it. What loads decides the same
//! way each time, and a ceiling never allows what was denied.

#![no_main]

use libfuzzer_sys::fuzz_target;
use turingbox::{
    Policy,
    policy::{Decision, Request},
};

const REQUESTS: [&str; 30] = [
    "files read /data/a",
    "files write /data/a",
    "files read /",
    "files write /data-b/c/d",
    "env A",
    "calls text/split",
    "calls a",
    "jump",
    "files write /data/x/y",
    "http GET https://a.example/v1/x",
    "http POST http://a.example:81/v1/x at 10.0.0.1",
    "http GET https://b.a.example/",
    "http PUT https://10.0.0.1/x%20y",
    "tcp db.internal:5432",
    "tcp db.internal:5433 at 127.0.0.1",
    "tcp [::1]:22",
    "sql connect db",
    "sql read db.t",
    "sql read db.t(ssn)",
    "sql read db.t(*)",
    "sql insert db.audit_log",
    "sql update db.s.t",
    "sql delete db.\"T\"",
    "sql call db.dblink",
    "sql call db.lower",
    "sql read other-1.t",
    "imports os",
    "imports os.path",
    "imports json.tool",
    "imports _socket",
];

/// The lines as a policy.
fn reread(lines: &str) -> Policy {
    let policy = Policy::parse("policy.toml", &format!("version = 1\n{lines}"));
    policy.unwrap_or_else(|report| panic!("{report}\n{lines}"))
}

const AGENTS: [(&str, &str); 4] = [("a", "a"), ("b", "text/b"), ("caller", "caller"), ("split", "text/split")];

fuzz_target!(|text: &str| {
    let policy = match Policy::parse("policy.toml", text) {
        Ok(policy) => policy,
        Err(report) => {
            assert!(report.has_errors(), "{report}");
            for wrong in &report.0 {
                let place = wrong.place.as_ref().expect("a mistake in a file has a place");
                // Never past the end, and never inside a character.
                assert!(text.get(place.span.clone()).is_some(), "{wrong}: {:?}", place.span);
            }
            return;
        }
    };
    policy.covered();
    policy.run_tests(|_| None);
    for agent in AGENTS {
        policy.said(agent);
        let own = policy.authority(agent.0, agent.1);
        for request in REQUESTS.iter().map(|text| Request::parse(text).unwrap()) {
            let decision = own.decide(&request);
            assert_eq!(decision, own.decide(&request));
            for caller in AGENTS {
                let below = policy.authority_below(&[caller], agent).decide(&request);
                if let Decision::Denied(_) = decision {
                    assert_eq!(below, decision, "a ceiling changed a denial of {request}");
                }
                let deeper = policy.authority_below(&[caller, ("b", "text/b")], agent).decide(&request);
                if let Decision::Denied(_) = below {
                    assert!(matches!(deeper, Decision::Denied(_)), "a second ceiling allowed {request}");
                }
            }
            if let Decision::Denied(denial) = &decision
                && let Some(lines) = policy.would_allow(agent, denial)
            {
                let after = reread(&lines).authority(agent.0, agent.1).decide(&request);
                assert!(matches!(after, Decision::Allowed(_)), "{request} is denied under\n{lines}");
            }
            for caller in AGENTS {
                let below = policy.authority_below(&[caller], agent).decide(&request);
                if let (Decision::Allowed(_), Decision::Denied(denial)) = (&decision, below)
                    && let Some(lines) = policy.would_allow(agent, &denial)
                {
                    let callee = Policy::parse("policy.toml", text).unwrap().authority(agent.0, agent.1);
                    let after = callee.under(&reread(&lines).authority(caller.0, caller.1).ceilings_below());
                    assert!(
                        matches!(after.decide(&request), Decision::Allowed(_)),
                        "{request} is denied under\n{lines}"
                    );
                }
            }
        }
    }
});
