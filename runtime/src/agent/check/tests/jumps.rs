//! What is found in jumps.

use super::{found, workflow};

#[test]
fn jumps_lead_to_steps() {
    for (target, expected) in [
        ("\"end\"", &[][..]),
        ("0", &["endless-loop \"jump_if\""]),
        ("\"1\"", &[]),
        ("\"ende\"", &["bad-jump \"ende\""]),
        ("2", &["bad-jump 2"]),
        ("-1", &["bad-jump -1"]),
        ("true", &["bad-jump true"]),
        ("\"\u{202e}\"", &["bad-jump \"\u{202e}\""]),
    ] {
        let inputs = format!("condition = true, target = {target}");
        let steps = [("echo", "input = 1", ""), ("jump_if#end", inputs.as_str(), "")];
        assert_eq!(found(&workflow("", &steps)), expected, "{target}");
    }
    assert_eq!(found(&workflow("", &[("loop_start", "limit = 1, end = { json = \"none\" }", "")])).len(), 1);
}

#[test]
fn jumps_may_leave_steps_with_open_ends() {
    let steps = |target: &str| {
        let inputs = format!("condition = \"$status\", target = {target}");
        let steps = [("echo", "input = 1", ""), ("jump_if", inputs.as_str(), ""), ("halt", "", "")];
        found(&workflow("open_ends = true\n", &steps))
    };
    for target in ["3", "\"3\"", "99", "-1", "\"-1\""] {
        assert_eq!(steps(target), Vec::<String>::new(), "{target}");
    }
    assert_eq!(steps("-2"), ["bad-jump -2"]);
    assert_eq!(steps("\"end\""), ["bad-jump \"end\""]);
}

/// A jump before the first step begins anew, with what is set by then.
#[test]
fn a_workflow_that_begins_anew_has_what_was_set() {
    let again = |target: &str| {
        let inputs = format!("condition = \"$status\", target = {target}");
        let jump = ("jump_if", inputs.as_str(), "");
        let steps = [("echo", "input = \"$x\"", ""), ("echo", "input = 1", "output = \"x\""), jump];
        found(&workflow("open_ends = true\non_fail = \"continue\"\n[inputs.to]\ntype = \"integer\"\n", &steps))
    };
    assert_eq!(again("-1"), Vec::<String>::new());
    assert_eq!(again("\"$to\""), Vec::<String>::new());
    assert_eq!(again("0"), ["unset-name \"$x\"", "unread-output output"]);
}
