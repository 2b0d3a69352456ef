//! A program's standard output and error: kept for an output, or a part of the log.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    capability::{
        log::{Level, Log},
        meter::Meter,
    },
    sandbox::{command::MAX_TAIL, written::Taker},
    secret::Scrubber,
};

/// How much a program may write in one piece, in bytes.
const MAX_PIECE: usize = 64 << 10;

/// How much of the end of a stream is kept, in bytes: more than is shown, since a secret that was cut in two
/// can't be told from other text, and isn't shown.
const MAX_KEPT: usize = 16 << 10;

/// What all streams of a call may still keep, in bytes.
pub type Room = Meter;

/// A program wrote or left more than `limits.output` allows.
#[derive(Debug, thiserror::Error)]
#[error("the program wrote more than its outputs may have")]
pub struct TooMuch;

/// A stream of a program. Clones are the same stream.
#[derive(Clone)]
pub struct Captured(Arc<Kind>);

enum Kind {
    /// Kept whole.
    Kept { bytes: Mutex<Vec<u8>>, room: Room },
    /// Written into the log, and its end kept.
    Logged { log: Log, level: Level, tail: Mutex<VecDeque<u8>> },
}

impl Captured {
    /// A stream that is an output.
    pub fn kept(room: Room) -> Self {
        Self(Arc::new(Kind::Kept { bytes: Mutex::default(), room }))
    }

    /// A stream that is none.
    pub fn logged(log: Log, level: Level) -> Self {
        Self(Arc::new(Kind::Logged { log, level, tail: Mutex::default() }))
    }

    /// What was written; nothing where it went into the log.
    pub fn bytes(&self) -> Vec<u8> {
        match &*self.0 {
            Kind::Kept { bytes, .. } => bytes.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Kind::Logged { .. } => Vec::new(),
        }
    }

    /// The end of what was written, from where a line begins, without secrets.
    pub fn tail(&self, scrubber: &Scrubber) -> String {
        let end = match &*self.0 {
            Kind::Kept { bytes, .. } => {
                let bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
                bytes[bytes.len().saturating_sub(MAX_KEPT)..].to_vec()
            }
            Kind::Logged { tail, .. } => tail.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect(),
        };
        let clean = scrubber.bytes(&end);
        // What was cut off may have been the beginning of a secret.
        let unsure = if end.len() < MAX_KEPT { 0 } else { scrubber.longest() };
        let from = clean.len().saturating_sub(MAX_TAIL).max(unsure).min(clean.len());
        let cut = &clean[from..];
        let begin = match from {
            0 => 0,
            _ => cut.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1),
        };
        String::from_utf8_lossy(&cut[begin..]).trim_end().to_owned()
    }
}

impl Taker for Captured {
    const PIECE: usize = MAX_PIECE;

    type Refusal = TooMuch;

    fn take(&self, new: &[u8]) -> Result<(), TooMuch> {
        match &*self.0 {
            Kind::Kept { bytes, room } => {
                room.spend(new.len() as u64).map_err(|_| TooMuch)?;
                bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(new);
            }
            Kind::Logged { log, level, tail } => {
                log.bytes(*level, new);
                let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
                tail.extend(&new[new.len().saturating_sub(MAX_KEPT)..]);
                let over = tail.len().saturating_sub(MAX_KEPT);
                tail.drain(..over);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::log;

    fn logged() -> Captured {
        Captured::logged(Log::new(log::silent(), Arc::default()), Level::Warn)
    }

    #[test]
    fn the_end_of_a_stream_begins_with_a_line() {
        let stream = logged();
        (0..100_000).for_each(|line| stream.take(format!("line {line}\n").as_bytes()).unwrap());
        let tail = stream.tail(&Scrubber::default());
        assert!(tail.starts_with("line 9") && tail.ends_with("line 99999"), "{tail}");
        assert!(tail.len() <= MAX_TAIL && tail.len() > MAX_TAIL - 20, "{}", tail.len());
    }

    #[test]
    fn no_part_of_a_secret_is_in_the_end_of_a_stream() {
        let mut scrubber = Scrubber::default();
        let secret = "hunter2hunter2\nhunter3hunter3";
        scrubber.add("KEY", secret);
        // What is kept begins at every byte of the secret, once and where there is nothing else.
        for (before, after) in [(1, MAX_KEPT - secret.len()), (2 * MAX_KEPT / secret.len(), 0)] {
            for more in 0..secret.len() * 2 {
                let stream = logged();
                stream.take(secret.repeat(before).as_bytes()).unwrap();
                stream.take(&"y\n".repeat(MAX_KEPT).as_bytes()[..after + more]).unwrap();
                let tail = stream.tail(&scrubber);
                assert!(!tail.contains("unter"), "{more}: {tail}");
            }
        }
    }

    #[test]
    fn what_is_kept_is_bounded_for_all_streams_together() {
        let room = Room::new(10);
        let (stdout, stderr) = (Captured::kept(room.clone()), Captured::kept(room));
        stdout.take(b"12345").unwrap();
        stderr.take(b"12345").unwrap();
        assert!(stdout.take(b"6").is_err());
        assert_eq!((stdout.bytes(), stderr.bytes()), (b"12345".to_vec(), b"12345".to_vec()));
    }
}
