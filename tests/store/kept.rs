//! What is kept of runs, and what isn't; and stores that are none.

use std::{fs, path::Path, process::Stdio, thread, time::Duration};

use super::{command, here, last, stderr, stdout, store, turingbox};
use crate::support::binary;

/// Large values are kept once, and go with the last run that has them.
#[test]
fn large_values_are_kept_once() {
    let here = here();
    let text = "x".repeat(100_000);
    fs::write(here.path().join("text"), &text).unwrap();
    for _ in 0..3 {
        assert!(turingbox(here.path(), &["run", "echo", "--input", "@text"]).status.success());
    }
    let size = || fs::metadata(binary::store(here.path())).unwrap().len();
    assert!(size() < 250_000, "{}", size());
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert!(replayed.status.success(), "{}", stderr(&replayed));
    let large = || -> i64 {
        let store = store(here.path());
        store.query_row("SELECT count(*) FROM large", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(large(), 1);
    turingbox(here.path(), &["runs", "echo", "--forget"]);
    assert_eq!(large(), 0);
    // What is forgotten takes no room.
    assert!(size() < 100_000, "{}", size());
}

/// A store of an earlier version is brought up to date, and keeps what it has.
#[test]
fn an_earlier_store_is_gone_on_with() {
    let here = here();
    assert!(turingbox(here.path(), &["run", "echo", "--input", "one"]).status.success());
    let earlier = "ALTER TABLE cells DROP COLUMN allowed; PRAGMA user_version = 1";
    store(here.path()).execute_batch(earlier).unwrap();
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert!(replayed.status.success(), "{}", stderr(&replayed));
    assert!(turingbox(here.path(), &["run", "echo", "--input", "two"]).status.success());
    assert_eq!(stdout(&turingbox(here.path(), &["runs"])).lines().count(), 2);
}

/// A run that can't be read any more keeps nobody from the others.
#[test]
fn one_damaged_run_is_one_run_less() {
    let here = here();
    for text in ["one", "two", "three"] {
        assert!(turingbox(here.path(), &["run", "echo", "--input", text]).status.success());
    }
    store(here.path()).execute("UPDATE runs SET setup = '{' WHERE key = 2", []).unwrap();
    let listed = turingbox(here.path(), &["runs"]);
    assert_eq!((listed.status.code(), stdout(&listed).lines().count()), (Some(0), 2));
    assert!(
        stderr(&listed).contains("warning: the store is damaged: row 2 of its table `runs`:"),
        "{}",
        stderr(&listed)
    );
    assert!(turingbox(here.path(), &["replay", "last"]).status.success());
}

#[test]
fn a_secret_is_not_kept() {
    let here = here();
    let agent = here.path().join("agents/keeps");
    fs::create_dir(&agent).unwrap();
    let manifest =
        "kind = \"proc\"\nhelp = \"x\"\npython = \"main.py\"\n[inputs.key]\ntype = \"secret\"\n[outputs.made]\n";
    fs::write(agent.join("agent.toml"), manifest).unwrap();
    fs::write(agent.join("main.py"), "def main(key):\n    return f\"it is {key}\"\n").unwrap();
    fs::write(here.path().join("policy.toml"), "version = 1\n[agents.keeps]\nenv = [\"key\"]\n").unwrap();
    let run = turingbox(here.path(), &["run", "keeps", "--key", "hunter2-and-more"]);
    assert!(run.status.success(), "{}", stderr(&run));
    let file = fs::read(binary::store(here.path())).unwrap();
    assert!(!file.windows(7).any(|bytes| bytes == b"hunter2"));
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert_eq!(replayed.status.code(), Some(2));
    assert!(stderr(&replayed).contains("give it to this command as the variable `key`"), "{}", stderr(&replayed));
    let replayed = command(here.path(), &["replay", "last"]).env("key", "hunter2-and-more").output().unwrap();
    assert!(replayed.status.success(), "{}", stderr(&replayed));
}

/// A store that is none, is damaged, or comes from a later version is an error that says so, and stays as it is.
#[test]
fn a_store_that_is_none_is_refused() {
    let here = here();
    let path = here.path().join("made.sqlite");
    let run = |store: &str| turingbox(here.path(), &["run", "echo", "--input", "x", "--store", store]);
    assert!(run("made.sqlite").status.success());
    let made = fs::read(&path).unwrap();
    let database = |change: &str| {
        fs::write(&path, &made).unwrap();
        rusqlite::Connection::open(&path).unwrap().execute_batch(change).unwrap();
    };
    let cases: [(&dyn Fn(), &str); 6] = [
        (&|| database("PRAGMA user_version = 9"), "made by a later version of turingbox"),
        (&|| database("PRAGMA application_id = 7"), "is no store of runs"),
        (&|| fs::write(&path, "kind = \"proc\"\n".repeat(1000)).unwrap(), "is no store of runs"),
        (&|| fs::write(&path, &made[..made.len() / 2]).unwrap(), "is no store of runs"),
        (&|| fs::write(&path, &made[..5000]).unwrap(), "is no store of runs"),
        (&|| drop((fs::remove_file(&path), fs::create_dir(&path))), "can't be opened"),
    ];
    for (spoil, said) in cases {
        spoil();
        let before = fs::read(&path).ok();
        for refused in [run("made.sqlite"), turingbox(here.path(), &["runs", "--store", "made.sqlite"])] {
            assert_eq!(refused.status.code(), Some(2), "{said}: {}", stderr(&refused));
            assert!(stderr(&refused).contains(said), "{said}: {}", stderr(&refused));
        }
        assert_eq!(fs::read(&path).ok(), before, "{said}");
    }
    let nowhere = run("nowhere/made.sqlite");
    assert!(stderr(&nowhere).contains("can't be opened: No such file"), "{}", stderr(&nowhere));
}

/// Somebody else who writes is waited for, and not for ever.
#[test]
fn a_store_that_is_locked_is_waited_for() {
    let here = here();
    assert!(turingbox(here.path(), &["run", "echo", "--input", "x"]).status.success());
    let other = store(here.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut waits = command(here.path(), &["run", "echo", "--input", "y"]).stdout(Stdio::null()).spawn().unwrap();
    thread::sleep(Duration::from_millis(300));
    assert!(waits.try_wait().unwrap().is_none());
    other.execute_batch("COMMIT").unwrap();
    assert!(waits.wait().unwrap().success());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = turingbox(here.path(), &["run", "echo", "--input", "z"]);
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("another process has held the store"), "{}", stderr(&refused));
}

#[test]
fn nothing_is_kept_without_a_store() {
    let here = here();
    assert!(turingbox(here.path(), &["run", "echo", "--input", "x", "--no-store"]).status.success());
    assert!(turingbox(here.path(), &["run", "echo", "--input", "x", "--dry-run"]).status.success());
    assert!(!binary::store(here.path()).exists());
}

/// An answer is given again to the same inputs, as long as the agent is the same and reaches nothing outside.
#[test]
fn an_answer_is_given_again() {
    let here = here();
    let run = |text: &str| stdout(&turingbox(here.path(), &["run", "slow", "--text", text]));
    let (one, other) = (run("a"), run("b"));
    assert_ne!(one[2..], other[2..]);
    assert_eq!([run("a"), run("b")], [one.clone(), other]);
    let tape = stdout(&turingbox(here.path(), &["tape", "last"]));
    assert!(tape.contains(", 0 fuel)"), "{tape}");
    let replayed = turingbox(here.path(), &["replay", "last"]);
    assert!(stdout(&replayed).contains("1 answered from the recording"), "{}", stderr(&replayed));
    // What a forgotten run held, answers hold as well.
    turingbox(here.path(), &["runs", "slow", "--forget"]);
    assert_eq!(run("a"), one);
    let failed = || turingbox(here.path(), &["run", "slow", "--text", "bad", "--json"]);
    for _ in 0..2 {
        let failed: serde_json::Value = serde_json::from_slice(&failed().stdout).unwrap();
        assert!(failed["usage"]["fuel"].as_u64().unwrap() > 0, "a failure is no answer: {failed}");
    }
    let main = here.path().join("agents/slow/main.py");
    fs::write(&main, fs::read_to_string(&main).unwrap() + "\n").unwrap();
    let changed = run("a");
    assert_ne!(changed, one);
    let policy =
        |says: &str| fs::write(here.path().join("policy.toml"), format!("version = 1\n[agents.slow]\n{says}\n"));
    policy("imports = { deny = [\"ctypes\"] }").unwrap();
    assert_ne!(run("a"), changed, "it may do less than it might then");
    policy("limits = { output = \"1B\" }").unwrap();
    let limited = turingbox(here.path(), &["run", "slow", "--text", "a"]);
    assert_eq!(limited.status.code(), Some(4), "{}", stderr(&limited));
    fs::write(here.path().join("policy.toml"), "version = 1\n[agents.slow]\nenv = [\"X\"]\n").unwrap();
    assert_ne!(run("a"), changed, "what reads is not pure");
}

/// A run that can't even begin is over.
#[test]
fn a_run_that_could_not_begin_has_failed() {
    let here = here();
    fs::write(
        here.path().join("policy.toml"),
        "version = 1\n[agents.append]\nfiles = [{ path = \"nowhere\", mount = \"/data\", access = \"read\" }]\n",
    )
    .unwrap();
    assert_eq!(turingbox(here.path(), &["run", "append", "--line", "1"]).status.code(), Some(2));
    assert_eq!((&last(here.path())["state"], &last(here.path())["exit_code"]), (&"failed".into(), &2.into()));
}

/// A folder that holds the store is no folder for agents, nor is the store a database of theirs.
#[test]
fn no_agent_reaches_the_store() {
    let here = here();
    let policy = here.path().join("policy.toml");
    let run = |policy: &Path, text: &str| {
        fs::write(policy, text).unwrap();
        turingbox(here.path(), &["run", "append", "--line", "1", "--store", "data/kept"])
    };
    let mounted = "version = 1\n[agents.append]\nfiles = [{ path = \"data\", mount = \"/data\", access = \"read\" }]\n";
    let refused = run(&policy, mounted);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("error[mount]"), "{}", stderr(&refused));
    let database = "version = 1\n[agents.append]\ndatabases = [{ name = \"d\", url = { file = \"data/kept\" }, tables = { runs = \"read\" } }]\n";
    let refused = run(&policy, database);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("error[database]"), "{}", stderr(&refused));
}
