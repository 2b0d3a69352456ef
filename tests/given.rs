//! What a proc is handed of a text that says a number, `true` or `false`: that, whichever language it is in.

use std::fs;

use turingbox::{Json, Policy, Value};

use crate::support::{
    binary,
    host::{self, Ran},
};

/// An agent in Python that says what it was given.
const PYTHON: &str = "kind = \"proc\"\npython = \"main.py\"\n[outputs.said]\n[inputs]\ninteger = { type = \"integer\", max = 9 }\n\
                      number = { type = \"number\" }\nboolean = { type = \"boolean\" }\njson = { type = \"json\" }\ntext = {}\n";
const MAIN: &str = "def main(**given):\n    return ' '.join(f'{given[name]!r}' for name in sorted(given))\n";

/// The workflow hands on what it is given, and says nothing of types.
const WORKFLOW: &str = "kind = \"workflow\"\n[inputs.flag]\n[outputs]\npython = {}\ncompiled = {}\n\
                        [[steps]]\nagent = \"repr\"\noutputs = { said = \"python\" }\n[steps.inputs]\ninteger = 1\nnumber = 1\n\
                        boolean = \"$flag\"\njson = \"$flag\"\ntext = \"$flag\"\n\
                        [[steps]]\nagent = \"csv_to_json\"\ninputs = { csv = \"a\", header = \"$flag\" }\n\
                        outputs = { rows = \"compiled\" }\n";

fn agents() -> tempfile::TempDir {
    let agents = tempfile::tempdir().unwrap();
    for (file, text) in [("repr/agent.toml", PYTHON), ("repr/main.py", MAIN), ("flow/agent.toml", WORKFLOW)] {
        let path = agents.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    agents
}

fn run(policy: &str, inputs: &[(&str, Value)]) -> Ran {
    let policy = Policy::parse("policy.toml", &format!("version = 1\n{policy}")).unwrap();
    host::run(&host::library(agents().path()), "repr", &policy, inputs)
}

/// What the agent says, or the code and the message of the failure.
fn said(ran: &Ran) -> String {
    match &ran.outcome.failure {
        Some(failure) => format!("{} {}", failure.code.name(), failure.message),
        None => String::from_utf8_lossy(ran.outcome.outputs[0].1.bytes()).into_owned(),
    }
}

fn texts<'a>(changed: &[(&'a str, &str)]) -> Vec<(&'a str, Value)> {
    let usual = [("integer", "3"), ("number", "1.5"), ("boolean", "false"), ("json", "[1]"), ("text", "true")];
    let changed_to = |name: &str| changed.iter().find(|(other, _)| *other == name).map(|(_, text)| *text);
    usual.iter().map(|(name, text)| (*name, Value::text(changed_to(name).unwrap_or(text)))).collect()
}

#[test]
pub fn a_text_is_read_as_the_input_is_declared() {
    for policy in ["", "[agents.repr]\nisolation = \"run\"\n"] {
        assert_eq!(said(&run(policy, &texts(&[]))), "False 3 '[1]' 1.5 'true'", "{policy}");
    }
    // Bounds are a matter for the agent, as they are where it is given a number.
    let inputs = texts(&[("boolean", " true\n"), ("integer", "10"), ("number", "2"), ("json", "x")]);
    assert_eq!(said(&run("", &inputs)), "True 10 'x' 2 'true'");
    let mut given = texts(&[]);
    given[0].1 = Value::Json(Json::parse("\"three\"").unwrap());
    assert_eq!(said(&run("", &given)), "False 'three' '[1]' 1.5 'true'", "what is JSON is as it was given");
}

#[test]
pub fn a_text_that_says_nothing_of_the_sort_is_refused() {
    for (name, text, wanted) in [
        ("boolean", "False", "`true` or `false`, not \"False\""),
        ("boolean", "", "`true` or `false`, not \"\""),
        ("boolean", "1", "`true` or `false`, not \"1\""),
        ("integer", "1.0", "a whole number, not \"1.0\""),
        ("number", "1e999", "a number, not \"1e999\""),
        ("number", "nan", "a number, not \"nan\""),
    ] {
        let ran = run("", &texts(&[(name, text)]));
        assert_eq!(said(&ran), format!("input the input `{name}` is to be {wanted}"));
    }
}

/// From the command line through a workflow: an agent in Python and one in Rust understand the same.
#[test]
fn no_caller_has_to_know_the_language() {
    let agents = agents();
    for (flag, python, compiled) in
        [("false", "False 1 'false' 1 'false'", r#"[["a"]]"#), ("true", "True 1 'true' 1 'true'", "[]")]
    {
        let ran =
            binary::turingbox(agents.path()).args(["run", "flow", "--agents", ".", "--flag", flag]).output().unwrap();
        let outputs: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        assert_eq!(
            (&outputs["python"], outputs["compiled"].to_string().as_str()),
            (&python.into(), compiled),
            "{flag}"
        );
    }
}

/// What is given as nothing at all is not missing.
#[test]
fn a_null_is_said_to_be_one() {
    let inputs = [("text", Value::text("a b")), ("min_length", Value::Json(Json::parse("null").unwrap()))];
    let ran = host::run(&host::library(agents().path()), "word_count", &Policy::default(), &inputs);
    let wanted = "agent.failed the input `min_length` is to be a whole number of 32 bits, 0 or more, not null";
    assert_eq!(said(&ran), wanted);
}
