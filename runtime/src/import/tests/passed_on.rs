//! What workflows pass on: the names that are wanted of them, or else their last result.

use super::*;

/// The outputs of an agent's manifest, each with what is said of it.
fn outputs(imported: &Imported, agent: &str) -> Vec<String> {
    let manifest = file(imported, agent, "agent.toml");
    let blocks = manifest.split("\n\n").filter_map(|block| block.trim().strip_prefix("[outputs."));
    let lines =
        |block: &str| block.lines().map(|line| line.split('#').next().unwrap().trim().to_owned()).collect::<Vec<_>>();
    blocks.map(|block| lines(block).join(" ").replacen(']', "", 1)).collect()
}

fn dict(name: &str, result: &str, outputs: &str) -> String {
    proc(name, "x, ", result, "\"x\"", outputs)
}

#[test]
fn a_dict_is_passed_on_under_its_own_names() {
    let x = "\"x\": \"$x\"";
    let agents = [
        template("say", "{x}", "\"x\""),
        dict("two", "{'aa': x, 'bb': 1}", "\"aa\", \"bb\""),
        workflow("child", "\"x\"", "\"aa\"", &step("two", x, "\"aa\", \"bb\""), ""),
        workflow("parent", "\"x\"", "\"q\", \"aa\", \"bb\"", &step("child", x, "\"q\""), ""),
        workflow("grand", "\"x\"", "\"never\"", &step("parent", x, "\"p\""), ""),
        workflow("top", "\"x\"", "\"never\"", &step("two", x, "\"o\""), ""),
        workflow(
            "reads",
            "\"x\"",
            "\"r\"",
            &[step("child", x, "\"q\""), step("say", "\"x\": \"$q\"", "\"r\"")].join(","),
            "",
        ),
    ];
    let (imported, source) = converted(&agents.join(","));
    let both = "agent = \"child\"\ninputs = { x = \"$x\" }\noutputs = { aa = \"aa\", bb = \"bb\" }\n";
    assert!(steps(&imported, "parent").ends_with(both), "{}", steps(&imported, "parent"));
    assert_eq!(outputs(&imported, "child"), ["aa", "bb internal = true"]);
    for (workflow, expected) in [("parent", ["aa", "bb"]), ("top", ["aa", "bb"]), ("grand", ["aa", "bb"])] {
        assert_eq!(outputs(&imported, workflow), expected, "{workflow}");
    }
    assert!(steps(&imported, "reads").contains("inputs = { x = { text = \"$q\" } }"), "{}", steps(&imported, "reads"));
    let said = said(&imported);
    assert!(said.contains(
        &"import-unfinished: `reads`: nothing sets `$q`: the text itself is passed on, as in the original".into()
    ));
    runs(imported, &source);
}

#[test]
fn what_is_declared_and_never_set_gives_way_to_the_last_result() {
    let x = "\"x\": \"$x\"";
    let agents = [
        dict("up", "str(x)", "\"r\""),
        dict("fixed", "{'a': x, 'b': 1}", "\"a\", \"b\""),
        dict("named", "f'{output[0]}{x}'", "\"n\""),
        workflow(
            "child",
            "\"x\"",
            "\"r\", \"a\"",
            &[step("up", x, "\"d\", \"a\""), step("up", "\"x\": \"$d\"", "\"r\"")].join(","),
            "",
        ),
        workflow("parent", "\"x\"", "\"a\"", &step("child", x, "\"a\""), ""),
        workflow(
            "late",
            "\"x\"",
            "\"d\", \"t\"",
            &[step("fixed", x, "\"d\", \"c\""), step("named", "\"x\": \"$a\"", "\"a\", \"d\"")].join(","),
            "",
        ),
    ];
    let (imported, source) = converted(&agents.join(","));
    assert!(steps(&imported, "parent").contains("outputs = { r = \"a\" }"), "{}", steps(&imported, "parent"));
    assert_eq!(outputs(&imported, "child"), ["r"]);
    assert_eq!(outputs(&imported, "late"), ["d from = \"$a\""]);
    runs(imported, &source);
}

#[test]
fn whatever_data_may_set_is_wired() {
    let agents = [
        dict("keys", "json.loads(x)", "\"o\""),
        template("say", "{greeting} {x} {status}", "\"x\""),
        workflow(
            "w",
            "\"x\"",
            "\"t\"",
            &[
                step("say", "\"x\": 0", "\"s\""),
                step("keys", "\"x\": \"$x\"", "\"o\""),
                step("say", "\"x\": 1", "\"t\""),
            ]
            .join(","),
            "",
        ),
    ];
    let (imported, source) = converted(&agents.join(","));
    let steps = steps(&imported, "w");
    // Before that, nothing can have set it; and no step has a status before the first one has gone.
    assert!(steps.contains("agent = \"say\"\ninputs = { x = 0 }\n"), "{steps}");
    let late = "x = 1, greeting = { from = \"$greeting\", default = \"{greeting}\" }, status = \"$status\"";
    assert!(steps.contains(late) || steps.contains(&late.replace(", g", "\ng").replace(", s", "\ns")), "{steps}");
    runs(imported, &source);
}

#[test]
fn a_result_with_the_name_of_an_input_is_asked_for_by_its_own_name() {
    let agents = [
        dict("named", "x + output[0]", "\"n\""),
        workflow("w", "\"x\"", "\"x\"", &step("named", "\"x\": \"$x\"", "\"x\", \"y\""), ""),
    ];
    let (imported, source) = converted(&agents.join(","));
    let expected = "inputs = { x = \"$x\", result_names = [{ x = \"x_result\" }, \"y\"] }";
    assert!(steps(&imported, "w").contains(expected), "{}", steps(&imported, "w"));
    assert_eq!(outputs(&imported, "w"), ["x from = \"$x_result\""]);
    runs(imported, &source);
}

#[test]
fn what_has_stopped_leaves_the_first_name_empty() {
    let (x, stops) = ("\"x\": \"$x\"", ", \"return_on_fail\": 1");
    let agents = [
        dict("up", "str(x)", "\"r\""),
        template("say", "{b}", ""),
        workflow("child", "\"x\"", "\"r\"", &step("up", x, "\"r\""), stops),
        workflow(
            "parent",
            "\"x\"",
            "\"b\", \"s\"",
            &[step("child", x, "\"b\", \"c\""), step("say", "", "\"s\""), step("child", x, "\"x\"")].join(","),
            "",
        ),
        workflow("parent_stops", "\"x\"", "\"b\"", &step("child", x, "\"b\""), stops),
    ];
    let (imported, source) = converted(&agents.join(","));
    let expected = "\
[[steps]]
agent = \"child\"
empty_on_fail = \"b\"
inputs = { x = \"$x\" }
outputs = { r = \"b\" }
[[steps]]
agent = \"say\"
inputs = { b = \"$b\" }
outputs = { text = \"s\" }
[[steps]]
agent = \"child\"
empty_on_fail = \"x_result\"
inputs = { x = \"$x\" }
outputs = { r = \"x_result\" }
";
    assert_eq!(steps(&imported, "parent"), expected);
    assert!(!file(&imported, "parent_stops", "agent.toml").contains("empty_on_fail"));
    runs(imported, &source);
}

#[test]
fn workflows_may_nest_as_deep_as_a_library_is_long() {
    let mut agents = vec![dict("two", "{'aa': x, 'bb': 1}", "\"aa\"")];
    agents.push(workflow("w0", "\"x\"", "\"never\"", &step("two", "\"x\": \"$x\"", "\"o\""), ""));
    agents.extend((1..5000).rev().map(|number| {
        let inner = step(&format!("w{}", number - 1), "\"x\": \"$x\"", "\"o\"");
        workflow(&format!("w{number}"), "\"x\"", "\"never\"", &inner, "")
    }));
    let (imported, _) = converted(&agents.join(","));
    assert_eq!(outputs(&imported, "w4999"), ["aa", "bb"]);
}
