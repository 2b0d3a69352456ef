//! How long it takes to decide a request under an agent's 1,000 rules: the promise is less than
//! 2 µs, allowed or denied, by the agent's own grants or by a caller's ceiling of as many.
//! `cargo bench --profile dev --bench policy_decide`
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

/// As many patterns as may be alike.
const ALIKE: usize = 8;

/// The most that one decision may take, in the median.
const PROMISED: Duration = Duration::from_micros(2);

/// Rules of one shape, and what is asked under them: `{n}` is the number of the rule, `{g}` that of the
/// group of [`ALIKE`] that it is in.
struct Shape {
    what: &'static str,
    before: &'static str,
    rule: &'static str,
    after: &'static str,
    allowed: &'static str,
    denied: &'static str,
}

const SHAPES: [Shape; 24] = [
    Shape {
        what: "files",
        before: "files = [",
        rule: r#"{ path = "in/{n}", MOUNT access = "read" },"#,
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
        before: r#"databases = [{ name = "db", URL tables = {"#,
        rule: r#"t{n} = "read","#,
        after: "} }]",
        allowed: "sql read db.t{n}",
        denied: "sql update db.t{n}",
    },
    Shape {
        what: "databases, columns",
        before: r#"databases = [{ name = "db", URL tables = { "*" = "read" }, hidden = {"#,
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
    Shape {
        what: "http, ends of paths",
        before: "http = [",
        rule: r#"{ host = "example.com", paths = ["/**/x{n}"] },"#,
        after: "]",
        allowed: "http GET https://example.com/a/b/x{n}",
        denied: "http GET https://example.com/a/b/y{n}",
    },
    Shape {
        what: "http, middles of paths",
        before: "http = [",
        rule: r#"{ host = "example.com", paths = ["/api/*/x{n}/**"] },"#,
        after: "]",
        allowed: "http GET https://example.com/api/a/x{n}/b",
        denied: "http POST https://example.com/api/a/x{n}/b",
    },
    Shape {
        what: "http, paths of a grant",
        before: r#"http = [{ host = "example.com", paths = ["#,
        rule: r#""/**/x{n}","#,
        after: "] }]",
        allowed: "http GET https://example.com/a/b/x{n}",
        denied: "http GET https://example.com/a/b/y{n}",
    },
    Shape {
        what: "databases, names",
        before: "databases = [",
        rule: r#"{ name = "db{n}", URL tables = { t = "read" } },"#,
        after: "]",
        allowed: "sql read db{n}.t",
        denied: "sql read db{n}.u",
    },
    Shape {
        what: "databases, ends of tables",
        before: r#"databases = [{ name = "db", URL tables = {"#,
        rule: r#""*_{n}" = "read","#,
        after: "} }]",
        allowed: "sql read db.t_{n}",
        denied: "sql update db.t_{n}",
    },
    Shape {
        what: "databases, hidden tables",
        before: r#"databases = [{ name = "db", URL tables = { "*" = "read" }, hidden = {"#,
        rule: r#""*_{n}" = ["ssn"],"#,
        after: "} }]",
        allowed: "sql read db.t_{n}(name)",
        denied: "sql read db.t_{n}(ssn)",
    },
    Shape {
        what: "databases, hidden columns",
        before: r#"databases = [{ name = "db", URL tables = { "*" = "read" }, hidden = { "*" = ["#,
        rule: r#""*_{n}","#,
        after: "] } }]",
        allowed: "sql read db.t(n{n})",
        denied: "sql read db.t(n_{n})",
    },
    Shape {
        what: "databases, functions",
        before: r#"databases = [{ name = "db", URL tables = {}, functions = ["#,
        rule: r#""f{n}","#,
        after: "] }]",
        allowed: "sql call db.f{n}",
        denied: "sql call db.g{n}",
    },
    Shape {
        what: "calls, ends",
        before: "calls = [",
        rule: r#""*_{n}","#,
        after: "]",
        allowed: "calls text/split_{n}",
        denied: "calls text/split_{n}x",
    },
    Shape {
        what: "calls, middles",
        before: "calls = [",
        rule: r#""a*_{n}_*b","#,
        after: "]",
        allowed: "calls text/ax_{n}_xb",
        denied: "calls text/ax_{n}_x",
    },
    Shape {
        what: "calls, alike",
        before: "calls = [",
        rule: r#""a*_{g}_*b","#,
        after: "]",
        allowed: "calls text/axxxx_{g}_xxxxxb",
        denied: "calls text/axxxx_{g}_xxxxx",
    },
    Shape {
        what: "imports, denied",
        before: "imports = { deny = [",
        rule: r#""m{n}","#,
        after: "] }",
        allowed: "imports n{n}",
        denied: "imports m{n}.x",
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("{RULES} rules, {ROUNDS} rounds over all requests, medians");
    let mut slow = 0;
    let mut check = |median: Duration| slow += usize::from(median > PROMISED);
    for shape in &SHAPES {
        let (own, below, apart) = (shape.authority(None)?, shape.authority(Some(0))?, shape.authority(Some(RULES))?);
        check(measure(shape.what, "allowed", &own, shape.allowed, true));
        check(measure(shape.what, "denied", &own, shape.denied, false));
        check(measure(shape.what, "allowed below", &below, shape.allowed, true));
        // What is hidden or denied is taken away by a rule, and not by the want of one.
        if matches!(apart.decide(&Request::parse(&numbered(shape.allowed, 0))?), Decision::Denied(_)) {
            check(measure(shape.what, "denied below", &apart, shape.allowed, false));
        }
    }
    let files = SHAPES[0].authority(None)?;
    let long = format!("files read /data/{{n}}{}", "/x".repeat(2048));
    check(measure("files, 4 KB", "allowed", &files, &long, true));
    if slow > 0 { Err(format!("{slow} of them take more than {PROMISED:?}").into()) } else { Ok(()) }
}

impl Shape {
    /// The authority of an agent with [`RULES`] such rules; below a caller with a ceiling of as many, the
    /// first of which has the number `ceiling`.
    fn authority(&self, ceiling: Option<usize>) -> Result<Authority, Box<dyn Error>> {
        let own = self.rules(0, r#"mount = "/data/{n}","#, r#"url = { env = "URL" },"#);
        let most =
            ceiling.map(|first| format!("[agents.b.within]\n{}\n", self.rules(first, "", ""))).unwrap_or_default();
        let text = format!("version = 1\n[agents.a]\n{own}\n{most}");
        let policy = Policy::parse("policy.toml", &text).map_err(|report| format!("{}: {report}", self.what))?;
        Ok(policy.authority_below(&[("b", "b")], ("a", "a")))
    }

    /// The rules, with `mount` and `url` where agents are given them, and ceilings have none.
    fn rules(&self, first: usize, mount: &str, url: &str) -> String {
        let rules: String = (first..first + RULES).map(|n| numbered(&self.rule.replace("MOUNT", mount), n)).collect();
        format!("{}{rules}{}", self.before, self.after).replace("URL ", &format!("{url} "))
    }
}

fn numbered(text: &str, n: usize) -> String {
    text.replace("{n}", &format!("{n:04}")).replace("{g}", &format!("{:04}", n / ALIKE))
}

/// The median time of one decision.
fn measure(what: &str, how: &str, authority: &Authority, text: &str, allowed: bool) -> Duration {
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
    println!("{what:<26} {how:<13} {:>6} ns", median.as_nanos());
    median
}
