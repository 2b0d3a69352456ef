//! Transcripts of the command line: `tests/cli/*.md`, and every example of the documentation.

use std::path::Path;

use crate::support::{cases, conclude, folder, root, transcript};

/// Each file runs in a copy of the folder beside it that is called like it, or in an empty one.
#[test]
fn transcripts_hold() {
    let (mut commands, mut failures) = (0, Vec::new());
    for path in cases("cli").into_iter().filter(|path| is_markdown(path)) {
        let here = tempfile::tempdir().unwrap();
        let given = path.with_extension("");
        if given.is_dir() {
            folder::copy(&given, here.path());
        }
        let (number, wrong) = transcript::run(&path, here.path());
        assert!(number > 0, "{} has no commands", path.display());
        commands += number;
        failures.extend(wrong);
    }
    conclude("cli", commands, &failures);
}

/// Each document runs in a copy of the repository of its own, so that no example disturbs another.
#[test]
fn documentation_holds() {
    let documents =
        folder::files(root()).into_iter().filter(|path| is_markdown(path) && !path.starts_with(root().join("tests")));
    let (mut commands, mut failures) = (0, Vec::new());
    for path in documents {
        let here = tempfile::tempdir().unwrap();
        folder::copy(root(), here.path());
        let (number, wrong) = transcript::run(&path, here.path());
        commands += number;
        failures.extend(wrong);
    }
    conclude("documentation", commands, &failures);
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}
