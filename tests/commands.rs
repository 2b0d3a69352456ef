//! Programs as agents: what they are started with, and what their outputs are. The programs are in
//! `tests/commands/programs`, in text; `tests/commands/run` tries some that others wrote.

use std::{fs, path::Path};

use turingbox::{
    Engine, Json, Policy, Program, Sandbox, Setup, Value, sandbox::Cache, secret::Secrets, wall::Compiler,
};

use crate::support::{
    binary, component,
    host::{self, Ran},
    root,
};

/// Runs a program as the agent `tool`, with what its manifest says beside the kind and the file.
fn run(program: &str, manifest: &str, policy: &str, inputs: &[(&str, Value)]) -> Ran {
    run_with(program, manifest, policy, inputs, |_| {})
}

/// The same, with what it is made with as `change` wants it.
fn run_with(
    program: &str,
    manifest: &str,
    policy: &str,
    inputs: &[(&str, Value)],
    change: impl FnOnce(&mut Setup),
) -> Ran {
    let library = tempfile::tempdir().unwrap();
    let folder = library.path().join("tool");
    fs::create_dir(&folder).unwrap();
    install(program, &folder);
    fs::write(folder.join("agent.toml"), format!("kind = \"proc\"\ncommand = \"tool.wasm\"\n{manifest}")).unwrap();
    let policy = Policy::parse("policy.toml", &format!("version = 1\n{policy}")).unwrap();
    host::run_with(&host::library(library.path()), "tool", inputs, |setup| {
        setup.policy = policy.into();
        setup.secrets = Secrets::default().with("KEY", "hunter2hunter2");
        change(setup);
    })
}

fn install(program: &str, folder: &Path) {
    let text = fs::read_to_string(root().join("tests/commands/programs").join(program).with_extension("wat")).unwrap();
    fs::write(folder.join("tool.wasm"), component::of_text(&text)).unwrap();
}

/// What an output holds, with `|` for each NUL.
fn output(ran: &Ran, name: &str) -> String {
    let found = ran.outcome.outputs.iter().find(|(output, _)| output == name);
    let (_, value) = found.unwrap_or_else(|| panic!("no {name}: {:?}", ran.outcome));
    String::from_utf8_lossy(value.bytes()).replace('\0', "|")
}

/// What the program wrote into the log.
fn said(ran: &Ran) -> Vec<String> {
    ran.log.iter().filter(|line| !line.starts_with("a worker is confined")).cloned().collect()
}

/// The code, the message and the trace of the failure.
fn failure(ran: &Ran) -> (&'static str, String, String) {
    let failure = ran.outcome.failure.clone().unwrap_or_else(|| panic!("{:?}", ran.outcome));
    (failure.code.name(), failure.message, failure.trace)
}

fn json(text: &str) -> Value {
    Value::Json(Json::parse(text).unwrap())
}

#[test]
pub fn a_program_that_maps_nothing_gets_options_and_standard_input() {
    let manifest = "[inputs.count]\ntype = \"integer\"\n[inputs.all]\ntype = \"boolean\"\n[inputs.stdin]\n\
                    [inputs.name]\noptional = true\n[outputs.said]\n";
    let inputs = [("stdin", Value::text("in")), ("all", json("true")), ("count", json("3"))];
    assert_eq!(output(&run("show", manifest, "", &inputs), "said"), "tool|--count|3|--all|in");
    let inputs =
        [("count", json("3")), ("all", json("false")), ("stdin", Value::text("")), ("name", Value::text("-x"))];
    assert_eq!(output(&run("show", manifest, "", &inputs), "said"), "tool|--count|3|--name|-x|");
    // A workflow without types hands on texts.
    let inputs = [("count", Value::text(" 3")), ("all", Value::text("false")), ("stdin", Value::text("false"))];
    assert_eq!(output(&run("show", manifest, "", &inputs), "said"), "tool|--count|3|false");
}

#[test]
pub fn inputs_go_where_the_manifest_says() {
    let manifest = r#"
        arguments = ["-e", { input = "pattern", prefix = "--regexp=" }, "--", { input = "paths" }]
        environment = { LANG = "C", WHO = { input = "who" } }
        stdin = "text"
        inputs = { pattern = {}, paths = { type = "json" }, who = { optional = true }, text = { type = "bytes" } }
        outputs = { said = { type = "bytes" } }
    "#;
    let pattern = ("pattern", Value::text("$(rm) -rf"));
    let inputs = [pattern.clone(), ("paths", json(r#"["a b", "-c"]"#)), ("text", Value::data([0xff, 0]))];
    let ran = run("show", manifest, "", &inputs);
    assert_eq!(output(&ran, "said"), "tool|-e|--regexp=$(rm) -rf|--|a b|-c|LANG=C|\u{fffd}|");
    let inputs = [pattern, ("paths", json("[]")), ("who", Value::text("me")), ("text", Value::text(""))];
    assert_eq!(output(&run("show", manifest, "", &inputs), "said"), "tool|-e|--regexp=$(rm) -rf|--|LANG=C|WHO=me|");
}

#[test]
pub fn an_input_is_no_option() {
    let manifest = "arguments = [{ input = \"path\" }]\n[inputs.path]\n[outputs.said]\n";
    let (code, message, _) = failure(&run("show", manifest, "", &[("path", Value::text("--delete"))]));
    assert_eq!(code, "input");
    assert!(message.contains("`path` begins with `-`"), "{message}");
}

#[test]
pub fn exit_codes_are_kept() {
    let manifest = "arguments = [{ input = \"code\" }]\ninputs = { code = {} }\n\
                    outputs = { code = { from = \"exit_code\" }, out = { from = \"stdout\" }, err = { from = \"stderr\" } }";
    for code in ["0", "1", "2", "255", "300", "70000"] {
        let ran = run("exit", manifest, "", &[("code", Value::text(code))]);
        assert_eq!(ran.outcome.outputs[0], ("code".to_owned(), json(code)));
        assert_eq!((output(&ran, "out").as_str(), output(&ran, "err").as_str()), ("out\n", "line 1\nline 2\n"));
        assert!(said(&ran).is_empty(), "{:?}", ran.log);
    }
}

#[test]
pub fn a_program_that_fails_says_why() {
    let manifest = "arguments = [{ input = \"code\" }]\ninputs = { code = {} }\noutputs = { out = {} }";
    let ran = run("exit", manifest, "", &[("code", Value::text("0"))]);
    assert_eq!((output(&ran, "out").as_str(), &said(&ran)[..]), ("out\n", &["line 1".to_owned(), "line 2".into()][..]));
    let ran = run("exit", manifest, "", &[("code", Value::text("2"))]);
    let expected = ("agent.failed", "the program exited with 2".to_owned(), "line 1\nline 2".to_owned());
    assert_eq!(failure(&ran), expected);
    assert_eq!(failure(&run("component", "", "", &[])).1, "the program exited with 1");
}

#[test]
pub fn outputs_are_what_their_types_say() {
    let shown = |kind: &str, stdin: Value| {
        let manifest =
            format!("arguments = []\nstdin = \"x\"\ninputs = {{ x = {{}} }}\n[outputs.y]\ntype = \"{kind}\"\n");
        run("cat", &manifest, "", &[("x", stdin)])
    };
    assert_eq!(shown("json", Value::text(" [1]\n")).outcome.outputs[0].1, json("[1]"));
    assert_eq!(shown("integer", Value::text("5\n")).outcome.outputs[0].1, json("5"));
    assert_eq!(shown("bytes", Value::data([0xff])).outcome.outputs[0].1, Value::data([0xff]));
    assert_eq!(shown("text", Value::text("ü\n")).outcome.outputs[0].1, Value::text("ü\n"));
    for (kind, stdin) in [
        ("text", Value::data([0xff])),
        ("json", Value::text("[1")),
        ("integer", Value::text("1.5")),
        ("boolean", Value::text("yes")),
    ] {
        let (code, message, _) = failure(&shown(kind, stdin));
        assert_eq!(code, "agent.result");
        assert!(message.contains("the output `y`"), "{message}");
    }
}

#[test]
pub fn files_are_the_calls_own() {
    let manifest = "files = { \"in.txt\" = { input = \"text\" } }\ninputs = { text = { optional = true } }\n\
                    outputs = { copy = { from = { file = \"out.txt\" } }, code = { from = \"exit_code\" } }";
    let ran = run("copy", manifest, "", &[("text", Value::text("the text"))]);
    assert_eq!((output(&ran, "copy").as_str(), output(&ran, "code").as_str()), ("the text", "0"));
    // Nothing of the call before is there.
    let ran = run("copy", manifest, "", &[]);
    assert_eq!(ran.outcome.outputs, [("code".to_owned(), json("44"))], "{:?}", ran.outcome);
    assert!(ran.outcome.denials.is_empty());
}

/// However the call ends.
#[test]
pub fn no_folder_is_left() {
    let here = tempfile::tempdir().unwrap();
    let folders = || {
        let entries = fs::read_dir(here.path().join("cache")).unwrap().map(|entry| entry.unwrap());
        entries.filter(|entry| entry.file_type().unwrap().is_dir()).map(|entry| entry.file_name()).collect::<Vec<_>>()
    };
    let cache = Cache::open(&here.path().join("cache"), &here.path().join("state")).unwrap();
    let sandbox = Sandbox::new(Some(cache), Box::new(|_| Box::new(()))).unwrap();
    let sandbox = sandbox.compiled_by(Compiler::new(binary::program()));
    for (program, policy, code) in [
        ("copy", "", None),
        ("crash", "", Some("agent.crashed")),
        ("spin", "[agents.tool]\nlimits = { fuel = 1_000_000 }", Some("limit.fuel")),
        ("spin", "[agents.tool]\nlimits = { time = \"50ms\" }", Some("limit.time")),
    ] {
        let ran = run_with(program, "files = { \"in.txt\" = \"text\", \"a/b\" = \"\" }", policy, &[], |setup| {
            setup.sandbox = sandbox.clone();
        });
        assert_eq!(ran.outcome.failure.as_ref().map(|failure| failure.code.name()), code, "{:?}", ran.outcome);
        assert!(folders().is_empty(), "{program}: {:?}", folders());
    }
}

/// Two mounts in one place would be one too many.
#[test]
pub fn no_grant_is_in_the_way_of_the_own_folder() {
    let agents = tempfile::tempdir().unwrap();
    let folder = agents.path().join("tool");
    fs::create_dir(&folder).unwrap();
    install("copy", &folder);
    fs::write(folder.join("agent.toml"), "kind = \"proc\"\ncommand = \"tool.wasm\"\nfiles = { a = \"\" }\n").unwrap();
    let library = host::library(agents.path());
    for mount in ["/call", "/call/a"] {
        let grant = format!("{{ path = {folder:?}, mount = {mount:?}, access = \"read\" }}");
        let policy = Policy::parse("policy.toml", &format!("version = 1\n[agents.tool]\nfiles = [{grant}]\n")).unwrap();
        let (program, _) = Program::load(&library, "tool").unwrap();
        let setup = Setup { policy: policy.into(), ..Setup::new(library.clone().into(), host::sandbox().clone()) };
        let error = Engine::new(program.into(), setup).err().unwrap();
        assert_eq!(error.place.unwrap().line(), "policy.toml:3");
        assert!(error.message.contains("`/call` is where the program `tool`"), "{}", error.message);
    }
}

#[test]
pub fn a_secret_is_written_nowhere() {
    let manifest = "arguments = [{ input = \"key\" }]\nenvironment = { K = { input = \"key\" } }\nstdin = \"key\"\n\
                    files = { a = { input = \"key\" } }\ninputs = { key = { type = \"secret\" } }\n[outputs.said]\n";
    let secret = || Value::Secret(turingbox::Secret::new("KEY"));
    let ran = run("show", manifest, "[agents.tool]\nenv = [\"KEY\"]", &[("key", secret())]);
    assert_eq!(output(&ran, "said"), "tool|[KEY]|KEY=[KEY]|K=[KEY]|[KEY]");
    assert!(!ran.tape.concat().contains("hunter2"));
    let ran = run("show", manifest, "", &[("key", secret())]);
    assert_eq!(failure(&ran).0, "denied");
    let failing = "arguments = [{ input = \"key\" }]\ninputs = { key = { type = \"secret\" } }\n[outputs.said]\ntype = \"json\"\n";
    let ran = run("show", failing, "[agents.tool]\nenv = [\"KEY\"]", &[("key", secret())]);
    assert!(!format!("{:?}", ran.outcome).contains("hunter2"), "{:?}", ran.outcome);
}
