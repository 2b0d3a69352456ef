//! What a call may still use, handed down from its caller.

use std::time::{Duration, Instant};

use crate::{agent::MAX_PARALLEL, policy::Limits, sandbox::Usage};

/// What is left. A callee gets the smaller of its own limits and what its caller has left.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Work, in fuel.
    pub fuel: u64,
    /// Steps that may still run.
    pub steps: u64,
    /// How many workflows may still nest.
    pub depth: u64,
    /// When it is over.
    pub deadline: Instant,
    /// What workflows may still hold in results, in bytes.
    pub memory: u64,
    /// What may still go over the network and to databases, in bytes.
    pub bytes: u64,
    /// Agents that procs may still call.
    pub calls: u64,
    /// How many items may run at one time.
    pub lanes: u64,
    /// How many steps that run for each item of a list may still nest: what runs for an item is polled on the
    /// machine's stack.
    pub each: u64,
}

/// The most steps with `for_each` in one another.
const MAX_EACH: u64 = 8;

/// What one run may use of something that several share.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allowance {
    /// Work, in fuel; as much as the policy says, where there is none.
    pub fuel: Option<u64>,
    /// When it has to be over.
    pub deadline: Option<Instant>,
}

impl Budget {
    /// `allowance`, and of the rest more than any limit allows.
    pub(super) fn of(allowance: Allowance) -> Self {
        const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
        Self {
            fuel: allowance.fuel.unwrap_or(u64::MAX),
            steps: u64::MAX,
            depth: u64::MAX,
            deadline: allowance.deadline.unwrap_or_else(|| Instant::now() + CENTURY),
            memory: u64::MAX,
            bytes: u64::MAX,
            calls: u64::MAX,
            lanes: MAX_PARALLEL,
            each: MAX_EACH,
        }
    }

    /// The budget of a callee that has `limits` of its own and begins now.
    pub(super) fn narrowed(&self, limits: &Limits, now: Instant) -> Self {
        Self {
            fuel: self.fuel.min(limits.fuel),
            steps: self.steps.min(limits.steps),
            depth: self.depth.min(limits.depth),
            deadline: self.deadline.min(now + limits.time),
            memory: self.memory.min(limits.memory),
            bytes: self.bytes.min(limits.bytes),
            calls: self.calls.min(limits.calls),
            ..*self
        }
    }

    /// What one of several may use that share what is left, and hold `held` bytes together. All of them
    /// together may use no more than that, whatever they do and when.
    pub(super) fn share(&self, held: u64, number: u64, of: u64) -> Self {
        let part = |left: u64| left / of + u64::from(number < left % of);
        Self {
            fuel: part(self.fuel),
            steps: part(self.steps),
            depth: self.depth,
            deadline: self.deadline,
            memory: part(self.memory.saturating_sub(held)),
            bytes: part(self.bytes),
            calls: part(self.calls),
            lanes: part(self.lanes).max(1),
            each: self.each.saturating_sub(1),
        }
    }

    /// What a callee one level down may use, while its caller holds `held` bytes.
    pub(super) fn below(&self, held: u64) -> Self {
        Self { depth: self.depth.saturating_sub(1), memory: self.memory.saturating_sub(held), ..self.clone() }
    }
}

impl Budget {
    /// What is left at `now` for a callee that has `limits` of its own: `fuel 5 of 20, depth 3`.
    pub(super) fn left(&self, limits: &Limits, now: Instant) -> String {
        let time = self.deadline.saturating_duration_since(now);
        let left = Limits {
            memory: self.memory,
            fuel: self.fuel,
            // To the millisecond, for who reads it.
            time: Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            output: limits.output,
            depth: self.depth,
            steps: self.steps,
            bytes: self.bytes,
            calls: self.calls,
        };
        let rows = left.rows().into_iter().zip(limits.rows()).map(|((name, left), (_, limit))| match left == limit {
            true => format!("{name} {left}"),
            false => format!("{name} {left} of {limit}"),
        });
        rows.collect::<Vec<_>>().join(", ")
    }

    /// Takes off what a callee used.
    pub(super) fn spend(&mut self, usage: &Usage) {
        for (left, used) in [
            (&mut self.fuel, usage.fuel),
            (&mut self.steps, usage.steps),
            (&mut self.bytes, usage.bytes),
            (&mut self.calls, usage.calls),
        ] {
            *left = left.saturating_sub(used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn five(now: Instant) -> Budget {
        Budget { fuel: 5, steps: 5, depth: 5, deadline: now, memory: 5, bytes: 5, calls: 5, lanes: 5, each: 5 }
    }

    #[test]
    fn shares_are_all_that_is_left_and_no_more() {
        let left = five(Instant::now());
        let shares: Vec<_> = (0..3).map(|number| left.share(1, number, 3)).collect();
        let sum = |of: fn(&Budget) -> u64| shares.iter().map(of).sum::<u64>();
        assert_eq!([sum(|one| one.fuel), sum(|one| one.steps), sum(|one| one.bytes), sum(|one| one.calls)], [5; 4]);
        assert_eq!((sum(|one| one.memory), sum(|one| one.lanes)), (4, 5));
        assert!(shares.iter().all(|one| (one.depth, one.each) == (5, 4)));
        let many: Vec<_> = (0..8).map(|number| left.share(9, number, 8)).collect();
        assert!(many.iter().all(|one| one.memory == 0 && one.lanes == 1));
        assert_eq!(many.iter().map(|one| one.fuel).sum::<u64>(), 5);
    }

    #[test]
    fn a_callee_never_has_more_than_its_caller() {
        let now = Instant::now();
        let five = five(now);
        let all = |budget: &Budget| {
            let Budget { fuel, steps, depth, memory, bytes, calls, .. } = *budget;
            [fuel, steps, depth, memory, bytes, calls]
        };
        let of = |amount: u64| Limits {
            fuel: amount,
            steps: amount,
            depth: amount,
            memory: amount,
            bytes: amount,
            calls: amount,
            ..Limits::default()
        };
        for (own, expected) in [(3, 3), (9, 5)] {
            let callee = five.narrowed(&of(own), now);
            assert_eq!((all(&callee), callee.deadline), ([expected; 6], now));
        }
        let limits = Limits { fuel: 3, depth: 9, ..Limits::default() };
        let left = five.narrowed(&limits, now).left(&limits, now);
        assert!(
            left.starts_with("memory 5 B of 128 MiB, fuel 3, time 0ns of 30s, output 16 MiB, depth 5 of 9"),
            "{left}"
        );
        let mut later = five.clone();
        later.deadline = now + Limits::default().time * 2;
        assert_eq!(later.narrowed(&of(9), now).deadline, now + Limits::default().time);
        assert_eq!(all(&five.below(2)), [5, 5, 4, 3, 5, 5]);
        assert_eq!(all(&five.below(9)), [5, 5, 4, 0, 5, 5]);
        let mut caller = five;
        caller.spend(&Usage { fuel: 9, steps: 2, memory: 4, bytes: 3, calls: 1, ..Usage::default() });
        assert_eq!(all(&caller), [0, 3, 5, 5, 2, 4], "memory is given back when a call ends");
    }
}
