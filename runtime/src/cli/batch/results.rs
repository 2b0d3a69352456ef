//! What became of items, written as it comes: a line of JSON for each.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
    sync::Arc,
};

use serde::Serialize;

use crate::{
    Failure,
    agent::Manifest,
    batch::{Done, Ended, Finished, Items, Sink, Tally, report::Entry},
    cli::{
        Stop,
        batch::{options::BatchOptions, progress::Progress, reports::Reports, unusable},
        outcome::{Denied, Failed, Outputs},
        terminal::json_line,
    },
};

/// Bytes of results that are held at most before they are written.
const BUFFER: usize = 64 << 10;

/// How many failed items are shown: the others are in the results.
const SHOWN: usize = 3;

/// Where results go.
pub struct Results {
    out: BufWriter<Box<dyn Write>>,
    manifest: Arc<Manifest>,
}

/// Results that are being written, with somebody watching.
pub struct Watched {
    results: Results,
    progress: Progress,
    /// What else is written.
    pub reports: Reports,
    /// The first items that failed, in words.
    pub failed: Vec<String>,
}

/// One line of results.
#[derive(Serialize)]
struct Line<'a> {
    item: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<Outputs<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failed<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    denials: Vec<Denied<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate_of: Option<u64>,
    attempts: u32,
    fuel: u64,
    seconds: f64,
}

impl Results {
    /// Opens the file of results, or stdout. Gives what it has already.
    pub fn open(options: &BatchOptions, manifest: &Arc<Manifest>) -> Result<(Self, Done), Stop> {
        let (out, done): (Box<dyn Write>, _) = match &options.out {
            None => (Box::new(io::stdout()), Done::default()),
            Some(path) => {
                let (file, done) = file(path, options)?;
                (Box::new(file), done)
            }
        };
        Ok((Self { out: BufWriter::with_capacity(BUFFER, out), manifest: manifest.clone() }, done))
    }

    /// The same, with somebody told how far `items` is read. `shared` is whether results go where a person
    /// looks.
    pub fn with_progress(self, items: &Items, shared: bool, reports: Reports) -> Watched {
        Watched { results: self, progress: Progress::new(items, shared), reports, failed: Vec::new() }
    }
}

/// Opens the file of results.
fn file(path: &Path, options: &BatchOptions) -> Result<(File, Done), Stop> {
    let shown = path.display();
    let unwritable = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Stop::Usage(format!("`{shown}` is there already: go on with it by --resume, or write over it by --force"))
        }
        _ => Stop::Usage(format!("`{shown}` can't be written: {error}")),
    };
    let mut open = OpenOptions::new();
    if options.resume && path.exists() {
        // A device or a pipe has no end, and nothing to go on with.
        if !path.is_file() {
            return Err(Stop::Usage(format!("`{shown}` is no file, so --resume can't go on with it")));
        }
        let file = locked(open.read(true).append(true).open(path).map_err(unwritable)?, path)?;
        let length = file.metadata().map_err(unwritable)?.len();
        let done = Done::read(BufReader::new((&file).take(length)))
            .map_err(|failure| unusable(Failure { message: format!("`{shown}`: {}", failure.message), ..failure }))?;
        // Part of a line, from a run that was killed.
        file.set_len(done.length()).map_err(unwritable)?;
        return Ok((file, done));
    }
    let open = if options.force { open.write(true).create(true) } else { open.write(true).create_new(true) };
    let file = locked(open.open(path).map_err(unwritable)?, path)?;
    // What is no file, a pipe or a device, has no end to cut.
    if file.metadata().is_ok_and(|found| found.is_file()) {
        file.set_len(0).map_err(unwritable)?;
    }
    Ok((file, Done::default()))
}

/// Two batches that write one file would make neither's results of it.
fn locked(file: File, path: &Path) -> Result<File, Stop> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            Err(Stop::Usage(format!("`{}` is being written by another batch", path.display())))
        }
        // Some file systems have no locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

impl Sink for Watched {
    fn finished(&mut self, finished: &Finished) -> io::Result<()> {
        let Finished { outcome, used, .. } = finished;
        if let (Some(failure), true) = (&outcome.failure, self.failed.len() < SHOWN) {
            let name = finished.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            self.failed.push(format!("item {}{name}: {failure}", finished.number));
        }
        let line = Line {
            item: finished.number,
            name: finished.name.as_deref(),
            key: finished.key.as_deref(),
            digest: finished.digest.to_string(),
            outputs: (finished.ended == Ended::Done).then_some(Outputs {
                manifest: &self.results.manifest,
                outcome,
                wanted: None,
            }),
            failure: outcome.failure.as_ref().map(Failed::of),
            denials: Denied::all(outcome),
            duplicate_of: finished.duplicate_of,
            attempts: used.attempts,
            fuel: used.fuel,
            seconds: used.time.as_secs_f64(),
        };
        writeln!(self.results.out, "{}", json_line(&line)?)?;
        self.reports.add(&Entry {
            number: finished.number,
            name: finished.name.as_deref(),
            key: finished.key.as_deref(),
            failure: outcome.failure.as_ref(),
            denials: &outcome.denials,
            duplicate_of: finished.duplicate_of,
            used: *used,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.results.out.flush()
    }

    fn tick(&mut self, tally: &Tally) {
        self.progress.tick(tally);
    }
}

impl Watched {
    /// How long it took.
    pub fn elapsed(&self) -> std::time::Duration {
        self.progress.elapsed()
    }

    /// The agent's name.
    pub fn agent(&self) -> &str {
        &self.results.manifest.name
    }

    /// Ends the progress bar, so that what comes after is not mixed with it.
    pub fn close(&mut self) {
        self.progress.close();
    }
}
