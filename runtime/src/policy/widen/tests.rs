use std::path::Path;

use crate::{
    document::{key, quoted},
    policy::{Decision, Denial, Policy, Request},
};

const TEXT: &str = r#"version = 1
[agents."*"]
env = ["LANG"]
[agents.a]
files = [{ path = "in", mount = "/in", access = "read" }, { path = "b", mount = "/x/b", access = "read" }]
http = [
    { host = "api.example.com", methods = ["GET"], paths = ["/v1/**"] },
    { host = "10.0.0.1", schemes = ["http"] },
]
tcp = [{ host = "db.internal", ports = [5432] }]
imports = { deny = ["os", "ctypes"], allow = ["json", "xml.etree"] }
jump = false
[[agents.a.databases]]
name = "shop"                       # a comment
url = { env = "SHOP_URL" }
tables = { orders = "read", "audit_*" = "append", '"Odd"' = "read" }
hidden = { orders = ["ssn", "card_*"], "*" = ["password"] }
role = "r"
rows = 7
[[agents."a".env]]
name = "TOKEN"
only_to = "api.example.com"
[agents."lib/b"]
calls = ["text/split"]
[agents.caller.within]
files = [{ path = "in/sub", access = "write" }, { path = "b", access = "read" }]
http = [{ host = "api.example.com", paths = ["/v1/x"] }]
tcp = []
env = []
calls = ["other"]
imports = { allow = ["json"] }
jump = false
[[agents.caller.within.databases]]
name = "shop"
tables = { orders = "read" }
[agents.wide]
files = [{ path = "in", mount = "/in", access = "write" }, { path = "b", mount = "/x/b", access = "write" }]
http = [{ host = "api.example.com" }, { host = "b.example" }]
tcp = [{ host = "db.internal", ports = [5432], addresses = ["10.0.0.0/8"] }]
env = ["A"]
calls = ["**"]
databases = [
    { name = "shop", url = { env = "U" }, tables = { "*" = "write" }, functions = ["tax"] },
    { name = "other", url = { env = "U" }, tables = { t = "read" } },
]
"#;

/// A request for each denial code of each capability, and more of some.
const DENIED: [(&str, &str); 48] = [
    ("files.not-granted", "files read /etc/passwd"),
    ("files.not-granted", "files write /x/c/y"),
    ("files.not-granted", "files read /x/c"),
    ("files.read-only", "files write /in/a"),
    ("http.not-granted", "http GET https://other.example/a/b"),
    ("http.not-granted", "http GET https://other.example/ at 10.0.0.2"),
    ("http.not-granted", "http PUT http://[::1]:81/x%20y?q"),
    ("http.scheme", "http GET http://api.example.com/v1/x"),
    ("http.scheme", "http POST http://api.example.com:81/v2/x at 10.0.0.2"),
    ("http.port", "http GET https://api.example.com:81/v1/x"),
    ("http.port", "http GET http://10.0.0.1:81/"),
    ("http.method", "http POST https://api.example.com/v1/x"),
    ("http.path", "http GET https://api.example.com/v2/x"),
    ("http.path", "http GET https://api.example.com/v2/*"),
    ("http.path", "http GET https://api.example.com/v2/**"),
    ("http.path", "http GET https://api.example.com/v2/a**b/***"),
    ("http.path", "http GET https://api.example.com/v2/%2F"),
    ("http.address", "http GET https://api.example.com/v1/x at 169.254.169.254"),
    ("tcp.not-granted", "tcp other.example:22"),
    ("tcp.not-granted", "tcp other.example:22 at 127.0.0.1"),
    ("tcp.not-granted", "tcp [::1]:22"),
    ("tcp.not-granted", "tcp other.example"),
    ("tcp.port", "tcp db.internal:5433"),
    ("tcp.address", "tcp db.internal:5432 at 10.0.0.2"),
    ("sql.not-granted", "sql connect other"),
    ("sql.not-granted", "sql read 1st.sales.t"),
    ("sql.not-granted", "sql call other.dblink"),
    ("sql.table", "sql read shop.customers"),
    ("sql.table", "sql delete shop.sales.\"A b\""),
    ("sql.table", "sql read shop.customers(password)"),
    ("sql.read-only", "sql insert shop.orders"),
    ("sql.read-only", "sql update shop.\"Odd\""),
    ("sql.append-only", "sql read shop.audit_log"),
    ("sql.append-only", "sql delete shop.audit_log"),
    ("sql.column", "sql read shop.orders(SSN)"),
    ("sql.column", "sql read shop.orders(*)"),
    ("sql.column", "sql read shop.orders(password)"),
    ("sql.function", "sql call shop.dblink"),
    ("env.not-granted", "env HOME"),
    ("env.not-granted", "env LANG"),
    ("calls.not-granted", "calls text/split"),
    ("calls.not-granted", "calls split"),
    ("imports.denied", "imports os"),
    ("imports.denied", "imports os.path"),
    ("imports.denied", "imports posix"),
    ("imports.not-allowed", "imports csv"),
    ("imports.not-allowed", "imports xml.dom"),
    ("jump.denied", "jump"),
];

/// What a caller's ceiling takes away from `wide`.
const CEILED: [&str; 15] = [
    "files write /in/a",
    "files write /x/b/y",
    "http GET https://api.example.com/v1/y",
    "http GET https://b.example/",
    "tcp db.internal:5432 at 10.0.0.1",
    "env A",
    "calls text/split",
    "sql read shop.items",
    "sql update shop.orders",
    "sql call shop.tax",
    "sql connect other",
    "sql read other.t",
    "imports os",
    "imports csv",
    "jump",
];

fn policy(text: &str) -> Policy {
    Policy::parse("p", text).unwrap_or_else(|report| panic!("{report}\n{text}"))
}

fn denial(policy: &Policy, agent: (&str, &str), callers: &[(&str, &str)], request: &str) -> Denial {
    let request = Request::parse(request).unwrap_or_else(|why| panic!("{request}: {why}"));
    match policy.authority_below(callers, agent).decide(&request) {
        Decision::Denied(denial) => denial,
        Decision::Allowed(_) => panic!("{request} is allowed"),
    }
}

/// The policy with `lines` in it: what they say of a section takes the place of what it said.
fn pasted(text: &str, lines: &str) -> Policy {
    let mut policy: toml::Table = toml::from_str(text).unwrap();
    let lines: toml::Table = toml::from_str(lines).unwrap_or_else(|error| panic!("{error}\n{lines}"));
    let agents = policy["agents"].as_table_mut().unwrap();
    for (pattern, section) in lines["agents"].as_table().unwrap() {
        let known = agents.entry(pattern).or_insert_with(|| toml::Table::new().into());
        known.as_table_mut().unwrap().extend(section.as_table().unwrap().clone());
    }
    let sections = policy["agents"].as_table().unwrap().iter();
    let sections: String = sections.map(|(name, section)| format!("{} = {}\n", key(name), written(section))).collect();
    self::policy(&format!("version = 1\n[agents]\n{sections}"))
}

fn written(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => quoted(text),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        toml::Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        toml::Value::Table(entries) => {
            let entries = entries.iter().map(|(name, value)| format!("{} = {}", key(name), written(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        other => panic!("{other:?}"),
    }
}

/// All that `before` allows of [`DENIED`] and [`CEILED`] to the agents of the policy is still allowed.
fn keeps(before: &Policy, after: &Policy, what: &str) {
    for text in DENIED.iter().map(|(_, text)| text).chain(&CEILED) {
        let request = Request::parse(text).unwrap();
        for agent in ["a", "wide", "caller"] {
            let allowed =
                |policy: &Policy| matches!(policy.authority(agent, agent).decide(&request), Decision::Allowed(_));
            assert!(!allowed(before) || allowed(after), "the lines for {what} take {text} away");
        }
    }
}

/// The lines that a denial ends with, put into the policy, allow the request; and take nothing away.
#[test]
fn the_lines_do_what_they_say() {
    let before = policy(TEXT);
    for (code, request) in DENIED {
        let denial = denial(&before, ("a", "a"), &[], request);
        assert_eq!(denial.code, code, "{request}");
        let lines = before.would_allow(("a", "a"), &denial).unwrap_or_else(|| panic!("no lines for {request}"));
        assert!(lines.starts_with("[agents.\"a\"] # p:4\n"), "{lines}");
        let after = pasted(TEXT, &lines);
        let decision = after.authority("a", "a").decide(&Request::parse(request).unwrap());
        assert!(matches!(decision, Decision::Allowed(_)), "{request} is denied: {decision:?}\n{lines}");
        keeps(&before, &after, request);
    }
}

#[test]
fn the_lines_of_a_ceiling_do_what_they_say() {
    let before = policy(TEXT);
    for request in CEILED {
        let denial = denial(&before, ("wide", "wide"), &[("caller", "caller")], request);
        assert_eq!(denial.code, format!("{}.ceiling", denial.capability()));
        let lines = before.would_allow(("wide", "wide"), &denial).unwrap_or_else(|| panic!("no lines for {request}"));
        let after = pasted(TEXT, &lines);
        let request = Request::parse(request).unwrap();
        let decision = after.authority_below(&[("caller", "caller")], ("wide", "wide")).decide(&request);
        assert!(matches!(decision, Decision::Allowed(_)), "{request} is denied: {decision:?}\n{lines}");
        keeps(&before, &after, &request.to_string());
    }
}

/// What nobody here can know is `…`, and there is no more of it than this: the host's folder, and the
/// port of a name that was looked up.
#[test]
fn a_star_of_a_path_is_about_one_segment() {
    let before = policy(TEXT);
    for (path, pattern) in [("/v2/*", "/v2/*"), ("/v2/**", "/v2/*"), ("/v2/a**b/***", "/v2/a*b/*")] {
        let denial = denial(&before, ("a", "a"), &[], &format!("http GET https://api.example.com{path}"));
        let lines = before.would_allow(("a", "a"), &denial).unwrap();
        assert!(lines.contains(&format!("\"{pattern}\"")), "{path}: {lines}");
    }
}

#[test]
fn what_cannot_be_known_is_left_open() {
    let before = policy(TEXT);
    for (code, request) in DENIED {
        let lines = before.would_allow(("a", "a"), &denial(&before, ("a", "a"), &[], request)).unwrap();
        assert_eq!(lines.contains('…'), code == "files.not-granted", "{lines}");
    }
}

/// What no line can grant has none.
#[test]
fn what_no_policy_allows_has_no_lines() {
    let before = policy(TEXT);
    for request in [
        "files read /;/x",
        "files read /x",
        "http TRACE https://api.example.com/v1/x",
        "http get https://api.example.com/v1/x",
        "sql read shop.a*",
        "sql call shop.F",
        "sql read a b.t",
        "env no-name",
        "calls *",
        "imports a b",
    ] {
        let denial = denial(&before, ("a", "a"), &[], request);
        assert_eq!(before.would_allow(("a", "a"), &denial), None, "{request}");
    }
    for (code, request) in [
        ("files.outside", "read /in/link"),
        ("files.special", "read /in/device"),
        ("http.limit.requests", "GET https://api.example.com/v1/x"),
        ("sql.statement", "read shop.customers"),
    ] {
        assert_eq!(before.would_allow(("a", "a"), &Denial::of(code, request)), None, "{code}");
    }
}

#[test]
fn a_database_is_written_whole() {
    let before = policy(TEXT);
    let lines = |request| before.would_allow(("a", "a"), &denial(&before, ("a", "a"), &[], request)).unwrap();
    let expected = r#"[agents."a"] # p:4
databases = [{ name = "shop", url = { env = "SHOP_URL" }, tables = { "audit_*" = "append", '"Odd"' = "read", orders = "write" }, hidden = { orders = ["ssn", "card_*"], "*" = ["password"] }, role = "r", rows = 7 }]"#;
    assert_eq!(lines("sql update shop.orders"), expected);
    let expected = r#"{ name = "other", url = { env = "OTHER_URL" }, tables = { t = "write" } },"#;
    assert!(lines("sql update other.t").contains(expected));
    let expected = "[agents.\"a\"] # p:4\n# they show columns that were hidden";
    assert!(lines("sql read shop.orders(*)").starts_with(expected));
}

/// A section that is about the path wins over one that is about the name.
#[test]
fn the_section_that_counts_is_written() {
    let before = policy(TEXT);
    let denial = denial(&before, ("b", "lib/b"), &[], "calls text/join");
    let lines = before.would_allow(("b", "lib/b"), &denial).unwrap();
    assert_eq!(lines, "[agents.\"lib/b\"] # p:23\ncalls = [\n    \"text/split\",\n    \"text/join\",\n]");
}

/// The folders of a policy in another folder are written as this one has to.
#[test]
fn folders_are_those_of_the_file() {
    let read = |path: &Path| {
        match path.to_str() {
        Some("org/base.toml") => Ok("version = 1\n[agents.\"*\"]\nfiles = [{ path = \"in\", mount = \"/in\", access = \"read\" }]\ndatabases = [{ name = \"db\", url = { file = \"/srv/x.db\" }, tables = {} }]".into()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    }
    };
    let source = crate::source::Source::new("own/p.toml", "version = 1\nextends = [\"../org/base.toml\"]\n");
    let policy = Policy::from_source(&source, |path| read(&crate::policy::files::normal(path))).unwrap();
    let lines = |request| policy.would_allow(("a", "a"), &denial(&policy, ("a", "a"), &[], request)).unwrap();
    assert_eq!(
        lines("files read /etc/x"),
        "[agents.\"a\"]\nfiles = [\n    { path = \"../org/in\", mount = \"/in\", access = \"read\" },\n    { path = \"…\", mount = \"/etc\", access = \"read\" },\n]"
    );
    assert_eq!(
        lines("sql read other.t"),
        "[agents.\"a\"]\ndatabases = [\n    { name = \"db\", url = { file = \"/srv/x.db\" }, tables = {} },\n    { name = \"other\", url = { env = \"OTHER_URL\" }, tables = { t = \"read\" } },\n]"
    );
    assert_eq!(
        lines("files write /in/x"),
        "[agents.\"a\"]\nfiles = [{ path = \"../org/in\", mount = \"/in\", access = \"write\" }]"
    );
}
