//! The run's log: what a guest prints. It is never part of an agent's outputs.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use crate::sandbox::{bindings, written::Taker};

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

/// The log of one call. Clones write to the same log.
#[derive(Clone)]
pub struct Log(Arc<Mutex<State>>);

struct State {
    sink: Sink,
    left: usize,
    partial: Vec<u8>,
}

impl Log {
    /// An empty log whose lines go to `sink`.
    pub fn new(sink: Sink) -> Self {
        Self(Arc::new(Mutex::new(State::new(sink))))
    }

    /// Begins anew: what is still written by whoever holds a clone goes to `sink`.
    pub fn restart(&self, sink: Sink) {
        *self.lock() = State::new(sink);
    }

    /// Writes whole lines.
    pub fn lines(&self, level: Level, text: &str) {
        let mut state = self.lock();
        for line in text.lines() {
            state.line(level, line.as_bytes());
        }
    }

    /// Writes bytes of a stream, where a line may come in pieces.
    pub(crate) fn bytes(&self, level: Level, mut bytes: &[u8]) {
        let mut state = self.lock();
        while !bytes.is_empty() {
            let room = MAX_LINE - state.partial.len().min(MAX_LINE - 1);
            let end = bytes.iter().take(room).position(|byte| *byte == b'\n');
            let taken = end.unwrap_or_else(|| bytes.len().min(room));
            state.partial.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken + usize::from(end.is_some())..];
            if end.is_some() || state.partial.len() >= MAX_LINE {
                let line = std::mem::take(&mut state.partial);
                state.line(level, &line);
            }
        }
    }

    /// Writes what is left of a line that never ended.
    pub fn finish(&self) {
        let mut state = self.lock();
        let line = std::mem::take(&mut state.partial);
        if !line.is_empty() {
            state.line(Level::Info, &line);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(sink: Sink) -> Self {
        Self { sink, left: MAX_LOGGED, partial: Vec::new() }
    }

    fn line(&mut self, level: Level, line: &[u8]) {
        if self.left == 0 {
            return;
        }
        match self.left.checked_sub(line.len() + 1) {
            Some(left) => {
                self.left = left;
                for piece in line.chunks(MAX_LINE) {
                    self.sink.line(level, &String::from_utf8_lossy(piece));
                }
                if line.is_empty() {
                    self.sink.line(level, "");
                }
            }
            None => {
                self.left = 0;
                let message = format!("the rest of this log is dropped: one call may log {MAX_LOGGED} bytes");
                self.sink.line(Level::Warn, &message);
            }
        }
    }
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

    fn logged(write: impl Fn(&Log)) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = lines.clone();
        let log = Log::new(Arc::new(move |_, line: &str| kept.lock().unwrap().push(line.to_owned())));
        write(&log);
        log.finish();
        lines.lock().unwrap().clone()
    }

    #[test]
    fn pieces_become_lines() {
        let lines =
            logged(|log| ["a", "b\nc", "\n\nd"].iter().for_each(|piece| log.bytes(Level::Info, piece.as_bytes())));
        assert_eq!(lines, ["ab", "c", "", "d"]);
    }

    #[test]
    fn a_flood_ends() {
        let lines = logged(|log| (0..1000).for_each(|_| log.bytes(Level::Info, &[b'x'; 10_000])));
        assert!(lines.iter().map(String::len).sum::<usize>() <= MAX_LOGGED + 200);
        assert!(lines.last().unwrap().contains("dropped"));
        assert!(lines.iter().all(|line| line.len() <= MAX_LINE));
    }
}
