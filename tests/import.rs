//! Libraries of the original system behave as they did there: `tests/import/runs.toml` has what its
//! own engine gives for the library of `tests/cli/import`. Each run is done twice, from the JSON as
//! it stands and from the folder that `turingbox import` makes of it.

use std::{fs, path::Path};

use serde::Deserialize;

use crate::support::{binary, conclude, folder, root};

/// `runs.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Runs {
    run: Vec<Run>,
}

/// One run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    agent: String,
    #[serde(default)]
    inputs: Vec<String>,
    /// All that it gives, as JSON; bytes are `{"base64": "…"}`.
    outputs: String,
    /// The failure's code.
    #[serde(default)]
    code: String,
    /// Why it isn't what the original gives, where it isn't.
    #[serde(default, rename = "differs")]
    _differs: String,
}

#[test]
fn imported_agents_behave_as_they_did() {
    let here = tempfile::tempdir().unwrap();
    folder::copy(&root().join("tests/cli/import"), here.path());
    let made = binary::turingbox(here.path()).args(["import", "library.json", "--out", "imported"]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let text = fs::read_to_string(root().join("tests/import/runs.toml")).unwrap();
    let Runs { run: runs } = toml::from_str(&text).unwrap();
    let mut failures = Vec::new();
    for run in &runs {
        failures.extend(["library.json", "imported"].iter().filter_map(|agents| wrong(run, agents, here.path())));
    }
    conclude("import", runs.len() * 2, &failures);
}

/// What went otherwise than it should.
fn wrong(run: &Run, agents: &str, here: &Path) -> Option<String> {
    let policy = ["--policy", "imported/policy.toml"];
    let output = binary::turingbox(here)
        .args(["run", "--json", "--agents", agents, &run.agent])
        .args(policy)
        .args(&run.inputs)
        .env("FIXTURE_KEY", "sesame-sesame")
        .output()
        .unwrap();
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let expected: serde_json::Value = serde_json::from_str(&run.outputs).unwrap();
    let code = found["failure"]["code"].as_str().unwrap_or_default();
    let fits = found["outputs"] == expected && code == run.code;
    (!fits).then(|| {
        let stderr = String::from_utf8_lossy(&output.stderr);
        format!(
            "{agents}: {} {:?}\n{code} {}\nnot {} {expected}\n{stderr}",
            run.agent, run.inputs, found["outputs"], run.code
        )
    })
}

/// A library that is too large is refused before it is read, and one that is nearly is read in time.
#[test]
fn large_libraries_are_bounded() {
    let here = tempfile::tempdir().unwrap();
    let agent = |number: usize, help: &str| {
        format!(
            "\"a{number}\": {{\"type\": \"template\", \"help\": \"{help}\", \"prompt\": \"{{x}}\", \"inputs\": [\"x\"], \"outputs\": [\"y\"]}}"
        )
    };
    let library = |bytes: usize, agents: usize| {
        let help = "x".repeat(bytes / agents);
        let agents: Vec<_> = (0..agents).map(|number| agent(number, &help)).collect();
        format!("{{\"agents\": {{{}}}}}", agents.join(",\n"))
    };
    let run = |text: &str| {
        fs::write(here.path().join("large.json"), text).unwrap();
        binary::turingbox(here.path()).args(["run", "--agents", "large.json", "a7", "--x", "seven"]).output().unwrap()
    };
    let refused = run(&library(50 << 20, 100));
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("larger than 16 MiB") && !said.contains("panicked"), "{said}");
    let done = run(&library(15 << 20, 1000));
    assert_eq!(done.stdout, b"seven", "{}", String::from_utf8_lossy(&done.stderr));
}
