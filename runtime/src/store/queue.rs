//! What waits to be written: all of it is taken at once, so that who brings something seldom wakes the writer.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The most things that wait, and as many may be being written. A run that is killed has done no more than these pure
/// steps in vain; of steps that have effects, none. It is what a run does while the writer waits for a processor.
const MAX_JOBS: usize = 1024;

/// The most bytes of values that wait, but for those of one step: several can hold `limits.output` each.
const MAX_BYTES: usize = 64 << 20;

/// How long what comes is gathered before it is written, unless it is urgent: a transaction costs as much as
/// many rows.
const GATHER: Duration = Duration::from_millis(2);

/// A queue from many threads to the one that writes.
pub struct Queue<J> {
    state: Mutex<State<J>>,
    came: Condvar,
    went: Condvar,
}

struct State<J> {
    jobs: Vec<J>,
    bytes: usize,
    /// What was written. It is freed where it came from: memory that goes from thread to thread costs both.
    written: Vec<J>,
    /// Whether what is there is to be written at once, as what somebody waits for.
    is_urgent: bool,
    /// Nothing more comes, or nobody writes any more.
    is_closed: bool,
}

impl<J> Default for Queue<J> {
    fn default() -> Self {
        let state = State { jobs: Vec::new(), bytes: 0, written: Vec::new(), is_urgent: false, is_closed: false };
        Self { state: Mutex::new(state), came: Condvar::new(), went: Condvar::new() }
    }
}

impl<J> Queue<J> {
    /// Puts in what holds so many bytes, once there is room. Where nobody writes any more, it is dropped.
    pub fn put(&self, job: J, bytes: usize, is_urgent: bool) {
        let full = |state: &mut State<J>| !state.is_closed && state.is_full();
        let mut state = self.went.wait_while(self.state(), full).unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            return;
        }
        state.bytes = state.bytes.saturating_add(bytes);
        state.is_urgent |= is_urgent;
        state.jobs.push(job);
        let wakes = state.jobs.len() == 1 || state.is_ready();
        let written = std::mem::take(&mut state.written);
        drop(state);
        if wakes {
            self.came.notify_one();
        }
        drop(written);
    }

    /// All that is there, once it was gathered; `None` when nothing comes any more. What was written goes back.
    pub fn take(&self, written: Vec<J>) -> Option<Vec<J>> {
        let mut state = self.state();
        state.written = written;
        let nothing = |state: &mut State<J>| state.jobs.is_empty() && !state.is_closed;
        let state = self.came.wait_while(state, nothing).unwrap_or_else(PoisonError::into_inner);
        let gathered = self.came.wait_timeout_while(state, GATHER, |state| !state.is_ready());
        let (mut state, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        let jobs = std::mem::take(&mut state.jobs);
        (state.bytes, state.is_urgent) = (0, false);
        drop(state);
        self.went.notify_all();
        (!jobs.is_empty()).then_some(jobs)
    }

    /// Says that nobody writes any more: what waits is dropped.
    pub fn abandon(&self) {
        let waiting = std::mem::take(&mut self.state().jobs);
        self.close();
        drop(waiting);
    }

    /// Says that nothing more comes.
    pub fn close(&self) {
        self.state().is_closed = true;
        self.came.notify_all();
        self.went.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> State<J> {
    fn is_full(&self) -> bool {
        self.jobs.len() >= MAX_JOBS || self.bytes >= MAX_BYTES
    }

    /// Whether it is to be written at once.
    fn is_ready(&self) -> bool {
        self.is_urgent || self.is_closed || self.is_full()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use super::*;

    #[test]
    fn all_that_is_put_in_comes_out_in_order() {
        let queue = Arc::new(Queue::default());
        let puts = queue.clone();
        let putting = thread::spawn(move || {
            (0..10 * MAX_JOBS).for_each(|job| puts.put(job, 1, false));
            puts.close();
        });
        let (mut all, mut batch) = (Vec::new(), Vec::new());
        while let Some(jobs) = queue.take(batch) {
            assert!(jobs.len() <= MAX_JOBS);
            all.extend_from_slice(&jobs);
            batch = jobs;
        }
        putting.join().unwrap();
        assert!(all.into_iter().eq(0..10 * MAX_JOBS));
    }

    #[test]
    fn what_is_large_is_written_before_more_is_taken() {
        let queue = Arc::new(Queue::default());
        queue.put("a", MAX_BYTES - 1, false);
        queue.put("b", 1, false);
        let puts = queue.clone();
        let putting = thread::spawn(move || puts.put("c", 1, true));
        assert_eq!(queue.take(Vec::new()), Some(vec!["a", "b"]));
        assert_eq!(queue.take(Vec::new()), Some(vec!["c"]));
        putting.join().unwrap();
    }

    #[test]
    fn who_waits_for_room_is_let_go_when_nobody_writes() {
        let queue = Arc::new(Queue::default());
        queue.put((), MAX_BYTES, false);
        let puts = queue.clone();
        let putting = thread::spawn(move || puts.put((), 1, false));
        queue.abandon();
        putting.join().unwrap();
        queue.put((), 1, false);
        assert_eq!(queue.take(Vec::new()), None);
    }
}
