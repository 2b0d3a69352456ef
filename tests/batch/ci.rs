//! The files for CI systems that `runtime/ci` has: each of their command lines is run. Their form is checked by
//! `.ci/run`, against the systems' own schemas.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Output};

use super::{each_once, here, numbers};
use crate::support::{binary, root};

/// The parts that both files have.
const PARTS: usize = 4;

/// What the scripts call and no test can: it says what it was told. One that is to install Turingbox in a folder
/// links it there.
const STANDS_IN: [&str; 3] = ["cargo", "rustup", "apt-get"];

/// The scripts of a file: what is below `run: |` and `- |` in it, and what is on one line behind `run:` or, as
/// an entry of a list, begins with `turingbox` or `export`.
fn scripts(text: &str) -> Vec<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<_> = text.lines().collect();
    let mut scripts = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let said = line.trim_start();
        if said == "run: |" || said == "- |" {
            let below =
                lines[at + 1..].iter().take_while(|below| indent(below) > indent(line) || below.trim().is_empty());
            scripts.push(below.map(|below| below.trim_start()).collect::<Vec<_>>().join("\n"));
        } else if let Some(command) = said.strip_prefix("run: ") {
            scripts.push(command.to_owned());
        } else if let Some(command) = said.strip_prefix("- ").filter(|command| !command.contains(": ")) {
            let first = command.split(' ').next().unwrap_or_default();
            scripts.extend(["turingbox", "export"].contains(&first).then(|| command.to_owned()));
        }
    }
    scripts
}

/// Runs all scripts of a file as one, the way that a job does: the first that fails ends it.
fn job(file: &str, folder: &Path, variables: &[(&str, &str)]) -> Output {
    let text = fs::read_to_string(root().join("runtime/ci").join(file)).unwrap();
    let scripts = scripts(&text);
    let commands = scripts.join("\n");
    // Nothing was missed: whatever names the command in the file, and isn't a path or a name, was found.
    let named = |text: &str| text.matches("turingbox check ").count() + text.matches("turingbox batch ").count();
    assert_eq!((named(&commands), named(&text), scripts.len() >= 3), (2, 2, true), "{scripts:#?}");
    let shims = folder.join("shims");
    fs::create_dir_all(&shims).unwrap();
    for program in STANDS_IN {
        let shim = shims.join(program);
        let told = format!("#!/bin/sh\necho {program} \"$@\" >> \"{}\"\n", folder.join("called").display());
        let install = format!(
            "case \"$1$CARGO_INSTALL_ROOT\" in install?*) mkdir -p \"$CARGO_INSTALL_ROOT/bin\"\n\
             ln -s \"{}\" \"$CARGO_INSTALL_ROOT/bin\" ;; esac\n",
            binary::program().display()
        );
        fs::write(&shim, if program == "cargo" { told + &install } else { told }).unwrap();
        fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = binary::command("bash", folder);
    let path = command.get_envs().find(|(name, _)| *name == "PATH").unwrap().1.unwrap().display().to_string();
    // Who installs it in a folder has none yet, wherever this machine has one.
    let installs = variables.iter().any(|(name, _)| *name == "CARGO_INSTALL_ROOT");
    let folders = std::env::split_paths(&path).filter(|folder| !installs || !folder.join("turingbox").exists());
    let path = std::env::join_paths([shims].into_iter().chain(folders)).unwrap();
    command.args(["-e", "-o", "pipefail", "-c", &commands]).env("PATH", path).envs(variables.iter().copied());
    command.env("AGENT", "greet").env("TURINGBOX", "https://example.com/turingbox").output().unwrap()
}

fn gather(folder: &Path) {
    let all = (1..=PARTS).map(|part| fs::read_to_string(folder.join(format!("results-{part}.jsonl"))).unwrap());
    fs::write(folder.join("all.jsonl"), all.collect::<String>()).unwrap();
    each_once(&folder.join("all.jsonl"), 100);
    for part in 1..=PARTS {
        assert!(fs::read_to_string(folder.join(format!("junit-{part}.xml"))).unwrap().contains("</testsuites>"));
        assert!(fs::read_to_string(folder.join(format!("report-{part}.html"))).unwrap().contains("</html>"));
    }
}

fn prepared() -> tempfile::TempDir {
    let here = here();
    numbers(here.path(), 100);
    fs::write(here.path().join("policy.toml"), "version = 1\n").unwrap();
    // Of the agents, those that a check of them all finds nothing in.
    for other in ["endless", "large", "say"] {
        fs::remove_dir_all(here.path().join("agents").join(other)).unwrap();
    }
    here
}

#[test]
fn the_file_for_github_runs() {
    let here = prepared();
    for part in 1..=PARTS {
        let part = part.to_string();
        let variables = [("PART", part.as_str()), ("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "summary.md")];
        let output = job("github.yml", here.path(), &variables);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    gather(here.path());
    assert_eq!(fs::read_to_string(here.path().join("summary.md")).unwrap().matches("### ✅ `greet`").count(), PARTS);
    assert!(fs::read_to_string(here.path().join("denials-1.sarif")).unwrap().contains("\"results\":[]"));
    let called = fs::read_to_string(here.path().join("called")).unwrap();
    assert!(called.contains("cargo +1.95 install --locked --git https://example.com/turingbox turingbox"), "{called}");
}

#[test]
fn the_file_for_gitlab_runs() {
    let here = prepared();
    for part in 1..=PARTS {
        let part = part.to_string();
        let variables =
            [("CI_NODE_INDEX", part.as_str()), ("CI_NODE_TOTAL", "4"), ("CARGO_INSTALL_ROOT", ".turingbox")];
        let output = job("gitlab.yml", here.path(), &variables);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    gather(here.path());
    // The first part installed it; then it is there.
    let called = fs::read_to_string(here.path().join("called")).unwrap();
    assert_eq!(
        called,
        "apt-get update -q\n\
         apt-get install -q -y --no-install-recommends python3-pip python3-venv\n\
         cargo install --locked --git https://example.com/turingbox turingbox\n"
    );
}
