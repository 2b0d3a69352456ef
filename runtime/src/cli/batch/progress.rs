//! How far a batch is: a bar on a terminal, a line now and then elsewhere.

use std::{
    io::{self, IsTerminal},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    batch::{Items, Tally},
    cli::render,
    diagnostic::counted,
};

/// How often a log is told.
const LINE: Duration = Duration::from_secs(10);

/// Who watches.
pub struct Progress {
    read: Arc<AtomicU64>,
    total: Option<u64>,
    began: Instant,
    shown: Shown,
}

enum Shown {
    Bar(ProgressBar),
    /// When the next line is due.
    Lines(Duration),
}

impl Progress {
    /// Watches how far `items` is read. Where results go to the same terminal, lines have to do.
    pub fn new(items: &Items, shared: bool) -> Self {
        let (read, total) = items.progress();
        let bar = io::stderr().is_terminal() && !(shared && io::stdout().is_terminal());
        let shown = if bar { Shown::Bar(made(total)) } else { Shown::Lines(LINE) };
        Self { read, total, began: Instant::now(), shown }
    }

    /// Tells how it stands: a bar at once, a line when there is something to tell.
    pub fn tick(&mut self, tally: &Tally) {
        let (elapsed, read) = (self.elapsed(), self.read.load(Relaxed));
        let rate = tally.seen() as f64 / elapsed.as_secs_f64().max(0.001);
        let message = format!("{}, {} failed, {rate:.0}/s", counted(tally.seen(), "item"), tally.failed);
        match &mut self.shown {
            Shown::Bar(bar) => {
                bar.set_position(read);
                bar.set_message(message);
            }
            Shown::Lines(due) if elapsed >= *due => {
                *due = elapsed + LINE;
                render::note(&format!("{message}{}", left(read, self.total, elapsed)));
            }
            Shown::Lines(_) => {}
        }
    }

    /// How long it took.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Takes the bar away.
    pub fn close(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

/// How much is read, and how long the rest takes if it goes on so.
fn left(read: u64, total: Option<u64>, elapsed: Duration) -> String {
    let Some(total) = total.filter(|total| *total > 0) else { return String::new() };
    let share = (read as f64 / total as f64).clamp(0.0, 1.0);
    let left = elapsed.as_secs_f64() * (1.0 - share) / share.max(f64::EPSILON);
    // What would take a thousand years is not known.
    let left = if left < 3e10 { format!(", about {left:.0} s left") } else { String::new() };
    format!(", {:.0}% read{left}", share * 100.0)
}

fn made(total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (ProgressBar::new(total), "{bar:30} {percent}% {msg} ({elapsed}, {eta} left)"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg} ({elapsed})"),
    };
    bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
}
