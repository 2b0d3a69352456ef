//! What is found in small workflows and templates, and what isn't.

mod handling;
mod jumps;
mod values;

use crate::agent::{Library, Program};

/// Agents that the workflows here use, beside the built-in ones.
const AGENTS: [(&str, &str); 7] = [
    (
        "typed",
        "kind = \"proc\"\npython = \"main.py\"\n[inputs.n]\ntype = \"integer\"\noptional = true\nmax = 9\n[inputs.c]\ntype = \"choice\"\nchoices = [\"red\", \"green\"]\noptional = true\n[inputs.d]\ntype = \"date\"\noptional = true\n[inputs.b]\ntype = \"boolean\"\noptional = true\n[outputs.out]\n",
    ),
    (
        "polls",
        "kind = \"proc\"\npython = \"main.py\"\n[inputs.to]\ntype = \"step\"\n[outputs.step_index]\n[needs]\nhttp = [\"GET https://a.example\"]\n",
    ),
    ("writes", "kind = \"proc\"\npython = \"main.py\"\n[needs]\nfiles = [\"write /a\"]\n"),
    ("writes_once", "kind = \"proc\"\npython = \"main.py\"\nidempotent = true\n[needs]\nfiles = [\"write /a\"]\n"),
    (
        "reads",
        "kind = \"proc\"\npython = \"main.py\"\n[needs]\nfiles = [\"read\"]\nhttp = [\"GET *\"]\nenv = [\"A\"]\n",
    ),
    ("uses_writes", "kind = \"workflow\"\n[[steps]]\nagent = \"writes\"\n"),
    ("wanders", "kind = \"proc\"\npython = \"main.py\"\n[outputs.step_index]\n"),
];

/// The findings in the agent that `text` is: their codes, and what each points at.
fn found(text: &str) -> Vec<String> {
    let mut agents = AGENTS.to_vec();
    agents.push(("under_test", text));
    let library = Library::with_manifests(&agents);
    let report = Program::inspect(&library, "under_test", None).report;
    let shown = |finding: &crate::Diagnostic| {
        let place = finding.place.as_ref().map(|place| place.text()).unwrap_or_default();
        format!("{} {place}", finding.code)
    };
    report.0.iter().map(shown).collect()
}

/// A workflow of these steps, `agent(inputs; outputs)`, after what stands at its top.
fn workflow(top: &str, steps: &[(&str, &str, &str)]) -> String {
    let step = |(agent, inputs, outputs): &(&str, &str, &str)| {
        let (agent, id) = agent.split_once('#').unwrap_or((agent, ""));
        let id = if id.is_empty() { String::new() } else { format!("id = \"{id}\"\n") };
        let outputs = if outputs.is_empty() { String::new() } else { format!("outputs = {{ {outputs} }}\n") };
        format!("[[steps]]\n{id}agent = \"{agent}\"\ninputs = {{ {inputs} }}\n{outputs}")
    };
    format!("kind = \"workflow\"\n{top}\n{}", steps.iter().map(step).collect::<String>())
}

#[test]
fn a_loop_with_nothing_to_do_is_told_where_it_ends() {
    let warned = |place: &str| vec![format!("loop-runs-once {place}")];
    for (inputs, limit, expected) in [
        ("", "limit = 0", warned("0")),
        ("", "limit = 3", vec![]),
        ("[inputs.n]\ntype = \"integer\"\n", "limit = \"$n\"", warned("\"$n\"")),
        ("[inputs.n]\ntype = \"integer\"\nmin = 1\n", "limit = \"$n\"", vec![]),
        ("[inputs.n]\ntype = \"integer\"\n", "limit = \"$n\", end = \"last\"", vec![]),
    ] {
        let end = ("loop_end#last", "start = \"$s\", index = \"$i\", limit = 3", "index = \"i\"");
        let steps = [("loop_start", limit, "start = \"s\", index = \"i\""), end];
        assert_eq!(found(&workflow(inputs, &steps)), expected, "{inputs}{limit}");
    }
}

#[test]
fn names_are_set_before_they_are_read() {
    for (steps, expected) in [
        (
            &[("echo", "input = \"$a\"", ""), ("echo", "input = 1", "output = \"a\"")][..],
            &["unset-name \"$a\"", "unread-output output"][..],
        ),
        (&[("echo", "input = 1", "output = \"a\""), ("echo", "input = \"$a\"", "")], &[]),
        (&[("echo", "input = \"x {{ b|upper }} b\"", "")], &["unset-name b"]),
        (&[("echo", "input = \"{{ b|default(1) }}{{ status.value }}\"", "")], &["undefined-name b"]),
        (&[("echo", "input = \"{% if b is defined %}{{ b }}{% endif %}\"", "")], &["undefined-name b"]),
        (
            &[("echo", "input = { from = \"$b.x\", default = 1 }", "")],
            &["undefined-name { from = \"$b.x\", default = 1 }"],
        ),
        // It may be set in another pass, or it isn't yet.
        (
            &[
                ("echo", "input = \"{% if b is undefined %}{{ a|default(1) }}{% endif %}\"", "output = \"a\""),
                ("echo", "input = \"$a\"", "output = \"b\""),
                ("jump_if", "condition = \"$b\", target = 0", ""),
            ],
            &[],
        ),
        (&[("echo", "input = \"$input\"", "")], &["unset-name \"$input\""]),
        (&[("concat", "first = \"a\", second = \"$first\"", "")], &[]),
        // A jump back: the second pass has what the first set.
        (
            &[
                ("echo#top", "input = 1", "output = \"go\""),
                ("echo", "input = \"{{ late }}\"", ""),
                ("echo", "input = 1", "output = \"late\""),
                ("jump_if", "condition = \"$go\", target = \"top\"", ""),
            ],
            &["endless-loop \"jump_if\""],
        ),
        // A jump to a known step: nothing leads from the end to the first.
        (
            &[
                ("jump_if", "condition = \"$status\", target = \"end\"", ""),
                ("echo", "input = \"$late\"", ""),
                ("echo#end", "input = 1", "output = \"late\""),
                ("echo", "input = \"$late\"", ""),
            ],
            &["unset-name \"$late\""],
        ),
        // One that may lead anywhere.
        (
            &[
                ("echo", "input = 1", ""),
                ("echo", "input = \"$late\"", ""),
                ("echo", "input = 1", "output = \"late\""),
                ("wanders", "", ""),
            ],
            &[],
        ),
    ] {
        assert_eq!(found(&workflow("", steps)), expected, "{steps:?}");
    }
}

#[test]
fn what_is_kept_is_read() {
    let read = "[inputs.a]\n[inputs.o]\noptional = true\n[outputs.r]\n";
    for (steps, expected) in [
        (&[("echo", "input = 1", "output = \"r\"")][..], &[][..]),
        (
            &[("echo", "input = 1", "output = \"x\""), ("echo", "input = 1", "output = \"r\"")],
            &["unread-output output"],
        ),
        (&[("echo", "input = 1", "output = \"x\""), ("echo", "input = \"{{ x }}\"", "output = \"r\"")], &[]),
        (
            &[("echo", "input = 1", "output = \"r\""), ("echo", "input = \"$r\"", "output = \"x\"")],
            &["unread-output output"],
        ),
        // An input of the workflow comes before a result of the same name, unless it is left out.
        (
            &[("echo", "input = 1", "output = \"a\""), ("echo", "input = \"$a\"", "output = \"r\"")],
            &["unread-output output"],
        ),
        (&[("echo", "input = 1", "output = \"o\""), ("echo", "input = \"$o\"", "output = \"r\"")], &[]),
        // Without a table nothing is meant by it.
        (&[("echo", "input = 1", ""), ("echo", "input = 1", "output = \"r\"")], &[]),
    ] {
        assert_eq!(found(&workflow(read, steps)), expected, "{steps:?}");
    }
}

#[test]
fn outputs_have_names_of_their_own() {
    let twice = ("typed", "", "out = \"a\", status = \"a\"");
    let read = ("echo", "input = \"$a\"", "");
    assert_eq!(found(&workflow("", &[twice, read])), ["overwritten-output status"]);
}

#[test]
fn what_is_wrong_is_said_once_and_where_it_is() {
    let twice = workflow("", &[("echo#a", "input = 1", ""), ("echo#a", "input = 1", "")]);
    assert_eq!(found(&twice), ["duplicate-id \"a\""]);
    assert_eq!(found("kind = \"template\"\ntemplate = \"../a.j2\"\n"), ["bad-path \"../a.j2\""]);
    assert_eq!(found("kind = \"template\"\n"), ["no-template "]);
}

#[test]
fn loops_end() {
    let looped = |body: &[(&'static str, &'static str, &'static str)], jump: (&'static str, &'static str)| {
        let mut steps = vec![("echo#top", "input = \"$n\"", "output = \"go\"")];
        steps.extend_from_slice(body);
        steps.push((jump.0, jump.1, ""));
        found(&workflow("[inputs.n]\n", &steps))
    };
    let warned = vec!["endless-loop \"jump_if\""];
    let jump = |condition| ("jump_if", condition);
    let on_go = jump("condition = \"$go\", target = \"top\"");
    assert_eq!(looped(&[("echo", "input = 1", "")], on_go), warned);
    assert_eq!(looped(&[("echo", "input = 1", "output = \"go\"")], on_go), Vec::<String>::new());
    // What is named like an input of the workflow is never read.
    assert_eq!(looped(&[("echo", "input = \"$go\"", "")], jump("condition = \"$n\", target = \"top\"")), warned);
    assert_eq!(looped(&[("echo", "input = \"$go\"", "")], jump("condition = \"yes\", target = \"top\"")), warned);
    // Another jump leaves the loop, or the jump's agent asks somebody.
    let leaves = ("jump_if", "condition = \"$status\", target = 3", "");
    assert_eq!(looped(&[leaves, ("echo", "input = \"$go\"", "")], on_go), Vec::<String>::new());
    assert_eq!(looped(&[("echo", "input = \"$go\"", "")], ("polls", "to = \"top\"")), Vec::<String>::new());
    assert_eq!(
        looped(&[("echo", "input = \"$go\"", "")], jump("condition = \"$status\", target = \"top\"")),
        Vec::<String>::new()
    );
}

/// What is never done never fails: it is said that it is never done, and no more.
#[test]
fn what_is_behind_the_end_is_no_error() {
    let halt = ("halt", "", "");
    for input in ["input = \"$x\"", "input = \"{{ x }}\"", "input = { expr = \"1/0\" }"] {
        let text = workflow("", &[halt, ("echo", input, "")]);
        assert_eq!(found(&text), ["dead-step \"echo\""], "{input}");
        assert!(Program::load(&Library::with_manifests(&[("a", &text)]), "a").is_ok(), "{input}");
    }
}

#[test]
fn steps_are_reached() {
    let halt = ("halt", "", "");
    let echo = ("echo", "input = 1", "");
    assert_eq!(found(&workflow("", &[echo, halt, echo, echo])), ["dead-step \"echo\""]);
    assert_eq!(
        found(&workflow(
            "",
            &[
                ("jump_if", "condition = \"$status\", target = \"there\"", ""),
                halt,
                ("echo#there", "input = 1", ""),
                echo
            ]
        )),
        ["dead-step \"echo\""]
    );
    assert_eq!(
        found(&workflow("", &[("jump_if", "condition = \"$status\", target = 1", ""), halt, echo])),
        Vec::<String>::new()
    );
    for (condition, expected) in [
        ("true", vec!["dead-step \"echo\""]),
        ("\" Yes \"", vec!["dead-step \"echo\""]),
        ("{ json = [0] }", vec!["dead-step \"echo\""]),
        ("\"$status\"", vec![]),
    ] {
        let jump = format!("condition = {condition}, target = \"there\"");
        let steps = [("jump_if", jump.as_str(), ""), echo, ("echo#there", "input = 1", ""), echo];
        assert_eq!(found(&workflow("", &steps)), expected, "{condition}");
    }
    for condition in ["false", "0", "0.0", "\" No \"", "\"\"", "{ json = {} }", "{ json = \"off\" }"] {
        let jump = format!("condition = {condition}, target = \"there\"");
        let steps = [("jump_if", jump.as_str(), ""), halt, ("echo#there", "input = 1", ""), echo];
        assert_eq!(found(&workflow("", &steps)), ["dead-step \"echo\""], "{condition}");
    }
    let steps = [
        ("loop_start", "limit = 2, end = \"again\"", "start = \"loop\", index = \"i\""),
        ("echo", "input = \"$i\"", ""),
        ("loop_end#again", "start = \"$loop\", index = \"$i\", limit = 2", "index = \"i\""),
        halt,
        echo,
    ];
    assert_eq!(found(&workflow("", &steps)), ["dead-step \"echo\""]);
}

#[test]
fn constants_fit_the_types_of_inputs() {
    for (inputs, expected) in [
        ("n = 3, c = \"red\", d = \"2026-01-01\", b = true", &[][..]),
        ("n = \"3\"", &["type-mismatch \"3\""]),
        ("n = 10", &["type-mismatch 10"]),
        ("c = \"blue\"", &["type-mismatch \"blue\""]),
        ("d = \"today\"", &["type-mismatch \"today\""]),
        ("b = 1", &["type-mismatch 1"]),
        ("n = \"$many\"", &["type-mismatch \"$many\""]),
        ("c = \"$day\"", &["type-mismatch \"$day\""]),
        ("b = \"$few\"", &["type-mismatch \"$few\""]),
        ("n = \"$few\", c = \"$any\"", &[]),
    ] {
        let top = "[inputs.many]\ntype = \"number\"\nmin = 100\n[inputs.few]\ntype = \"integer\"\nmax = 3\n[inputs.day]\ntype = \"date\"\n[inputs.any]\n";
        assert_eq!(found(&workflow(top, &[("typed", inputs, "")])), expected, "{inputs}");
    }
}

#[test]
fn templates_use_what_is_there() {
    for (text, expected) in [
        ("{{ name }} nme {{ nme }} {{ nme }}", &["unset-name nme"][..]),
        ("{% set x = 1 %}{{ x }}{% for y in [1] %}{{ y ~ loop.index }}{% endfor %}", &[]),
        ("{% if x is defined %}{{ x }}{% endif %}", &["undefined-name x"]),
        ("{{ name|upperr }}", &["unknown-filter upperr"]),
        ("{{ name is evn }}", &["unknown-test evn"]),
        ("{{ rang(3) }}", &["unknown-function rang"]),
        ("{{ [name]|map('shout') }}", &["unknown-filter 'shout'"]),
        ("{{ name", &["template {{"]),
        ("{% include 'other.j2' %}", &["missing-include 'other.j2'"]),
        ("{% include 'other.j2' ignore missing %}{% include ['a', 'b'] ignore missing %}", &[]),
        ("{% include 'template' %}", &["include-cycle 'template'"]),
        ("{% if name %}{% include 'template' %}{% endif %}", &[]),
    ] {
        let manifest = format!("kind = \"template\"\ntext = \"\"\"{text}\"\"\"\n[inputs.name]\n");
        assert_eq!(found(&manifest), expected, "{text}");
    }
}

#[test]
fn templates_of_workflows_use_what_is_there() {
    for (text, expected) in [
        ("{{ 1|upperr }}", "unknown-filter upperr"),
        ("{% include 'a' %}", "missing-include 'a'"),
        ("{{ 1", "template {{"),
    ] {
        let inputs = format!("input = \"{text}\"");
        assert_eq!(found(&workflow("", &[("echo", &inputs, "")])), [expected], "{text}");
    }
}

#[test]
fn what_is_silenced_says_so() {
    let steps = [("halt", "", ""), ("echo", "input = 1", "")];
    let library = |top| Library::with_manifests(&[("a", &workflow(top, &steps))]);
    let report = Program::inspect(&library("[allow]\ndead-step = \"later\"\n"), "a", None).report;
    assert_eq!(
        report
            .0
            .iter()
            .map(|finding| (finding.code, finding.silenced.as_ref().map(|reason| reason.as_str())))
            .collect::<Vec<_>>(),
        [("dead-step", Some("later"))]
    );
    let report = Program::inspect(&library("[allow]\nendless-loop = \"later\"\n"), "a", None).report;
    let mut codes: Vec<_> = report
        .0
        .iter()
        .map(|finding| (finding.code, finding.silenced.as_ref().map(|reason| reason.as_str())))
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, [("dead-step", None), ("unused-allow", None)]);
}

/// A run refuses what surely fails, and keeps its opinions to itself.
#[test]
fn a_run_is_told_of_errors_only() {
    let dead = workflow("", &[("halt", "", ""), ("echo", "input = 1", "")]);
    let (_, report) = Program::load(&Library::with_manifests(&[("a", &dead)]), "a").unwrap();
    assert!(report.0.is_empty(), "{report}");
    let unset = workflow("", &[("echo", "input = \"$x\"", "")]);
    let report = Program::load(&Library::with_manifests(&[("a", &unset)]), "a").unwrap_err();
    assert_eq!(report.0[0].code, "unset-name");
}

/// A workflow of so many steps, each of which reads what the next one sets.
fn backward(steps: usize) -> String {
    let step = |at: usize| {
        format!(
            "[[steps]]\nagent = \"echo\"\ninputs = {{ input = \"$n{}\" }}\noutputs = {{ output = \"n{at}\" }}\n",
            at + 1
        )
    };
    format!("kind = \"workflow\"\n{}", (0..steps).map(step).collect::<String>())
}

#[test]
fn a_long_workflow_has_all_of_its_findings() {
    let mut found = found(&backward(4000));
    assert_eq!(found.len(), 8000);
    found.retain(|finding| finding.starts_with("unset-name"));
    assert_eq!((found.len(), found[2999].as_str()), (4000, "unset-name \"$n3000\""));
}

#[test]
fn more_findings_than_anybody_reads_are_bounded() {
    let found = found(&backward(10_000));
    assert_eq!(found.len(), 10_001);
    assert!(found.iter().any(|finding| finding == "more-findings "), "{}", found[0]);
}

/// A step that names no outputs keeps all of them, so few lines could ask for any number.
#[test]
fn what_steps_keep_is_bounded() {
    let wide: String = (0..5000).map(|output| format!("[outputs.o{output}]\n")).collect();
    let wide = format!("kind = \"proc\"\npython = \"main.py\"\n{wide}");
    for (steps, expected) in [(100, vec![]), (101, vec!["too-many-results"])] {
        let text = format!("kind = \"workflow\"\n{}", "[[steps]]\nagent = \"wide\"\n".repeat(steps));
        let library = Library::with_manifests(&[("wide", &wide), ("under_test", &text)]);
        let report = Program::inspect(&library, "under_test", None).report;
        assert_eq!(report.0.iter().map(|finding| finding.code).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn every_jump_back_of_a_long_workflow_is_looked_at() {
    let step =
        |at: usize| format!("[[steps]]\nagent = \"jump_if\"\ninputs = {{ condition = \"$x\", target = {at} }}\n");
    let text = format!(
        "kind = \"workflow\"\n[inputs.x]\n[[steps]]\nagent = \"halt\"\n{}",
        (0..600).map(step).collect::<String>()
    );
    let found = found(&text);
    assert_eq!(found.iter().filter(|finding| finding.starts_with("endless-loop")).count(), 600);
}
