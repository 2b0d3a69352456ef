//! Agents that steps use and the library doesn't have.

use super::*;

#[test]
fn what_is_missing_has_a_stub() {
    let agents = [
        template("say", "{a}", "\"a\""),
        workflow(
            "w",
            "\"a\"",
            "\"x\", \"z\"",
            &[
                step("gone", "\"k\": \"ENV_KEY\"", "\"x\""),
                step("gone", "\"a\": \"$a\"", "\"y\", \"status\", \"z\""),
                step("say", "\"a\": \"$z\"", "\"s\""),
                step("loop_start", "", ""),
            ]
            .join(","),
            "",
        ),
    ];
    let (imported, source) = converted(&agents.join(","));
    let expected = "\
[[steps]]
agent = \"gone\"
inputs = { k = \"$env.KEY\" }
outputs = { y = \"x\" }
[[steps]]
agent = \"gone\"
inputs = { a = \"$a\" }
outputs = { y = \"y\", z = \"z\" }
[[steps]]
agent = \"say\"
inputs = { a = { from = \"$z\", default = \"$z\" } }
outputs = { text = \"s\" }
[[steps]]
agent = \"loop_start\"
outputs = {}
";
    assert_eq!(steps(&imported, "w"), expected);
    let said = said(&imported);
    assert!(said[0].ends_with("`gone`, which isn't in the library: a stub stands in, and fails"), "{said:?}");
    let folders: Vec<_> = imported.agents.iter().map(|agent| agent.folder.as_str()).collect();
    assert_eq!(folders, ["say", "w", "missing/gone", "missing/loop_start"]);
    assert_eq!(imported.replaces(), ["loop_start"]);
    assert!(!imported.policy.contains("gone"), "{}", imported.policy);
    runs(imported, &source);
}

#[test]
fn a_stub_gives_way_to_any_other_agent() {
    let (uses, has) = (workflow("w", "", "\"x\"", &step("gone", "", "\"x\""), ""), template("gone", "here", ""));
    for order in [[&uses, &has], [&has, &uses]] {
        let mut agents = Agents::default();
        for library in order {
            let (imported, source) = converted(library);
            imported.add_to(&mut agents, &source);
        }
        assert_eq!(*agents.conflicts(), Report::default());
        assert!(matches!(agents.get("gone"), Some(Entry::Valid(manifest)) if manifest.path == "gone"));
    }
}

#[test]
fn missing_agents_are_bounded() {
    let steps: Vec<_> = (0..=10_000).map(|number| step(&format!("a{number}"), "", "\"x\"")).collect();
    let agents = workflow("w", "", "\"x\"", &steps.join(","), "");
    let source = Source::new("l.json", format!("{{\"agents\": {{{agents}}}}}"));
    assert_eq!(convert(&source).unwrap_err().0[0].code, "too-large");
}
