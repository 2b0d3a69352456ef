//! The run's log: what a guest prints. It is never part of an agent's outputs.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::{
    sandbox::{bindings, written::Taker},
    secret::Scrubber,
};

/// The most that one call may log, in bytes; the rest is dropped, and the log says so.
const MAX_LOGGED: usize = 1 << 20;

/// The longest line, in bytes; a longer one is cut into several.
const MAX_LINE: usize = 8 << 10;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// For whoever looks for a mistake.
    Debug,
    /// `print`.
    Info,
    /// Standard error.
    Warn,
    /// Something failed.
    Error,
}

/// Takes the lines of a log; a closure does.
pub trait Lines: Send + Sync {
    /// Takes a line. The text is a guest's: escape it before a terminal sees it.
    fn line(&self, level: Level, line: &str);
}

impl<F: Fn(Level, &str) + Send + Sync> Lines for F {
    fn line(&self, level: Level, line: &str) {
        self(level, line);
    }
}

/// Where lines go.
pub type Sink = Arc<dyn Lines>;

/// Keeps no line.
pub fn silent() -> Sink {
    Arc::new(|_, _: &str| {})
}

/// The log of one call, without the secrets that the call holds. Clones write to the same log.
#[derive(Clone)]
pub struct Log(Arc<Mutex<State>>);

struct State {
    sink: Sink,
    scrubber: Arc<Scrubber>,
    left: usize,
    /// Whether there was more than that: the log says so once, and has ended.
    cut: bool,
    /// What has come so far of a line, of each stream.
    partial: BTreeMap<Level, Vec<u8>>,
}

impl Log {
    /// An empty log whose lines go to `sink`, without what `scrubber` knows. It is asked here, before a line is cut:
    /// afterwards, nobody would know the two parts of a secret.
    pub fn new(sink: Sink, scrubber: Arc<Scrubber>) -> Self {
        Self(Arc::new(Mutex::new(State { sink, scrubber, left: MAX_LOGGED, cut: false, partial: BTreeMap::new() })))
    }

    /// Begins anew: what is still written by whoever holds a clone goes to `sink`.
    pub fn restart(&self, sink: Sink) {
        let mut state = self.lock();
        (state.sink, state.left, state.cut) = (sink, MAX_LOGGED, false);
        state.partial.clear();
    }

    /// Writes whole lines.
    pub fn lines(&self, level: Level, text: &str) {
        let mut state = self.lock();
        for line in text.lines() {
            if state.cut {
                break;
            }
            state.line(level, line.as_bytes());
        }
    }

    /// Writes bytes of a stream, where a line may come in pieces.
    pub(crate) fn bytes(&self, level: Level, mut bytes: &[u8]) {
        let mut state = self.lock();
        while !bytes.is_empty() && !state.cut {
            let mut line = state.partial.remove(&level).unwrap_or_default();
            let room = MAX_LINE - line.len() % MAX_LINE;
            let end = bytes.iter().take(room).position(|byte| *byte == b'\n');
            let taken = end.unwrap_or_else(|| bytes.len().min(room));
            line.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken + usize::from(end.is_some())..];
            if end.is_some() {
                state.line(level, &line);
                continue;
            }
            if line.len() >= MAX_LINE {
                line = state.beginning(level, &line);
            }
            state.partial.insert(level, line);
        }
    }

    /// Writes what is left of lines that never ended.
    pub fn finish(&self) {
        let mut state = self.lock();
        for (level, line) in std::mem::take(&mut state.partial) {
            if !line.is_empty() {
                state.line(level, &line);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn line(&mut self, level: Level, line: &[u8]) {
        let scrubber = self.scrubber.clone();
        self.clean(level, &scrubber.bytes(line));
    }

    /// Writes what has come of a line that is too long, up to where a secret or a character may have begun that goes
    /// on: that is given back.
    fn beginning(&mut self, level: Level, line: &[u8]) -> Vec<u8> {
        let scrubber = self.scrubber.clone();
        let clean = scrubber.bytes(line);
        let torn = clean.utf8_chunks().last().map_or(0, |chunk| match std::str::from_utf8(chunk.invalid()) {
            Err(error) if error.error_len().is_none() => chunk.invalid().len(),
            _ => 0,
        });
        let (whole, begun) = clean.split_at(clean.len() - torn.max(scrubber.begun(&clean)));
        if !whole.is_empty() {
            self.clean(level, whole);
        }
        begun.to_vec()
    }

    fn clean(&mut self, level: Level, line: &[u8]) {
        if self.cut {
            return;
        }
        let Some(left) = self.left.checked_sub(line.len() + 1) else {
            self.cut = true;
            let message = format!("the rest of this log is dropped: one call may log {MAX_LOGGED} bytes");
            return self.sink.line(Level::Warn, &message);
        };
        self.left = left;
        let line = String::from_utf8_lossy(line);
        let (mut piece, mut rest) = cut(&line);
        self.sink.line(level, piece);
        while !rest.is_empty() {
            (piece, rest) = cut(rest);
            self.sink.line(level, piece);
        }
    }
}

/// What fits into one line, and the rest.
fn cut(line: &str) -> (&str, &str) {
    line.split_at(line.floor_char_boundary(MAX_LINE))
}

impl bindings::log::Host for crate::sandbox::CallState {
    fn write(&mut self, level: bindings::log::Level, message: String) {
        use bindings::log::Level as Guest;
        let level = match level {
            Guest::Debug => Level::Debug,
            Guest::Info => Level::Info,
            Guest::Warn => Level::Warn,
            Guest::Error => Level::Error,
        };
        self.log.lines(level, &message);
    }
}

/// Standard output or error of a guest, as a part of the log.
#[derive(Clone)]
pub struct LogStream {
    log: Log,
    level: Level,
}

impl LogStream {
    /// A stream whose lines have `level`.
    pub fn new(log: Log, level: Level) -> Self {
        Self { log, level }
    }
}

impl Taker for LogStream {
    const PIECE: usize = MAX_LINE;

    type Refusal = Infallible;

    fn take(&self, bytes: &[u8]) -> Result<(), Infallible> {
        self.log.bytes(self.level, bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter2-hunter3";

    /// What is logged by who holds `secret`.
    fn kept(secret: &str, write: impl Fn(&Log)) -> Vec<(Level, String)> {
        let mut scrubber = Scrubber::default();
        scrubber.add("KEY", secret);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = lines.clone();
        let sink = Arc::new(move |level, line: &str| kept.lock().unwrap().push((level, line.to_owned())));
        let log = Log::new(sink, Arc::new(scrubber));
        write(&log);
        log.finish();
        lines.lock().unwrap().clone()
    }

    fn lines(secret: &str, write: impl Fn(&Log)) -> Vec<String> {
        kept(secret, write).into_iter().map(|(_, line)| line).collect()
    }

    fn logged(write: impl Fn(&Log)) -> Vec<String> {
        lines(SECRET, write)
    }

    #[test]
    fn pieces_become_lines() {
        let lines =
            logged(|log| ["a", "b\nc", "\n\nd"].iter().for_each(|piece| log.bytes(Level::Info, piece.as_bytes())));
        assert_eq!(lines, ["ab", "c", "", "d"]);
    }

    #[test]
    fn each_stream_has_its_own_lines() {
        let lines = kept(SECRET, |log| {
            log.bytes(Level::Info, b"loading... ");
            log.bytes(Level::Warn, b"careful\nun");
            log.bytes(Level::Info, b"done");
            log.bytes(Level::Warn, b"finished");
        });
        let [warned, ended, unfinished] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(warned, &(Level::Warn, "careful".into()));
        assert_eq!(ended, &(Level::Info, "loading... done".into()));
        assert_eq!(unfinished, &(Level::Warn, "unfinished".into()));
    }

    #[test]
    fn a_flood_ends() {
        let lines = logged(|log| (0..1000).for_each(|_| log.bytes(Level::Info, &[b'x'; 10_000])));
        assert!(lines.iter().map(String::len).sum::<usize>() <= MAX_LOGGED + 200);
        assert!(lines.last().unwrap().contains("dropped"));
        assert!(lines.iter().all(|line| line.len() <= MAX_LINE));
    }

    #[test]
    fn a_log_that_is_just_full_ends_when_more_comes() {
        let line = "x".repeat(1023) + "\n";
        let full = line.repeat(MAX_LOGGED / line.len());
        for more in ["", "y\n", "y", "\n", "y\nz\n"] {
            let as_a_whole = logged(|log| log.lines(Level::Info, &(full.clone() + more)));
            let in_pieces =
                logged(|log| [&full, more].iter().for_each(|piece| log.bytes(Level::Info, piece.as_bytes())));
            for lines in [as_a_whole, in_pieces] {
                let dropped = lines.iter().filter(|line| line.contains("dropped")).count();
                assert_eq!((lines.len(), dropped), (1024 + dropped, usize::from(!more.is_empty())), "{more:?}");
            }
        }
    }

    #[test]
    fn no_part_of_a_secret_is_where_a_line_is_cut() {
        let long = "hunter2".repeat(MAX_LINE / 5);
        for secret in [SECRET, "many lines:\nhunter2hunter2\nhunter3hunter3\n", &long] {
            for before in (MAX_LINE - 2 * SECRET.len()..=MAX_LINE).step_by(3).chain([0]) {
                let text = format!("{}{secret}{secret}\n{secret} {}ü", "ü".repeat(before / 2), "x".repeat(before));
                let bytes = text.as_bytes();
                let as_a_whole = lines(secret, |log| log.lines(Level::Info, &text));
                let at_once = lines(secret, |log| log.bytes(Level::Info, bytes));
                let in_pieces = lines(secret, |log| bytes.chunks(997).for_each(|piece| log.bytes(Level::Info, piece)));
                for logged in [as_a_whole, at_once, in_pieces] {
                    let all = logged.concat();
                    assert!(!all.contains("unter") && all.contains("[KEY]"), "{before}: {all}");
                    assert!(!all.contains('\u{fffd}') && all.matches('ü').count() == before / 2 + 1, "{before}: {all}");
                }
            }
        }
    }
}
