//! `check --locked`: what was built is as it was built, its manifest, too.

use std::{fs, path::Path};

use crate::support::{binary, folder, root};

/// The exit code, and what is said.
fn turingbox(here: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = binary::turingbox(here).args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A library with a copy of the agent `text/split`, in Rust, of another name: what it is called, the manifest says.
fn copy() -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    let agent = here.path().join("agents/mine");
    folder::copy(&root().join("agents/text/split"), &agent);
    fs::remove_file(agent.join("Cargo.toml")).unwrap();
    edit(&agent, "name = \"split\"", "name = \"mine\"\nidempotent = true");
    assert_eq!(turingbox(here.path(), &["build", "agents"]).0, Some(0));
    here
}

fn edit(agent: &Path, from: &str, to: &str) {
    let path = agent.join("agent.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "no {from:?} in {text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn a_manifest_that_was_edited_is_found() {
    let here = copy();
    let agent = here.path().join("agents/mine");
    let (code, said) = turingbox(here.path(), &["check", "--locked"]);
    assert!(code == Some(0) && !said.contains("manifest-differs"), "{said}");
    edit(&agent, "[inputs.text]", "[inputs.texts]");
    let (code, said) = turingbox(here.path(), &["check"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("warning[manifest-differs]: the manifest has the input `texts`, and `split.wasm` hasn't"));
    let (code, said) = turingbox(here.path(), &["check", "--locked"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("error[manifest-differs]: `split.wasm` has the input `text`, and the manifest hasn't"));
    edit(&agent, "[inputs.texts]", "[inputs.text]");
    fs::write(
        agent.join("agent.toml"),
        fs::read_to_string(agent.join("agent.toml")).unwrap() + "\n[needs]\nenv = [\"A\"]\n",
    )
    .unwrap();
    let (code, said) = turingbox(here.path(), &["check", "--locked"]);
    assert!(code == Some(2) && said.contains("the manifest has the need `env`"), "{said}");
    // Whoever means it says so.
    edit(&agent, "[needs]", "[allow]\nmanifest-differs = \"its needs are said here\"\n\n[needs]");
    let (code, said) = turingbox(here.path(), &["check", "--locked"]);
    assert!(code == Some(0) && said.contains("1 silenced"), "{said}");
}
