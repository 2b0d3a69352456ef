//! Any text as a URL: what can be read is written the same way, means the host that it is written
//! with, and leads nowhere above its path.

#![no_main]

use libfuzzer_sys::fuzz_target;
use turingbox::{
    Policy,
    policy::{Decision, Request, Url},
};

const POLICY: &str = r#"version = 1
[agents.a]
http = [{ host = "*.example.com", paths = ["/api/**"], methods = ["GET"] }]
"#;

fuzz_target!(|text: &str| {
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(why) => return assert!(!why.is_empty()),
    };
    let path = url.path().to_ascii_lowercase();
    assert!(path.starts_with('/') && path.is_ascii(), "{path:?}");
    assert!(!path.contains(['\\', '\0', '\r', '\n', ';', '#', ' ']), "{path:?}");
    assert!(path.split('/').all(|part| !matches!(part, "." | ".." | "%2e" | "%2e%2e" | ".%2e" | "%2e.")), "{path:?}");
    let request = Request::parse(&format!("http GET {text}")).map(|request| request.to_string());
    let Ok(written) = request else { return };
    assert_eq!(Request::parse(&written).map(|request| request.to_string()), Ok(written.clone()));
    let policy = Policy::parse("p.toml", POLICY).expect("it is a policy");
    let request = Request::parse(&written).expect("it was just written");
    if let Decision::Allowed(_) = policy.authority("a", "a").decide(&request) {
        assert!(url.host().to_string().ends_with(".example.com"), "{text:?}");
        assert!(path == "/api" || path.starts_with("/api/"), "{text:?}");
    }
});
