//! What an import says.

use super::*;

#[test]
fn a_depth_that_no_policy_can_say_is_told_of() {
    for (written, depth, why) in [
        ("3", 3, ""),
        ("2.5", 3, "`2.5`: a policy says whole numbers, so it is 3, which means the same"),
        ("1e30", 1_000_000, "`1e30`: a policy can say no more than 1000000, so it is that"),
        ("0", 1, "`0`: the original runs nothing with it; here, it is 1"),
        ("-1", 1, "`-1`: the original runs nothing with it; here, it is 1"),
        ("\"x\"", 20, "`\\\"x\\\"`: that is no number, and the original runs nothing with it; here, it is 20"),
        ("null", 20, "`null`: that is no number, and the original runs nothing with it; here, it is 20"),
    ] {
        let text = format!("{{\"workflow_settings\": {{\"max_depth\": {written}}}, \"agents\": {{}}}}");
        let imported = convert(&Source::new("l.json", text)).unwrap();
        let expected: Vec<_> = Some(why)
            .filter(|why| !why.is_empty())
            .map(|why| format!("import-changed: `max_depth` is {why}"))
            .into_iter()
            .collect();
        assert_eq!((imported.depth, said(&imported)), (Some(depth), expected), "{written}");
        assert!(imported.policy.contains(&format!("\ndepth = {depth} ")), "{}", imported.policy);
    }
}

#[test]
fn a_text_is_known_whatever_its_name() {
    let agents = [proc("f", "a, ", "f'{output[0]} {a}'", "\"a\"", "\"x\"")];
    let (imported, source) = converted(&agents.join(","));
    assert_eq!(said(&imported), [""; 0]);
    assert!(file(&imported, "f", "agent.toml").contains("# its results are called as steps want"));
    runs(imported, &source);
}

#[test]
fn names_that_can_be_said_are_kept() {
    let agents = [template("a b", "x", ""), template("a_b", "y", "")];
    let (imported, _) = converted(&agents.join(","));
    let names: Vec<_> = imported.agents.iter().map(|agent| agent.name.as_str()).collect();
    assert_eq!(names, ["a_b_2", "a_b"]);
    assert_eq!(said(&imported), ["import-changed: the agent `a b` is called `a_b_2` here"]);
}
