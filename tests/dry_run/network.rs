//! Requests and connections: nobody is asked for a name, and nobody connected to.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::json;
use turingbox::{
    Secret, Value,
    capability::network::{Network, Resolve, Resolving},
    plan::{Effects, Plan},
    secret::Secrets,
};

use super::{Dry, dry, run};
use crate::support::{folder, host, root, sql};

/// A server that counts who connects.
fn counting() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, count)
}

/// Counts the names that are looked up.
struct Counting(Arc<AtomicUsize>);

impl Resolve for Counting {
    fn resolve<'a>(&'a self, _: &'a str) -> Resolving<'a> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(vec![[127, 0, 0, 1].into()])))
    }
}

/// Runs an agent dry where everybody counts; then for real, where they have to.
fn untouched(agent: &str, policy: &str, inputs: &[(&str, Value)], connections: &AtomicUsize) -> Dry {
    let (here, lookups) = (tempfile::tempdir().unwrap(), Arc::new(AtomicUsize::new(0)));
    let plan = Arc::new(Plan::default());
    let count = |effects: Effects| {
        let ran = run(here.path(), agent, policy, inputs, |setup| {
            setup.sandbox = setup.sandbox.clone().over(Network::new(Counting(lookups.clone())));
            setup.effects = effects;
        });
        (ran, connections.load(Ordering::SeqCst), lookups.load(Ordering::SeqCst))
    };
    let (ran, connected, looked_up) = count(Effects::Planned(plan.clone()));
    assert_eq!((connected, looked_up), (0, 0));
    let (_, connected, _) = count(Effects::Real);
    assert!(connected > 0, "the server would have seen it");
    Dry { ran, plan }
}

#[test]
pub fn no_request_is_sent() {
    for host in ["localhost", "127.0.0.1"] {
        let (port, connections) = counting();
        let policy = format!(
            "[agents.ask_web]\nhttp = [{{ host = \"{host}\", schemes = [\"http\"], ports = [{port}], methods = [\"GET\", \"HEAD\", \"POST\"] }}]"
        );
        let base = format!("http://{host}:{port}");
        let ran = untouched("ask_web", &policy, &[("base", Value::text(base.as_str()))], &connections);
        assert_eq!(ran.got(), json!([200, {}, 200, "application/json", {}, 200, "", "{}", "{}", "{}"]));
        let effect = |text: &str, answer: &str| (format!("http {}", text.replace("BASE", &base)), answer.to_owned());
        let expected = [
            effect("GET BASE/urllib", "200 {}"),
            effect("POST BASE/requests", "200 {}"),
            effect("HEAD BASE/requests", "200"),
            effect("GET BASE/own", "200 {}"),
        ];
        assert_eq!(ran.effects(), expected);
        assert_eq!(ran.plan.entries()[3].count, 3);
        assert!(ran.plan.entries().iter().all(|entry| entry.line.as_deref().is_some_and(|line| line.ends_with(":3"))));
    }
}

#[test]
pub fn no_connection_is_made() {
    for host in ["localhost", "127.0.0.1"] {
        let (port, connections) = counting();
        let policy = format!("[agents.dial]\ntcp = [{{ host = \"{host}\", ports = [{port}] }}]");
        let inputs = [("host", Value::text(host)), ("port", Value::text(port.to_string()))];
        let ran = untouched("dial", &policy, &inputs, &connections);
        assert_eq!(ran.got(), json!(["", true, true, "<socket"]));
        let effects = ran.effects();
        let connected = (format!("tcp connect to {host}:{port}"), "a stream that has ended".to_owned());
        assert_eq!(effects.last(), Some(&connected));
        assert_eq!(effects.len(), if host == "localhost" { 2 } else { 1 }, "{effects:?}");
    }
}

/// Addresses that are written out are checked as ever, and so is all that the policy says of names.
#[test]
pub fn what_is_denied_is_denied_dry() {
    let here = tempfile::tempdir().unwrap();
    let denied = |agent: &str, policy: &str, inputs: &[(&str, Value)]| {
        let outcome = dry(here.path(), agent, policy, inputs).ran.outcome;
        let codes: Vec<_> = outcome.denials.iter().map(|denial| denial.code).collect();
        (codes.join(" "), outcome.exit_code())
    };
    let web = |policy: &str, base: &str| denied("fails_on_dummy", policy, &[("base", Value::text(base))]);
    let own = "[agents.fails_on_dummy]\nhttp = [{ host = \"api.example.com\" }]";
    assert_eq!(web("", "https://api.example.com"), ("http.not-granted".into(), 3));
    assert_eq!(web(own, "https://api.example.com:8443"), ("http.port".into(), 3));
    assert_eq!(web(own, "https://api.example.com"), (String::new(), 1), "a dummy has no name");
    let dialled = |policy: &str, host: &str| {
        denied("dial", policy, &[("host", Value::text(host)), ("port", Value::text("5432"))])
    };
    let own = "[agents.dial]\ntcp = [{ host = \"db.internal\", ports = [5433] }]";
    assert_eq!(dialled(own, "db.internal"), ("tcp.port".into(), 3));
    assert_eq!(dialled(own, "10.0.0.1"), ("tcp.not-granted".into(), 3));
}

#[test]
pub fn no_secret_is_in_a_plan() {
    const VALUE: &str = "hunter2-and-more";
    let here = tempfile::tempdir().unwrap();
    for bound in ["", ", only_to = \"api.example.com\""] {
        let policy = format!(
            "[agents.present]\nhttp = [{{ host = \"api.example.com\", methods = [\"POST\"] }}]\nenv = [{{ name = \"KEY\"{bound} }}]"
        );
        let inputs = [("base", Value::text("https://api.example.com")), ("token", Value::Secret(Secret::new("KEY")))];
        let plan = Arc::new(Plan::default());
        let effects = Effects::Planned(plan.clone());
        let ran = run(here.path(), "present", &policy, &inputs, |setup| {
            setup.effects = effects;
            setup.secrets = Secrets::default().with("KEY", VALUE);
        });
        let dry = Dry { ran, plan };
        assert_eq!(dry.got(), "200 {}");
        let (effect, _) = dry.effects().remove(0);
        assert_eq!(effect, "http POST https://api.example.com/login/[KEY]");
    }
}

/// The same through `wasi:http`. A name isn't looked up, so what it stands for isn't known to be private.
#[test]
fn a_compiled_guest_is_answered_too() {
    let here = tempfile::tempdir().unwrap();
    let agent = here.path().join("http_component");
    folder::copy(&root().join("tests/hostile/http_component"), &agent);
    crate::support::server::fill_in(&agent, &["sender.wat", "policy.toml"]);
    let text = std::fs::read_to_string(agent.join("sender.wat")).unwrap();
    std::fs::write(agent.join("agent.wasm"), crate::support::component::of_sender(&text)).unwrap();
    let policy = std::fs::read_to_string(agent.join("policy.toml")).unwrap().replace("version = 1", "");
    let plan = Arc::new(Plan::default());
    let effects = Effects::Planned(plan.clone());
    let ran = host::run_with(&host::library(here.path()), "http_component", &[], |setup| {
        setup.policy = Arc::new(sql::policy(here.path(), &policy));
        setup.effects = effects;
    });
    let dry = Dry { ran, plan };
    assert_eq!(dry.got(), "200 015 200 019");
    let answers: Vec<_> = dry.effects().into_iter().map(|(_, answer)| answer).collect();
    assert_eq!(answers, ["200 {}", "http.not-granted", "200 {}", "http.bad-url"]);
}
