//! How long it takes to decide a request under an agent's 1,000 rules: the promise is less than
//! 2 µs, allowed or denied. `cargo bench --profile dev --bench policy_decide`
//!
//! Each round asks all requests, so that one that is asked again and again is not just found in the
//! processor's caches.

use std::{
    error::Error,
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

/// Rules of one shape, and what is asked under them: `{n}` is the number of the rule.
struct Shape {
    what: &'static str,
    before: &'static str,
    rule: &'static str,
    after: &'static str,
    allowed: &'static str,
    denied: &'static str,
}

const SHAPES: [Shape; 12] = [
    Shape {
        what: "files",
        before: "files = [",
        rule: r#"{ path = "in/{n}", mount = "/data/{n}", access = "read" },"#,
        after: "]",
        allowed: "files read /data/{n}/a/b.txt",
        denied: "files write /data/{n}/a/b.txt",
    },
    Shape {
        what: "http, hosts",
        before: "http = [",
        rule: r#"{ host = "h{n}.example.com", paths = ["/api/**"] },"#,
        after: "]",
        allowed: "http GET https://h{n}.example.com/api/x",
        denied: "http POST https://h{n}.example.com/api/x",
    },
    Shape {
        what: "http, hosts below",
        before: "http = [",
        rule: r#"{ host = "*.h{n}.example.com" },"#,
        after: "]",
        allowed: "http GET https://a.b.h{n}.example.com/api/x",
        denied: "http GET https://h{n}.example.com/",
    },
    Shape {
        what: "http, paths of a host",
        before: "http = [",
        rule: r#"{ host = "example.com", paths = ["/api/{n}/**"] },"#,
        after: "]",
        allowed: "http GET https://example.com/api/{n}/x",
        denied: "http GET https://example.com/other/{n}",
    },
    Shape {
        what: "http, ports of a host",
        before: "http = [",
        rule: r#"{ host = "example.com", ports = [1{n}] },"#,
        after: "]",
        allowed: "http GET https://example.com:1{n}/",
        denied: "http GET https://example.com:2{n}/",
    },
    Shape {
        what: "tcp, hosts",
        before: "tcp = [",
        rule: r#"{ host = "h{n}.example.com", ports = [5432] },"#,
        after: "]",
        allowed: "tcp h{n}.example.com:5432",
        denied: "tcp h{n}.example.com:22",
    },
    Shape {
        what: "tcp, ports of a host",
        before: "tcp = [",
        rule: r#"{ host = "example.com", ports = [1{n}] },"#,
        after: "]",
        allowed: "tcp example.com:1{n}",
        denied: "tcp example.com:2{n}",
    },
    Shape {
        what: "databases, tables",
        before: r#"databases = [{ name = "db", url = { env = "URL" }, tables = {"#,
        rule: r#"t{n} = "read","#,
        after: "} }]",
        allowed: "sql read db.t{n}",
        denied: "sql update db.t{n}",
    },
    Shape {
        what: "databases, columns",
        before: r#"databases = [{ name = "db", url = { env = "URL" }, tables = { "*" = "read" }, hidden = {"#,
        rule: r#"t{n} = ["ssn", "card_*"],"#,
        after: "} }]",
        allowed: "sql read db.t{n}(name)",
        denied: "sql read db.t{n}(card_number)",
    },
    Shape {
        what: "env",
        before: "env = [",
        rule: r#""KEY_{n}","#,
        after: "]",
        allowed: "env KEY_{n}",
        denied: "env KEY_{n}X",
    },
    Shape {
        what: "calls",
        before: "calls = [",
        rule: r#""text/{n}/*","#,
        after: "]",
        allowed: "calls text/{n}/split",
        denied: "calls web/{n}/split",
    },
    Shape {
        what: "imports",
        before: "imports = { allow = [",
        rule: r#""json.m{n}","#,
        after: "] }",
        allowed: "imports json.m{n}",
        denied: "imports csv.m{n}",
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("{RULES} rules, {ROUNDS} rounds over all requests, medians");
    let mut slow = 0;
    for shape in &SHAPES {
        let authority = shape.authority()?;
        for (text, allowed) in [(shape.allowed, true), (shape.denied, false)] {
            slow += usize::from(measure(shape.what, &authority, text, allowed) > PROMISED);
        }
    }
    let files = SHAPES[0].authority()?;
    slow += usize::from(
        measure("files, 4 KB", &files, &format!("files read /data/{{n}}{}", "/x".repeat(2048)), true) > PROMISED,
    );
    if slow > 0 { Err(format!("{slow} of them take more than {PROMISED:?}").into()) } else { Ok(()) }
}

impl Shape {
    /// The authority of an agent with [`RULES`] such rules.
    fn authority(&self) -> Result<Authority, Box<dyn Error>> {
        let rules: String = (0..RULES).map(|n| numbered(self.rule, n)).collect();
        let text = format!("version = 1\n[agents.a]\n{}{rules}{}\n", self.before, self.after);
        let policy = Policy::parse("policy.toml", &text).map_err(|report| format!("{}: {report}", self.what))?;
        Ok(policy.authority("a", "a"))
    }
}

fn numbered(text: &str, n: usize) -> String {
    text.replace("{n}", &format!("{n:04}"))
}

/// The median time of one decision.
fn measure(what: &str, authority: &Authority, text: &str, allowed: bool) -> Duration {
    let asked: Vec<_> = (0..RULES).map(|n| numbered(text, n)).collect();
    let requests: Vec<_> =
        asked.iter().map(|text| Request::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))).collect();
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
    let median = rounds[ROUNDS / 2];
    println!("{what:<24} {:<8} {median:>8.0?}", if allowed { "allowed" } else { "denied" });
    median
}
