//! Taste that a machine can check.

use std::{
    fs,
    path::{Path, PathBuf},
};

use turingbox::policy::CODES;

use crate::support::{binary, folder, root};

/// The most lines of one file; and of the one in the middle, when all are sorted by length.
const MAX_LINES: usize = 400;
const MEDIAN_LINES: usize = 150;

#[test]
fn files_are_small() {
    let mut sizes: Vec<_> = sources().iter().map(|path| (read(path).lines().count(), path.clone())).collect();
    sizes.sort();
    let large: Vec<_> = sizes.iter().filter(|(lines, _)| *lines > MAX_LINES).collect();
    assert!(large.is_empty(), "more than {MAX_LINES} lines: {large:?}");
    assert!(sizes[sizes.len() / 2].0 <= MEDIAN_LINES, "the median is {}", sizes[sizes.len() / 2].0);
}

/// What decides touches nothing: no runtime, no file, no socket, no clock.
#[test]
fn decisions_have_no_world() {
    let foreign = [
        "wasmtime",
        "cap_std",
        "tokio",
        "std::fs",
        "TcpStream",
        "UdpSocket",
        "ToSocketAddrs",
        "std::env",
        "std::time::Instant",
        "SystemTime",
    ];
    let found = mentions(&foreign, |path| path.starts_with("policy"));
    assert!(found.is_empty(), "{found:#?}");
}

/// Only what runs guests, and what they reach, knows of WebAssembly.
#[test]
fn wasmtime_stays_in_its_place() {
    let found = mentions(&["wasmtime"], |path| !path.starts_with("sandbox") && !path.starts_with("capability"));
    let code: Vec<_> = found.into_iter().filter(|(_, line)| !line.trim_start().starts_with("//")).collect();
    assert!(code.is_empty(), "{code:#?}");
}

/// One capability, one word, everywhere: what a policy can grant has a file of that name on both
/// sides, and hostile guests.
#[test]
fn capabilities_have_one_word() {
    let source = root().join("runtime/src");
    for word in ["files", "http", "tcp", "sql", "env", "imports"] {
        for side in ["capability", "policy"] {
            assert!(source.join(side).join(format!("{word}.rs")).is_file(), "{side} has no {word}.rs");
        }
        let hostile = folder::entries(&root().join("tests/hostile"))
            .iter()
            .any(|case| folder::name(case).starts_with(&format!("{word}_")));
        assert!(hostile, "no hostile guest is called {word}_…");
    }
    let groups =
        ["files", "http", "sql", "imports", "tcp", "udp", "env", "calls", "limits", "result", "python", "component"];
    for case in folder::entries(&root().join("tests/hostile")) {
        let name = folder::name(&case);
        assert!(groups.iter().any(|group| name.starts_with(&format!("{group}_"))), "{name} is in no group");
    }
}

/// The list of denials' codes has all that the sources deny with, and nothing else; and the reference of
/// policies says each.
#[test]
fn codes_of_denials_are_listed() {
    let words = ["files", "http", "tcp", "udp", "sql", "env", "calls", "imports", "jump", "signed_by"];
    let is_code = |text: &&str| {
        let plain = |c: char| c.is_ascii_lowercase() || c == '.' || c == '-';
        let (word, rest) = text.split_once('.').unwrap_or_default();
        words.contains(&word) && !rest.is_empty() && rest.chars().all(plain)
    };
    let mut denied: Vec<String> = Vec::new();
    for path in sources().iter().filter(|path| !path.ends_with("codes.rs") && !path.ends_with("tests.rs")) {
        let text = read(path);
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        denied.extend(code.split('"').skip(1).step_by(2).filter(is_code).map(str::to_owned));
    }
    denied.sort();
    denied.dedup();
    let listed: Vec<_> = CODES.iter().map(|(code, ..)| *code).collect();
    assert_eq!(denied, listed);
    let page = read(&root().join("policies/README.md"));
    let row = |line: &&str| line.starts_with("| ") && line.contains("`http.limit.");
    let limits = page.lines().filter(row).collect::<String>();
    let said = |code: &&&str| {
        let short = code.strip_prefix("http.limit").is_some_and(|rest| limits.contains(&format!("`{rest}`")));
        short || page.contains(&format!("`{code}`"))
    };
    let unsaid: Vec<_> = listed.iter().filter(|code| !said(code)).collect();
    assert!(unsaid.is_empty(), "policies/README.md doesn't say {unsaid:?}");
    let odd: Vec<_> =
        page.split('`').skip(1).step_by(2).filter(is_code).filter(|code| !listed.contains(code)).collect();
    assert!(odd.is_empty(), "policies/README.md says what is no code: {odd:?}");
}

/// Whoever reads `turingbox run AGENT --help` reads this.
#[test]
fn agents_say_what_they_do() {
    let manifests = folder::files(&root().join("agents")).into_iter().filter(|path| path.ends_with("agent.toml"));
    let mut silent = Vec::new();
    for path in manifests {
        let manifest: toml::Table = toml::from_str(&read(&path)).unwrap();
        let says = |table: &toml::Table| {
            table.get("help").and_then(toml::Value::as_str).is_some_and(|help| !help.trim().is_empty())
        };
        let fields = ["inputs", "outputs"].into_iter().filter_map(|kind| manifest.get(kind)?.as_table()).flatten();
        silent.extend((!says(&manifest)).then(|| path.display().to_string()));
        silent.extend(
            fields
                .filter(|(_, field)| !field.as_table().is_some_and(says))
                .map(|(name, _)| format!("{}: {name}", path.display())),
        );
    }
    assert!(silent.is_empty(), "without help: {silent:#?}");
}

/// Each policy can be copied from: it loads, and its sections are about agents that there are.
#[test]
fn policies_load() {
    let policies = folder::entries(&root().join("policies"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|kind| kind == "toml"));
    for path in policies {
        let here = tempfile::tempdir().unwrap();
        folder::copy(root(), here.path());
        let policy = here.path().join(path.strip_prefix(root()).unwrap());
        let checked = binary::turingbox(here.path()).args(["check", "--policy"]).arg(policy).output().unwrap();
        assert!(checked.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&checked.stderr));
    }
}

/// Nothing is unfinished, and nothing is about one machine.
#[test]
fn nothing_is_left_behind() {
    // In pieces, so that this file is not among what is found.
    let unwanted = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("dbg", "!("),
        concat!("/ro", "ot/"),
        concat!("/wo", "rk/"),
        concat!("/home", "/"),
    ];
    let found: Vec<_> = folder::files(root())
        .into_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(&path).ok()?;
            let line = text.lines().position(|line| unwanted.iter().any(|word| line.contains(word)))?;
            Some(format!("{}:{}", path.display(), line + 1))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// `ARCHITECTURE.md` says which test holds each invariant: there has to be one of that name.
#[test]
fn invariants_name_their_tests() {
    let page = read(&root().join("runtime/ARCHITECTURE.md"));
    let numbered = |line: &&str| line.starts_with("| ") && line[2..].starts_with(|c: char| c.is_ascii_digit());
    let held: Vec<_> = page.lines().filter(numbered).filter_map(|row| row.rsplit('|').nth(1)).collect();
    let code = held.iter().flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let names: Vec<_> = code.filter(|name| name.contains('_') && !name.contains(['.', '/'])).collect();
    assert!(names.len() >= 6, "the table was not found: {names:?}");
    let files = folder::files(&root().join("tests")).into_iter();
    let tests: String =
        files.filter(|path| path.extension().is_some_and(|kind| kind == "rs")).map(|path| read(&path)).collect();
    let missing: Vec<_> = names.iter().filter(|name| !tests.contains(&format!("fn {name}()"))).collect();
    assert!(missing.is_empty(), "there are no such tests: {missing:?}");
}

/// What is warned of is in the one list, which says what it means and whether it can be silenced.
#[test]
fn warnings_are_listed() {
    let found = mentions(&["Diagnostic::warning(\""], |_| true);
    let codes =
        found.iter().filter_map(|(path, line)| Some((path, line.split("warning(\"").nth(1)?.split('"').next()?)));
    let unlisted: Vec<_> = codes.filter(|(_, code)| turingbox::diagnostic::warning(code).is_none()).collect();
    assert!(found.len() > 10, "they were not found");
    assert!(unlisted.is_empty(), "{unlisted:?}");
}

/// The Rust files of the runtime.
fn sources() -> Vec<PathBuf> {
    let files = folder::files(&root().join("runtime/src"));
    files.into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs")).collect()
}

/// The lines of the runtime that mention one of `words`, in the files that `chosen` picks by their
/// path below `src`.
fn mentions(words: &[&str], chosen: impl Fn(&Path) -> bool) -> Vec<(PathBuf, String)> {
    let source = root().join("runtime/src");
    let files: Vec<_> = sources().into_iter().filter(|path| chosen(path.strip_prefix(&source).unwrap())).collect();
    assert!(!files.is_empty(), "no file was looked at");
    let lines = |path: &PathBuf| read(path).lines().map(|line| (path.clone(), line.to_owned())).collect::<Vec<_>>();
    files.iter().flat_map(lines).filter(|(_, line)| words.iter().any(|word| line.contains(word))).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
