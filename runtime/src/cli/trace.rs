//! The tape on stderr: a line a step with `--trace`, and what agents log.

use std::io::Write;

use crate::{
    Outcome, Value,
    capability::log::Level,
    cli::{Globals, terminal::escape},
    engine::{Cell, Tape},
};

/// Prints a run as it goes.
pub struct Trace {
    steps: bool,
    debug: bool,
    /// What is put before each path.
    before: String,
}

impl Trace {
    /// Prints what `globals` asks for.
    pub fn new(globals: &Globals) -> Self {
        Self { steps: globals.trace, debug: globals.verbose, before: String::new() }
    }

    /// The same for one of many runs, that of the item at `number`.
    pub fn of_item(globals: &Globals, number: u64) -> Self {
        Self { before: format!("item {number} "), ..Self::new(globals) }
    }
}

impl Tape for Trace {
    fn append(&self, cell: &Cell<'_>) {
        if !self.steps {
            return;
        }
        print(&format!("{}{}", self.before, told(cell.path, cell.agent, cell.inputs, cell.outcome)));
    }

    fn wants_holdings(&self) -> bool {
        self.steps
    }

    fn holds(&self, path: &str, agent: &str, rows: &[(&str, String)]) {
        for (word, text) in rows {
            print(&format!("{}{path:<12} {agent:<16} holds {word} {text}", self.before));
        }
    }

    fn log(&self, path: &str, agent: &str, level: Level, line: &str) {
        if level == Level::Debug && !self.debug {
            return;
        }
        let place = if path.is_empty() { agent.to_owned() } else { format!("{path} {agent}") };
        print(&format!("{}{place} | {line}", self.before));
    }
}

/// A step in one line, its values shortened.
pub fn told(path: &str, agent: &str, inputs: &[(String, Value)], outcome: &Outcome) -> String {
    let mut line = format!("{path:<12} {agent:<16}");
    for (name, value) in inputs {
        line.push_str(&format!(" {name}={value:?}"));
    }
    line.push_str(" →");
    for (name, value) in &outcome.outputs {
        line.push_str(&format!(" {name}={value:?}"));
    }
    if let Some(failure) = &outcome.failure {
        line.push_str(&format!(" failed {failure}"));
    }
    for denial in outcome.denials.iter() {
        line.push_str(&format!(" denied [{}] {}", denial.code, denial.request));
    }
    let usage = outcome.usage;
    line.push_str(&format!("  ({:.1?}, {} fuel)", usage.time, usage.fuel));
    line
}

fn print(line: &str) {
    // A log that can't be written is no reason to stop a run.
    drop(writeln!(anstream::stderr().lock(), "{}", escape(&line.replace('\n', "\\n"))));
}
