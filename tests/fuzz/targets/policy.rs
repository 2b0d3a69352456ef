//! Any text as a policy: it loads or it is refused with a place in it. What loads decides the same
//! way each time, and a ceiling never allows what was denied.

#![no_main]

use libfuzzer_sys::fuzz_target;
use turingbox::{
    Policy,
    policy::{Decision, Request},
};

const REQUESTS: [&str; 8] = [
    "files read /data/a",
    "files write /data/a",
    "files read /",
    "files write /data-b/c/d",
    "env A",
    "calls text/split",
    "calls a",
    "jump",
];

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
                let more = Policy::parse("lines", &format!("version = 1\n{lines}"));
                let more = more.unwrap_or_else(|report| panic!("{report}\n{lines}"));
                let after = more.authority(agent.0, agent.1).decide(&request);
                assert!(matches!(after, Decision::Allowed(_)), "{request} is denied under\n{lines}");
            }
        }
    }
});
