//! Whole libraries: what becomes of them, and that it can be run.

use super::*;
use crate::{Library as Agents, Policy, Program, agent::Entry};

mod missing;
mod passed_on;
mod said;

const OK: &str = "{\\\"status\\\": {\\\"value\\\": 0}}";

fn converted(agents: &str) -> (Imported, Arc<Source>) {
    let source = Source::new("l.json", format!("{{\"agents\": {{{agents}}}}}"));
    (convert(&source).unwrap(), source)
}

/// The file of an agent.
fn file(imported: &Imported, agent: &str, file: &str) -> String {
    let agent = imported.agents.iter().find(|other| other.name == agent).unwrap();
    agent.files.iter().find(|(name, _)| name == file).unwrap().1.clone()
}

/// The steps of a workflow, without blank lines.
fn steps(imported: &Imported, agent: &str) -> String {
    let manifest = file(imported, agent, "agent.toml");
    let steps = &manifest[manifest.find("[[steps]]").unwrap()..];
    steps.replace("\n\n", "\n")
}

/// What is said, without places.
fn said(imported: &Imported) -> Vec<String> {
    imported.report.0.iter().map(|finding| format!("{}: {}", finding.code, finding.message)).collect()
}

/// That every agent can be loaded, with nothing to warn of but results that the original kept for nobody.
fn runs(imported: Imported, source: &Arc<Source>) {
    let mut agents = Agents::default();
    let names: Vec<_> = imported.agents.iter().map(|agent| agent.name.clone()).collect();
    let policy = Source::new("policy.toml", imported.policy.as_str());
    assert!(Policy::from_source(&policy, |_| Err(std::io::ErrorKind::NotFound.into())).is_ok(), "{}", policy.text);
    imported.add_to(&mut agents, source);
    agents.add_builtin();
    for name in names {
        assert!(matches!(agents.get(&name), Some(Entry::Valid(_))), "{name}");
        let (_, warnings) = Program::load(&agents, &name).unwrap_or_else(|report| panic!("{name}: {report}"));
        assert_eq!(warnings, Report::default(), "{name}");
        let mut report = Program::inspect(&agents, &name, None).report;
        report.0.retain(|finding| finding.code != "unread-output");
        assert_eq!(report, Report::default(), "{name}");
    }
}

fn template(name: &str, prompt: &str, inputs: &str) -> String {
    format!(r#""{name}": {{"type": "template", "prompt": "{prompt}", "inputs": [{inputs}], "outputs": ["text"]}}"#)
}

fn proc(name: &str, parameters: &str, result: &str, inputs: &str, outputs: &str) -> String {
    let source = format!("def {name}({parameters}output):\\n    return {result}, {OK}");
    format!(
        r#""{name}": {{"type": "proc", "function": "{name}", "function_def": "{source}", "inputs": [{inputs}], "outputs": [{outputs}]}}"#
    )
}

fn workflow(name: &str, inputs: &str, outputs: &str, steps: &str, more: &str) -> String {
    format!(
        r#""{name}": {{"type": "workflow", "inputs": [{inputs}], "outputs": [{outputs}], "steps": [{steps}]{more}}}"#
    )
}

fn step(agent: &str, params: &str, output: &str) -> String {
    format!(r#"{{"agent": "{agent}", "params": {{{params}}}, "output": [{output}]}}"#)
}

#[test]
fn references_are_as_sure_as_they_are() {
    let agents = [
        proc("pair", "a, ", "{output[0]: a, output[1]: 1}", "\"a\"", "\"p\", \"q\""),
        template("say", "{a}", "\"a\""),
        workflow(
            "w",
            "\"need\"",
            "\"x\"",
            &[
                step("pair", "\"a\": \"$need\"", "\"x\", \"y\""),
                step("say", "\"a\": \"$x\"", "\"s\""),
                step("say", "\"a\": \"$y\"", "\"s\""),
                step("say", "\"a\": \"$later\"", "\"s\""),
                step("say", "\"a\": \"$may\"", "\"later\""),
                step("say", "\"a\": \"costs $5\"", "\"s\""),
            ]
            .join(","),
            ", \"optional_inputs\": [\"may\"]",
        ),
    ];
    let (imported, source) = converted(&agents.join(","));
    let expected = "\
[[steps]]
agent = \"pair\"
inputs = { a = \"$need\" }
outputs = { p = \"x\", q = \"y\" }
[[steps]]
agent = \"say\"
inputs = { a = \"$x\" }
outputs = { text = \"s\" }
[[steps]]
agent = \"say\"
inputs = { a = { from = \"$y\", default = \"$y\" } }
outputs = { text = \"s\" }
[[steps]]
agent = \"say\"
inputs = { a = { text = \"$later\" } }
outputs = { text = \"s\" }
[[steps]]
agent = \"say\"
inputs = { a = { from = \"$may\", default = \"$may\" } }
outputs = { text = \"later\" }
[[steps]]
agent = \"say\"
inputs = { a = { text = \"costs $5\" } }
outputs = { text = \"s\" }
";
    assert_eq!(steps(&imported, "w"), expected);
    assert_eq!(
        said(&imported),
        ["import-unfinished: `w`: nothing sets `$later`: the text itself is passed on, as in the original"]
    );
    runs(imported, &source);
}

#[test]
fn what_only_other_workflows_ask_for_is_internal() {
    let agents = [
        template("say", "{a}", "\"a\""),
        workflow(
            "inner",
            "\"a\"",
            "\"x\"",
            &[step("say", "\"a\": \"$a\"", "\"helper\""), step("say", "\"a\": \"$helper\"", "\"x\"")].join(","),
            "",
        ),
        workflow("outer", "\"a\"", "\"helper\"", &step("inner", "\"a\": \"$a\"", "\"x\", \"helper\""), ""),
    ];
    let (imported, source) = converted(&agents.join(","));
    let inner = file(&imported, "inner", "agent.toml");
    let outputs = &inner[inner.find("[outputs").unwrap()..inner.find("\n[[steps]]").unwrap()];
    assert_eq!(
        outputs
            .lines()
            .map(|line| line.split('#').next().unwrap().trim_end())
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>(),
        ["[outputs.x]", "[outputs.helper]", "internal = true"]
    );
    assert!(!file(&imported, "outer", "agent.toml").contains("internal"));
    runs(imported, &source);
}

#[test]
fn a_loop_takes_nothing_away_and_a_jump_ahead_does() {
    let jump = "\"step_index\": \"$step_index\"";
    let agents = [
        proc("mark", "step_index, ", "{output[0]: step_index}", "\"step_index\"", "\"at\""),
        proc("back", "step_index, ", "{'step_index': step_index, output[0]: 1}", "\"step_index\"", "\"n\""),
        template("say", "{a}", "\"a\""),
        workflow(
            "loops",
            "",
            "\"n\"",
            &[
                step("mark", jump, "\"here\""),
                step("say", "\"a\": \"$kept\"", "\"kept\""),
                step("back", "\"step_index\": \"$here\"", "\"n\""),
                step("say", "\"a\": \"$kept\"", "\"n\""),
            ]
            .join(","),
            "",
        ),
        workflow(
            "goes_on",
            "\"to\"",
            "\"n\"",
            &[
                step("back", "\"step_index\": \"$to\"", "\"m\""),
                step("say", "\"a\": \"1\"", "\"skipped\""),
                step("say", "\"a\": \"$skipped\"", "\"n\""),
            ]
            .join(","),
            "",
        ),
    ];
    let (imported, source) = converted(&agents.join(","));
    let loops = steps(&imported, "loops");
    assert!(
        loops.contains("inputs = { a = { from = \"$kept\", default = \"$kept\" } }\noutputs = { text = \"kept\" }"),
        "{loops}"
    );
    assert!(loops.ends_with("inputs = { a = \"$kept\" }\noutputs = { text = \"n\" }\n"), "{loops}");
    let goes_on = steps(&imported, "goes_on");
    assert!(goes_on.contains("{ from = \"$skipped\", default = \"$skipped\" }"), "{goes_on}");
    assert!(file(&imported, "back", "agent.toml").contains("[outputs.step_index]"));
    assert!(file(&imported, "loops", "agent.toml").contains("\nopen_ends = true\n"));
    runs(imported, &source);
}

#[test]
fn siblings_are_seen_in_their_order() {
    let agents = [
        proc("f", "a, b, c, ", "len(a)", "\"a\", \"b\", \"c\"", "\"x\""),
        workflow("w", "\"a\", \"b\"", "\"x\"", &step("f", "\"a\": \"$b\", \"b\": \"$a\", \"c\": \"$$a\"", "\"x\""), ""),
    ];
    let (imported, source) = converted(&agents.join(","));
    // No swap: the first has taken the second's place before it is asked.
    assert!(steps(&imported, "w").contains("inputs = { a = \"$b\", b = \"$b\", c = { text = \"$$a\" } }"));
    assert_eq!(
        said(&imported),
        ["import-kept-safe: `w`: `$$a` is a name that data chooses: the text itself is passed on"]
    );
    runs(imported, &source);
}

#[test]
fn templates_get_what_they_read() {
    let agents = [
        template("say", "{a} {line} {other} {\\\"j\\\": {}}", "\"a\""),
        workflow("w", "\"line\"", "\"x\"", &step("say", "\"a\": 5, \"other\": \"ENV_KEY\"", "\"x\""), ""),
    ];
    let (imported, source) = converted(&agents.join(","));
    let prompt = "{{ a | placeholder(\"{a}\") }} {{ line | placeholder(\"{line}\") }} {{ other | placeholder(\"{other}\") }} {\"j\": {}}\n";
    assert_eq!(file(&imported, "say", "prompt.j2"), prompt);
    assert!(steps(&imported, "w").contains("inputs = { a = 5, line = \"$line\", other = \"ENV_KEY\" }"));
    assert!(file(&imported, "say", "agent.toml").contains("[inputs.line]\noptional = true"));
    runs(imported, &source);
}

#[test]
fn what_a_workflow_gives_is_renamed() {
    let agents = [
        template("say", "{a}", "\"a\""),
        workflow("child", "\"a\"", "\"made\"", &step("say", "\"a\": \"$a\"", "\"made\""), ""),
        workflow("stops", "\"a\"", "\"made\"", &step("say", "\"a\": \"$a\"", "\"made\""), ", \"return_on_fail\": 1"),
        workflow("undeclared", "\"a\"", "\"other\"", &step("say", "\"a\": \"$a\"", "\"made\""), ""),
        workflow(
            "parent",
            "\"a\"",
            "\"b\"",
            &[
                step("child", "\"a\": \"$a\"", "\"b\""),
                step("stops", "\"a\": \"$b\"", "\"c\""),
                step("undeclared", "\"a\": \"$c\", \"more\": 1", "\"made\""),
            ]
            .join(","),
            "",
        ),
    ];
    let (imported, source) = converted(&agents.join(","));
    let expected = "\
[[steps]]
agent = \"child\"
inputs = { a = \"$a\" }
outputs = { made = \"b\" }
[[steps]]
agent = \"stops\"
empty_on_fail = \"c\"
inputs = { a = \"$b\" }
outputs = { made = \"c\" }
[[steps]]
agent = \"undeclared\"
inputs = { a = \"$c\", more = 1 }
outputs = { other = \"made\" }
";
    assert_eq!(steps(&imported, "parent"), expected);
    assert!(file(&imported, "undeclared", "agent.toml").contains("[outputs.other]\nfrom = \"$made\""));
    assert!(file(&imported, "stops", "agent.toml").contains("on_fail = \"stop\""));
    runs(imported, &source);
}

#[test]
fn secrets_are_what_the_definition_names() {
    let agents = [
        proc("ask", "key, ", "len(key)", "\"key\"", "\"n\""),
        workflow("inner", "\"k\"", "\"n\"", &step("ask", "\"key\": \"$k\"", "\"n\""), ""),
        workflow(
            "outer",
            "",
            "\"n\"",
            &[step("ask", "\"key\": \"ENV_ONE\"", "\"n\""), step("inner", "\"k\": \"ENV_TWO\"", "\"n\"")].join(","),
            "",
        ),
    ];
    let (imported, source) = converted(&agents.join(","));
    assert!(steps(&imported, "outer").contains("key = \"$env.ONE\""));
    assert!(imported.policy.contains("[agents.\"ask\"]\n# The"), "{}", imported.policy);
    assert!(imported.policy.contains("env = [\"ONE\", \"TWO\"]"), "{}", imported.policy);
    runs(imported, &source);
}

#[test]
fn agents_without_an_end_are_told_of() {
    let agents = [
        r#""a": {"type": "proc", "function": "a", "function_def": "needs work\rimport os", "inputs": ["x"], "outputs": ["y"]}"#,
        r#""b": {"type": "later", "inputs": [], "outputs": []}"#,
        r#""echo": {"type": "txt2txt", "prompt": "{input}", "inputs": ["input"], "outputs": ["output"]}"#,
    ];
    let (imported, source) = converted(&agents.join(","));
    let main = file(&imported, "a", "main.py");
    assert!(main.contains("\n# needs work\n# import os\n") && main.ends_with(", [\"y\"])\n"), "{main}");
    let said = said(&imported);
    assert!(said[0].starts_with("import-unfinished: `a`: its `function_def` is not Python, line 1: "), "{said:?}");
    assert!(
        said[0].ends_with("; each call fails, as in the original, unless its program has such a function"),
        "{said:?}"
    );
    assert_eq!(
        said[1],
        "import-unfinished: `b`: nothing is known of the type `later`; each call fails, as in the original"
    );
    assert_eq!(imported.replaces(), ["echo"]);
    runs(imported, &source);
}

#[test]
fn an_input_that_comes_from_scope_is_not_missing() {
    let agents =
        [template("say", "{a} {b}", "\"a\", \"b\""), workflow("w", "\"a\"", "\"s\"", &step("say", "", "\"s\""), "")];
    let (imported, _) = converted(&agents.join(","));
    assert!(steps(&imported, "w").contains("inputs = { a = \"$a\" }"));
    assert_eq!(said(&imported), ["import-unfinished: `w`: a step gives `say` no `b`: it can't run"]);
}

#[test]
fn a_circle_of_workflows_is_no_trouble() {
    let agents = [
        workflow("a", "\"n\"", "\"x\"", &step("b", "\"n\": \"$n\"", "\"x\""), ""),
        workflow("b", "\"n\"", "\"x\"", &step("a", "\"n\": \"$n\"", "\"y\""), ""),
    ];
    let (imported, source) = converted(&agents.join(","));
    runs(imported, &source);
}

#[test]
fn whatever_names_there_are_the_agents_can_be_read() {
    let long = "x".repeat(300);
    let agents = [
        proc(
            "f",
            "a, ",
            "{output[0]: a, 'status': 1, 'step_index': 0}",
            "\"a\", \"output\", \"result_names\"",
            "\"step_index\", \"step_index\"",
        ),
        proc("g", "a, ", "len(a)", &format!("\"{long}\""), &format!("\"{long}\", \"status\"")),
        template("t", "{status} {step_index} {self} {true}", "\"true\", \"self\", \"not\""),
        workflow(
            "w",
            "\"w\", \"step_index\", \"status\"",
            "\"status\", \"w\", \"step_index\"",
            &[
                step("f", "\"a\": 1, \"a \": 2, \"result_names\": 3", "\"status\", \"status\""),
                step("g", "\"a\": \"$w\"", "\"step_index\", \"w\""),
                step("t", "\"true\": \"$status\"", "\"w\""),
                step("\\rw", "", "\"w\", \"w\""),
                step("w", "", "\"status\", \"step_index\", \"w\", \"w\""),
            ]
            .join(","),
            "",
        ),
        "\"cases\": 5, \"\": {}, \"a.b\": {}, \"a b\": {}".to_owned(),
    ];
    let (imported, source) = converted(&agents.join(","));
    let (number, mut agents) = (imported.agents.len(), Agents::default());
    imported.add_to(&mut agents, &source);
    assert_eq!(agents.iter().count(), number);
    for (name, entry) in agents.iter() {
        let Entry::Broken(report) = entry else { continue };
        panic!("{name}: {report}");
    }
}
