//! Requests and connections to real servers on loopback: what is granted works, whole and with
//! TLS. What is not is among the hostile guests.

mod compiled;

use std::{fs, path::Path, sync::Arc};

use turingbox::{Policy, Secret, Value, secret::Secrets};

use crate::support::{binary, host, root, server};

fn policy(text: &str) -> Policy {
    Policy::parse("policy.toml", &format!("version = 1\n{text}")).unwrap_or_else(|report| panic!("{report}"))
}

fn ran(agent: &str, policy: &Policy, inputs: &[(&str, &str)]) -> host::Ran {
    let library = host::library(&root().join("tests/network/agents"));
    let inputs: Vec<_> = inputs.iter().map(|(name, value)| (*name, Value::text(*value))).collect();
    host::run(&library, agent, policy, &inputs)
}

/// What the agent `fetch` got: its output, and the codes of what was denied.
fn fetched(policy: &Policy, url: &str, method: &str, body: &str) -> (String, Vec<&'static str>) {
    let ran = ran("fetch", policy, &[("url", url), ("method", method), ("body", body)]);
    let got = ran.outcome.outputs.first().map(|(_, value)| serde_json::json!(value).as_str().unwrap().to_owned());
    let codes = ran.outcome.denials.iter().map(|denial| denial.code).collect();
    (got.unwrap_or_else(|| format!("{:?}", ran.outcome.failure)), codes)
}

fn granted(rest: &str) -> Policy {
    policy(&format!("[agents.fetch]\nhttp = [{{ schemes = [\"http\"], ports = [{}], {rest} }}]", server::port()))
}

#[test]
fn a_granted_request_is_answered() {
    let port = server::port();
    let localhost = granted("host = \"localhost\", methods = [\"GET\", \"POST\"]");
    let url = |path: &str| format!("http://localhost:{port}{path}");
    assert_eq!(fetched(&localhost, &url("/"), "GET", ""), ("200 hello".into(), vec![]));
    let echoed = fetched(&localhost, &url("/echo?q=1"), "POST", "body").0;
    let expected =
        format!("200 POST /echo?q=1 HTTP/1.1\r\nx-own: own\r\nhost: localhost:{port}\r\ncontent-length: 4\r\n\nbody");
    assert_eq!(echoed, expected);
    assert_eq!(fetched(&localhost, &url("/redirect"), "GET", "").0, "302 ");
}

/// The host puts the value in on the way to the one host that it is for: into path, query, headers and
/// body. What that host sends back of it, the guest doesn't see.
#[test]
fn a_bound_secret_is_put_in_on_the_way_to_its_host() {
    const VALUE: &str = "hunter2-and/more?";
    let (port, kept) = server::keeping();
    let hosts = ["localhost", "loopback.test"].map(|host| {
        format!("{{ host = \"{host}\", schemes = [\"http\"], ports = [{port}], methods = [\"POST\"], addresses = [\"127.0.0.1\"] }}")
    });
    let text = format!(
        "[agents.present]\nhttp = [{}]\nenv = [{{ name = \"KEY\", only_to = \"localhost\" }}]",
        hosts.join(", ")
    );
    let present = |host: &str| {
        kept.lock().unwrap().clear();
        let port = Value::text(port.to_string());
        let inputs = [("host", Value::text(host)), ("port", port), ("token", Value::Secret(Secret::new("KEY")))];
        let library = host::library(&root().join("tests/network/agents"));
        let ran = host::run_with(&library, "present", &inputs, |setup| {
            setup.policy = Arc::new(policy(&text));
            setup.secrets = Secrets::default().with("KEY", VALUE);
        });
        assert!(ran.outcome.failure.is_none(), "{:?}", ran.outcome);
        let got = serde_json::json!(ran.outcome.outputs[0].1);
        let text = |at: usize| got[at].as_str().unwrap().to_owned();
        (text(0), text(1), String::from_utf8(kept.lock().unwrap().clone()).unwrap())
    };

    let (placeholder, answer, sent) = present("localhost");
    assert!(placeholder.starts_with("tbx") && !placeholder.contains("hunter2"), "{placeholder}");
    assert!(!sent.contains(&placeholder), "{sent}");
    for part in ["POST /echo/hunter2-and", "?key=hunter2-and", "x-token: hunter2-and/more?\r\n"] {
        assert!(sent.contains(part), "{part}: {sent}");
    }
    let body = format!("<{VALUE}>{VALUE}");
    assert!(sent.ends_with(&body) && sent.contains(&format!("content-length: {}\r\n", body.len())), "{sent}");
    assert!(!answer.contains("hunter2") && answer.contains("x-token: [KEY]"), "{answer}");

    assert!(sent.contains("accept-encoding: identity\r\n"), "{sent}");

    let (placeholder, answer, sent) = present("loopback.test");
    assert!(!sent.contains("hunter2") && sent.matches(&placeholder).count() == 5, "{sent}");
    assert!(answer.contains(&placeholder), "{answer}");
}

/// What a guest has put in for a value grows on its way, and what is compressed, or a part, hides one on
/// its way back.
#[test]
fn a_bound_secret_is_bounded_and_seen() {
    let port = server::port();
    let text = format!(
        "[agents.fetch]\nhttp = [{{ host = \"localhost\", schemes = [\"http\"], ports = [{port}], methods = [\"GET\", \"POST\"] }}]\n\
         env = [{{ name = \"KEY\", only_to = \"localhost\" }}]"
    );
    let fetch = |path: &str, times: &str, header: &str| {
        let url = Value::text(format!("http://localhost:{port}{path}"));
        let [method, times, header] = ["POST", times, header].map(Value::text);
        let inputs = [("url", url), ("method", method), ("times", times), ("header", header)];
        let library = host::library(&root().join("tests/network/agents"));
        let ran = host::run_with(&library, "fetch", &inputs, |setup| {
            setup.policy = Arc::new(policy(&text));
            setup.secrets = Secrets::default().with("KEY", "s".repeat(10_000));
        });
        let codes: Vec<_> = ran.outcome.denials.iter().map(|denial| denial.code).collect();
        (format!("{:?}", ran.outcome.outputs), codes)
    };
    assert_eq!(fetch("/", "1000", "").1, Vec::<&str>::new());
    let (got, codes) = fetch("/", "400000", "");
    assert_eq!(codes, ["http.limit.body"], "{got}");
    for (path, why) in [("/zipped", "compressed"), ("/part", "a part"), ("/range", "a part")] {
        let (got, codes) = fetch(path, "1", "");
        assert!(got.contains(&format!("the answer is {why}")) && codes.is_empty(), "{path}: {got}");
    }
    for header in ["Range", "if-range", "Request-Range", "A-IM"] {
        let (got, codes) = fetch("/", "1", header);
        assert_eq!(codes, ["http.bad-header"], "{header}: {got}");
    }
}

/// Where no secret is bound, a part is an answer like any other.
#[test]
fn a_part_is_asked_for() {
    let url = Value::text(format!("http://localhost:{}/part", server::port()));
    let inputs = [("url", url), ("header", Value::text("Range"))];
    let library = host::library(&root().join("tests/network/agents"));
    let ran = host::run(&library, "fetch", &granted("host = \"localhost\""), &inputs);
    assert_eq!(ran.outcome.outputs, [("got".to_owned(), Value::text("206 anything"))], "{:?}", ran.outcome);
}

/// A name that stands for several addresses is connected to at one that is allowed.
#[test]
fn addresses_are_named() {
    let url = format!("http://mixed.test:{}/", server::port());
    let named = granted("host = \"mixed.test\", addresses = [\"127.0.0.0/8\"]");
    assert_eq!(fetched(&named, &url, "GET", ""), ("200 hello".into(), vec![]));
    let unnamed = granted("host = \"mixed.test\"");
    assert_eq!(fetched(&unnamed, &url, "GET", "").1, ["http.address"]);
    let literal = granted("host = \"127.0.0.1\"");
    assert_eq!(fetched(&literal, &format!("http://127.0.0.1:{}/", server::port()), "GET", "").0, "200 hello");
}

#[test]
fn a_server_that_fails_is_an_error() {
    let port = server::port();
    let localhost = granted("host = \"localhost\"");
    for (path, expected) in [("/broken", "connection: "), ("/nonsense", "connection: localhost: ")] {
        let (got, denied) = fetched(&localhost, &format!("http://localhost:{port}{path}"), "GET", "");
        assert!(got.starts_with(expected) && denied.is_empty(), "{path}: {got} {denied:?}");
    }
    let nowhere = granted("host = \"nowhere.test\"");
    let (got, _) = fetched(&nowhere, &format!("http://nowhere.test:{port}/"), "GET", "");
    assert!(got.starts_with("connection: nowhere.test can't be looked up"), "{got}");
}

#[test]
fn a_ceiling_narrows_requests() {
    let port = server::port();
    let text = format!(
        "[agents.fetch_below]\nwithin = {{ http = [{{ host = \"localhost\", schemes = [\"http\"], ports = [{port}], \
         paths = [\"/echo\"] }}] }}\n[agents.fetch]\nhttp = [{{ host = \"localhost\", schemes = [\"http\"], ports = [{port}] }}]"
    );
    let below = |path: &str| ran("fetch_below", &policy(&text), &[("url", &format!("http://localhost:{port}{path}"))]);
    assert!(below("/echo").outcome.denials.is_empty());
    let codes: Vec<_> = below("/").outcome.denials.iter().map(|denial| denial.code).collect();
    assert_eq!(codes, ["http.ceiling"]);
}

#[test]
fn bytes_are_counted() {
    let port = server::port();
    let text = format!(
        "[agents.fetch]\nlimits = {{ bytes = \"10KiB\" }}\nhttp = [{{ host = \"localhost\", schemes = [\"http\"], ports = [{port}] }}]"
    );
    let (got, denied) = fetched(&policy(&text), &format!("http://localhost:{port}/endless"), "GET", "");
    assert_eq!(denied, ["http.limit.bytes"], "{got}");
}

#[test]
fn tls_is_checked_by_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let port = server::tls(folder.path());
    let rule = |host: &str| format!("{{ host = \"{host}\", ports = [{port}] }}");
    let text = format!("version = 1\n[agents.\"*\"]\nhttp = [{}, {}]\n", rule("localhost"), rule("127.0.0.1"));
    fs::write(folder.path().join("policy.toml"), text).unwrap();
    let run_agent = |agent: &str, host: &str, authority: Option<&Path>| {
        let mut command = binary::turingbox(folder.path());
        if let Some(authority) = authority {
            command.env("SSL_CERT_FILE", authority);
        }
        let agents = root().join("tests/network/agents");
        command.args(["run", agent, "--policy", "policy.toml", "--agents"]).arg(agents);
        let output = command.args(["--url", &format!("https://{host}:{port}/")]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let run = |host: &str, authority: Option<&Path>| run_agent("fetch", host, authority);
    let authority = folder.path().join("authority.pem");
    assert_eq!(run("localhost", Some(&authority)), "200 hello");
    // A certificate for another name, and one that nobody here trusts.
    let wrong = run("127.0.0.1", Some(&authority));
    assert!(wrong.starts_with("tls: TLS with 127.0.0.1: "), "{wrong}");
    let unknown = run("localhost", None);
    assert!(unknown.starts_with("tls: "), "{unknown}");
    // The same, as Python's clients have it.
    assert_eq!(run_agent("clients", "localhost", Some(&authority)), "hello, hello");
    assert_eq!(run_agent("clients", "127.0.0.1", Some(&authority)), "SSLError, URLError TLSFailed");
    assert_eq!(run_agent("clients", "localhost", None), "SSLError, URLError TLSFailed");
}

#[test]
fn granted_connections_are_made() {
    let port = server::echo();
    let text = |host: &str, rest: &str| {
        policy(&format!("[agents.dial]\ntcp = [{{ host = \"{host}\", ports = [{port}]{rest} }}]"))
    };
    let dialled = |policy: &Policy, host: &str| {
        let ran = ran("dial", policy, &[("host", host), ("port", &port.to_string())]);
        let got = ran.outcome.outputs.first().map(|(_, value)| serde_json::json!(value));
        (got, ran.outcome.denials.iter().map(|denial| denial.code).collect::<Vec<_>>())
    };
    let echoed = Some(serde_json::json!("hello"));
    assert_eq!(dialled(&text("localhost", ""), "localhost"), (echoed.clone(), vec![]));
    assert_eq!(dialled(&text("127.0.0.1", ""), "127.0.0.1"), (echoed.clone(), vec![]));
    assert_eq!(dialled(&text("mixed.test", ", addresses = [\"127.0.0.1\"]"), "mixed.test"), (echoed, vec![]));
}

/// Where two names have one address, the one that was looked up last is what was asked for.
#[test]
fn an_address_stands_for_its_last_name() {
    let names = ["localhost", "loopback.test"];
    let grants = names.map(|name| format!("{{ host = \"{name}\", ports = [1], addresses = [\"127.0.0.1\"] }}"));
    let policy = policy(&format!("[agents.dial]\ntcp = [{}]", grants.join(", ")));
    for (before, host) in [(names[0], names[1]), (names[1], names[0])] {
        let ran = ran("dial", &policy, &[("before", before), ("host", host), ("port", "2")]);
        let denied: Vec<_> = ran.outcome.denials.iter().map(|denial| (denial.code, &*denial.request)).collect();
        assert!(
            matches!(denied[..], [("tcp.port", request)] if request.contains(host)),
            "{before}, {host}: {denied:?}"
        );
    }
}

#[test]
fn bytes_of_connections_are_counted() {
    let port = server::echo();
    let grants = |bytes: &str| {
        policy(&format!(
            "[agents.dial]\nlimits = {{ bytes = \"{bytes}\" }}\ntcp = [{{ host = \"localhost\", ports = [{port}] }}]"
        ))
    };
    let dialled = |bytes: &str| {
        let ran = ran("dial", &grants(bytes), &[("host", "localhost"), ("port", &port.to_string())]);
        let got = ran.outcome.outputs.first().map(|(_, value)| serde_json::json!(value));
        (got, ran.outcome.denials.iter().map(|denial| denial.code).collect::<Vec<_>>())
    };
    // Five bytes there and five back. A connection that may bring no more has ended.
    assert_eq!(dialled("10B"), (Some("hello".into()), vec![]));
    assert_eq!(dialled("9B"), (Some("".into()), vec!["tcp.limit.bytes"]));
    assert_eq!(dialled("4B"), (None, vec!["tcp.limit.bytes"]));
}
