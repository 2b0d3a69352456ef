//! Rows, as they are measured, and one table of all of them at the end.

use std::{fs, process::Command, time::Duration};

use crate::{install::succeed, turns::Measured};

/// What is measured of a job. Less is better, but for a rate.
#[derive(Clone, Copy)]
pub enum Unit {
    Time,
    Bytes,
    Rate,
}

/// What each side took for a job, ours first.
pub struct Row {
    pub job: String,
    unit: Unit,
    sides: Vec<(String, Result<f64, String>)>,
}

#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

impl Row {
    pub fn new(job: &str, unit: Unit, sides: Vec<(String, Result<f64, String>)>) -> Self {
        Self { job: job.to_owned(), unit, sides }
    }

    pub fn of_times(job: &str, measured: Measured) -> Self {
        let seconds = |(name, time): (String, Result<Duration, String>)| (name, time.map(|time| time.as_secs_f64()));
        Self::new(job, Unit::Time, measured.into_iter().map(seconds).collect())
    }

    fn first(&self) -> Option<&str> {
        self.sides.first().map(|(name, _)| name.as_str())
    }

    fn cell(&self, side: &Result<f64, String>, is_ours: bool) -> String {
        match (side, self.sides.first()) {
            (Err(_), _) => "no".to_owned(),
            (Ok(figure), Some((_, Ok(ours)))) if !is_ours => {
                let ratio = if let Unit::Rate = self.unit { figure / ours } else { ours / figure };
                format!("{} ({})", self.unit.written(*figure), written(ratio))
            }
            (Ok(figure), _) => self.unit.written(*figure),
        }
    }
}

impl Table {
    /// Takes a row, and prints it at once.
    pub fn add(&mut self, row: Row) {
        println!("{}", row.job);
        for (at, (name, side)) in row.sides.iter().enumerate() {
            match side {
                Ok(_) => println!("  {name}: {}", row.cell(side, at == 0)),
                Err(why) => println!("  {name}: can't: {why}"),
            }
        }
        self.rows.push(row);
    }

    /// Prints all rows as tables in Markdown: one for those where we are a side, and one for each other first side.
    pub fn print(&self) {
        println!("\nMeasured on {}; medians.", machine());
        println!(
            "In brackets: the first column as a multiple of it, in time or memory. Below 1, the first takes less."
        );
        let mut firsts: Vec<&str> = Vec::new();
        for first in self.rows.iter().filter_map(Row::first) {
            if !firsts.contains(&first) {
                firsts.push(first);
            }
        }
        for first in firsts {
            print_table(&self.rows.iter().filter(|row| row.first() == Some(first)).collect::<Vec<_>>());
        }
    }
}

fn print_table(rows: &[&Row]) {
    let mut columns: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.sides) {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    println!("\n| job | {} |", columns.join(" | "));
    println!("| --- |{}", " ---: |".repeat(columns.len()));
    for row in rows {
        let cells = columns.iter().map(|column| {
            let side = row.sides.iter().enumerate().find(|(_, (name, _))| name == column);
            side.map(|(at, (_, side))| row.cell(side, at == 0)).unwrap_or_default()
        });
        println!("| {} | {} |", row.job, cells.collect::<Vec<_>>().join(" | "));
    }
}

impl Unit {
    fn written(self, figure: f64) -> String {
        match self {
            Self::Time if figure < 1e-3 => format!("{} µs", written(figure * 1e6)),
            Self::Time if figure < 1.0 => format!("{} ms", written(figure * 1e3)),
            Self::Time => format!("{} s", written(figure)),
            Self::Bytes => format!("{} MB", written(figure / 1e6)),
            Self::Rate => format!("{}/s", written(figure)),
        }
    }
}

/// Three digits that count.
fn written(figure: f64) -> String {
    match figure {
        ..0.1 => format!("{figure:.3}"),
        0.1..10.0 => format!("{figure:.2}"),
        10.0..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}

/// The day and the machine.
fn machine() -> String {
    let date = succeed(Command::new("date").args(["-u", "+%Y-%m-%d"])).unwrap_or_default();
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut names = processors.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let name = names.next().map_or("a processor without a name", |(_, name)| name);
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    format!("{date}, {} × {name}, profile {profile}", 1 + names.count())
}
