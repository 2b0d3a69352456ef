//! How far ahead of the writer items may be read: so many, and so many bytes.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

/// Items beyond those that run, so that nobody waits for the reader or for a slow one among them.
const AHEAD: usize = 1024;

/// What items in flight may hold, in bytes. One item may be larger, by itself.
const MAX_BYTES: usize = 64 << 20;

/// How often somebody who waits looks whether it is worth it.
const PATIENCE: Duration = Duration::from_millis(50);

/// What is in flight.
pub struct Window {
    size: usize,
    used: Mutex<Used>,
    left: Condvar,
}

#[derive(Default)]
struct Used {
    items: usize,
    bytes: usize,
}

/// One item's place, until this is dropped.
pub struct Place {
    window: Arc<Window>,
    bytes: usize,
}

impl Window {
    /// A window for so many items that run.
    pub fn new(jobs: usize) -> Self {
        Self { size: jobs + AHEAD, used: Mutex::default(), left: Condvar::new() }
    }

    /// How many items there may be in it.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Waits for a place for an item of so many bytes; gives none once `over`.
    pub fn enter(self: &Arc<Self>, bytes: usize, over: impl Fn() -> bool) -> Option<Place> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        while used.items >= self.size || (used.items > 0 && used.bytes + bytes > MAX_BYTES) {
            if over() {
                return None;
            }
            (used, _) = self.left.wait_timeout(used, PATIENCE).unwrap_or_else(PoisonError::into_inner);
        }
        used.items += 1;
        used.bytes += bytes;
        Some(Place { window: self.clone(), bytes })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut used = self.window.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.items -= 1;
        used.bytes -= self.bytes;
        self.window.left.notify_one();
    }
}
