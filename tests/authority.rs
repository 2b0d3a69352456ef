//! Who may do what on whose behalf: calls, ceilings, budgets, secrets, and the record of it all.

mod links;
mod open_files;

use std::{sync::Arc, time::Instant};

use turingbox::{
    Json, Library, Policy, Secret, Setup, Value,
    audit::{Audit, Verdict},
    secret::Secrets,
};

use crate::support::{
    audit::{Full, Records},
    binary,
    host::{self, Ran},
    root, server,
};

fn library() -> Library {
    host::library(&root().join("tests/authority/agents"))
}

fn policy(text: &str) -> Arc<Policy> {
    Arc::new(Policy::parse("policy.toml", &format!("version = 1\n{text}")).unwrap_or_else(|report| panic!("{report}")))
}

fn json(value: serde_json::Value) -> Value {
    Value::Json(Json::from(value))
}

/// What `ask` got when it called `agent`.
fn ask(text: &str, agent: &str, inputs: serde_json::Value) -> (serde_json::Value, Ran) {
    let given = [("agent", Value::text(agent)), ("inputs", json(inputs))];
    let ran = host::run(&library(), "ask", &policy(text), &given);
    assert!(ran.outcome.failure.is_none(), "{:?}", ran.outcome.failure);
    let answer = serde_json::json!(ran.outcome.outputs[0].1);
    (answer, ran)
}

fn codes(ran: &Ran) -> Vec<&str> {
    ran.outcome.denials.iter().map(|denial| denial.code).collect()
}

/// What an agent holds is told when it is first called: after its callers' ceilings, with what is left.
#[test]
fn a_callee_is_told_with_what_is_left_to_it() {
    let text = r#"
        [limits]
        steps = 7
        [agents.ask]
        calls = ["echo", "text/*"]
        within = { env = ["B"], calls = ["text/split"] }
        [agents.echo]
        env = ["A", "B"]
        calls = ["text/*"]
        limits = { steps = 9 }
    "#;
    let (_, ran) = ask(text, "echo", serde_json::json!({ "input": "hello" }));
    let told: Vec<_> = ran.holds.iter().filter(|row| row.starts_with("echo[0] echo ")).collect();
    let rows: Vec<_> = told.iter().map(|row| row.trim_start_matches("echo[0] echo ")).collect();
    assert!(rows[0].starts_with("limits memory ") && rows[0].contains(", steps 7 of 9, "), "{rows:?}");
    let expected = [
        r#"env "B", says policy.toml:9"#,
        r#"calls "text/split", says policy.toml:10, as far as policy.toml:7 goes"#,
        "ceiling within, says policy.toml:7",
    ];
    assert_eq!(rows[1..], expected);
    let own = ran.holds.iter().filter(|row| row.starts_with(" ask calls")).count();
    assert_eq!(own, 2, "{:?}", ran.holds);
}

#[test]
pub fn a_call_needs_a_grant() {
    let hello = || serde_json::json!({ "input": "hello" });
    let (answer, ran) = ask("", "echo", hello());
    assert!(answer["Error_Denied"].as_str().unwrap().contains("`echo`"), "{answer}");
    assert_eq!(codes(&ran), ["calls.not-granted"]);
    assert!(ran.outcome.denials[0].help.contains("calls = ["));

    let (answer, ran) = ask("[agents.ask]\ncalls = [\"echo\"]", "echo", hello());
    assert_eq!((answer, codes(&ran)), (serde_json::json!({ "output": "hello" }), vec![]));
    assert_eq!(ran.steps[0].0, "echo[0]", "the call is on the tape");
    assert_eq!(ran.outcome.usage.calls, 1);

    // Whether an agent is there is not for everyone to know.
    let (answer, _) = ask("", "no_such_agent", hello());
    assert!(answer["Error_Denied"].is_string(), "{answer}");
    for (agent, inputs) in [
        ("no_such_agent", hello()),
        ("echo", serde_json::json!({})),
        ("echo", serde_json::json!({ "input": "a", "other": "b" })),
    ] {
        let (answer, _) = ask("[agents.ask]\ncalls = [\"*\"]", agent, inputs);
        assert!(answer["Error_Invalid"].is_string(), "{agent} {answer}");
    }
}

#[test]
pub fn a_callee_holds_its_own_grants_under_the_ceilings_of_all_who_called() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("open")).unwrap();
    std::fs::write(folder.path().join("a.txt"), "a").unwrap();
    std::fs::write(folder.path().join("open/b.txt"), "b").unwrap();
    let here = folder.path().display();
    let grants = |within: &str| {
        format!(
            "[agents.ask]\ncalls = [\"reader\"]\n{within}\n[agents.chain]\ncalls = [\"ask\"]\n\
             [agents.reader]\nfiles = [{{ path = \"{here}\", mount = \"/data\", access = \"write\" }}]\n[agents.keep]\n{within}"
        )
    };
    let read = |within: &str, path: &str| ask(&grants(within), "reader", serde_json::json!({ "path": path }));
    let (answer, _) = read("", "/data/a.txt");
    assert_eq!(answer, serde_json::json!({ "text": "a" }));

    let within = format!("within = {{ files = [{{ path = \"{here}/open\", access = \"read\" }}] }}");
    let (answer, ran) = read(&within, "/data/a.txt");
    assert!(answer["Error_Denied"].is_string(), "{answer}");
    assert_eq!(codes(&ran), ["files.ceiling"]);
    assert_eq!(ran.outcome.denials[0].place.as_ref().unwrap().line(), "policy.toml:4");
    let (answer, _) = read(&within, "/data/open/b.txt");
    assert_eq!(answer, serde_json::json!({ "text": "b" }));
    let (_, ran) =
        ask(&grants(&within), "reader", serde_json::json!({ "path": "/data/open/b.txt", "text": "changed" }));
    assert_eq!(codes(&ran), ["files.ceiling"]);
    assert_eq!(std::fs::read_to_string(folder.path().join("open/b.txt")).unwrap(), "b");
    let (_, ran) = read("within = { files = [] }", "/data/open/b.txt");
    assert_eq!(codes(&ran), ["files.ceiling"]);

    // A workflow's ceiling holds for its steps, and one further up for the whole chain.
    let path = [("path", Value::text("/data/a.txt"))];
    let ran = host::run(&library(), "keep", &policy(&grants(&within)), &path);
    assert_eq!(codes(&ran), ["files.ceiling"]);
    let ran = host::run(&library(), "keep", &policy(&grants("")), &path);
    assert_eq!(ran.outcome.outputs, [("text".to_owned(), Value::text("a"))]);
    let inner = serde_json::json!({ "agent": "reader", "inputs": { "path": "/data/a.txt" } });
    let given = [("agent", Value::text("ask")), ("inputs", json(inner))];
    let chained = grants("").replace("calls = [\"ask\"]", &format!("calls = [\"ask\"]\n{within}"));
    let ran = host::run(&library(), "chain", &policy(&chained), &given);
    assert_eq!(codes(&ran), ["files.ceiling"]);
    let ran = host::run(&library(), "chain", &policy(&chained.replace(&within, "within = { calls = [] }")), &given);
    assert_eq!(codes(&ran), ["calls.ceiling"]);
}

#[test]
pub fn a_callee_spends_what_its_caller_has_left() {
    let spend = |text: &str, rounds: u64| {
        let text = format!("[agents.ask]\ncalls = [\"spender\", \"ask\"]\n{text}");
        ask(&text, "spender", serde_json::json!({ "rounds": rounds }))
    };
    let (answer, ran) = spend("", 10);
    assert_eq!(answer["done"], "done");
    let alone = host::run(&library(), "spender", &policy(""), &[("rounds", json(10.into()))]).outcome.usage.fuel;
    assert!(ran.outcome.usage.fuel > alone, "{:?} {alone}", ran.outcome.usage);

    let (answer, _) = spend("[agents.spender]\nlimits = { fuel = 60_000_000 }", 100_000);
    assert!(answer["Error_Limit"].as_str().unwrap().contains("limit.fuel"), "{answer}");
    // A callee that wants more than its caller has left gets that, and burns it for both of them: but for what the
    // caller has in hand, which is enough for it to say so.
    let text = "[agents.ask]\ncalls = [\"spender\"]\nlimits = { fuel = 60_000_000 }";
    let (answer, ran) = ask(text, "spender", serde_json::json!({ "rounds": 100_000 }));
    assert!(answer["Error_Limit"].as_str().unwrap().contains("limit.fuel"), "{answer}");
    let burnt = ran.outcome.usage.fuel;
    assert!((50_000_000..=60_000_000).contains(&burnt), "{burnt}");
    // A call of itself, and so on: each level has one less.
    let mut inputs = serde_json::json!({ "agent": "echo", "inputs": { "input": "x" } });
    for _ in 0..5 {
        inputs = serde_json::json!({ "agent": "ask", "inputs": inputs });
    }
    let nested = |limits: &str| {
        let text = format!("[agents.ask]\ncalls = [\"*\"]\nlimits = {{ {limits} }}");
        ask(&text, "ask", inputs["inputs"].clone()).0.to_string()
    };
    assert!(nested("depth = 16").contains("output"), "{}", nested("depth = 16"));
    assert!(nested("depth = 3").contains("limits.depth"), "{}", nested("depth = 3"));
    assert!(nested("calls = 3").contains("limits.calls"), "{}", nested("calls = 3"));
}

/// What goes over the network in a call comes off what its caller may send, call after call.
#[test]
pub fn a_callee_sends_what_its_caller_has_left() {
    let mut library = library();
    library.add_folder(&root().join("tests/network/agents")).unwrap();
    let port = server::port();
    let again = |bytes: u64, times: u64| {
        let text = format!(
            "[agents.again]\ncalls = [\"fetch\"]\nlimits = {{ bytes = \"{bytes}B\" }}\n\
             [agents.fetch]\nhttp = [{{ host = \"localhost\", schemes = [\"http\"], ports = [{port}] }}]"
        );
        let inputs = serde_json::json!({ "url": format!("http://localhost:{port}/") });
        let given = [("agent", Value::text("fetch")), ("times", json(times.into())), ("inputs", json(inputs))];
        let ran = host::run(&library, "again", &policy(&text), &given);
        assert!(ran.outcome.failure.is_none(), "{:?}", ran.outcome.failure);
        let answers = serde_json::json!(ran.outcome.outputs[0].1);
        let answers = answers.as_array().unwrap().iter().map(|answer| answer.as_str().unwrap().starts_with("200"));
        (answers.collect::<Vec<_>>(), ran.outcome.usage.bytes)
    };
    let (answers, one) = again(1 << 20, 1);
    assert!(answers == [true] && one > 0, "{answers:?} {one}");
    assert_eq!(again(1 << 20, 3), (vec![true; 3], 3 * one));
    let (answers, used) = again(one * 5 / 2, 4);
    assert_eq!((answers, used), (vec![true, true, false, false], one * 5 / 2));
}

#[test]
pub fn a_callee_has_no_more_time_than_its_caller() {
    let text = "[agents.ask]\ncalls = [\"spender\"]\nlimits = { time = \"1s\" }\n\
                [agents.spender]\nlimits = { time = \"5m\" }\n[limits]\nfuel = 1_000_000_000_000";
    let given = [("agent", Value::text("spender")), ("inputs", json(serde_json::json!({ "rounds": 100_000_000 })))];
    let start = Instant::now();
    let outcome = host::run(&library(), "ask", &policy(text), &given).outcome;
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    // Their deadline is one: whoever hears of it first says so.
    let said = format!("{:?} {:?}", outcome.failure.map(|failure| failure.code.name()), outcome.outputs);
    assert!(said.contains("limit.time"), "{said}");
}

const KEY: &str = "hunter2-hunter2";

/// Secrets may have several lines, as the keys of certificates do.
const LINES: &str = "-----BEGIN KEY-----\nhunter2hunter2\nhunter2\nhunter2hunter2\n-----END KEY-----\n";

/// How it could be written: as it is, in base64, in hexadecimal, and as numbers.
const FORMS: [&str; 5] = ["hunter2", "aHVudGVyMi", "68756e74", "68756E74", "104, 117, 110"];

/// How `secretive` gives it away.
const WAYS: [&str; 11] =
    ["say", "raise", "raise-long", "base64", "hex", "bytes", "json", "path", "path-long", "line", "call"];

fn secretive(agent: &str, text: &str, inputs: &[(&str, Value)], audit: Option<Arc<dyn Audit>>) -> Ran {
    with_key(KEY, agent, text, inputs, audit)
}

fn with_key(key: &str, agent: &str, text: &str, inputs: &[(&str, Value)], audit: Option<Arc<dyn Audit>>) -> Ran {
    host::run_with(&library(), agent, inputs, |setup: &mut Setup| {
        setup.policy = policy(text);
        setup.secrets = Secrets::default().with("TBX_KEY", key).with("token", key);
        setup.audit = audit;
    })
}

fn text_of(ran: &Ran) -> String {
    match ran.outcome.outputs.first() {
        Some((_, Value::Text(text))) => text.to_string(),
        _ => format!("{:?}", ran.outcome.failure),
    }
}

#[test]
pub fn a_secret_reaches_whom_it_is_granted_to_and_is_written_nowhere() {
    let granted = "[agents.secretive]\nenv = [\"TBX_KEY\", \"token\"]\ncalls = [\"echo\"]";
    let how = |how: &str| [("how", Value::text(how))];
    let length = format!("{} 2", KEY.len());
    for agent in ["secretive", "token"] {
        assert_eq!(text_of(&secretive(agent, granted, &how("length"), None)), length, "{agent}");
    }
    let token = [("how", Value::text("length")), ("token", Value::Secret(Secret::new("token")))];
    assert_eq!(text_of(&secretive("forward", granted, &token, None)), length);

    // Nobody else gets it, and data that looks like it is data.
    assert_eq!(text_of(&secretive("secretive", "", &how("length"), None)), "0 0");
    for (agent, inputs) in [("token", &how("length")[..]), ("forward", &token)] {
        let ran = secretive(agent, "", inputs, None);
        assert_eq!(ran.outcome.failure.as_ref().unwrap().code.name(), "denied");
        assert_eq!(codes(&ran), ["env.not-granted"]);
    }
    let data = [("how", Value::text("say")), ("token", Value::text("$env.TBX_KEY"))];
    assert_eq!(text_of(&secretive("secretive", "", &data, None)), "given $env.TBX_KEY");

    for (way, key) in WAYS.iter().flat_map(|way| [(way, KEY), (way, LINES)]) {
        let audit = Arc::new(Records::default());
        for agent in ["secretive", "token"] {
            let ran = with_key(key, agent, granted, &how(way), Some(audit.clone()));
            let got = ran.outcome.outputs.iter().map(|(_, value)| String::from_utf8_lossy(value.bytes()));
            let got: Vec<_> = got.collect();
            let written =
                format!("{got:?} {:?} {:?} {:?} {:?}", ran.outcome, ran.log, ran.tape, audit.0.lock().unwrap());
            for form in FORMS {
                assert!(!written.contains(form), "{way} {form}: {written}");
            }
            assert!(written.contains("[TBX_KEY]"), "{way}: {written}");
            let cells = ran
                .tape
                .iter()
                .filter(|line| line.contains("secretive") && !line.contains(" holds ") && !line.contains("echo"))
                .count();
            let held = ran.tape.iter().any(|line| line.contains(" holds "));
            assert_eq!((cells, held), (usize::from(agent == "token"), true), "{:?}", ran.tape);
        }
    }
}

/// Paths and names of hosts are spelt anew before they are decided about, and a folder to mount is a part of a path.
#[test]
pub fn a_secret_that_the_host_spells_is_written_nowhere() {
    let granted = "[agents.secretive]\nenv = [\"TBX_KEY\"]";
    for (way, key, code) in [
        ("relative", "postgres://app:Hunter2Pass@db.internal/shop", "files.not-granted"),
        ("relative", "folder/Hunter2Pass/file", "files.not-granted"),
        ("host", "AKIAHunter2Pass", "http.not-granted"),
    ] {
        let audit = Arc::new(Records::default());
        let ran = with_key(key, "token", granted, &[("how", Value::text(way))], Some(audit.clone()));
        let written = format!("{:?} {:?} {:?} {:?}", ran.outcome, ran.log, ran.tape, audit.0.lock().unwrap());
        assert!(!written.to_ascii_lowercase().contains("hunter2pass"), "{way}: {written}");
        assert!(written.contains("[TBX_KEY]") && codes(&ran) == [code], "{way}: {written}");
    }
}

/// Nor by the binary, whatever it is asked to show.
#[test]
fn a_secret_is_shown_by_no_option() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(
        place.path().join("policy.toml"),
        "version = 1\n[agents.secretive]\nenv = [\"TBX_KEY\"]\ncalls = [\"echo\"]\n",
    )
    .unwrap();
    for (way, key) in WAYS.iter().flat_map(|way| [(way, KEY), (way, LINES)]) {
        for shown in [&["--trace", "-v"][..], &["--trace", "-v", "--json"]] {
            let mut command = binary::turingbox(place.path());
            command.env("TBX_KEY", key).args(["run", "token", "--how", way, "--policy", "policy.toml"]);
            command.args(["--audit", "audit.jsonl", "--agents"]).arg(root().join("tests/authority/agents")).args(shown);
            let output = command.output().unwrap();
            let audit = std::fs::read(place.path().join("audit.jsonl")).unwrap();
            let written = String::from_utf8_lossy(&[output.stdout, output.stderr, audit].concat()).into_owned();
            for form in FORMS {
                assert!(!written.contains(form), "{way} {shown:?} {form}: {written}");
            }
            assert!(written.contains("[TBX_KEY]") && written.contains("secretive"), "{way}: {written}");
        }
    }
}

#[test]
pub fn a_secret_for_one_host_is_a_placeholder() {
    let bound = "[agents.secretive]\nenv = [{ name = \"TBX_KEY\", only_to = \"api.example.com\" }]";
    let ran = secretive("token", bound, &[("how", Value::text("say"))], None);
    let text = text_of(&ran);
    assert!(text.starts_with("given tbx") && text.len() == "given tbx".len() + 32, "{text}");
    // It may guess it, and nobody is told that it did.
    let guess = format!("guess {KEY}");
    let guessed = |granted: &str| text_of(&secretive("token", granted, &[("how", Value::text(guess.as_str()))], None));
    assert_eq!(
        (guessed(bound), guessed(&bound.replace(", only_to = \"api.example.com\"", ""))),
        (guess.clone(), "guess [TBX_KEY]".into())
    );
}

#[test]
pub fn a_value_that_could_not_be_hidden_is_refused() {
    let run = |grant: &str| {
        host::run_with(&library(), "secretive", &[("how", Value::text("length"))], |setup| {
            setup.policy = policy(&format!("[agents.secretive]\nenv = [{grant}]"));
            setup.secrets = Secrets::default().with("DEBUG", "1");
        })
    };
    let failure = run("\"DEBUG\"").outcome.failure.unwrap();
    assert!(failure.message.contains("shorter than 6 bytes"), "{failure}");
    assert!(failure.help.unwrap().contains("secret = false"));
    assert_eq!(text_of(&run("{ name = \"DEBUG\", secret = false }")), "0 1");
}

#[test]
pub fn every_decision_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "a").unwrap();
    let files = format!(
        "[agents.reader]\nfiles = [{{ path = \"{}\", mount = \"/data\", access = \"read\" }}]",
        folder.path().display()
    );
    let run = |path: &str, audit: Arc<dyn Audit>| {
        host::run_with(&library(), "keep", &[("path", Value::text(path))], |setup| {
            setup.policy = policy(&files);
            setup.audit = Some(audit);
        })
    };
    let records = Arc::new(Records::default());
    run("/data/a.txt", records.clone());
    run("/data/\u{1b}[31m../etc", records.clone());
    let written = records.0.lock().unwrap().clone();
    let allowed: Vec<_> = written.iter().filter(|record| record.decision == Verdict::Allowed).collect();
    assert!(allowed.iter().any(|record| record.request == "read /data/a.txt"), "{written:#?}");
    let record = allowed[0];
    assert_eq!((record.agent.as_str(), record.step.as_str(), record.capability.as_str()), ("reader", "0", "files"));
    assert_eq!((record.line.as_deref(), record.digest.len()), (Some("policy.toml:3"), 64));
    assert!(written.iter().all(|record| !record.request.contains('\u{1b}')), "guest text is escaped");
    let denied = run("/etc/passwd", records.clone());
    assert_eq!(codes(&denied), ["files.not-granted"]);
    let last = records.0.lock().unwrap().iter().rfind(|record| record.decision == Verdict::Denied).cloned().unwrap();
    assert_eq!((last.code.as_str(), last.request.as_str()), ("files.not-granted", "read /etc/passwd"));
    assert_eq!(last.line, None);

    // What can't be written down is not allowed to go on.
    let failure = run("/etc/passwd", Arc::new(Full)).outcome.failure.unwrap();
    assert_eq!(failure.code.name(), "host");
}
