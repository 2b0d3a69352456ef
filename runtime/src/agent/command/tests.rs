use super::*;
use crate::{agent::Folder, source::Source};

fn read(text: &str) -> Result<Manifest, Vec<String>> {
    let source = Source::new("agent.toml", format!("kind = \"proc\"\n{text}"));
    Manifest::read(&source, Folder::Builtin(""), "tool").map_err(|report| {
        let line = |finding: &crate::diagnostic::Diagnostic| {
            let (start, _) = finding.place.as_ref().unwrap().lines();
            format!("{} {}:{}", finding.code, start.line, start.column)
        };
        report.0.iter().map(line).collect()
    })
}

fn command(text: &str) -> Command {
    read(text).unwrap_or_else(|wrong| panic!("{wrong:?}")).command().unwrap().clone()
}

fn input(name: &str, form: Form) -> Argument {
    Argument::Input { input: name.into(), form }
}

#[test]
fn what_maps_nothing_is_options_and_standard_input() {
    let command = command("command = \"a/tool.wasm\"\n[inputs.b]\n[inputs.stdin]\n[inputs.a]\n");
    let option = |name: &str| input(name, Form::Flag(format!("--{name}")));
    assert_eq!(command.arguments, [option("b"), option("a")]);
    assert_eq!((command.file.as_str(), command.stdin.as_deref()), ("a/tool.wasm", Some("stdin")));
}

#[test]
fn all_that_can_be_mapped_is() {
    let command = command(
        r#"command = "tool.wasm"
        arguments = ["-n", { input = "a" }, { input = "b", flag = "-b" }, { input = "c", prefix = "--c=" }, { input = "a", dash = true }]
        stdin = "b"
        environment = { LANG = "C", C = { input = "c" } }
        files = { "in/a.txt" = { input = "a" }, b = "text" }
        inputs = { a = {}, b = {}, c = {} }
        "#,
    );
    let expected = [
        Argument::Literal("-n".into()),
        input("a", Form::Plain { dash: false }),
        input("b", Form::Flag("-b".into())),
        input("c", Form::Prefix("--c=".into())),
        input("a", Form::Plain { dash: true }),
    ];
    assert_eq!(command.arguments, expected);
    assert_eq!(command.stdin.as_deref(), Some("b"));
    let (literal, part) = (|text: &str| Part::Literal(text.into()), |name: &str| Part::Input(name.into()));
    assert_eq!(command.environment, [("LANG".into(), literal("C")), ("C".into(), part("c"))]);
    assert_eq!(command.files, [("in/a.txt".into(), part("a")), ("b".into(), literal("text"))]);
}

#[test]
fn outputs_say_where_they_come_from() {
    let manifest = read(
        r#"command = "tool.wasm"
        [outputs.a]
        from = "stdout"
        type = "json"
        [outputs.b]
        from = "stderr"
        [outputs.c]
        from = "exit_code"
        [outputs.d]
        from = { file = "out/d" }
        type = "bytes"
        "#,
    )
    .unwrap();
    let origins: Vec<_> = manifest.outputs.iter().map(|output| output.taken.clone().unwrap().origin).collect();
    assert_eq!(origins, [Origin::Stdout, Origin::Stderr, Origin::ExitCode, Origin::File("out/d".into())]);
    assert!(manifest.has_own_folder());
    let sole = read("command = \"tool.wasm\"\n[outputs.x]\n").unwrap();
    assert_eq!(sole.outputs[0].taken, Some(Taken { origin: Origin::Stdout, hint: Hint::Text }));
    assert!(!sole.has_own_folder());
}

#[test]
fn mistakes_have_their_places() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        ("command = \"t\"\narguments = [{ input = \"x\" }]", "unknown-input 3:24"),
        ("command = \"t\"\narguments = [\"a\\u0000\"]", "bad-text 3:14"),
        ("command = \"t\"\narguments = [3]", "wrong-type 3:14"),
        ("command = \"t\"\narguments = [{ input = \"a\", flag = \"f\", dash = true }]\n[inputs.a]", "unused-key 3:14"),
        ("command = \"t\"\narguments = [{ flag = \"f\" }]", "missing-key 3:14"),
        ("command = \"t\"\narguments = [{ input = \"a\", glue = \"f\" }]\n[inputs.a]", "unknown-key 3:29"),
        ("command = \"t\"\nstdin = \"x\"", "unknown-input 3:9"),
        ("command = \"t\"\narguments = []\n[inputs.a]", "unmapped-input 4:9"),
        ("command = \"t\"\nenvironment = { \"A=B\" = \"\" }", "bad-name 3:17"),
        ("command = \"t\"\nfiles = { \"../a\" = \"\" }", "bad-path 3:11"),
        ("command = \"t\"\nfiles = { \"a/b\" = \"\", a = \"\" }", "bad-path 3:11"),
        ("command = \"t\"\n[outputs.a]\n[outputs.b]\nfrom = \"stdout\"", "missing-key 3:10"),
        ("command = \"t\"\n[outputs.a]\nfrom = \"stdin\"", "unknown-choice 4:8"),
        ("command = \"t\"\n[outputs.a]\nfrom = { file = \"/a\" }", "bad-path 4:17"),
        ("command = \"t\"\n[outputs.a]\nfrom = \"exit_code\"\ntype = \"bytes\"", "wrong-type 5:8"),
        ("command = \"t\"\n[outputs.a]\ntype = \"secret\"", "unknown-choice 4:8"),
        ("command = \"t\"\npython = \"a\"", "no-code 1:1"),
        ("command = \"t\"\nfunction = \"a\"", "no-code 1:1"),
        ("command = \"../t\"", "bad-path 2:11"),
        ("python = \"a\"\narguments = []", "unknown-key 3:1"),
        ("component = \"a\"\n[outputs.a]\nfrom = \"stdout\"", "unused-key 4:8"),
    ] {
        let found = read(text).unwrap_err();
        wrong.extend((found != [expected]).then(|| format!("{found:?}, not {expected}: {text}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let template = Source::new("agent.toml", "kind = \"template\"\ntext = \"\"\ncommand = \"a\"\n");
    assert!(Manifest::read(&template, Folder::Builtin(""), "t").unwrap_err().to_string().contains("unknown-key"));
}
