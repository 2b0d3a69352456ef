//! What was measured of one case.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::Phases;

/// From how many calls on the slowest of a hundred is known: of fewer it would be the slowest of all.
const ENOUGH: usize = 100;

/// What was measured of one case.
#[derive(Debug, Default)]
pub struct Figures {
    /// What it cost; nothing where that says nothing.
    pub cost: Option<Cost>,
    /// The least fuel of any call: the most is the cost.
    pub least: u64,
    /// Its times, where they were taken.
    pub times: Option<Times>,
}

/// What a call costs, the same on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    pub fuel: u64,
    /// The most linear memory at a time, in bytes.
    pub memory: u64,
}

/// How long calls took, in nanoseconds.
#[derive(Debug, Default)]
pub struct Times {
    call: Vec<u64>,
    instantiate: Vec<u64>,
    load: Vec<u64>,
    run: Vec<u64>,
}

impl Figures {
    /// Counts what one call cost.
    pub fn cost(&mut self, cost: Option<Cost>) {
        let Some(cost) = cost else { return };
        self.least = self.cost.map_or(cost.fuel, |_| self.least.min(cost.fuel));
        let most = self.cost.get_or_insert(cost);
        *most = Cost { fuel: most.fuel.max(cost.fuel), memory: most.memory.max(cost.memory) };
    }

    /// Counts how long one call took, and its parts, where it has some.
    pub fn time(&mut self, call: Duration, phases: Phases) {
        let times = self.times.get_or_insert_default();
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        times.call.push(nanos(call));
        times.instantiate.extend(phases.instantiate.map(nanos));
        times.load.extend(phases.load.map(nanos));
        times.run.extend(phases.run.map(nanos));
    }

    /// Sorts the times, so that they can be asked for.
    pub fn finish(mut self) -> Self {
        if let Some(Times { call, instantiate, load, run }) = &mut self.times {
            [call, instantiate, load, run].into_iter().for_each(|times| times.sort_unstable());
        }
        self
    }

    /// All of it, for machines.
    pub fn object(&self) -> serde_json::Map<String, Value> {
        let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
        let seconds = self.times.as_ref().map(|times| {
            let [instantiate, load, run, p50, p99] = times.columns().map(seconds);
            json!({ "instantiate": instantiate, "load": load, "run": run, "p50": p50, "p99": p99 })
        });
        let object = json!({
            "fuel": self.cost.map(|cost| cost.fuel),
            "fuel_least": self.cost.map(|_| self.least),
            "memory": self.cost.map(|cost| cost.memory),
            "rounds": self.times.as_ref().map(Times::rounds),
            "seconds": seconds,
        });
        match object {
            Value::Object(object) => object,
            _ => serde_json::Map::new(),
        }
    }
}

impl Times {
    /// How many calls there were.
    pub fn rounds(&self) -> usize {
        self.call.len()
    }

    /// The median of each part, then the median and the 99th of a hundred of whole calls.
    pub fn columns(&self) -> [Option<Duration>; 5] {
        let median = |times| quantile(times, 0.5);
        let slowest = if self.rounds() < ENOUGH { None } else { quantile(&self.call, 0.99) };
        [median(&self.instantiate), median(&self.load), median(&self.run), median(&self.call), slowest]
    }
}

/// The time that this share of all, from 0 to 1, doesn't pass. They are sorted.
fn quantile(times: &[u64], share: f64) -> Option<Duration> {
    let rank = (times.len() as f64 * share).ceil() as usize;
    times.get(rank.saturating_sub(1)).copied().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_what_was_measured() {
        let nanos = |nanos| Some(Duration::from_nanos(nanos));
        let times: Vec<u64> = (1..=200).collect();
        assert_eq!((quantile(&times, 0.5), quantile(&times, 0.99)), (nanos(100), nanos(198)));
        assert_eq!((quantile(&[7], 0.5), quantile(&[7], 0.99), quantile(&[], 0.5)), (nanos(7), nanos(7), None));
    }

    #[test]
    fn few_calls_have_no_slowest_of_a_hundred() {
        let mut figures = Figures::default();
        (1..ENOUGH as u64).for_each(|nanos| figures.time(Duration::from_nanos(nanos), Phases::default()));
        assert_eq!(figures.times.as_ref().unwrap().columns()[4], None);
        figures.time(Duration::from_nanos(1), Phases::default());
        let figures = figures.finish();
        assert_eq!(
            figures.times.unwrap().columns(),
            [None, None, None, Some(49), Some(98)].map(|nanos| { nanos.map(Duration::from_nanos) })
        );
    }

    #[test]
    fn the_most_of_any_call_is_the_cost() {
        let mut figures = Figures::default();
        for (fuel, memory) in [(5, 7), (9, 6), (4, 8)] {
            figures.cost(Some(Cost { fuel, memory }));
        }
        figures.cost(None);
        assert_eq!((figures.cost, figures.least), (Some(Cost { fuel: 9, memory: 8 }), 4));
    }
}
