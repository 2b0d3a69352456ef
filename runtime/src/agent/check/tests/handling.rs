//! What is found in how steps are run.

use super::{found, workflow};

/// A step with the agent, in a workflow that has these lines for it.
fn step(agent: &str, lines: &str) -> Vec<String> {
    let typed = [("echo#first", "input = \"a\"", ""), (agent, "", "")];
    found(&format!("{}{lines}\n", workflow("", &typed)))
}

#[test]
fn who_may_do_it_twice_is_warned_of() {
    let retry = "retry = { attempts = 2 }";
    assert!(step("typed", retry).is_empty(), "it asks for nothing");
    assert_eq!(step("writes", retry), ["retry-with-effects retry"]);
    assert_eq!(step("uses_writes", retry), ["retry-with-effects retry"], "what is below it counts");
    assert!(step("writes_once", retry).is_empty(), "it says that it may be called again");
    assert!(step("reads", retry).is_empty());
    assert!(step("writes", "timeout = \"1s\"").is_empty());
}

#[test]
fn the_way_out_is_a_way() {
    let steps = [
        ("echo", "input = \"a\"", "output = \"a\""),
        ("halt", "", ""),
        ("echo#mend", "input = \"$status.reason\"", ""),
    ];
    let text = workflow("", &steps);
    assert_eq!(found(&text.replace("output = \"a\" ", "")), ["dead-step \"echo\""]);
    let routed = text.replacen("outputs = { output = \"a\" }\n", "on_error = \"mend\"\n", 1);
    assert!(found(&routed).is_empty(), "{:?}", found(&routed));
    let nowhere = routed.replace("on_error = \"mend\"", "on_error = \"mned\"");
    assert_eq!(found(&nowhere), ["bad-jump \"mned\"", "dead-step \"echo\""]);
}

#[test]
fn items_have_their_names() {
    let each = |input: &str, list: &str| {
        let text = workflow(
            "[inputs.all]\ntype = \"json\"\n[outputs.o]\n",
            &[("echo", &format!("input = {input}"), "output = \"o\"")],
        );
        found(&format!("{text}for_each = {list}\n"))
    };
    assert!(each("\"$item.url\"", "\"$all\"").is_empty());
    assert!(each("\"{{ item }} {{ index }}\"", "\"$all\"").is_empty());
    assert_eq!(each("\"$item\"", "\"$item\""), ["unset-name \"$item\""], "not where the list comes from");
    assert_eq!(each("\"$item\"", "{ expr = \"$all + $more\" }"), ["unset-name $more"]);
    let text = workflow("", &[("echo", "input = \"$item\"", "")]);
    assert_eq!(found(&text), ["unset-name \"$item\""]);
    let when = format!("{text}retry = {{ attempts = 2, when = \"$index > $status.value\" }}\n").replace("$item", "a");
    assert_eq!(found(&when), ["unset-name $index"]);
}

#[test]
fn which_failures_are_tried_again_is_a_question() {
    let when = |when: &str| step("typed", &format!("retry = {{ attempts = 2, when = \"{when}\" }}"));
    for (text, expected) in [
        ("1 + 'a'", &["expression 1 + 'a'"][..]),
        ("503", &["constant-when \"503\""]),
        ("False", &["constant-when \"False\""]),
        ("True", &[]),
        ("$status.code == 503", &[]),
    ] {
        assert_eq!(when(text), expected, "{text}");
    }
}

#[test]
fn what_a_step_runs_for_can_be_a_list() {
    let each = |list: &str| {
        let inputs = "[inputs.t]\n[inputs.j]\ntype = \"json\"\n[inputs.o]\noptional = true\n";
        found(&format!("{}for_each = {list}\n", workflow(inputs, &[("echo", "input = 1", "")])))
    };
    for list in ["[1, 2]", "{ json = [] }", "{ expr = \"[1]\" }", "\"$j\"", "\"$j.a\"", "\"$o\"", "\"$t.split()\""] {
        assert_eq!(each(list), Vec::<String>::new(), "{list}");
    }
    let wrong = ["\"[1, 2]\"", "\"plain text\"", "5", "{ a = 1 }", "\"{{ t }}\"", "\"len($t)\"", "\"$t.upper()\""];
    for list in wrong.into_iter().chain(["{ expr = \"1 + 1\" }", "\"range(len($t))\"", "\"$step_max\"", "\"$status\""])
    {
        let place = list.trim_start_matches("{ expr = ").trim_end_matches(" }");
        let place = if list.contains("expr") { place } else { list };
        assert_eq!(each(list), [format!("bad-for-each {place}")], "{list}");
    }
    assert_eq!(each("{ expr = \"1 + 'a'\" }"), ["expression 1 + 'a'"]);
    assert_eq!(each("\"$t\""), ["type-mismatch \"$t\""]);
}
