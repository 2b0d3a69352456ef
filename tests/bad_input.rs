//! Bad input, each with a clear error and an exit code: `tests/bad_input/<case>/`. The command runs
//! in a copy of the case's folder.

use std::{fs, path::Path, process::Stdio};

use serde::Deserialize;

use crate::support::{binary, cases, conclude, folder};

/// `case.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// For `sh`.
    run: String,
    /// The exit code.
    exit: i32,
    /// What must be in stderr, in this order.
    stderr: Vec<String>,
    /// All of stdout; nothing, where nothing is said.
    #[serde(default)]
    stdout: String,
}

#[test]
fn bad_input_is_answered() {
    let cases = cases("bad_input");
    let failures: Vec<_> = cases.iter().filter_map(|case| run(case)).collect();
    conclude("bad_input", cases.len(), &failures);
}

/// What went wrong in a case.
fn run(path: &Path) -> Option<String> {
    let case: Case = toml::from_str(&fs::read_to_string(path.join("case.toml")).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(!case.stderr.is_empty() || case.exit == 0, "{} expects no message", path.display());
    let here = tempfile::tempdir().unwrap();
    folder::copy(path, here.path());
    let output = binary::command("sh", here.path()).arg("-c").arg(&case.run).stdin(Stdio::null()).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut wrong = Vec::new();
    if output.status.code() != Some(case.exit) {
        wrong.push(format!("exit code {:?}, not {}", output.status.code(), case.exit));
    }
    if stderr.contains("panicked at") {
        wrong.push("it panicked".into());
    }
    if stdout != case.stdout {
        wrong.push(format!("stdout is {:?}, not {:?}", shortened(&stdout), case.stdout));
    }
    let mut rest = &*stderr;
    for part in &case.stderr {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => wrong.push(format!("stderr has no {part:?} there")),
        }
    }
    (!wrong.is_empty()).then(|| format!("{}: {}\n{}", folder::name(path), wrong.join("; "), shortened(&stderr)))
}

fn shortened(text: &str) -> String {
    text.chars().take(3000).collect()
}
