//! How much of a budget is left, shared by all that spends it in one call.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A count that goes down and never below nothing.
#[derive(Clone, Debug)]
pub struct Meter(Arc<AtomicU64>);

/// There is less left than was to be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

impl Meter {
    /// A meter with `amount` to spend.
    pub fn new(amount: u64) -> Self {
        Self(Arc::new(AtomicU64::new(amount)))
    }

    /// What is left.
    pub fn left(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Has `amount` to spend, whatever was left.
    pub fn refill(&self, amount: u64) {
        self.0.store(amount, Ordering::Relaxed);
    }

    /// Takes all that is left: until it is given back, nobody else spends it.
    pub fn reserve(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }

    /// Gives back what is left of what was reserved.
    pub fn give_back(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// Spends `amount`.
    ///
    /// # Errors
    ///
    /// When less is left; then nothing is left.
    pub fn spend(&self, amount: u64) -> Result<(), Exhausted> {
        self.try_spend(amount).inspect_err(|_| self.0.store(0, Ordering::Relaxed))
    }

    /// Spends `amount`, for whoever hears that it is too much and goes on with less.
    ///
    /// # Errors
    ///
    /// When less is left; then that is still left.
    pub fn try_spend(&self, amount: u64) -> Result<(), Exhausted> {
        let spent = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount));
        spent.map(drop).map_err(|_| Exhausted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_is_spent_by_nobody_else() {
        let meter = Meter::new(5);
        let streaming = meter.clone();
        assert_eq!(meter.reserve(), 5);
        assert_eq!((streaming.spend(1), streaming.left()), (Err(Exhausted), 0));
        meter.give_back(3);
        assert_eq!((streaming.spend(2), meter.left()), (Ok(()), 1));
    }

    #[test]
    fn nothing_is_spent_twice() {
        let meter = Meter::new(5);
        assert_eq!((meter.try_spend(6), meter.left()), (Err(Exhausted), 5));
        assert_eq!(meter.spend(3), Ok(()));
        assert_eq!(meter.clone().spend(3), Err(Exhausted));
        assert_eq!(meter.left(), 0);
    }
}
