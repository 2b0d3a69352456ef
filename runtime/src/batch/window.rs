//! How far ahead of the writer items may be read and run: so many, and so many bytes.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

/// Items beyond those that run, so that nobody waits for the reader or for a slow one among them.
const AHEAD: usize = 1024;

/// What items in flight may hold, in bytes. One item may be larger, by itself.
const MAX_BYTES: usize = 64 << 20;

/// What results that wait to be written may hold before no more items are begun, in bytes.
const MAX_RESULTS: usize = 64 << 20;

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
    results: usize,
    /// What the reader waits for, if it waits.
    lacks: Option<Lack>,
}

/// Why an item can't be in the window yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    Places,
    Bytes,
}

impl Used {
    /// What there isn't for an item of so many bytes.
    fn lack(&self, size: usize, bytes: usize) -> Option<Lack> {
        match () {
            () if self.items >= size => Some(Lack::Places),
            () if self.items > 0 && self.bytes + bytes > MAX_BYTES => Some(Lack::Bytes),
            () => None,
        }
    }

    /// Whether the reader is to be woken. That takes longer than to read a small item, so where it waits for places
    /// there are many by then.
    fn wakes(&self, size: usize) -> bool {
        match self.lacks {
            Some(Lack::Places) => self.items <= size / 2,
            Some(Lack::Bytes) => true,
            None => false,
        }
    }
}

/// One item's place, until this is dropped.
pub struct Place {
    window: Arc<Window>,
    bytes: usize,
    results: usize,
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
        loop {
            used.lacks = used.lack(self.size, bytes);
            if used.lacks.is_none() {
                break;
            }
            if over() {
                return None;
            }
            (used, _) = self.left.wait_timeout(used, PATIENCE).unwrap_or_else(PoisonError::into_inner);
        }
        used.items += 1;
        used.bytes += bytes;
        Some(Place { window: self.clone(), bytes, results: 0 })
    }

    /// Whether so much waits to be written that no item should be begun. Items are begun in their order, so
    /// what waits goes away once those that run are finished.
    pub fn is_full(&self) -> bool {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).results >= MAX_RESULTS
    }
}

impl Place {
    /// Says how many bytes the item's result holds.
    pub fn holds(&mut self, results: usize) {
        let mut used = self.window.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.results = used.results - self.results + results;
        self.results = results;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut used = self.window.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.items -= 1;
        used.bytes -= self.bytes;
        used.results -= self.results;
        if used.wakes(self.window.size) {
            self.window.left.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_is_woken_for_many_items_and_for_each_large_one() {
        let window = Arc::new(Window::new(1));
        let wakes = |items, lacks| Used { items, lacks, ..Used::default() }.wakes(window.size());
        let half = window.size() / 2;
        assert_eq!([half + 1, half].map(|items| wakes(items, Some(Lack::Places))), [false, true]);
        assert_eq!([half + 1, half].map(|items| wakes(items, Some(Lack::Bytes))), [true, true]);
        assert!(!wakes(0, None), "nobody waits");
        let lack = |items, bytes| Used { items, bytes, ..Used::default() }.lack(2, 1);
        assert_eq!(
            [lack(2, 0), lack(1, MAX_BYTES), lack(0, 0), lack(1, 0)],
            [Some(Lack::Places), Some(Lack::Bytes), None, None]
        );
    }

    #[test]
    fn what_is_in_flight_has_a_bound() {
        let window = Arc::new(Window::new(1));
        let large = window.enter(2 * MAX_BYTES, || false).unwrap();
        assert!(window.enter(1, || true).is_none(), "one too large by itself is alone");
        drop(large);
        let places: Vec<_> = (0..window.size()).map(|_| window.enter(1, || false).unwrap()).collect();
        assert!(window.enter(1, || true).is_none());
        drop(places);
        let mut place = window.enter(1, || false).unwrap();
        place.holds(MAX_RESULTS - 1);
        assert!(!window.is_full());
        place.holds(MAX_RESULTS);
        assert!(window.is_full());
        drop(place);
        assert!(!window.is_full());
    }
}
