//! The agents of the library, each by its own cases.

use std::path::Path;

use crate::support::{binary, folder, root};

#[test]
fn every_case_of_every_agent_passes() {
    let tested = binary::turingbox(root()).args(["test", "--json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&tested.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}{}", String::from_utf8_lossy(&tested.stdout), String::from_utf8_lossy(&tested.stderr))
    });
    let cases = report["cases"].as_array().unwrap();
    let failed: Vec<_> = cases.iter().filter(|case| case["differences"] != serde_json::json!([])).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(cases.len(), files("case.toml").len(), "cases that were not run");
    assert!(tested.status.success());
}

#[test]
fn every_agent_has_a_case() {
    let has_case = |manifest: &Path| {
        let cases = manifest.with_file_name("cases");
        cases.is_dir() && folder::entries(&cases).iter().any(|case| case.join("case.toml").is_file())
    };
    let agents = files("agent.toml");
    let untested: Vec<_> = agents.iter().filter(|manifest| !has_case(manifest)).collect();
    assert!(!agents.is_empty() && untested.is_empty(), "{untested:?}");
}

/// The files of the library that are called `name`.
fn files(name: &str) -> Vec<std::path::PathBuf> {
    folder::files(&root().join("agents")).into_iter().filter(|path| path.ends_with(name)).collect()
}
