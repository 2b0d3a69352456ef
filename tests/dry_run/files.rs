//! Files: what changes, changes in a copy that all agents of the run share.

use std::{fs, os::unix::fs::symlink, path::Path, sync::Arc};

use serde_json::json;
use turingbox::Value;

use super::{Records, dry, run, snapshot};

const POLICY: &str = r#"
[agents.tidy_up]
files = [{ path = "out", mount = "/out", access = "write" }, { path = "in", mount = "/in", access = "read" }]
[agents.read_back]
files = [{ path = "out", mount = "/seen", access = "read" }]
[agents.asks]
calls = ["*"]
"#;

/// Folders with something in them.
fn filled() -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    for folder in ["out", "in"] {
        fs::create_dir(here.path().join(folder)).unwrap();
    }
    for file in ["out/old.txt", "out/moved.txt", "out/gone.txt", "in/new.txt"] {
        fs::write(here.path().join(file), "old\n").unwrap();
    }
    symlink("/etc/hostname", here.path().join("out/away")).unwrap();
    here
}

#[test]
pub fn no_file_is_changed() {
    let here = filled();
    let before = snapshot(here.path());
    let ran = dry(here.path(), "tidy_up", POLICY, &[]);
    let listed = json!(["away", "folder", "link", "new.txt", "old.txt"]);
    assert_eq!(ran.got(), json!(["one\n", "old\nmore\n", listed, 63, 2, 2]));
    assert_eq!(snapshot(here.path()), before);
    let done = |effect: &str| (format!("files {effect}"), "done in a copy of out".to_owned());
    let denied = |effect: &str, code: &str| (format!("files {effect}"), code.to_owned());
    let expected = [
        done("write /out/new.txt"),
        done("write /out/old.txt"),
        done("make the folder /out/folder"),
        done("rename /out/moved.txt to /out/folder/moved.txt"),
        done("delete /out/gone.txt"),
        done("link /out/link to old.txt"),
        done("set the times of /out/old.txt"),
        denied("follow /out/away out of its folder", "files.outside"),
        denied("write /elsewhere", "files.not-granted"),
        denied("write /in/new.txt", "files.read-only"),
    ];
    assert_eq!(ran.effects(), expected);
}

/// What is decided is what a real run decides, and so is what it comes to.
#[test]
pub fn a_dry_run_is_decided_like_a_real_one() {
    let here = filled();
    let records = || Arc::new(Records::default());
    let (real, planned) = (records(), records());
    let plan = Arc::new(turingbox::plan::Plan::default());
    let dry = run(here.path(), "tidy_up", POLICY, &[], |setup| {
        setup.audit = Some(planned.clone());
        setup.effects = turingbox::plan::Effects::Planned(plan.clone());
    });
    let ran = run(here.path(), "tidy_up", POLICY, &[], |setup| setup.audit = Some(real.clone()));
    assert_eq!(dry.outcome.outputs, ran.outcome.outputs);
    assert_eq!(dry.outcome.denials, ran.outcome.denials);
    assert_eq!(taken(&planned), taken(&real));
    assert!(here.path().join("out/new.txt").exists(), "it would have been changed");
    assert!(plan.entries().iter().all(|entry| entry.agent == "tidy_up" && entry.step.is_empty()));
}

fn taken(records: &Records) -> Vec<String> {
    let taken = std::mem::take(&mut *records.0.lock().unwrap());
    assert!(!taken.is_empty());
    taken
}

#[test]
pub fn later_agents_read_what_earlier_ones_wrote() {
    let here = filled();
    let before = snapshot(here.path());
    let read = json!([["away", "folder", "link", "new.txt", "old.txt"], "old\nmore\n"]);
    let flow = dry(here.path(), "tidy_flow", POLICY, &[]);
    assert_eq!(flow.got(), read);
    assert_eq!(serde_json::json!(flow.ran.outcome.outputs[1].1), "dry_run=True");
    assert!(flow.plan.entries().iter().all(|entry| entry.step == "0.tidy"));
    let called = dry(here.path(), "asks", POLICY, &[]);
    assert_eq!((&called.got()[1], &called.got()[2]), (&read, &json!("dry_run=True")));
    assert_eq!(called.plan.entries().len(), 10);
    assert_eq!(snapshot(here.path()), before);
}

/// Ten gigabytes, and a million folders, end at a bound that says so.
#[test]
pub fn what_is_written_is_bounded() {
    let here = tempfile::tempdir().unwrap();
    fs::create_dir(here.path().join("out")).unwrap();
    let policy = "[agents.write_much]\nfiles = [{ path = \"out\", mount = \"/out\", access = \"write\" }]\n\
                  limits = { time = \"10m\", fuel = 1_000_000_000_000 }";
    for how in ["truncate", "blocks"] {
        let ran = dry(here.path(), "write_much", policy, &[("how", Value::text(how))]).ran;
        let failure = ran.outcome.failure.as_ref().unwrap();
        assert_eq!((failure.code.name(), ran.outcome.exit_code()), ("limit.dry-run", 4), "{how}: {failure}");
        assert!(failure.message.contains("1 GiB"), "{failure}");
    }
    assert_eq!(fs::read_dir(here.path().join("out")).unwrap().count(), 0);
}

/// A folder that is too large is refused before anything runs, with the line that grants it.
#[test]
fn what_is_too_large_is_not_copied() {
    let here = filled();
    fs::File::create(here.path().join("out/large")).unwrap().set_len(2 << 30).unwrap();
    let refused = refusal(here.path());
    assert!(refused.contains("can't be copied for a dry run") && refused.contains("1 GiB"), "{refused}");
    assert!(refused.contains("policy.toml:4"), "{refused}");
}

fn refusal(here: &Path) -> String {
    use turingbox::{Engine, Program, Setup, plan::Effects};
    let library = crate::support::host::library(&crate::support::root().join("tests/dry_run/agents"));
    let (program, _) = Program::load(&library, "tidy_up").unwrap();
    let mut setup = Setup::new(Arc::new(library), crate::support::host::sandbox().clone());
    setup.policy = Arc::new(crate::support::sql::policy(here, POLICY));
    setup.effects = Effects::Planned(Arc::new(turingbox::plan::Plan::default()));
    match Engine::new(Arc::new(program), setup) {
        Ok(_) => panic!("it was copied"),
        Err(error) => format!("{} {}", error.message, error.place.unwrap().line()),
    }
}
