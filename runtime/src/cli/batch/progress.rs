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
    Lines(Instant),
}

impl Progress {
    /// Watches how far `items` is read. Where results go to the same terminal, lines have to do.
    pub fn new(items: &Items, shared: bool) -> Self {
        let (read, total) = items.progress();
        let began = Instant::now();
        let bar = io::stderr().is_terminal() && !(shared && io::stdout().is_terminal());
        let shown = if bar { Shown::Bar(made(total)) } else { Shown::Lines(began) };
        Self { read, total, began, shown }
    }

    /// Tells how it stands.
    pub fn tick(&mut self, tally: &Tally) {
        let rate = tally.seen() as f64 / self.began.elapsed().as_secs_f64().max(0.001);
        let message = format!("{} items, {} failed, {rate:.0}/s", tally.seen(), tally.failed);
        match &mut self.shown {
            Shown::Bar(bar) => {
                bar.set_position(self.read.load(Relaxed));
                bar.set_message(message);
            }
            Shown::Lines(last) if last.elapsed() >= LINE => {
                *last = Instant::now();
                let share = self.total.map(|total| self.read.load(Relaxed) * 100 / total.max(1));
                let share = share.map(|share| format!(", {share}% read")).unwrap_or_default();
                render::note(&format!("{message}{share}"));
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

fn made(total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (ProgressBar::new(total), "{bar:30} {percent}% {msg} ({elapsed}, {eta} left)"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg} ({elapsed})"),
    };
    bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
}
