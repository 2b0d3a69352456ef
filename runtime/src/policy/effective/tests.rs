use crate::policy::{Decision, Policy, Request};

const TEXT: &str = r#"version = 1
[agents.a]
files = [{ path = "x", mount = "/x", access = "write" }, { path = "y", mount = "/y", access = "read" }]
http = [
    { host = "*.example.com", methods = ["GET", "POST"], paths = ["/v1/**", "/v*/x"], addresses = ["10.0.0.0/8"] },
    { host = "b.example" },
]
tcp = [{ host = "db.internal", ports = [1, 2] }]
env = ["A", "B"]
calls = ["text/*", "*_file", "web/get"]
databases = [{ name = "db", url = { env = "URL" }, tables = { t = "write", u = "read", "audit_*" = "append" }, hidden = { u = ["x"] }, functions = ["f", "g"] }]
imports = { deny = ["os"] }
[agents.c.within]
files = [{ path = "x/sub", access = "read" }]
http = [{ host = "api.example.com", methods = ["GET"], paths = ["/v1/a", "/v2/**"], addresses = ["10.1.0.0/16"] }]
tcp = [{ host = "db.internal", ports = [2, 3] }]
env = ["B", "C"]
calls = ["text/split", "read_*", "other"]
databases = [{ name = "db", tables = { t = "read", u = "write", audit_log = "write" }, hidden = { u = ["y"] }, functions = ["g"], rows = 7 }]
imports = { allow = ["json"] }
jump = false
[agents.d.within]
env = []
"#;

fn held(callers: &[(&str, &str)]) -> Vec<String> {
    let policy = Policy::parse("p", TEXT).unwrap_or_else(|report| panic!("{report}"));
    let authority = policy.authority_below(callers, ("a", "a"));
    authority.summary().into_iter().map(|(key, text)| format!("{key} {text}")).collect()
}

#[test]
fn an_agent_holds_what_its_callers_leave() {
    let expected = [
        "files read /x/sub (x/sub), says p:3, as far as p:13 goes",
        r#"http { host = "api.example.com", methods = ["GET"], paths = ["/v1/a", "/v*/x"], addresses = ["10.1.0.0/16"] }, says p:5, and only what p:13 has of it"#,
        r#"tcp { host = "db.internal", ports = [2] }, says p:8, as far as p:13 goes"#,
        r#"databases { name = "db", url = { env = "URL" }, tables = { t = "read", u = "read", audit_log = "append" }, hidden = { u = ["x", "y"] }, functions = ["g"], rows = 7 }, says p:11, as far as p:13 goes"#,
        r#"env "B", says p:9"#,
        r#"calls "text/split", says p:10, as far as p:13 goes"#,
        // Whether an agent in `text` is called `read_…` can't be seen from the patterns.
        r#"calls "text/*", says p:10, and only what p:13 has of it"#,
        r#"calls "*_file", says p:10, and only what p:13 has of it"#,
        r#"calls "web/get", says p:10, and only what p:13 has of it"#,
        r#"imports { deny = ["os"] }, says p:12"#,
        r#"imports { allow = ["json"] }, says p:20"#,
        "jump false, says p:21",
        "ceiling within, says p:13",
    ];
    assert_eq!(held(&[("c", "c")]), expected);
    let below = held(&[("c", "c"), ("d", "d")]);
    assert!(!below.iter().any(|row| row.starts_with("env")), "{below:#?}");
    assert_eq!(held(&[]).len(), 2 + 2 + 1 + 1 + 2 + 3 + 1);
}

/// What is shown allows all that is allowed, and where it is said to be exact, nothing else.
#[test]
fn what_is_held_is_what_is_decided() {
    let policy = Policy::parse("p", TEXT).unwrap();
    let authority = policy.authority_below(&[("c", "c")], ("a", "a"));
    let holdings = authority.holdings();
    for text in [
        "http GET https://api.example.com/v1/a at 10.1.0.1",
        "http GET https://api.example.com/v1/a at 10.2.0.1",
        "http POST https://api.example.com/v1/a",
        "http GET https://api.example.com/v1/b",
        "http GET https://api.example.com/v2/x",
        "http GET https://x.example.com/v1/a",
        "http GET https://b.example/",
        "tcp db.internal:1",
        "tcp db.internal:2",
        "tcp db.internal:3",
        "env A",
        "env B",
        "env C",
        "calls text/split",
        "calls text/join",
        "calls read_file",
        "calls write_file",
        "calls web/get",
        "calls other",
        "sql read db.t",
        "sql update db.t",
        "sql read db.u(x)",
        "sql read db.u(y)",
        "sql read db.u(z)",
        "sql update db.u",
        "sql insert db.audit_log",
        "sql insert db.audit_x",
        "sql call db.f",
        "sql call db.g",
    ] {
        let request = Request::parse(text).unwrap();
        let key = if request.capability() == "sql" { "databases" } else { request.capability() };
        let of_key: Vec<_> = holdings.iter().filter(|holding| holding.key == key).collect();
        let rows: Vec<_> = of_key.iter().map(|holding| holding.text.as_str()).collect();
        let shown = format!("version = 1\n[agents.a]\n{key} = [{}]\n", rows.join(", "));
        let shown = Policy::parse("shown", &shown).unwrap_or_else(|report| panic!("{report}\n{shown}"));
        let allowed = |decision| matches!(decision, Decision::Allowed(_));
        let (real, shown) = (allowed(authority.decide(&request)), allowed(shown.authority("a", "a").decide(&request)));
        let exact = of_key.iter().all(|holding| holding.part_of.is_empty());
        assert!(shown || !real, "{text} is allowed and not shown: {rows:?}");
        assert!(!exact || real == shown, "{text} is shown and not allowed: {rows:?}");
    }
}
