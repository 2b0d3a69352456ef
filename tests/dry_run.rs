//! Dry runs: what they say, and that nothing is touched. Real servers, files and databases stand where a
//! real run would find them.

mod command;
pub mod files;
pub mod network;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use serde_json::{Value as Tree, json};
use turingbox::{
    Value,
    audit::{Audit, Record},
    plan::{Effects, Plan},
};

use crate::support::{folder, host, root, sql};

/// A run, and what it planned.
struct Dry {
    ran: host::Ran,
    plan: Arc<Plan>,
}

impl Dry {
    /// The effects: capability, effect, and what was answered or why it is denied.
    fn effects(&self) -> Vec<(String, String)> {
        let answer = |code: &str, answer: &str| if code.is_empty() { answer.to_owned() } else { code.to_owned() };
        let line = |entry: turingbox::plan::Entry| {
            (format!("{} {}", entry.capability, entry.effect), answer(&entry.code, &entry.answer))
        };
        self.plan.entries().into_iter().map(line).collect()
    }

    fn got(&self) -> Tree {
        let failure = &self.ran.outcome.failure;
        assert!(failure.is_none(), "{failure:?}");
        self.ran.outcome.outputs.first().map_or(Tree::Null, |(_, value)| serde_json::json!(value))
    }
}

/// Runs an agent of `tests/dry_run` dry, under a policy whose paths are in `here`.
fn dry(here: &Path, agent: &str, policy: &str, inputs: &[(&str, Value)]) -> Dry {
    let plan = Arc::new(Plan::default());
    let effects = Effects::Planned(plan.clone());
    let ran = run(here, agent, policy, inputs, |setup| setup.effects = effects);
    Dry { ran, plan }
}

/// Runs one with what it is made with as `change` wants it.
fn run(
    here: &Path,
    agent: &str,
    policy: &str,
    inputs: &[(&str, Value)],
    change: impl FnOnce(&mut turingbox::Setup),
) -> host::Ran {
    let library = host::library(&root().join("tests/dry_run/agents"));
    let policy = sql::policy(here, policy);
    host::run_with(&library, agent, inputs, |setup| {
        setup.policy = Arc::new(policy);
        change(setup);
    })
}

/// All that is in a folder: of files the contents, of links where they lead, and the times.
fn snapshot(here: &Path) -> BTreeMap<String, String> {
    let walked = folder::files(here).into_iter().chain(folder::entries(here));
    let seen = |path: &Path| {
        let about = path.symlink_metadata().unwrap();
        let held = if about.is_file() { format!("{:?}", fs::read(path).unwrap()) } else { String::new() };
        format!("{held} {:?} {:?}", fs::read_link(path).ok(), about.modified().unwrap())
    };
    walked.map(|path| (path.display().to_string(), seen(&path))).collect()
}

/// Keeps what was decided.
#[derive(Default)]
struct Records(Mutex<Vec<String>>);

impl Audit for Records {
    fn record(&self, record: &Record) -> std::io::Result<()> {
        let Record { capability, request, decision, code, line, count, .. } = record.clone();
        self.0.lock().unwrap().push(format!("{capability} {request} {decision:?} {code} {line:?} {count}"));
        Ok(())
    }
}

#[test]
pub fn an_agent_without_effects_runs_for_real() {
    let here = tempfile::tempdir().unwrap();
    let ran = dry(here.path(), "echo", "", &[("input", Value::text("x"))]);
    assert_eq!((ran.got(), ran.effects()), (json!("x"), vec![]));
}

#[test]
pub fn an_agent_may_answer_for_itself() {
    let here = tempfile::tempdir().unwrap();
    assert_eq!(dry(here.path(), "aware", "", &[]).got(), "dry_run=True");
    let real = run(here.path(), "aware", "", &[], |_| ());
    assert_eq!(serde_json::json!(real.outcome.outputs[0].1), "dry_run=False");
    // What is wired to it comes first.
    let no = Value::Json(turingbox::Json::from(json!(false)));
    assert_eq!(dry(here.path(), "aware", "", &[("dry_run", no)]).got(), "dry_run=False");
}

#[test]
pub fn no_statement_is_run() {
    const POLICY: &str =
        "[[agents.order.databases]]\nname = \"shop\"\nurl = { file = \"shop.db\" }\ntables = { orders = \"write\" }";
    let here = tempfile::tempdir().unwrap();
    let shop = here.path().join("shop.db");
    // What can't be opened isn't missed.
    fs::write(&shop, "no database").unwrap();
    let before = snapshot(here.path());
    let ran = dry(here.path(), "order", POLICY, &[]);
    assert_eq!(ran.got(), json!([["id", "who"], [], 0]));
    let expected = [
        (
            "sql read shop.orders: SELECT \"id\", \"name\" AS \"who\" FROM \"orders\" WHERE \"id\" > ?1 [integer]",
            "no rows",
        ),
        (
            "sql update shop.orders, read shop.orders: UPDATE \"orders\" SET \"name\" = ?1 WHERE \"id\" = ?2 [text, integer]",
            "no rows, 0 changed",
        ),
    ];
    assert_eq!(ran.effects(), expected.map(|(effect, answer)| (effect.to_owned(), answer.to_owned())));
    assert_eq!(snapshot(here.path()), before);
    // The rest is denied as ever.
    let read = POLICY.replace("write", "read");
    let denied = dry(here.path(), "order", &read, &[]).ran.outcome;
    let codes: Vec<_> = denied.denials.iter().map(|denial| denial.code).collect();
    assert_eq!((codes, denied.exit_code()), (vec!["sql.read-only"], 3));
    // And the database is as it was after a run that really opens it.
    fs::remove_file(&shop).unwrap();
    rusqlite::Connection::open(&shop)
        .unwrap()
        .execute_batch("create table orders (id integer primary key, name text); insert into orders values (1, 'old')")
        .unwrap();
    dry(here.path(), "order", POLICY, &[]).got();
    let name = |shop: &Path| -> String {
        rusqlite::Connection::open(shop).unwrap().query_row("select name from orders", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(name(&shop), "old");
    run(here.path(), "order", POLICY, &[], |_| ());
    assert_eq!(name(&shop), "new", "it would have changed it");
}

#[test]
pub fn a_plan_cant_be_flooded() {
    let here = tempfile::tempdir().unwrap();
    fs::create_dir(here.path().join("out")).unwrap();
    let policy = "[agents.flood]\nfiles = [{ path = \"out\", mount = \"/out\", access = \"write\" }]";
    let ran = dry(here.path(), "flood", policy, &[]);
    assert_eq!(ran.got(), "flooded");
    let entries = ran.plan.entries();
    assert_eq!((entries.len(), ran.plan.more()), (256, 1 + 2 * 3000 - 256));
    assert!(entries.iter().all(|entry| entry.effect.len() < 1100));
}
