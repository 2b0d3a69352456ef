use crate::policy::{Decision, Policy, Request, advice, grants::Role};

const TEXT: &str = r#"version = 1
[agents.a]
http = [
    { host = "api.example.com", methods = ["GET"], paths = ["/v1/**"] },
    { host = "*.example.com", schemes = ["http", "https"] },
    { host = "db.internal", addresses = ["10.1.0.0/16"] },
]
tcp = [{ host = "db.internal", ports = [5432] }]
"#;

/// The code of a denial, and the line that would allow the request; `allowed` where there is none.
fn answer(request: &str) -> (String, String) {
    let request = Request::parse(request).unwrap_or_else(|why| panic!("{request}: {why}"));
    assert_eq!(Request::parse(&request.to_string()), Ok(request.clone()));
    let authority = Policy::parse("p", TEXT).unwrap().authority("a", "a");
    match authority.decide(&request) {
        Decision::Allowed(_) => ("allowed".into(), String::new()),
        Decision::Denied(denial) => {
            let advice = advice::of(denial.capability()).unwrap();
            let wider = advice.widen(&authority.grants, Role::Given, &request, &denial).unwrap();
            (denial.code.into(), format!("{} = [{}]", advice.key(), wider.toml))
        }
    }
}

#[test]
fn the_nearest_grant_says_what_is_missing() {
    for (request, code, help) in [
        ("http GET https://api.example.com/v1/x", "allowed", ""),
        ("http GET http://x.y.example.com/", "allowed", ""),
        ("http GET https://db.internal/ at 10.1.2.3", "allowed", ""),
        ("tcp db.internal:5432 at 1.1.1.1", "allowed", ""),
        ("tcp db.internal", "allowed", ""),
        (
            "http DELETE https://api.example.com/v1/x",
            "http.method",
            r#"http = [{ host = "api.example.com", methods = ["GET", "DELETE"], paths = ["/v1/**"] }]"#,
        ),
        (
            "http POST https://example.com:8443/a",
            "http.not-granted",
            r#"http = [{ host = "example.com", ports = [8443], methods = ["POST"], paths = ["/a"] }]"#,
        ),
        (
            "http GET https://db.internal:81/",
            "http.port",
            r#"http = [{ host = "db.internal", ports = [443, 81], addresses = ["10.1.0.0/16"] }]"#,
        ),
        (
            "http GET https://db.internal/ at 127.0.0.1",
            "http.address",
            r#"http = [{ host = "db.internal", addresses = ["10.1.0.0/16", "127.0.0.1"] }]"#,
        ),
        ("tcp db.internal:5433", "tcp.port", r#"tcp = [{ host = "db.internal", ports = [5432, 5433] }]"#),
        (
            "tcp db.internal:5432 at 10.0.0.1",
            "tcp.address",
            r#"tcp = [{ host = "db.internal", ports = [5432], addresses = ["10.0.0.1"] }]"#,
        ),
        ("tcp [::1]:22", "tcp.not-granted", r#"tcp = [{ host = "[::1]", ports = [22] }]"#),
    ] {
        assert_eq!(answer(request), (code.to_owned(), help.to_owned()), "{request}");
    }
}

/// The lines that a denial ends with do what they say.
#[test]
fn the_help_helps() {
    for request in ["http PUT http://a.example:81/x%20y", "http GET https://127.0.0.1/", "tcp 127.0.0.1:22"] {
        let parsed = Request::parse(request).unwrap();
        let (_, help) = answer(request);
        let policy = Policy::parse("p", &format!("version = 1\n[agents.a]\n{help}\n")).unwrap();
        assert!(matches!(policy.authority("a", "a").decide(&parsed), Decision::Allowed(_)), "{help}");
    }
}
