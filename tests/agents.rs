//! The agents of the library, each by its own cases.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, sync::OnceLock};

use serde_json::Value as Json;
use turingbox::{Policy, Value};

use crate::support::{binary, folder, host, root};

/// How much more fuel than is written down a case may burn, in percent. A compiled agent burns the same each
/// time, but for the seeds of hash maps. The Python guest isn't the same to the byte from one build to the next:
/// between five builds, cases differed by up to 1.3 %.
const MORE_COMPILED: u64 = 1;
const MORE: u64 = 5;

/// The most bytes of a compiled agent.
const MAX_COMPONENT: u64 = 120_000;

/// Those that may have more, each with its own bound and the reason.
const LARGE: [(&str, u64, &str); 2] = [
    ("html_select", 705_000, "it reads HTML as browsers do: html5ever has tables of all entities and names"),
    ("yaml_to_json", 260_000, "it reads all of YAML 1.2"),
];

/// Fuel by agent and case.
type Burnt = BTreeMap<String, BTreeMap<String, u64>>;

#[test]
fn every_case_of_every_agent_passes() {
    let cases = cases();
    let failed: Vec<_> = cases.iter().filter(|case| case["differences"] != serde_json::json!([])).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(cases.len(), files("case.toml").len(), "cases that were not run");
}

/// `benches/fuel.toml` says what each case burns; `SNAPSHOTS=overwrite` writes it anew. What burns until its time
/// is over burns as much as the machine can.
#[test]
fn no_case_burns_more_fuel_than_is_written_down() {
    let path = root().join("benches/fuel.toml");
    let mut burnt = Burnt::new();
    let timed: Vec<_> = files("case.toml").into_iter().filter(|path| is_timed(path)).collect();
    for case in cases() {
        let text = |key: &str| case[key].as_str().unwrap().to_owned();
        let end = format!("{}/cases/{}/case.toml", text("agent"), text("case"));
        if timed.iter().any(|path| path.ends_with(&end)) {
            continue;
        }
        burnt.entry(text("agent")).or_default().insert(text("case"), case["fuel"].as_u64().unwrap());
    }
    if std::env::var("SNAPSHOTS").is_ok_and(|mode| mode == "overwrite") {
        fs::write(&path, written(&burnt)).unwrap();
    }
    let known: Burnt = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let names = |burnt: &Burnt| -> Vec<_> {
        burnt.iter().flat_map(|(agent, cases)| cases.keys().map(move |case| format!("{agent}/{case}"))).collect()
    };
    let (there, written) = (names(&burnt), names(&known));
    let lacks =
        |from: &[String], of: &[String]| of.iter().filter(|name| !from.contains(name)).cloned().collect::<Vec<_>>();
    let (new, gone) = (lacks(&written, &there), lacks(&there, &written));
    let path = path.display();
    assert!(new.is_empty() && gone.is_empty(), "{path} lacks {new:?} and has {gone:?}: SNAPSHOTS=overwrite writes it");
    let compiled: Vec<_> = files("Cargo.toml").iter().filter_map(|path| Some(folder::name(path.parent()?))).collect();
    let mut more = String::new();
    for (agent, cases) in &burnt {
        let percent = if compiled.contains(agent) { MORE_COMPILED } else { MORE };
        for (case, fuel) in cases {
            let known = known[agent][case];
            if *fuel > known + known * percent / 100 {
                writeln!(more, "{agent}/{case}: {fuel}, and not {known} and {percent} % more").unwrap();
            }
        }
    }
    assert!(more.is_empty(), "if it has to be, SNAPSHOTS=overwrite writes it down:\n{more}");
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

/// The files of the library that are called `name`.
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

fn files(name: &str) -> Vec<std::path::PathBuf> {
    folder::files(&root().join("agents")).into_iter().filter(|path| path.ends_with(name)).collect()
}

/// What `turingbox test` says of all cases of the library, which run once.
fn cases() -> &'static [Json] {
    static CASES: OnceLock<Vec<Json>> = OnceLock::new();
    CASES.get_or_init(|| {
        let tested = binary::turingbox(root()).args(["test", "--json"]).output().unwrap();
        let report: Json = serde_json::from_slice(&tested.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}{}", String::from_utf8_lossy(&tested.stdout), String::from_utf8_lossy(&tested.stderr))
        });
        let cases = report["cases"].as_array().unwrap().clone();
        let passed = cases.iter().all(|case| case["differences"] == serde_json::json!([]));
        assert_eq!(tested.status.success(), passed);
        cases
    })
}

/// Whether a case ends with its time.
fn is_timed(case: &Path) -> bool {
    fs::read_to_string(case).unwrap().contains("\"limit.time\"")
}

fn written(burnt: &Burnt) -> String {
    let mut text = String::from(
        "# How much fuel each case of each agent burns. A test holds it; `SNAPSHOTS=overwrite cargo test agents::` writes it\n\
         # anew, and `turingbox test -v` shows it with the memory.\n",
    );
    for (agent, cases) in burnt {
        writeln!(text, "\n[{agent}]").unwrap();
        for (case, fuel) in cases {
            writeln!(text, "{case} = {fuel}").unwrap();
        }
    }
    text
}
