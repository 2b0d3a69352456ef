//! How long it takes to decide a request under an agent's 1,000 rules: the promise is less than
//! 2 µs. `cargo bench --profile dev --bench policy_decide`
//!
//! The rounds take turns over all requests, so that one that is asked again and again is not just
//! found in the processor's caches.

use std::{
    error::Error,
    fmt::Write,
    hint::black_box,
    time::{Duration, Instant},
};

use turingbox::{
    Policy,
    policy::{Authority, Decision, Request},
};

const RULES: usize = 1000;
const ROUNDS: usize = 200;

/// The most that one decision may take, in the median.
const PROMISED: Duration = Duration::from_micros(2);

fn main() -> Result<(), Box<dyn Error>> {
    println!("{RULES} rules, {ROUNDS} rounds over all requests, medians");
    let files = rules("files", |n| format!("{{ path = \"in/{n}\", mount = \"/data/{n:04}\", access = \"read\" }}"))?;
    let asked = |access: &str, more: &str| (0..RULES).map(|n| format!("files {access} /data/{n:04}{more}")).collect();
    let slow = [
        measure("files, allowed", &files, asked("read", "/a/b.txt"), true),
        measure("files, read-only", &files, asked("write", "/a/b.txt"), false),
        measure("files, not granted", &files, asked("read", "-/a/b.txt"), false),
        measure("files, path of 4 KB", &files, asked("read", &"/x".repeat(2048)), true),
    ];
    let slow = slow.into_iter().filter(|time| *time > PROMISED).count();
    if slow > 0 { Err(format!("{slow} of them take more than {PROMISED:?}").into()) } else { Ok(()) }
}

/// The authority of an agent with [`RULES`] grants.
fn rules(word: &str, rule: impl Fn(usize) -> String) -> Result<Authority, Box<dyn Error>> {
    let mut text = format!("version = 1\n[agents.a]\n{word} = [\n");
    for n in 0..RULES {
        writeln!(text, "{},", rule(n))?;
    }
    Ok(Policy::parse("policy.toml", &(text + "]\n"))?.authority("a", "a"))
}

/// The median time of one decision.
fn measure(what: &str, authority: &Authority, asked: Vec<String>, allowed: bool) -> Duration {
    let requests: Vec<_> = asked.iter().filter_map(|text| Request::parse(text).ok()).collect();
    assert_eq!(requests.len(), RULES);
    for request in &requests {
        assert_eq!(matches!(authority.decide(request), Decision::Allowed(_)), allowed, "{request}");
    }
    let mut rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for request in &requests {
                black_box(authority.decide(black_box(request)));
            }
            start.elapsed() / RULES as u32
        })
        .collect();
    rounds.sort();
    println!("{what:<24} {:>8.0?}", rounds[ROUNDS / 2]);
    rounds[ROUNDS / 2]
}
