//! What is told of runs, as a collector of OpenTelemetry gets it and as lines on stderr.

use std::{
    process::{Command, Output},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::support::{
    binary,
    collector::{Answer, Collector, Told},
    folder, root,
};

const SECRET: &str = "s3cr3t-of-the-operator";
const VALUE: &str = "a marked value";

fn here() -> TempDir {
    let here = tempfile::tempdir().unwrap();
    folder::copy(&root().join("tests/telemetry"), here.path());
    let policy = "version = 1\n[agents.asks]\ncalls = [\"echo\"]\nenv = [\"key\"]\n";
    std::fs::write(here.path().join("policy.toml"), policy).unwrap();
    here
}

fn turingbox(here: &TempDir, collector: &str, arguments: &[&str]) -> Command {
    let mut command = binary::turingbox(here.path());
    command.args(arguments).env("OTEL_EXPORTER_OTLP_ENDPOINT", collector).env("key", SECRET);
    command
}

fn journey(here: &TempDir, collector: &str) -> Command {
    turingbox(here, collector, &["run", "journey", "--text", VALUE, "--key", SECRET, "--policy", "policy.toml"])
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What is below a span: names, places and errors, indented. Neither what ran side by side nor what was told out of
/// order makes a difference.
fn tree(spans: &[Told], parent: &str, depth: usize) -> String {
    let mut below: Vec<_> = spans.iter().filter(|span| span.parent == parent).collect();
    let place = |span: &Told| span.attributes.get("turingbox.step.path").cloned().unwrap_or_default();
    below.sort_by_key(|span| place(span));
    let line = |span: &&Told| {
        let error = span.error.as_ref().map(|code| format!(" !{code}")).unwrap_or_default();
        format!("{:depth$}{} {}{error}\n{}", "", span.name, place(span), tree(spans, &span.id, depth + 2))
    };
    below.iter().map(line).collect()
}

fn one<'a>(spans: &'a [Told], path: &str) -> &'a Told {
    let at = |span: &&Told| span.attributes.get("turingbox.step.path").is_some_and(|own| own == path);
    spans.iter().find(at).unwrap_or_else(|| panic!("nothing is told of {path}: {spans:#?}"))
}

#[test]
fn a_collector_is_told_of_each_step() {
    let (here, collector) = (here(), Collector::new(Answer::Taken));
    let ran = journey(&here, &collector.endpoint())
        .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20of-the-collector,x-team=blue")
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=tests")
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(3), "{}", said(&ran));
    assert!(!said(&ran).contains("telemetry"), "{}", said(&ran));

    let requests = collector.requests();
    assert!(!requests.is_empty());
    for request in &requests {
        let head = request.head.to_ascii_lowercase();
        assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
        for header in ["content-type: application/x-protobuf", "authorization: bearer of-the-collector", "x-team: blue"]
        {
            assert!(head.contains(&format!("{header}\r\n")), "{header} is not in {head}");
        }
        // Neither what agents are given or give, nor what they ask for, nor why they say that they fail.
        for value in [SECRET, VALUE, "marked", "forbidden", "ValueError"] {
            assert!(!request.body.windows(value.len()).any(|bytes| bytes == value.as_bytes()), "{value} was told");
        }
    }
    let resource = collector.resource();
    let resource = |name: &str| resource.get(name).map(String::as_str);
    assert_eq!(resource("service.name"), Some("turingbox"));
    assert_eq!(resource("service.version"), Some(env!("CARGO_PKG_VERSION").replace("0.0.0", "0.1.0").as_str()));
    assert_eq!(resource("deployment.environment.name"), Some("tests"));

    let spans = collector.spans();
    let expected = "\
run journey  !agent.failed
  step loop_start 0
  step inner 1.nested
    step echo 1.nested.0
  step inner 1.nested[1]
    step echo 1.nested[1].0
  step loop_end 2
  step loop_end 2[1]
  items echo 3.many
    step echo 3.many
    step echo 3.many[1]
    step echo 3.many[2]
  step asks 4.asks
    call echo 4.asks.echo[0]
  step fails 5.fails !agent.failed
  step fails 5.fails~1 !agent.failed
";
    assert_eq!(tree(&spans, "", 0), expected);
    assert!(spans.iter().all(|span| span.trace == spans[0].trace), "it is one trace");
}

#[test]
fn what_is_told_of_a_step_is_what_it_used_and_was_denied() {
    let (here, collector) = (here(), Collector::new(Answer::Taken));
    journey(&here, &collector.endpoint()).output().unwrap();
    let spans = collector.spans();
    let asks = one(&spans, "4.asks");
    let is = |name: &str, value: &str| {
        assert_eq!(asks.attributes.get(&format!("turingbox.{name}")).map(String::as_str), Some(value), "{name}");
    };
    is("agent.name", "asks");
    is("agent.kind", "proc");
    is("output.size", &VALUE.len().to_string());
    is("calls", "1");
    is("steps", "0");
    is("denials", "40");
    is("io.size", "0");
    is("step.attempt", "0");
    assert_eq!(asks.attributes["turingbox.agent.digest"].len(), 64);
    for used in ["fuel", "memory.peak", "input.size"] {
        assert!(asks.attributes[&format!("turingbox.{used}")].parse::<u64>().unwrap() > 0, "{used}");
    }
    assert!(asks.nanoseconds > 0 && asks.error.is_none(), "a denial is not a failure");
    // Each denial is told, up to a bound; the sum of them is.
    assert_eq!(asks.events.len(), 16);
    for (name, attributes) in &asks.events {
        assert_eq!(name, "denied");
        assert_eq!(attributes["turingbox.capability"], "files");
        assert_eq!(attributes["turingbox.denial.code"], "files.not-granted");
    }
    let first = one(&spans, "5.fails");
    assert_eq!(first.attributes["error.type"], "agent.failed");
    assert_eq!(first.events.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["tried again"]);
    assert_eq!(one(&spans, "5.fails~1").attributes["turingbox.step.attempt"], "1");
    let items = spans.iter().find(|span| span.name == "items echo").unwrap();
    assert_eq!(
        (items.attributes["turingbox.step.path"].as_str(), items.attributes["turingbox.step.items"].as_str()),
        ("3.many", "3")
    );
    let run = spans.iter().find(|span| span.parent.is_empty()).unwrap();
    assert_eq!(run.attributes["turingbox.denials"], "40");
    let fuel = |span: &Told| span.attributes["turingbox.fuel"].parse::<u64>().unwrap();
    assert!(fuel(run) > fuel(asks));
}

#[test]
fn a_batch_is_told_with_its_items() {
    let (here, collector) = (here(), Collector::new(Answer::Taken));
    let items: String = (0..1200).map(|number| format!("{{\"input\": \"number {number}\"}}\n")).collect();
    std::fs::write(here.path().join("items.jsonl"), items).unwrap();
    let batch = ["batch", "echo", "--items", "items.jsonl", "--out", "results.jsonl"];
    let ran = turingbox(&here, &collector.endpoint(), &batch).output().unwrap();
    assert!(ran.status.success() && !said(&ran).contains("telemetry"), "{}", said(&ran));
    assert!(collector.requests().len() > 1, "they are sent while it runs");
    let spans = collector.spans();
    let batch = spans.iter().find(|span| span.name == "batch echo").unwrap();
    assert_eq!((batch.parent.as_str(), batch.attributes["turingbox.batch.done"].as_str()), ("", "1200"));
    let items: Vec<_> = spans.iter().filter(|span| span.name == "item").collect();
    assert_eq!(items.len(), 1200);
    assert!(items.iter().all(|item| item.parent == batch.id && item.attributes["turingbox.item.attempts"] == "1"));
    let runs = spans.iter().filter(|span| span.name == "run echo");
    assert_eq!(runs.filter(|run| items.iter().any(|item| item.id == run.parent)).count(), 1200);
}

/// What is interrupted is told, too, and as that.
#[test]
fn an_interrupted_run_is_told() {
    use std::io::{BufRead, BufReader};
    let collector = Collector::new(Answer::Taken);
    let here = tempfile::tempdir().unwrap();
    folder::copy(&root().join("tests/interrupt"), here.path());
    let mut run = turingbox(&here, &collector.endpoint(), &["run", "endless"]);
    let mut run = run.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    assert!(lines.by_ref().any(|line| line.unwrap().contains("running")));
    rustix::process::kill_process(rustix::process::Pid::from_child(&run), rustix::process::Signal::INT).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(130));
    assert_eq!(tree(&collector.spans(), "", 0), "run endless  !interrupted\n");
}

#[test]
fn a_run_is_a_part_of_what_started_it() {
    let (here, collector) = (here(), Collector::new(Answer::Taken));
    let run = || turingbox(&here, &collector.endpoint(), &["run", "inner", "--text", "x"]);
    let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert!(run().env("TRACEPARENT", caller).output().unwrap().status.success());
    let spans = collector.spans();
    assert!(spans.iter().all(|span| span.trace == "0af7651916cd43dd8448eb211c80319c"));
    assert_eq!(tree(&spans, "b7ad6b7169203331", 0), "run inner \n  step echo 0\n");
    // What its caller doesn't record isn't recorded here.
    assert!(run().env("TRACEPARENT", caller.replace("-01", "-00")).output().unwrap().status.success());
    assert_eq!(collector.spans().len(), spans.len());
    // What is none is ignored.
    assert!(run().env("TRACEPARENT", "nonsense").output().unwrap().status.success());
    assert_eq!(collector.spans().len(), 2 * spans.len());
}

/// A collector that can't be had is one warning, and neither the run's time nor its end.
#[test]
fn a_collector_that_takes_nothing_changes_no_run() {
    let here = here();
    let (unavailable, hanging) = (Collector::new(Answer::Unavailable), Collector::new(Answer::Nothing));
    binary::program();
    for (endpoint, why, most) in [
        ("http://127.0.0.1:1".to_owned(), "Connection refused", 3),
        (unavailable.endpoint(), "/v1/traces answered 503 Service Unavailable", 3),
        (hanging.endpoint(), "the collector takes longer than 5s", 8),
    ] {
        let began = Instant::now();
        let ran = turingbox(&here, &endpoint, &["run", "inner", "--text", "x"]).output().unwrap();
        let took = began.elapsed();
        assert_eq!(
            (ran.status.code(), ran.stdout.as_slice()),
            (Some(0), b"x".as_slice()),
            "{endpoint}: {}",
            said(&ran)
        );
        let said = said(&ran);
        assert!(
            said.contains("warning: telemetry: 2 of 2 spans were lost: ") && said.contains(why),
            "{endpoint}: {said}"
        );
        assert_eq!(said.matches("telemetry").count(), 1, "{said}");
        assert!(took < Duration::from_secs(most), "{endpoint}: {took:?}");
    }
    assert_eq!(unavailable.requests().len(), 3, "it was tried again twice");
    // Some take a key in the address.
    let address = format!("{}/v1/traces?key=hush", unavailable.endpoint());
    let mut command = turingbox(&here, "http://127.0.0.1:1", &["run", "inner", "--text", "x"]);
    let said = said(&command.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", address).output().unwrap());
    assert!(said.contains("/v1/traces answered 503") && !said.contains("hush"), "{said}");
}

#[test]
fn an_export_that_cant_begin_is_a_warning() {
    let here = here();
    for (name, value, why) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "it is sent as `http/protobuf`, and not as `grpc`"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "not an address", "not an address"),
    ] {
        let mut command = turingbox(&here, "http://127.0.0.1:1", &["run", "inner", "--text", "x"]);
        let ran = command.env(name, value).output().unwrap();
        let said = said(&ran);
        assert!(
            ran.status.success() && said.starts_with("warning: telemetry: nothing is exported: "),
            "{name}: {said}"
        );
        assert!(said.contains(why), "{name}: {said}");
    }
}

#[test]
fn nothing_is_exported_unless_somebody_asks() {
    let (here, collector) = (here(), Collector::new(Answer::Taken));
    let run = |name: &str, value: &str| {
        let ran = turingbox(&here, &collector.endpoint(), &["run", "inner", "--text", "x"])
            .env(name, value)
            .output()
            .unwrap();
        assert!(ran.status.success() && ran.stderr.is_empty(), "{}", said(&ran));
        collector.requests().len()
    };
    assert_eq!(run("OTEL_SDK_DISABLED", "true"), 0);
    assert_eq!(run("OTEL_TRACES_EXPORTER", "none"), 0);
    assert_eq!(run("OTEL_EXPORTER_OTLP_ENDPOINT", ""), 0);
    assert_eq!(run("OTEL_SERVICE_NAME", "mine"), 1);
    assert_eq!(collector.resource()["service.name"], "mine");
}

/// Where it is sent, and with whose key, is no agent's to know, whatever a policy grants.
#[test]
fn agents_dont_know_where_it_is_told() {
    let (here, collector) = (here(), Collector::new(Answer::Taken));
    let source = "import os\n\n\ndef main(text):\n    return os.environ.get(text, \"nothing\")\n";
    let agent = here.path().join("agents/reads");
    std::fs::create_dir(&agent).unwrap();
    std::fs::write(agent.join("main.py"), source).unwrap();
    let manifest =
        "kind = \"proc\"\nhelp = \"Read a variable\"\npython = \"main.py\"\n[inputs.text]\n[outputs.value]\n";
    std::fs::write(agent.join("agent.toml"), manifest).unwrap();
    for (name, expected) in [("OTEL_EXPORTER_OTLP_HEADERS", None), ("OTHER_HEADERS", Some("x-key=the-collectors"))] {
        let policy = format!("version = 1\n[agents.reads]\nenv = [\"{name}\"]\n");
        std::fs::write(here.path().join("policy.toml"), policy).unwrap();
        let run = ["run", "reads", "--text", name, "--policy", "policy.toml"];
        let ran = turingbox(&here, &collector.endpoint(), &run).env(name, "x-key=the-collectors").output().unwrap();
        let read = String::from_utf8_lossy(&ran.stdout).into_owned();
        match expected {
            None => assert!(!read.contains("the-collectors"), "{read} {}", said(&ran)),
            // It is known as a secret and not printed, but it was there.
            Some(_) => assert_eq!(read, "[OTHER_HEADERS]", "{}", said(&ran)),
        }
    }
}

#[test]
fn lines_are_told_on_stderr() {
    let here = here();
    let run = |directives: &str| {
        let mut command = binary::turingbox(here.path());
        command.args(["run", "journey", "--text", VALUE, "--key", SECRET, "--policy", "policy.toml"]);
        said(&command.env("TURINGBOX_LOG", directives).output().unwrap())
    };
    let told = run("info");
    let line = |part: &str| told.lines().any(|line| line.contains(" INFO run{") && line.contains(part));
    assert!(line("step.path=1.nested[1].0") && line("error.type=\"agent.failed\""), "{told}");
    let denied = told.lines().filter(|line| line.contains(" WARN ") && line.contains("denied"));
    assert_eq!(denied.count(), 16, "{told}");
    let lines = told.lines().filter(|line| line.contains(" turingbox::") || line.contains("run{"));
    assert!(lines.clone().count() > 16 && lines.clone().all(|line| !line.contains("marked")), "{told}");
    assert!(!told.contains(SECRET), "{told}");
    // What is ours alone, and of it what is asked for.
    let told = run("off,turingbox::policy=warn");
    assert!(told.lines().filter(|line| line.contains("WARN")).count() == 16 && !told.contains("INFO"), "{told}");
    for (directives, why) in
        [("turingbox=loud", "level filter"), ("inof", "`inof` is no part of"), ("hyper=trace", "`hyper` is no part of")]
    {
        let ran = binary::turingbox(here.path()).args(["list"]).env("TURINGBOX_LOG", directives).output().unwrap();
        let begins = format!("error: TURINGBOX_LOG can't be understood, `{directives}`: ");
        assert_eq!(ran.status.code(), Some(2));
        assert!(said(&ran).starts_with(&begins) && said(&ran).contains(why), "{}", said(&ran));
    }
}
