//! Compiled guests with WASI's own interfaces: `wasi:http` and `wasi:sockets`.

use std::{fs, path::Path, sync::Arc};

use turingbox::{Library, Policy, Value};

use crate::support::{binary, component, folder, host, root, server};

/// The agents of `tests/network/guests`, assembled in `place`.
fn guests(place: &Path) -> Library {
    folder::copy(&root().join("tests/network/guests"), place);
    for guest in folder::entries(place) {
        let text = fs::read_to_string(guest.join("agent.wat")).unwrap();
        fs::write(guest.join("agent.wasm"), component::of_text(&text)).unwrap();
    }
    host::library(place)
}

/// What the agent got, and the codes of what was denied.
fn ran(library: &Library, agent: &str, grants: &str, inputs: &[(&str, &str)]) -> (String, Vec<&'static str>) {
    let text = format!("version = 1\n[agents.{agent}]\n{grants}\n");
    let policy = Policy::parse("policy.toml", &text).unwrap_or_else(|report| panic!("{report}"));
    let inputs: Vec<_> = inputs.iter().map(|(name, value)| (*name, Value::text(*value))).collect();
    let outcome = host::run_with(library, agent, &inputs, |setup| setup.policy = Arc::new(policy)).outcome;
    let got = outcome.outputs.first().and_then(|(_, value)| serde_json::json!(value).as_str().map(str::to_owned));
    let denied = outcome.denials.iter().map(|denial| denial.code).collect();
    (got.unwrap_or_else(|| format!("{:?}", outcome.failure)), denied)
}

/// The letters are the steps at which the guest ended, the numbers positions among wasi:http's errors.
#[test]
fn a_component_posts_over_wasi_http() {
    let place = tempfile::tempdir().unwrap();
    let library = guests(place.path());
    let (port, kept) = server::keeping();
    let grants = format!(
        "http = [{{ host = \"localhost\", schemes = [\"http\"], ports = [{port}], methods = [\"POST\"], paths = [\"/echo/**\"] }}]"
    );
    let post = |length: &str, target: &str, body: &str| {
        kept.lock().unwrap().clear();
        let authority = format!("localhost:{port}");
        let inputs =
            [("authority", &*authority), ("body", body), ("length", length), ("scheme", "http"), ("target", target)];
        let (got, denied) = ran(&library, "post", &grants, &inputs);
        (got, denied, String::from_utf8(kept.lock().unwrap().clone()).unwrap())
    };
    let (got, denied, _) = post("5", "/echo/a?b", "hello");
    assert!(got.starts_with("200 POST /echo/a?b HTTP/1.1\r\n") && got.ends_with("\n\nhello"), "{got}");
    assert!(denied.is_empty(), "{denied:?}");
    // What is said to be longer or shorter is no request: nothing that a server could take for a
    // second one goes out.
    let (got, denied, sent) = post("4", "/echo/a", "hello");
    assert_eq!((&*got, denied), ("w000", vec![]), "{sent}");
    assert!(!sent.contains("hello"), "{sent}");
    let (got, denied, sent) = post("50", "/echo/a", "hello");
    assert_eq!((&*got, denied), ("f017", vec![]), "{sent}");
    // The target names another host.
    for (target, ended, codes) in [
        ("http://169.254.169.254/echo/a", "p000", &[][..]),
        ("@169.254.169.254/echo/a", "p000", &[]),
        ("//169.254.169.254/echo/a", "r019", &["http.bad-url"]),
    ] {
        let (got, denied, sent) = post("5", target, "hello");
        assert!(sent.is_empty(), "{sent}");
        assert_eq!((&*got, &*denied), (ended, codes), "{target}");
    }
    let (got, denied, _) = post("5", "/other", "hello");
    assert_eq!((&*got, denied), ("r015", vec!["http.path"]));
}

#[test]
fn a_component_posts_over_tls() {
    let place = tempfile::tempdir().unwrap();
    let port = server::tls(place.path());
    let agents = place.path().join("agents");
    guests(&agents);
    let grant = format!("http = [{{ host = \"localhost\", ports = [{port}], methods = [\"POST\"] }}]");
    fs::write(place.path().join("policy.toml"), format!("version = 1\n[agents.post]\n{grant}\n")).unwrap();
    let run = |authority: Option<&str>| {
        let mut command = binary::turingbox(place.path());
        if let Some(authority) = authority {
            command.env("SSL_CERT_FILE", place.path().join(authority));
        }
        command.args(["run", "post", "--policy", "policy.toml", "--agents"]).arg(&agents);
        command.args(["--authority", &format!("localhost:{port}"), "--scheme", "https", "--target", "/echo"]);
        let output = command.args(["--length", "5", "--body", "hello"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let got = run(Some("authority.pem"));
    assert!(got.starts_with("200 POST /echo HTTP/1.1\r\n") && got.ends_with("\n\nhello"), "{got}");
    // `TLS-certificate-error`.
    assert_eq!(run(None), "r013");
}

/// The letters are the steps at which the guest ended, the numbers positions among wasi:sockets' errors.
#[test]
fn a_component_connects_over_wasi_sockets() {
    let place = tempfile::tempdir().unwrap();
    let library = guests(place.path());
    let port = server::echo().to_string();
    let reach = |grants: &str, name: &str, port: &str| {
        ran(&library, "reach", grants, &[("line", "hello"), ("name", name), ("port", port)])
    };
    let grants = |host: &str| format!("tcp = [{{ host = \"{host}\", ports = [{port}] }}]");
    assert_eq!(reach(&grants("localhost"), "localhost", &port), ("hello".into(), vec![]));
    assert_eq!(reach(&grants("127.0.0.1"), "127.0.0.1", &port), ("hello".into(), vec![]));
    assert_eq!(reach(&grants("localhost"), "other.test", &port), ("n001".into(), vec!["tcp.not-granted"]));
    assert_eq!(reach(&grants("private.test"), "private.test", &port), ("n001".into(), vec!["tcp.address"]));
    assert_eq!(reach(&grants("localhost"), "localhost", "22"), ("c001".into(), vec!["tcp.port"]));
    assert_eq!(reach("", "localhost", &port), ("n001".into(), vec!["tcp.not-granted"]));
}
