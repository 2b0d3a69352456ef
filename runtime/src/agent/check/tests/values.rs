//! What is known of values before a run, and of names that are read where nothing has set them.

use super::{found, workflow};
use crate::agent::{Library, Program};

#[test]
fn results_of_expressions_fit_the_types_of_inputs() {
    for (inputs, expected) in [
        ("n = { expr = \"[1]\" }", &["type-mismatch \"[1]\""][..]),
        ("n = { expr = \"10\" }", &["type-mismatch \"10\""]),
        ("n = { expr = \"1 + 1\" }", &[]),
        ("n = { expr = \"4 / 2\" }", &["type-mismatch \"4 / 2\""]),
        ("n = \"$v + 1\"", &[]),
        ("n = \"'a' + $v\"", &["type-mismatch \"'a' + $v\""]),
        ("n = \"$v / 2\"", &["type-mismatch \"$v / 2\""]),
        ("n = \"len($v) if $v else None\"", &[]),
        ("b = \"not $v\"", &[]),
        ("n = \"not $v\"", &["type-mismatch \"not $v\""]),
        ("b = \"len($v)\"", &["type-mismatch \"len($v)\""]),
        ("d = \"[$v]\"", &["type-mismatch \"[$v]\""]),
        ("c = \"$v > 1\"", &["type-mismatch \"$v > 1\""]),
        ("c = \"$v or 'red'\"", &[]),
        ("c = { expr = \"'r' + 'ed'\" }", &[]),
        ("c = { expr = \"'b' + 'lue'\" }", &["type-mismatch \"'b' + 'lue'\""]),
    ] {
        assert_eq!(found(&workflow("[inputs.v]\n", &[("typed", inputs, "")])), expected, "{inputs}");
    }
}

#[test]
fn expressions_without_a_name_are_evaluated() {
    let echo = |input: &'static str| ("echo", input, "");
    for (steps, expected) in [
        (vec![echo("input = { expr = \"9**9**9\" }")], vec!["expression 9**9**9"]),
        (vec![echo("input = { expr = \"[1, 1 + 'b']\" }")], vec!["expression 1 + 'b'"]),
        (vec![echo("input = { expr = \"1 / 0 if False else 2\" }")], vec![]),
        (vec![echo("input = { expr = \"range(3)\" }")], vec!["expression range(3)"]),
        // Where the file has escapes, all of the text is meant.
        (vec![echo("input = { expr = \"1\\u0020/ 0\" }")], vec!["expression \"1\\u0020/ 0\""]),
    ] {
        assert_eq!(found(&workflow("", &steps)), expected, "{steps:?}");
    }
    let output =
        "kind = \"workflow\"\n[outputs.o]\nfrom = { expr = \"'a' * 10 ** 12\" }\n[[steps]]\nagent = \"halt\"\n";
    assert_eq!(found(output), ["expression 'a' * 10 ** 12"]);
    let run = workflow("", &[echo("input = { expr = \"1/0\" }")]);
    let report = Program::load(&Library::with_manifests(&[("a", &run)]), "a").unwrap_err();
    assert_eq!((report.0[0].code, report.0[0].message.as_str()), ("expression", "division by zero"));
}

/// What is evaluated in one file is bounded, however many expressions it has.
#[test]
fn a_file_of_long_expressions_is_looked_at_in_time() {
    let long = ("echo", "input = { expr = \"[0 for x in range(10 ** 9)]\" }", "");
    let found = found(&workflow("", &vec![long; 1000]));
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn names_are_set_on_the_ways_that_are_likely() {
    let set = ("echo#a", "input = \"1\"", "output = \"v\"");
    let read = ("echo", "input = \"$v + 1\"", "");
    for (steps, expected) in [
        (
            vec![("jump_if", "condition = true, target = \"a\"", ""), set, read],
            vec!["dead-step \"echo\"", "probably-unset $v"],
        ),
        (vec![("jump_if", "condition = \"$status\", target = \"a\"", ""), set, read], vec![]),
        (vec![("jump_if", "condition = false, target = \"a\"", ""), set, read], vec![]),
        // What is jumped to may come back.
        (
            vec![
                ("jump_if", "condition = true, target = \"a\"", ""),
                set,
                read,
                ("jump_if", "condition = \"$status\", target = 0", ""),
            ],
            vec![],
        ),
    ] {
        assert_eq!(found(&workflow("", &steps)), expected, "{steps:?}");
    }
}

#[test]
fn a_place_is_that_of_the_name() {
    let steps = [("echo", "input = \"1 + $nope.a + $nope\"", "")];
    assert_eq!(
        found(&workflow("[outputs.o]\nfrom = \"[$none, $o]\"\n", &steps)),
        ["unset-name $none", "unset-name $o", "unset-name $nope"]
    );
}

#[test]
fn a_name_is_suggested_that_can_be_set() {
    let help = |steps: &[(&str, &str, &str)]| {
        let library = Library::with_manifests(&[("a", &workflow("[inputs.text]\n", steps))]);
        let report = Program::inspect(&library, "a", None).report;
        let unset = report.0.iter().find(|finding| finding.code == "unset-name").unwrap();
        unset.help.as_deref().map(str::to_owned)
    };
    let (reads, other) = (("echo", "input = \"$otput\"", ""), ("echo", "input = 1", ""));
    assert_eq!(help(&[reads]).unwrap(), "there is `text`");
    assert_eq!(help(&[reads, other]).unwrap(), "there is `text`");
    assert_eq!(help(&[other, reads]).unwrap(), "did you mean `output`?");
    let back = ("jump_if", "condition = \"$output\", target = 0", "");
    assert_eq!(help(&[other, reads, back]).unwrap(), "did you mean `output`?");
}

#[test]
fn a_workflow_that_calls_itself_has_a_way_out() {
    let itself = ("under_test", "", "");
    let echo = ("echo", "input = 1", "");
    let warned = vec!["endless-recursion \"under_test\""];
    for (steps, expected) in [
        (vec![itself], warned.clone()),
        (vec![echo, itself, echo], warned.clone()),
        (
            vec![("jump_if", "condition = \"$status\", target = \"end\"", ""), itself, ("echo#end", "input = 1", "")],
            vec![],
        ),
        (vec![("jump_if", "condition = \"$status\", target = 0", ""), itself], warned),
        (vec![("halt", "", ""), itself], vec!["dead-step \"under_test\""]),
    ] {
        assert_eq!(found(&workflow("", &steps)), expected, "{steps:?}");
    }
}

#[test]
fn paths_lead_somewhere() {
    let top = "[inputs.n]\ntype = \"integer\"\n[inputs.t]\n[inputs.o]\ntype = \"integer\"\noptional = true\n";
    for (wire, expected) in [
        ("\"$status.code\"", &[][..]),
        ("\"$status.codes\"", &["unset-name \"$status.codes\""]),
        ("\"$status.value.x\"", &["unset-name \"$status.value.x\""]),
        ("\"$step_index.x\"", &["unset-name \"$step_index.x\""]),
        ("\"1 + $status.codes\"", &["unset-name $status.codes"]),
        ("\"$n > 1 and $status.codes\"", &["probably-unset $status.codes"]),
        ("\"$n.a\"", &["probably-unset \"$n.a\""]),
        ("\"$t.a\"", &[]),
        ("\"$o.a\"", &[]),
        ("{ from = \"$status.codes\", default = 1 }", &["undefined-name { from = \"$status.codes\", default = 1 }"]),
    ] {
        let input = format!("input = {wire}");
        assert_eq!(found(&workflow(top, &[("echo", &input, "")])), expected, "{wire}");
    }
    let read = ("echo", "input = \"$status.codes\"", "");
    assert_eq!(found(&workflow("", &[("echo", "input = 1", "output = \"status\""), read])), Vec::<String>::new());
    assert_eq!(found(&workflow("", &[("halt", "", ""), read])), ["dead-step \"echo\""]);
    let plain = workflow("plain_status = true\n", &[("echo", "input = \"$status.code\"", "")]);
    assert_eq!(found(&plain), ["unset-name \"$status.code\""]);
    let when = format!("{plain}retry = {{ attempts = 2, when = \"$status.code == $status.cod\" }}\n");
    assert_eq!(found(&when.replace("\"$status.code\"", "1")), ["unset-name $status.cod"]);
    let output = "kind = \"workflow\"\n[outputs.o]\nfrom = \"$status.codes\"\n[[steps]]\nagent = \"echo\"\ninputs = { input = 1 }\n";
    assert_eq!(found(output), ["unset-name \"$status.codes\""]);
}

#[test]
fn a_name_with_a_dollar_in_a_template_is_not_filled_in() {
    let top = "[inputs.name]\n[inputs.n]\n[outputs.o]\nfrom = \"{{ n }}: $made\"\n[outputs.p]\nfrom = \"$made\"\n";
    let text = |input: &str| {
        let made = ("echo", "input = 1", "output = \"made\"");
        found(&workflow(top, &[made, ("echo", &format!("input = '''{input}'''"), "")]))
    };
    let beside = |own: &[&str]| {
        let own = own.iter().map(|name| format!("literal-dollar {name}"));
        std::iter::once("literal-dollar $made".to_owned()).chain(own).collect::<Vec<_>>()
    };
    for (input, expected) in [
        ("Dear $name, {{ 1 + 1 }} of $made, $name", &["$name", "$made"][..]),
        ("Dear ${name}, {{ n }}", &["${name}"]),
        ("{{ n }}: $name-x", &["$name"]),
        // The names of others, and those that stand as they are.
        ("for f in $*; do echo $HOME ${f} $1 {{ n }}; done", &[]),
        ("^{{ n }}$", &[]),
        ("name={{ name }}; echo $name", &[]),
        ("{% raw %}$name{% endraw %} \\$name $$name {{ n|replace('$name', '') }}", &[]),
    ] {
        assert_eq!(text(input), beside(expected), "{input}");
    }
}

#[test]
fn a_template_takes_no_name_with_a_minus() {
    let top =
        "[inputs.my-long-in]\n[inputs.long]\n[outputs.o]\nfrom = \"{{ made-up }}\"\n[outputs.p]\nfrom = \"$made-up\"\n";
    let made = ("echo", "input = \"$my-long-in\"", "output = \"made-up\"");
    for (input, expected) in [
        ("{{ my-long-in }} {{ my-long-in|upper }}", &["unset-name my-long-in", "unset-name my-long-in"][..]),
        ("{{ my-long-in|default(1) }}", &["unset-name my-long-in"]),
        ("{{ long-1 }}", &[]),
        ("{{ long-x }}", &["unset-name x"]),
    ] {
        let steps = [made, ("echo", &format!("input = \"{input}\""), "")];
        let mut all = vec!["unset-name made-up"];
        all.extend(expected);
        assert_eq!(found(&workflow(top, &steps)), all, "{input}");
    }
    let template = "kind = \"template\"\ntext = \"{{ my-in }} {{ my-other }}\"\n[inputs.my-in]\n";
    assert_eq!(found(template), ["unset-name my-in", "unset-name other"]);
}
