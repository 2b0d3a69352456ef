//! What is known of values before a run, and of names that are read where nothing has set them.

use super::{found, workflow};
use crate::agent::{Library, Program};

/// What is evaluated in one file is bounded, however many expressions it has.
#[test]
fn names_are_set_on_the_ways_that_are_likely() {
    let set = ("echo#a", "input = \"1\"", "output = \"v\"");
    let read = ("echo", "input = \"$v + 1\"", "");
    for (steps, expected) in [
        (
            vec![("jump_if", "condition = true, target = \"a\"", ""), set, read],
            vec!["dead-step \"echo\"", "probably-unset \"$v + 1\""],
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
