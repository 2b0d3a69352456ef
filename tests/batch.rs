//! Batches that are killed, stopped, or run out of something; and that ask a server which is busy. What a
//! transcript can show is in `tests/cli/batch.md`.

mod ci;
mod marks;
mod reports;

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{binary, folder, root, server};

/// A copy of what the tests start with.
fn here() -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    folder::copy(&root().join("tests/batch"), here.path());
    here
}

fn batch(folder: &Path, agent: &str, arguments: &[&str]) -> Command {
    let mut command = binary::turingbox(folder);
    command.args(["batch", agent]).args(arguments).stdin(Stdio::null());
    command
}

fn numbers(folder: &Path, count: usize) {
    let lines: String = (1..=count).map(|number| format!("{{\"name\": \"n{number}\"}}\n")).collect();
    fs::write(folder.join("items.jsonl"), lines).unwrap();
}

/// How often each item has a result. Every line is a whole one.
fn results(path: &Path) -> BTreeMap<u64, usize> {
    let mut times = BTreeMap::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        let result: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        *times.entry(result["item"].as_u64().unwrap()).or_default() += 1;
    }
    times
}

fn each_once(path: &Path, count: u64) {
    let times = results(path);
    let expected: BTreeMap<_, _> = (1..=count).map(|item| (item, 1)).collect();
    assert!(times == expected, "{} of {count}: {:?}", times.len(), times.iter().find(|(_, times)| **times != 1));
}

fn stderr(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Numbers that look random, and are the same each time.
fn random(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

/// Killed again and again, at any moment, it goes on; in the end each item has one result. `BATCH_KILLS` says
/// how often: 40 times, where it doesn't.
#[test]
fn a_killed_batch_loses_nothing_and_does_nothing_twice() {
    let kills: usize = std::env::var("BATCH_KILLS").ok().map_or(40, |kills| kills.parse().unwrap());
    let (mut seed, mut killed, mut rounds) = (0x9e37_79b9_7f4a_7c15, 0, 0);
    while killed < kills {
        rounds += 1;
        let (here, count) = (here(), 100_000);
        numbers(here.path(), count);
        let out = here.path().join("out.jsonl");
        let order: &[&str] = if rounds % 2 == 0 { &["--unordered"] } else { &[] };
        loop {
            let arguments = [&["--items", "items.jsonl", "--out", "out.jsonl", "--resume"], order].concat();
            let mut run = batch(here.path(), "greet", &arguments).stderr(Stdio::piped()).spawn().unwrap();
            thread::sleep(Duration::from_micros(random(&mut seed) % 200_000));
            if killed < kills && run.try_wait().unwrap().is_none() {
                run.kill().unwrap();
                run.wait().unwrap();
                killed += 1;
                continue;
            }
            let (code, said) = stderr(run);
            // A kill that came too late left nothing to do.
            assert_eq!(code, Some(0), "{said}");
            break;
        }
        each_once(&out, count as u64);
    }
}

/// What is in flight is finished and written, and it says how to go on.
#[test]
fn an_interrupt_finishes_what_is_in_flight() {
    for signal in [Signal::INT, Signal::TERM] {
        let here = here();
        numbers(here.path(), 300_000);
        let arguments = ["--items", "items.jsonl", "--out", "out file.jsonl", "--junit", "report.xml"];
        let run = batch(here.path(), "greet", &arguments).stderr(Stdio::piped()).spawn().unwrap();
        until(|| fs::metadata(here.path().join("out file.jsonl")).is_ok_and(|found| found.len() > 0));
        kill_process(Pid::from_child(&run), signal).unwrap();
        let (code, said) = stderr(run);
        assert_eq!(code, Some(130), "{said}");
        let next =
            "go on with: turingbox batch greet --items items.jsonl --out 'out file.jsonl' --junit report.xml --resume";
        assert!(said.contains("stopped before the last item") && said.contains(next), "{said}");
        let done = results(&here.path().join("out file.jsonl")).len();
        assert!((1..300_000).contains(&done), "{done}");
        let report = fs::read_to_string(here.path().join("report.xml")).unwrap();
        assert!(report.contains(&format!("tests=\"{done}\"")) && report.matches("<testcase").count() == done);
        let again = ["--items", "items.jsonl", "--out", "out file.jsonl", "--resume"];
        assert_eq!(stderr(batch(here.path(), "greet", &again).stderr(Stdio::piped()).spawn().unwrap()).0, Some(0));
        each_once(&here.path().join("out file.jsonl"), 300_000);
    }
}

/// Who waits for a pipe that says nothing can be stopped, too; and twice is at once.
#[test]
fn an_interrupt_ends_who_waits() {
    let here = here();
    let mut command = batch(here.path(), "greet", &["--items", "-", "--out", "out.jsonl"]);
    let mut run = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut pipe = run.stdin.take().unwrap();
    pipe.write_all(b"\"Ada\"\n").unwrap();
    until(|| fs::metadata(here.path().join("out.jsonl")).is_ok_and(|found| found.len() > 0));
    kill_process(Pid::from_child(&run), Signal::INT).unwrap();
    assert_eq!(stderr(run).0, Some(130));
    let mut command = batch(here.path(), "endless", &["--items", "items.jsonl", "--out", "out2.jsonl"]);
    fs::write(here.path().join("items.jsonl"), "\"Ada\"\n").unwrap();
    let mut run = command.env("GITHUB_ACTIONS", "true").stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    thread::sleep(Duration::from_millis(500));
    kill_process(Pid::from_child(&run), Signal::INT).unwrap();
    let stopped = lines.next().unwrap().unwrap();
    assert!(lines.any(|line| line.unwrap().contains("once more ends it at once")));
    kill_process(Pid::from_child(&run), Signal::INT).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(130));
    // Who runs it obeys what comes after.
    let word = stopped.strip_prefix("::stop-commands::").unwrap();
    assert_eq!(lines.last().unwrap().unwrap(), format!("::{word}::"));
}

/// A disk that fills up: what was written is kept to the last whole line, and goes on where there is room.
#[test]
fn a_full_disk_loses_nothing() {
    let here = here();
    numbers(here.path(), 100_000);
    let out = here.path().join("out.jsonl");
    // What can't be written first is the results, or else the store: no item's failure.
    for (store, why) in [("--no-store", "results can't be written"), ("--store s", "the run can't be recorded")] {
        // A limit of the process on files, in blocks of 512 bytes: the same short write, without a disk of its own.
        let script = format!(
            "trap '' XFSZ; ulimit -f 2000; exec turingbox batch greet --items items.jsonl --out out.jsonl {store}"
        );
        let output = binary::command("sh", here.path()).args(["-c", &script]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{said}");
        assert!(said.contains(why) && said.contains("--resume") && said.matches("error: ").count() == 1, "{said}");
        let left = fs::read_to_string(&out).unwrap();
        assert!(left.len() > 50_000 && left.len() < 1_100_000, "{}", left.len());
        assert!(!left.contains("\"failure\""), "{why}");
        let again = ["--items", "items.jsonl", "--out", "out.jsonl", "--resume"];
        assert!(batch(here.path(), "greet", &again).output().unwrap().status.success());
        each_once(&out, 100_000);
        fs::remove_file(&out).unwrap();
    }
    // And a device that is full from the start.
    let full = batch(here.path(), "greet", &["--items", "items.jsonl", "--out", "/dev/full", "--force"]);
    let full = { full }.stderr(Stdio::piped()).spawn().unwrap();
    let (code, said) = stderr(full);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("No space left on device"), "{said}");
}

/// A line of a gigabyte is one failed item, and is never held; nor are results that wait for a slow item.
#[test]
fn memory_has_a_bound() {
    let here = here();
    let script = "
        ( echo '\"Ada\"'; head -c 1000000000 /dev/zero | tr '\\0' x; echo; echo '\"Grace\"' ) |
        ( ulimit -v 4000000; exec turingbox batch greet --items - --out out.jsonl )";
    let (code, peak) = peak(binary::command("sh", here.path()).args(["-c", script]));
    assert_eq!(code, Some(1));
    assert_eq!(results(&here.path().join("out.jsonl")), [(1, 1), (2, 1), (3, 1)].into());
    assert!(peak < 400 << 10, "{peak} KiB for a long line");
    // The first item takes a while, and those behind it give a megabyte each.
    let lines: String = (0..600).map(|number| format!("{number}\n")).collect();
    fs::write(here.path().join("items.jsonl"), lines).unwrap();
    let (code, peak) =
        self::peak(&mut batch(here.path(), "large", &["--items", "items.jsonl", "--out", "large.jsonl"]));
    assert_eq!(code, Some(0));
    assert_eq!(results(&here.path().join("large.jsonl")).len(), 600);
    assert!(peak < 450 << 10, "{peak} KiB for results that wait");
}

/// The exit code, and the most memory that a process of these had, in KiB.
fn peak(command: &mut Command) -> (Option<i32>, i64) {
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let (mut peak, began) = (0, Instant::now());
    loop {
        peak = peak.max(resident());
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), peak);
        }
        assert!(began.elapsed() < Duration::from_secs(300));
        thread::sleep(Duration::from_millis(5));
    }
}

/// The memory of the largest descendant of this test that is a batch.
fn resident() -> i64 {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let statuses: BTreeMap<String, String> = processes
        .filter_map(|entry| {
            Some((entry.file_name().into_string().ok()?, fs::read_to_string(entry.path().join("status")).ok()?))
        })
        .collect();
    let field = |status: &str, name: &str| {
        status.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().trim_end_matches(" kB").to_owned()))
    };
    let ours = |mut id: String| {
        while id != own {
            match statuses.get(&id).and_then(|status| field(status, "PPid:")) {
                Some(parent) if parent != "0" => id = parent,
                _ => return false,
            }
        }
        true
    };
    let batches = statuses.iter().filter(|(id, status)| {
        let arguments = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let known = ["large.jsonl", "items\0-\0"].iter().any(|word| arguments.contains(word));
        field(status, "Name:").is_some_and(|name| name == "turingbox") && known && ours((*id).clone())
    });
    batches.filter_map(|(_, status)| field(status, "VmRSS:")?.parse::<i64>().ok()).max().unwrap_or_default()
}

/// A server that is busy twice for each path, and then isn't.
#[test]
fn a_busy_server_is_asked_again() {
    let (here, asked) = (here(), Arc::new(AtomicUsize::new(0)));
    let counted = asked.clone();
    let busy = Arc::new(std::sync::Mutex::new(BTreeMap::<String, usize>::new()));
    let port = server::listen(move |stream| {
        let mut line = String::new();
        let mut reader = BufReader::new(&stream);
        reader.read_line(&mut line).unwrap();
        let mut header = String::new();
        while reader.read_line(&mut header).unwrap_or(0) > 2 {
            header.clear();
        }
        counted.fetch_add(1, SeqCst);
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let times = { *busy.lock().unwrap().entry(path).and_modify(|times| *times += 1).or_insert(1) };
        let answer = if times <= 2 { "503 Service Unavailable" } else { "200 OK" };
        let body = "content-length: 2\r\nconnection: close\r\n\r\nok";
        drop(write!(&stream, "HTTP/1.1 {answer}\r\ncontent-type: text/plain\r\n{body}"));
    });
    let items: String = (0..5).map(|item| format!("{{\"url\": \"http://127.0.0.1:{port}/{item}\"}}\n")).collect();
    fs::write(here.path().join("items.jsonl"), items).unwrap();
    let policy = format!(
        "version = 1\n[agents.http_get]\nhttp = [{{ host = \"127.0.0.1\", ports = [{port}], schemes = [\"http\"] }}]\n"
    );
    fs::write(here.path().join("policy.toml"), policy).unwrap();
    let run = |more: &[&str]| {
        let arguments = ["--items", "items.jsonl", "--policy", "policy.toml", "--out", "out.jsonl", "--force"];
        let run = batch(here.path(), "http_get", &[&arguments, more].concat()).stderr(Stdio::piped()).spawn().unwrap();
        stderr(run)
    };
    let (code, said) = run(&["--retry", "5", "--backoff", "1ms", "--retry-if", "'404' in $message"]);
    assert_eq!((code, asked.load(SeqCst)), (Some(1), 5), "{said}");
    let (code, said) = run(&["--retry", "5", "--backoff", "1ms", "--retry-if", "' 503 ' in $message and $attempt < 3"]);
    assert_eq!((code, asked.load(SeqCst)), (Some(0), 15), "{said}");
    assert!(said.contains("5 retries"), "{said}");
}

/// Two batches don't write one file.
#[test]
fn results_are_one_batchs() {
    let here = here();
    let mut one = batch(here.path(), "greet", &["--items", "-", "--out", "out.jsonl"]);
    let mut one = one.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    one.stdin.as_ref().unwrap().write_all(b"\"Ada\"\n").unwrap();
    until(|| fs::metadata(here.path().join("out.jsonl")).is_ok_and(|found| found.len() > 0));
    numbers(here.path(), 3);
    for way in ["--resume", "--force"] {
        let other = batch(here.path(), "greet", &["--items", "items.jsonl", "--out", "out.jsonl", way]);
        let (code, said) = stderr({ other }.stderr(Stdio::piped()).spawn().unwrap());
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("being written by another batch"), "{said}");
    }
    drop(one.stdin.take());
    assert!(one.wait().unwrap().success());
    each_once(&here.path().join("out.jsonl"), 1);
}

/// Waits until it is so, for a minute at most.
fn until(holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(2));
    }
}
