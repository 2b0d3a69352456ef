//! What a step that runs for each item of a list gives, and on which items.

use super::{ended, paths, run, with};

#[test]
fn an_item_has_its_place_in_the_lists() {
    let step = |more: &str| {
        format!(
            "[[steps]]\nid = \"share\"\nagent = \"divide\"\nfor_each = {{ json = [1, 2, 3, 4, 6] }}\ninputs = {{ n = \"$item\" }}\noutputs = {{ output = \"out\" }}\n{more}\n"
        )
    };
    for parallel in ["", "parallel = 2", "parallel = 16"] {
        let ran = run(&step(parallel), "");
        assert_eq!(ended(&ran), r#"["12","6","4","3","2"]"#, "{parallel}");
        let mut paths = paths(&ran);
        paths.sort_unstable();
        assert_eq!(paths, ["0.share", "0.share[1]", "0.share[2]", "0.share[3]", "0.share[4]"]);
        assert_eq!(ran.outcome.usage.steps, 5);
    }
    // The first that failed is the step's failure, whoever was faster.
    for parallel in [1, 2, 3, 4] {
        let steps = step(&format!("parallel = {parallel}")).replace("[1, 2, 3, 4, 6]", "[1, \"b\", 0, 4, 0]");
        let ran = run(&steps, "");
        let failure = ran.outcome.failure.as_ref().unwrap();
        assert_eq!(failure.step, "0.share[1]", "{parallel}: {failure}");
    }
    let steps = step("on_fail = \"continue\"\nparallel = 3").replace("[1, 2, 3, 4, 6]", "[1, 0, 3]");
    let steps = steps.replace("output = \"out\" }", "output = \"shares\", status = \"all\" }");
    let collect = "[[steps]]\nagent = \"echo\"\ninputs = { input = { expr = \"[[one['value'] for one in $all], $shares, $status.value]\" } }\noutputs = { output = \"out\" }\n";
    let ran = run(&format!("{steps}{collect}"), "");
    assert_eq!(ended(&ran), r#"[[0,1,0],["12",null,"4"],0]"#);
    // Nothing to do.
    let ran = run(&step("parallel = 9").replace("[1, 2, 3, 4, 6]", "[]"), "");
    assert_eq!((ended(&ran).as_str(), ran.steps.len()), ("[]", 0));
}

/// `$item` is the item, and `$index` its place, whatever else is called so.
#[test]
fn an_item_comes_before_all_that_has_its_name() {
    let own = "kind = \"template\"\ntext = \"{{ item }}/{{ seen }} \"\n[inputs.item]\n[inputs.seen]\n";
    let step = "kind = \"workflow\"\n[outputs.out]\n[[steps]]\nagent = \"own\"\nfor_each = { json = [1, 2] }\n\
                inputs = { item = \"const\", seen = { expr = \"[$item, $index]\" } }\noutputs = { output = \"out\" }\n";
    let ran = with(&[("own", own), ("it", step)], "");
    assert_eq!(ended(&ran), r#"["const/[1,0] ","const/[2,1] "]"#);
}

/// An item that nothing is left for wasn't given anything.
#[test]
fn an_item_that_did_not_begin_has_no_inputs() {
    let step = "[[steps]]\nagent = \"echo\"\nfor_each = { json = [10, 11, 12, 13] }\nparallel = 2\non_fail = \"continue\"\n\
                inputs = { input = \"$item\" }\noutputs = { output = \"out\", status = \"all\" }\n";
    let ran = run(step, "[agents.it]\nlimits = { steps = 2 }");
    let cells: Vec<_> =
        ran.tape.iter().filter(|line| line.contains(" echo [") && line.contains("limit.steps")).collect();
    assert_eq!(cells.len(), 2, "{:?}", ran.tape);
    assert!(cells.iter().all(|line| line.contains(" echo [] ")), "{cells:?}");
}

#[test]
fn what_is_no_list_is_the_steps_failure() {
    let step = |list: &str| {
        format!(
            "[[steps]]\nagent = \"divide\"\nfor_each = {list}\ninputs = {{ n = \"$item\" }}\noutputs = {{ output = \"out\" }}\n"
        )
    };
    for (list, message) in [
        ("{ expr = \"{} if $step_max else []\" }", "workflow.expression `for_each` takes a list, not {}"),
        ("{ expr = \"'text' if $step_max else []\" }", "workflow.expression `for_each` takes a list in JSON, not text"),
        ("{ expr = \"list(range(100001))\" }", "workflow.expression `for_each` takes up to 100000 items, not 100001"),
        ("{ expr = \"[1][$step_index + 1]\" }", "workflow.expression "),
    ] {
        let ran = run(&step(list), "");
        assert!(ended(&ran).starts_with(message), "{list}: {}", ended(&ran));
        assert_eq!(paths(&ran), ["0"], "it is on the tape");
    }
}
