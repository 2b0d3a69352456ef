//! The agents of the library, each by its own cases.

use std::{collections::BTreeMap, fs, path::Path};

use turingbox::{Policy, Value};

use crate::support::{binary, folder, host, root};

/// The most bytes of a compiled agent.
const MAX_COMPONENT: u64 = 120_000;

/// Those that may have more, each with its own bound and the reason.
const LARGE: [(&str, u64, &str); 2] = [
    ("html_select", 705_000, "it reads HTML as browsers do: html5ever has tables of all entities and names"),
    ("yaml_to_json", 265_000, "it reads all of YAML 1.2"),
];

/// Each case passes, and takes no more than `benches/fuel.json` says; `turingbox bench --save` writes that.
#[test]
fn every_case_passes_and_takes_no_more_than_is_written_down() {
    let held = binary::turingbox(root()).args(["bench", "--check", "benches/fuel.json", "--json"]).output().unwrap();
    let (cases, said) = (String::from_utf8_lossy(&held.stdout), String::from_utf8_lossy(&held.stderr));
    assert!(held.status.success(), "{said}");
    assert_eq!(cases.lines().count(), files("case.toml").len(), "cases that were not run");
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

/// A component is small, or named with a reason; and a name that isn't needed any more goes.
#[test]
fn components_are_small() {
    let components = folder::files(&root().join("agents")).into_iter();
    let sizes: BTreeMap<String, u64> = components
        .filter(|path| path.extension().is_some_and(|kind| kind == "wasm"))
        .map(|path| (folder::name(&path.with_extension("")), fs::metadata(&path).unwrap().len()))
        .collect();
    assert!(sizes.len() > LARGE.len(), "they were not found");
    let bound =
        |name: &str| LARGE.iter().find(|(large, ..)| *large == name).map_or(MAX_COMPONENT, |(_, most, _)| *most);
    let large: Vec<_> = sizes.iter().filter(|(name, size)| **size > bound(name)).collect();
    assert!(large.is_empty(), "larger than they may be: {large:?}");
    let needless = |name: &&str| sizes.get(*name).is_none_or(|size| *size <= MAX_COMPONENT);
    let needless: Vec<_> = LARGE.iter().map(|(name, ..)| *name).filter(needless).collect();
    assert!(needless.is_empty(), "they need no exception: {needless:?}");
}

/// A compiled agent that reaches for nothing imports nothing: that is what makes its calls cheap. Maps are seeded,
/// and `html_select` stands on a parser that looks at the clock.
#[test]
fn what_reaches_for_nothing_imports_nothing() {
    let may_be_asked = ["turingbox:agent/types@0.1.0", "wasi:random/insecure-seed@0.2.6"];
    let files = folder::files(&root().join("agents")).into_iter();
    let components = files.filter(|path| path.extension().is_some_and(|kind| kind == "wasm"));
    for component in components.filter(|path| !path.ends_with("html_select.wasm")) {
        let seen = binary::turingbox(root()).arg("inspect").arg(&component).arg("--json").output().unwrap();
        let seen: serde_json::Value = serde_json::from_slice(&seen.stdout).unwrap();
        let imports: Vec<_> = seen["imports"].as_array().unwrap().iter().map(|import| &import["name"]).collect();
        let needless: Vec<_> = imports.iter().filter(|name| may_be_asked.iter().all(|may| **name != may)).collect();
        assert!(!imports.is_empty() && needless.is_empty(), "{}: {needless:?}", component.display());
    }
}

/// A link that can't be followed is an entry like any other.
#[test]
fn a_folder_with_links_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
    fs::create_dir_all(folder.path().join("sub")).unwrap();
    for file in ["a.txt", "sub/b.txt"] {
        fs::write(folder.path().join(file), file).unwrap();
    }
    for (to, name) in
        [("/etc", "out"), ("loop.txt", "loop.txt"), ("none", "none.txt"), ("a.txt", "c.txt"), ("sub", "in")]
    {
        link(to, name);
    }
    let grant = format!("[{{ path = \"{}\", mount = \"/data\", access = \"read\" }}]", folder.path().display());
    let policy = format!("version = 1\n[agents.list_files]\nfiles = {grant}\n");
    let (library, policy) = (host::library(&root().join("agents")), Policy::parse("policy.toml", &policy).unwrap());
    for (recursive, listed) in
        [("false", &["a", "c", "loop", "none"][..]), ("true", &["a", "c", "loop", "none", "sub/b"][..])]
    {
        let recursive = Value::Json(turingbox::Json::parse(recursive).unwrap());
        let given = [("path", Value::text("/data")), ("pattern", Value::text("*.txt")), ("recursive", recursive)];
        let ran = host::run(&library, "list_files", &policy, &given).outcome;
        let files: Vec<_> = listed.iter().map(|name| format!("/data/{name}.txt")).collect();
        assert_eq!(ran.outputs, [("files".to_owned(), Value::Json(serde_json::json!(files).into()))], "{ran:?}");
        assert_eq!(ran.denials.len(), 0, "nobody asked where the others lead: {:?}", ran.denials);
    }
}

/// Nobody can tell by what is said which agents are compiled: `json_get` is, `json_query` is in Python.
#[test]
fn text_that_is_no_json_is_refused_in_the_same_words() {
    let (library, policy) = (host::library(&root().join("agents")), Policy::default());
    let said = |agent: &str, text: &str, more: (&str, &str)| {
        let ran = host::run(&library, agent, &policy, &[("json", Value::text(text)), (more.0, Value::text(more.1))]);
        ran.outcome.failure.map(|failure| failure.message)
    };
    for text in [
        "",
        " ",
        "x",
        "\0",
        "é x",
        "-",
        "-a",
        "01",
        "1.",
        "1e",
        "1.e5",
        "1e+",
        "nul",
        "[tru]",
        "[1]x",
        "true false",
        "[1]\n\n\n2",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,]",
        "[1 2]",
        "[1,2,3\n,\n 4 5]",
        "{",
        "{,}",
        "{a:1}",
        "{\"a\"",
        "{\"a\" 1}",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{\"a\":1}}",
        "{\"a\":[1,2}",
        "{\"a\":1\n\"b\":2}",
        "{\"é\":1 \"b\"}",
        "\"abc",
        "\"a\tb\"",
        "\"\\",
        "\"a\\qb\"",
        "\"\\u12\"",
        "\"\\u12",
        "\"\\u00e9",
        "\"\\ud83d\\u12\"",
        "\"\\ud83d\\ude00\"x",
        "\u{feff}[1]",
    ] {
        let compiled = said("json_get", text, ("path", ""));
        assert!(compiled.is_some(), "{text:?}");
        assert_eq!(compiled, said("json_query", text, ("query", "$")), "{text:?}");
    }
}

/// The files of the library that are called `name`.
fn files(name: &str) -> Vec<std::path::PathBuf> {
    folder::files(&root().join("agents")).into_iter().filter(|path| path.ends_with(name)).collect()
}
