use super::*;

fn start(command: Command, inputs: &[(&str, Lent)]) -> Result<Started, String> {
    let inputs: Vec<_> = inputs.iter().map(|(name, value)| Input { name, value: value.clone() }).collect();
    Started::new(&command, &inputs).map_err(|failure| {
        assert_eq!(failure.code, Code::Input);
        failure.message
    })
}

fn nothing() -> Command {
    Command {
        file: "bin/tool.wasm".into(),
        arguments: Vec::new(),
        environment: Vec::new(),
        stdin: None,
        files: Vec::new(),
    }
}

fn arguments(form: Form, value: Lent) -> Result<Vec<String>, String> {
    let argument = Argument::Input { input: "x".into(), form };
    let command = Command { arguments: vec![argument], ..nothing() };
    start(command, &[("x", value)]).map(|started| started.arguments[1..].to_vec())
}

fn text(text: &str) -> Lent<'_> {
    Lent::Text(text)
}

fn json(text: &str) -> Lent<'_> {
    Lent::Json(text)
}

#[test]
fn values_become_arguments() {
    let (plain, flag, prefix) = (Form::Plain { dash: false }, Form::Flag("--x".into()), Form::Prefix("-x".into()));
    let cases: [(&Form, Lent, &[&str]); 17] = [
        (&plain, text("a b; $(c) \"'"), &["a b; $(c) \"'"]),
        (&plain, text(""), &[""]),
        (&plain, json("12345678901234567890123"), &["12345678901234567890123"]),
        (&plain, json("-1.50"), &["-1.50"]),
        (&plain, json("\"text\""), &["text"]),
        (&plain, json("null"), &[]),
        (&plain, json("[\"a\", 1, [2, \"b\"], {\"c\": null}]"), &["a", "1", "[2,\"b\"]", "{\"c\":null}"]),
        (&plain, json(" {\"a\": 1} "), &["{\"a\": 1}"]),
        (&plain, json("true"), &["true"]),
        (&plain, Lent::Data(b"bytes"), &["bytes"]),
        (&flag, json("true"), &["--x"]),
        (&flag, json("false"), &[]),
        (&flag, text("--y"), &["--x", "--y"]),
        (&flag, json("[\"a\", \"b\"]"), &["--x", "a", "--x", "b"]),
        (&flag, json("[]"), &[]),
        (&prefix, json("[1, 2]"), &["-x1", "-x2"]),
        (&prefix, text("-"), &["-x-"]),
    ];
    for (form, value, expected) in cases {
        assert_eq!(arguments(form.clone(), value.clone()).unwrap(), expected, "{form:?} {value:?}");
    }
}

#[test]
fn no_value_becomes_an_option() {
    let plain = |dash| Form::Plain { dash };
    for value in [text("-rf"), text("-"), json("\"--x\""), json("[\"a\", \"-b\"]"), text("-1")] {
        let refused = arguments(plain(false), value.clone()).unwrap_err();
        assert!(refused.contains("take it for an option"), "{refused}");
        assert!(arguments(plain(true), value.clone()).is_ok());
        let input = Argument::Input { input: "x".into(), form: plain(false) };
        let arguments = vec![Argument::Literal("--".into()), input];
        assert!(start(Command { arguments, ..nothing() }, &[("x", value)]).is_ok());
    }
}

/// An input that says `--` doesn't end the options for those after it.
#[test]
fn only_the_manifest_ends_the_options() {
    let input = |name: &str, form| Argument::Input { input: name.into(), form };
    let arguments = vec![input("x", Form::Plain { dash: true }), input("y", Form::Plain { dash: false })];
    let refused = start(Command { arguments, ..nothing() }, &[("x", text("--")), ("y", text("-y"))]);
    assert!(refused.is_err(), "{refused:?}");
}

#[test]
fn what_a_program_cant_be_given_is_said() {
    let plain = || Form::Plain { dash: false };
    assert!(arguments(plain(), text("a\0b")).unwrap_err().contains("NUL"));
    assert!(arguments(plain(), json("[\"\\u0000\"]")).unwrap_err().contains("NUL"));
    assert!(arguments(plain(), Lent::Data(&[0xff])).unwrap_err().contains("not UTF-8"));
    assert!(arguments(plain(), text(&"x".repeat(MAX_BYTES))).unwrap_err().contains("are the most"));
    let many = format!("[{}1]", "1,".repeat(MAX_ARGUMENTS));
    assert!(arguments(plain(), json(&many)).unwrap_err().contains("are the most"));
}

#[test]
fn what_is_left_out_is_not_there() {
    let part = |name: &str| ("NAME".to_owned(), Part::Input(name.into()));
    let command = || Command {
        arguments: vec![Argument::Input { input: "x".into(), form: Form::Flag("--x".into()) }],
        environment: vec![part("x"), ("LANG".into(), Part::Literal("C".into()))],
        stdin: Some("x".into()),
        files: vec![part("x")],
        ..nothing()
    };
    let without = start(command(), &[]).unwrap();
    let lang = || ("LANG".to_owned(), "C".to_owned());
    assert_eq!((without.arguments, without.environment), (vec!["tool".to_owned()], vec![lang()]));
    assert!(without.stdin.is_empty() && without.files.is_empty());
    let with = start(command(), &[("x", json("[1]"))]).unwrap();
    assert_eq!(with.environment, [("NAME".into(), "[1]".into()), lang()]);
    assert_eq!((&*with.stdin, &with.files[..]), (&b"[1]"[..], &[("NAME".to_owned(), Bytes::from("[1]"))][..]));
}
