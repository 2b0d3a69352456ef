//! What is known here of the guest's Python, compared with what it says itself.

use turingbox::{Policy, Value, build, packages};

use crate::support::{host, root};

/// What an agent says that looks at its own Python.
fn outputs(agent: &str) -> serde_json::Map<String, serde_json::Value> {
    let library = host::library(&root().join("tests/packages/guest"));
    let outcome = host::run(&library, agent, &Policy::default(), &[]).outcome;
    assert!(outcome.failure.is_none(), "{outcome:?}");
    outcome.outputs.iter().map(|(name, value)| (name.clone(), serde_json::json!(value))).collect()
}

/// Conditions of dependencies, and the names that no package can take, are about this Python and no other.
#[test]
fn the_guest_is_as_it_is_described() {
    let outputs = outputs("describe");
    let said = |name: &str| outputs[name].clone();
    let environment: serde_json::Map<_, _> =
        build::ENVIRONMENT.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    assert_eq!(said("environment"), serde_json::Value::from(environment));
    let modules: Vec<String> = serde_json::from_value(said("modules")).unwrap();
    assert!(modules.len() > 290, "{modules:?}");
    let free: Vec<_> = modules.iter().filter(|module| !packages::is_reserved(module)).collect();
    assert!(free.is_empty(), "{free:?}");
}

/// Some of the library ask for the file that they are in: `strptime` does.
#[test]
fn modules_say_where_they_are() {
    let outputs = outputs("library");
    assert_eq!(outputs["odd"], serde_json::json!([]));
    assert_eq!(outputs["date"], "1900-11-27T00:00:00");
    assert!(outputs["count"].as_u64().unwrap() > 500, "{outputs:?}");
}

/// Each would end the instance where it crosses the boundary, and nobody would know why.
#[test]
fn what_is_no_text_is_an_exception() {
    let outputs = outputs("boundary");
    let got = outputs["got"].as_object().unwrap();
    let of_halves = got.iter().map(|(name, tries)| (name.as_str(), tries[0].as_str().unwrap_or_default()));
    let others: Vec<_> = of_halves.filter(|(_, said)| !said.contains("surrogate")).collect();
    // A line of the log is made one, and a body is bytes.
    let body = "TypeError: memoryview: a bytes-like object is required, not 'str'";
    assert_eq!(others, [("http_body", body), ("log", "")]);
    assert_eq!(got["sql_statement"][1], "TypeError: the statement is to be text, not int");
    assert_eq!(got["http_body"][1], "TypeError: memoryview: a bytes-like object is required, not 'int'");
}

/// Annotations are hints: they are looked at only to say why a call failed.
#[test]
fn an_input_of_another_type_is_named() {
    let library = host::library(&root().join("tests/packages/guest"));
    let said = |inputs: &[(&str, Value)]| {
        let failure = host::run(&library, "annotated", &Policy::default(), inputs).outcome.failure.unwrap();
        (failure.message, failure.trace.is_empty())
    };
    let json = |text: &str| Value::Json(turingbox::Json::parse(text).unwrap());
    let wrong = |message: &str| (message.to_owned(), true);
    assert_eq!(said(&[("text", json("5"))]), wrong("the input `text` is to be text or bytes, not a number"));
    let inputs = [("text", Value::text("a")), ("number", json("[1]"))];
    assert_eq!(said(&inputs), wrong("the input `number` is to be a number, not a JSON list"));
    // All is as it is said, or can't be told: a fault of the agent's own.
    let inputs = [("text", Value::text("a")), ("number", json("1")), ("list", json("{}"))];
    assert_eq!(said(&inputs), ("AttributeError: 'str' object has no attribute 'missing'".to_owned(), false));
}
