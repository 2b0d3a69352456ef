//! Steps that are tried again, bounded, routed, held back by a semaphore, and run for each item of a list.

mod items;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use turingbox::{Engine, Policy, Program, Setup, Value};

use crate::support::{
    folder,
    host::{self, Ran},
    marks::at_once,
    root,
};

/// Runs the workflow of these steps, which gives what is called `out`.
fn run(steps: &str, policy: &str) -> Ran {
    with(&[("it", &format!("kind = \"workflow\"\n[outputs.out]\n{steps}"))], policy)
}

/// The agents here, and these beside them.
fn agents(more: &[(&str, &str)]) -> tempfile::TempDir {
    let agents = tempfile::tempdir().unwrap();
    folder::copy(&root().join("tests/steps/agents"), agents.path());
    for (name, text) in more {
        std::fs::create_dir(agents.path().join(name)).unwrap();
        std::fs::write(agents.path().join(name).join("agent.toml"), text).unwrap();
    }
    agents
}

fn with(more: &[(&str, &str)], policy: &str) -> Ran {
    let (agents, data) = (agents(more), tempfile::tempdir().unwrap());
    let grant = format!("files = [{{ path = \"{}\", mount = \"/data\", access = \"write\" }}]", data.path().display());
    let text = format!("version = 1\n{policy}\n[agents.flaky]\n{grant}\n");
    let policy = Policy::parse("policy.toml", &text).unwrap_or_else(|report| panic!("{report}"));
    host::run(&host::library(agents.path()), "it", &policy, &[])
}

/// How it ended: the output, or the code and the message of the failure.
fn ended(ran: &Ran) -> String {
    match &ran.outcome.failure {
        Some(failure) => format!("{} {}", failure.code.name(), failure.message),
        None => ran.outcome.outputs.iter().map(|(_, value)| String::from_utf8_lossy(value.bytes())).collect(),
    }
}

fn paths(ran: &Ran) -> Vec<&str> {
    ran.steps.iter().map(|(path, _)| path.as_str()).collect()
}

#[test]
fn a_step_is_tried_again_until_it_goes_well() {
    let step = |retry: &str| {
        format!(
            "[[steps]]\nid = \"ask\"\nagent = \"flaky\"\ninputs = {{ times = 2 }}\noutputs = {{ calls = \"out\" }}\nretry = {{ {retry} }}\n"
        )
    };
    let ran = run(&step("attempts = 3, backoff = \"1ms\", when = \"$status.code == 503\""), "");
    assert_eq!((ended(&ran).as_str(), paths(&ran)), ("3", vec!["0.ask", "0.ask~1", "0.ask~2"]));
    let codes: Vec<_> = ran.steps.iter().map(|(_, code)| *code).collect();
    assert_eq!(codes, [Some("agent.status"), Some("agent.status"), None]);
    assert_eq!(ran.outcome.usage.steps, 3, "each attempt is a step");

    let ran = run(&step("attempts = 2, backoff = \"1ms\""), "");
    assert_eq!((ended(&ran).as_str(), paths(&ran)), ("agent.status busy 2", vec!["0.ask", "0.ask~1"]));
    let ran = run(&step("attempts = 9, backoff = \"1ms\", when = \"$status.code == 429\""), "");
    assert_eq!((ended(&ran).as_str(), paths(&ran).len()), ("agent.status busy 1", 1));
    // Where nobody knows whether to, the failure stays what it is.
    let ran = run(&step("attempts = 9, when = \"$status.code + $status\""), "");
    assert_eq!((ended(&ran).as_str(), paths(&ran)), ("agent.status busy 1", vec!["0.ask"]));
    let help = ran.outcome.failure.unwrap().help.unwrap();
    assert!(help.starts_with("it wasn't tried again, since nobody knows whether to: "), "{help}");
    // The workflow's own limits hold for all attempts together.
    let ran = run(&step("attempts = 9, backoff = \"1ms\""), "[limits]\nsteps = 2");
    assert_eq!((ended(&ran).as_str(), paths(&ran).len()), ("limit.steps the workflow `it` has used up its steps", 2));
}

#[test]
fn what_stays_as_it_is_is_not_tried_again() {
    let retry = "retry = { attempts = 5, backoff = \"1ms\" }";
    let ran = run(&format!("[[steps]]\nagent = \"asks\"\noutputs = {{ text = \"out\" }}\n{retry}"), "");
    assert_eq!((paths(&ran).len(), ran.outcome.exit_code()), (1, 3), "{}", ended(&ran));
    let when = retry.replace(" }", ", when = \"True\" }");
    let ran = run(&format!("[[steps]]\nagent = \"asks\"\noutputs = {{ text = \"out\" }}\n{when}"), "");
    assert_eq!((paths(&ran).len(), ran.outcome.exit_code()), (1, 3), "no `when` makes it another one");
    // Inputs that can't be had.
    let step = "[[steps]]\nagent = \"divide\"\ninputs = { n = { expr = \"1 if $status.code == 5 else $status.nothing\" } }\noutputs = { output = \"out\" }\n";
    let ran = run(&format!("{step}{retry}"), "");
    assert_eq!(paths(&ran), ["0"], "{}", ended(&ran));
}

/// A wait ends with the time of the workflow: one that would be longer isn't begun.
#[test]
fn waiting_is_in_the_time() {
    let began = Instant::now();
    let step = "[[steps]]\nagent = \"divide\"\ninputs = { n = 0 }\noutputs = { output = \"out\" }\nretry = { attempts = 1000, backoff = \"1h\" }\n";
    let ran = run(step, "[limits]\ntime = \"20s\"");
    assert_eq!(paths(&ran), ["0"]);
    assert!(began.elapsed() < Duration::from_secs(20) && ran.outcome.failure.is_some());
    let quick = step.replace("1h", "10ms");
    let ran = run(&quick, "[limits]\ntime = \"1s\"");
    assert!((2..100).contains(&ran.steps.len()), "{}", ran.steps.len());
    assert!(ran.outcome.usage.time < Duration::from_secs(10));
}

#[test]
fn a_step_has_a_time_of_its_own() {
    let sleeps = "[[steps]]\nid = \"nap\"\nagent = \"sleep\"\ninputs = { seconds = 60 }\noutputs = { slept = \"out\" }\ntimeout = \"300ms\"\n";
    let ran = run(sleeps, "");
    assert_eq!(ended(&ran), "workflow.timeout the step took longer than its `timeout`, 300ms");
    assert_eq!(ran.outcome.exit_code(), 1);
    let ran = run(&format!("{sleeps}retry = {{ attempts = 2, backoff = \"1ms\" }}"), "");
    assert_eq!(paths(&ran), ["0.nap", "0.nap~1"]);
    // The policy's time is the policy's, whatever the step says.
    let ran = run(&sleeps.replace("300ms", "1h"), "[agents.sleep]\nlimits = { time = \"300ms\" }");
    assert!(ended(&ran).starts_with("limit.time "), "{}", ended(&ran));
    // A workflow in a workflow ends in the middle of its steps, and the way out is taken.
    let inner = "kind = \"workflow\"\non_fail = \"continue\"\n[[steps]]\nagent = \"sleep\"\ninputs = { seconds = 60 }\n[[steps]]\nagent = \"sleep\"\ninputs = { seconds = 60 }\n";
    let outer = "kind = \"workflow\"\n[outputs.out]\n[[steps]]\nagent = \"inner\"\ntimeout = \"300ms\"\non_error = \"late\"\n[[steps]]\nagent = \"halt\"\n[[steps]]\nid = \"late\"\nagent = \"echo\"\ninputs = { input = \"$status.code\" }\noutputs = { output = \"out\" }\n";
    let ran = with(&[("inner", inner), ("it", outer)], "");
    assert_eq!((ended(&ran).as_str(), ran.outcome.exit_code()), ("workflow.timeout", 0));
    assert!(ran.steps.contains(&("0".into(), Some("workflow.timeout"))), "{:?}", ran.steps);
}

#[test]
fn a_failure_has_a_way_out() {
    let steps = |route: &str| {
        format!(
            "[[steps]]\nagent = \"coded\"\ninputs = {{ code = 418 }}\noutputs = {{ seen = \"seen\" }}\n{route}\n[[steps]]\nagent = \"halt\"\ninputs = {{ reason = \"not here\", status = 1 }}\n[[steps]]\nid = \"mend\"\nagent = \"echo\"\ninputs = {{ input = \"{{{{ status.code }}}} {{{{ status.reason }}}} {{{{ seen }}}}\" }}\noutputs = {{ output = \"out\" }}\n"
        )
    };
    let ran = run(&steps("on_error = \"mend\""), "");
    assert_eq!((ended(&ran).as_str(), paths(&ran)), ("418 as asked 418", vec!["0", "2.mend"]));
    let ran = run(&steps("on_error = \"mend\"\nretry = { attempts = 2, backoff = \"1ms\" }"), "");
    assert_eq!(paths(&ran), ["0", "0~1", "2.mend"]);
    assert_eq!(ended(&run(&steps(""), "")), "agent.status as asked");
    // The agent's own kinds of failure are numbers and short texts.
    for code in ["[1]", "1.5", "true", &format!("\"{}\"", "x".repeat(101))] {
        let ran = run(&steps("").replace("418", code), "");
        assert!(ended(&ran).starts_with("agent.result the agent's status"), "{code}: {}", ended(&ran));
    }
}

/// All items together have what one after the other would have.
#[test]
fn items_share_what_is_left() {
    let inner = "kind = \"workflow\"\n[inputs.n]\n[outputs.out]\n[[steps]]\nagent = \"divide\"\ninputs = { n = \"$n\" }\noutputs = { output = \"out\" }\n[[steps]]\nagent = \"divide\"\ninputs = { n = \"$n\" }\n";
    let outer = "kind = \"workflow\"\n[outputs.out]\n[[steps]]\nagent = \"inner\"\nfor_each = { json = [1, 2, 3, 4, 6, 12] }\nparallel = 3\ninputs = { n = \"$item\" }\n";
    let ran = |limits: &str| with(&[("inner", inner), ("it", outer)], &format!("[limits]\n{limits}"));
    assert_eq!(ended(&ran("steps = 18")), r#"["12","6","4","3","2","1"]"#);
    for steps in [1, 2, 3, 10, 17] {
        let ran = ran(&format!("steps = {steps}"));
        assert!(ended(&ran).starts_with("limit.steps "), "{steps}: {}", ended(&ran));
        assert!(ran.outcome.usage.steps <= steps, "{steps}: {}", ran.outcome.usage.steps);
    }
    // Its own lists are in its memory, too.
    let fill = "[[steps]]\nagent = \"echo\"\nfor_each = { expr = \"list(range(2000))\" }\nparallel = 4\ninputs = { input = { expr = \"'x' * 1000\" } }\noutputs = { output = \"out\" }\n";
    let ran = run(fill, "[limits]\nmemory = \"1MiB\"");
    assert!(ended(&ran).starts_with("limit.memory "), "{}", ended(&ran));
}

/// A workflow in a workflow goes as its last step went, for those who ask how.
#[test]
fn a_workflow_that_failed_has_the_status_of_its_last_step() {
    let inner = "kind = \"workflow\"\non_fail = \"continue\"\n[[steps]]\nagent = \"coded\"\ninputs = { code = 503 }\n";
    let outer = |step: &str| {
        format!(
            "kind = \"workflow\"\non_fail = \"continue\"\n[outputs.out]\n[[steps]]\nid = \"ask\"\nagent = \"inner\"\n{step}\n\
             [[steps]]\nagent = \"echo\"\ninputs = {{ input = \"$status\" }}\noutputs = {{ output = \"out\" }}\n"
        )
    };
    let ran = |step: &str| with(&[("inner", inner), ("it", &outer(step))], "");
    assert_eq!(ended(&ran("")), r#"{"value":1,"reason":"as asked","code":503}"#);
    let tried = ran("retry = { attempts = 2, backoff = \"1ms\", when = \"$status.code == 503\" }");
    assert_eq!(paths(&tried), ["0.ask.0", "0.ask", "0.ask~1.0", "0.ask~1", "1"]);
    // One that stops at it, too, and a step that does it for items.
    let stops = inner.replace("on_fail = \"continue\"\n", "");
    let items = stops.replace("inputs = {", "for_each = { json = [503] }\ninputs = {");
    for inner in [&stops, &items, &stops.replace("503", "\"busy\"")] {
        let code = if inner.contains("busy") { "\"busy\"" } else { "503" };
        let expected = format!(r#"{{"value":1,"reason":"as asked","code":{code}}}"#);
        assert_eq!(ended(&with(&[("inner", inner), ("it", &outer(""))], "")), expected, "{inner}");
    }
    let well = inner.replace("coded", "echo").replace("code = 503", "input = 1");
    let ran = with(&[("inner", &well), ("it", &outer(""))], "");
    assert_eq!(ended(&ran), r#"{"value":0,"reason":"","code":null}"#);
}

/// Each output is new memory, where it isn't a result as it is.
#[test]
fn what_a_workflow_gives_is_in_its_memory() {
    let step = "[[steps]]\nagent = \"echo\"\ninputs = { input = { expr = \"[{'part': 'x' * 100000}]\" } }\noutputs = { output = \"out\" }\n";
    let ran = |from: &str, memory: &str| {
        let outputs: String = (0..20).map(|n| format!("[outputs.o{n}]\nfrom = {from}\n")).collect();
        with(
            &[("it", &format!("kind = \"workflow\"\n{outputs}{step}"))],
            &format!("[agents.it]\nlimits = {{ memory = \"{memory}\" }}"),
        )
    };
    for made in ["{ expr = \"'x' * 100000\" }", "\"{{ out[0].part }}\"", "\"$out.0.part\""] {
        assert_eq!(ran(made, "16MiB").outcome.outputs.len(), 20, "{made}");
        let ran = ran(made, "1MiB");
        assert!(ended(&ran).starts_with("limit."), "{made}: {}", ended(&ran));
    }
    for shared in ["\"$out\"", "{ from = \"$out\", default = 1 }", "{ from = \"$none\", default = 1 }"] {
        assert_eq!(ran(shared, "150KiB").outcome.outputs.len(), 20, "{shared} costs nothing");
    }
}

/// Steps in steps in steps, each for many items, end by a bound of ours, and not with the machine's stack.
#[test]
fn nested_items_are_bounded() {
    let itself = "kind = \"workflow\"\n[[steps]]\nagent = \"it\"\nfor_each = { json = [1, 2] }\nparallel = 2\n";
    let ran = with(&[("it", itself)], "[limits]\ndepth = 1_000");
    assert_eq!(ended(&ran), "limit.depth too many steps with `for_each` are in one another");
}

/// An engine for the workflow `it`, and where its marks go.
fn marking(more: &[(&str, &str)], policy: &str) -> (Engine, [tempfile::TempDir; 2]) {
    let (agents, data) = (agents(more), tempfile::tempdir().unwrap());
    let grant = format!("files = [{{ path = \"{}\", mount = \"/data\", access = \"write\" }}]", data.path().display());
    let text = format!("version = 1\n{policy}\n[agents.marks]\n{grant}\n[agents.asks_marks]\ncalls = [\"inner\"]\n");
    let policy = Policy::parse("policy.toml", &text).unwrap_or_else(|report| panic!("{report}"));
    let library = host::library(agents.path());
    let (program, _) = Program::load(&library, "it").unwrap_or_else(|report| panic!("{report}"));
    let setup = Setup { policy: Arc::new(policy), ..Setup::new(Arc::new(library), host::sandbox().clone()) };
    let engine = Engine::new(Arc::new(program), setup).unwrap_or_else(|error| panic!("{}", error.message));
    (engine, [agents, data])
}

const NAPS: &str = "kind = \"workflow\"\n[outputs.out]\n[[steps]]\nagent = \"marks\"\nfor_each = { json = [0.2, 0.2, 0.2, 0.2, 0.2, 0.2] }\nparallel = 6\nsemaphore = \"bed\"\ninputs = { seconds = \"$item\" }\noutputs = { slept = \"out\" }\n";

/// As many run at one time as there are places, no more and no fewer: in one step, in steps of a step that has a
/// place, in what agents call, and in several runs.
#[test]
fn a_semaphore_holds_items_and_runs_back() {
    let outer = "kind = \"workflow\"\n[outputs.out]\n[[steps]]\nagent = \"inner\"\nsemaphore = \"bed\"\noutputs = { out = \"out\" }\n";
    let asking = "kind = \"workflow\"\n[outputs.out]\n[[steps]]\nagent = \"asks_marks\"\nsemaphore = \"bed\"\noutputs = { out = \"out\" }\n";
    type Agents<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Agents<'_>, usize, usize, usize); 6] = [
        (&[("it", NAPS)], 1, 1, 1),
        (&[("it", NAPS)], 2, 1, 2),
        (&[("it", NAPS)], 6, 1, 6),
        (&[("it", outer), ("inner", NAPS)], 3, 1, 1),
        (&[("it", asking), ("inner", NAPS)], 3, 1, 1),
        (&[("it", NAPS)], 2, 3, 2),
    ];
    for (more, places, runs, expected) in cases {
        let (engine, [_agents, data]) = marking(more, &format!("[semaphores]\nbed = {places}"));
        let ended = host::block_on(async {
            let runs: Vec<_> = (0..runs).map(|run| engine.again(&run.to_string(), None)).collect();
            let mut running: Vec<_> = runs.iter().map(|run| Box::pin(run.run(Vec::new()))).collect();
            let mut ended = Vec::new();
            std::future::poll_fn(|context| {
                running.retain_mut(|run| match run.as_mut().poll(context) {
                    std::task::Poll::Ready(outcome) => {
                        ended.push(outcome);
                        false
                    }
                    std::task::Poll::Pending => true,
                });
                if running.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
            })
            .await;
            ended
        });
        assert!(ended.iter().all(|outcome| outcome.failure.is_none()), "{:?}", ended[0].failure);
        assert_eq!(at_once(data.path()), expected, "{} of {places} places, {runs} runs", more[0].1);
    }
}

/// Who waits stops when its time is up.
#[test]
fn a_place_is_not_waited_for_longer_than_there_is_time() {
    let (engine, _folders) = marking(
        &[("it", &NAPS.replace("0.2, 0.2, 0.2, 0.2, 0.2, 0.2", "60, 60"))],
        "[semaphores]\nbed = 1\n[agents.it]\nlimits = { time = \"500ms\" }",
    );
    let outcome = host::block_on(engine.run(Vec::new()));
    assert_eq!(outcome.failure.unwrap().code.name(), "limit.time");
}

/// A step in a step that has a place would wait for itself.
#[test]
fn a_place_is_enough_for_what_is_in_it() {
    let inner = "kind = \"workflow\"\n[outputs.out]\n[[steps]]\nagent = \"echo\"\nsemaphore = \"one\"\ninputs = { input = \"in\" }\noutputs = { output = \"out\" }\n";
    let outer = "kind = \"workflow\"\n[outputs.out]\n[[steps]]\nagent = \"inner\"\nsemaphore = \"one\"\n[[steps]]\nagent = \"inner\"\nsemaphore = \"one\"\n";
    let ran = with(&[("inner", inner), ("it", outer)], "[semaphores]\none = 1");
    assert_eq!(ended(&ran), "in");
}

#[test]
fn an_unknown_semaphore_is_refused() {
    let agents = agents(&[("it", "kind = \"workflow\"\n[[steps]]\nagent = \"halt\"\nsemaphore = \"bed\"\n")]);
    let library = host::library(agents.path());
    let (program, _) = Program::load(&library, "it").unwrap();
    let error = Engine::new(Arc::new(program), Setup::new(Arc::new(library), host::sandbox().clone())).err().unwrap();
    assert_eq!(error.code, "unknown-semaphore");
    assert!(
        error.place.is_some() && error.message.contains("add `bed = 1` to its `[semaphores]`"),
        "{}",
        error.message
    );
}

/// The step's lists are the same however many run at one time, and whatever finishes first.
#[test]
fn who_is_faster_makes_no_difference() {
    let steps = |parallel: usize| {
        format!(
            "[[steps]]\nagent = \"sleep\"\nfor_each = {{ json = [0.3, 0, 0.2, 0.1, 0] }}\nparallel = {parallel}\ninputs = {{ seconds = \"$item\" }}\noutputs = {{ slept = \"out\" }}\n"
        )
    };
    for parallel in [1, 2, 5] {
        assert_eq!(ended(&run(&steps(parallel), "")), "[0.3,0,0.2,0.1,0]");
    }
}

/// To look for a part of a large value takes time, which is the workflow's.
#[test]
fn wires_into_a_large_value_come_to_an_end() {
    let names: Vec<_> = (0..2000).map(|number| format!("i{number}")).collect();
    let each = |line: &dyn Fn(&String) -> String| names.iter().map(line).collect::<String>();
    let many = format!("kind = \"template\"\ntext = \"done\"\n{}", each(&|name| format!("[inputs.{name}]\n")));
    let wires = each(&|name| format!("{name} = \"$big.last\"\n"));
    let it = format!(
        "kind = \"workflow\"\n[inputs.big]\n[outputs.out]\n[[steps]]\nagent = \"many\"\noutputs = {{ output = \"out\" }}\n[steps.inputs]\n{wires}"
    );
    let agents = agents(&[("it", &it), ("many", &many)]);
    let policy = Policy::parse("policy.toml", "version = 1\n[limits]\ntime = \"1s\"\n").unwrap();
    let zeros = vec!["0"; 4 << 20].join(",");
    let big: serde_json::Value = serde_json::from_str(&format!("{{\"zeros\": [{zeros}], \"last\": 1}}")).unwrap();
    let ran = host::run(&host::library(agents.path()), "it", &policy, &[("big", Value::Json(big.into()))]);
    assert!(ended(&ran).starts_with("limit.time "), "{}", ended(&ran));
}
