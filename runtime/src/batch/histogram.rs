//! How numbers are spread, in little memory: eight steps to each power of two.

/// Steps to a power of two, as a power of two: so a number is known to an eighth.
const PRECISION: u32 = 3;

/// Counts of numbers.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; (64 - PRECISION as usize + 1) << PRECISION], total: 0, max: 0 }
    }
}

impl Histogram {
    /// Counts `number`.
    pub fn add(&mut self, number: u64) {
        self.counts[step(number)] += 1;
        self.total += 1;
        self.max = self.max.max(number);
    }

    /// The largest number.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The number that this share of all, from 0 to 1, doesn't pass; to an eighth of it.
    pub fn quantile(&self, share: f64) -> u64 {
        let wanted = (self.total as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (step, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return last_of(step).min(self.max);
            }
        }
        self.max
    }

    /// How the numbers are spread: what half of them, nine of ten and 99 of 100 don't pass, and the largest.
    pub fn spread(&self) -> [(&'static str, u64); 4] {
        let quantile = |share| self.quantile(share);
        [("p50", quantile(0.5)), ("p90", quantile(0.9)), ("p99", quantile(0.99)), ("max", self.max)]
    }

    /// The bars of a picture: up to `bars` of them, each the largest number in it and how many there are.
    pub fn bars(&self, bars: usize) -> Vec<(u64, u64)> {
        let used = |at: &usize| self.counts[*at] > 0;
        let (Some(first), Some(last)) = ((0..self.counts.len()).find(used), (0..self.counts.len()).rev().find(used))
        else {
            return Vec::new();
        };
        let width = (last - first + 1).div_ceil(bars.max(1));
        let bar = |chunk: (usize, &[u64])| {
            let end = (first + (chunk.0 + 1) * width - 1).min(last);
            (last_of(end).min(self.max), chunk.1.iter().sum())
        };
        self.counts[first..=last].chunks(width).enumerate().map(bar).collect()
    }
}

/// The step of a number.
fn step(number: u64) -> usize {
    let exact = 1_u64 << PRECISION;
    if number < exact {
        return number as usize;
    }
    let shift = number.ilog2() - PRECISION;
    // Between `exact` and twice that.
    let within = number >> shift;
    (u64::from(shift) * exact + within) as usize
}

/// The largest number of a step.
fn last_of(step: usize) -> u64 {
    let exact = 1_usize << PRECISION;
    if step < exact {
        return step as u64;
    }
    let (shift, within) = (step / exact - 1, (step % exact + exact) as u64);
    ((u128::from(within + 1) << shift) - 1).min(u128::from(u64::MAX)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_known_to_an_eighth() {
        for number in [0, 1, 7, 8, 9, 15, 16, 17, 1000, 123_456_789, u64::MAX / 3, u64::MAX] {
            let last = last_of(step(number));
            assert!(last >= number && last - number <= number / 8, "{number} {last}");
            if let Some(next) = last.checked_add(1) {
                assert_eq!(step(next), step(number) + 1, "{number}");
            }
        }
    }

    #[test]
    fn quantiles_and_bars() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.quantile(0.5), histogram.bars(4).len()), (0, 0));
        (1..=1000).for_each(|number| histogram.add(number));
        assert!((500..=562).contains(&histogram.quantile(0.5)), "{}", histogram.quantile(0.5));
        assert_eq!(histogram.quantile(1.0), 1000);
        let bars = histogram.bars(10);
        assert!(bars.len() <= 10 && bars.iter().map(|(_, count)| count).sum::<u64>() == 1000, "{bars:?}");
        assert_eq!(bars.last().unwrap().0, 1000);
    }
}
