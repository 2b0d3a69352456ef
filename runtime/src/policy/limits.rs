//! How much one call may use.

use std::time::Duration;

use crate::{
    diagnostic::{Diagnostic, Report},
    document::{Item, Table},
};

/// The most that one call of an agent may use. For a workflow that is all its steps together; a
/// call inside another never gets more than its caller has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory of a proc, or the results that a workflow holds; in bytes. At most 4 GiB.
    pub memory: u64,
    /// Work, in WebAssembly instructions, about; equal for equal work on every machine.
    pub fuel: u64,
    /// Wall time. At most 30 days.
    pub time: Duration,
    /// What a call returns, in bytes. At most 1 GiB.
    pub output: u64,
    /// How deep workflows may nest. At most 1,000,000.
    pub depth: u64,
    /// How many steps may run.
    pub steps: u64,
    /// What may go over the network and to and from databases, in bytes.
    pub bytes: u64,
    /// How many agents procs may call.
    pub calls: u64,
}

impl Default for Limits {
    /// What holds where no policy says otherwise.
    fn default() -> Self {
        Self {
            memory: 128 << 20,
            fuel: 20_000_000_000,
            time: Duration::from_secs(30),
            output: 16 << 20,
            depth: 16,
            steps: 1_000_000,
            bytes: 256 << 20,
            calls: 10_000,
        }
    }
}

impl Limits {
    /// The smaller of each two limits.
    #[must_use]
    pub fn at_most(self, other: &Self) -> Self {
        Self {
            memory: self.memory.min(other.memory),
            fuel: self.fuel.min(other.fuel),
            time: self.time.min(other.time),
            output: self.output.min(other.output),
            depth: self.depth.min(other.depth),
            steps: self.steps.min(other.steps),
            bytes: self.bytes.min(other.bytes),
            calls: self.calls.min(other.calls),
        }
    }
}

/// The limits that one section of a policy sets.
#[derive(Clone, Debug, Default)]
pub(super) struct LimitKeys {
    memory: Option<u64>,
    fuel: Option<u64>,
    time: Option<Duration>,
    output: Option<u64>,
    depth: Option<u64>,
    steps: Option<u64>,
    bytes: Option<u64>,
    calls: Option<u64>,
}

impl LimitKeys {
    /// Takes over what the more specific `section` sets.
    pub(super) fn narrow_to(&mut self, section: &Self) {
        self.memory = section.memory.or(self.memory);
        self.fuel = section.fuel.or(self.fuel);
        self.time = section.time.or(self.time);
        self.output = section.output.or(self.output);
        self.depth = section.depth.or(self.depth);
        self.steps = section.steps.or(self.steps);
        self.bytes = section.bytes.or(self.bytes);
        self.calls = section.calls.or(self.calls);
    }

    /// The limits, with the defaults where nothing is set.
    pub(super) fn resolve(self) -> Limits {
        let default = Limits::default();
        Limits {
            memory: self.memory.unwrap_or(default.memory),
            fuel: self.fuel.unwrap_or(default.fuel),
            time: self.time.unwrap_or(default.time),
            output: self.output.unwrap_or(default.output),
            depth: self.depth.unwrap_or(default.depth),
            steps: self.steps.unwrap_or(default.steps),
            bytes: self.bytes.unwrap_or(default.bytes),
            calls: self.calls.unwrap_or(default.calls),
        }
    }

    /// The keys that are set, each with its value in TOML.
    pub(super) fn to_toml(&self) -> Vec<(&'static str, String)> {
        let size = |bytes: u64| format!("\"{}\"", size_text(bytes).replace(' ', ""));
        let keys = [
            ("memory", self.memory.map(size)),
            ("fuel", self.fuel.map(|fuel| fuel.to_string())),
            ("time", self.time.map(|time| format!("\"{}\"", time_text(time)))),
            ("output", self.output.map(size)),
            ("depth", self.depth.map(|depth| depth.to_string())),
            ("steps", self.steps.map(|steps| steps.to_string())),
            ("bytes", self.bytes.map(size)),
            ("calls", self.calls.map(|calls| calls.to_string())),
        ];
        keys.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    pub(super) fn read(mut table: Table<'_>, report: &mut Report) -> Self {
        /// More would not fit the arithmetic of budgets, and is no limit.
        const ANY: u64 = i64::MAX as u64;
        let size = |max| move |item: Item<'_>| quantity(&item, SIZES, max);
        let count = |max| move |item: Item<'_>| quantity(&item, &[], max);
        let millis = |item: Item<'_>| quantity(&item, TIMES, 30 * 24 * 3_600_000).map(Duration::from_millis);
        let limits = Self {
            memory: table.take("memory", report, size(4 << 30)),
            fuel: table.take("fuel", report, count(ANY)),
            time: table.take("time", report, millis),
            output: table.take("output", report, size(1 << 30)),
            depth: table.take("depth", report, count(1_000_000)),
            steps: table.take("steps", report, count(ANY)),
            bytes: table.take("bytes", report, size(1 << 50)),
            calls: table.take("calls", report, count(ANY)),
        };
        table.finish(report);
        limits
    }
}

/// A size in the largest unit that says it exactly.
pub fn size_text(bytes: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let exact = units.into_iter().find(|(_, bits)| bytes != 0 && bytes.trailing_zeros() >= *bits);
    exact.map_or_else(|| format!("{bytes} B"), |(unit, bits)| format!("{} {unit}", bytes >> bits))
}

/// A time of whole milliseconds in the largest unit that says it exactly.
pub(crate) fn time_text(time: Duration) -> String {
    let millis = time.as_millis();
    let units = [("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    let exact = units.into_iter().find(|(_, unit)| millis.is_multiple_of(*unit));
    exact.map_or_else(|| format!("{millis}ms"), |(name, unit)| format!("{}{name}", millis / unit))
}

/// Units of sizes, in bytes.
const SIZES: &[(&str, u64)] = &[
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

/// Units of times, in milliseconds. `ms` comes before the `s` and the `m` that it ends and begins with.
pub(crate) const TIMES: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// A whole number with one of `units`, or without any where there are none, from 1 to `max`.
pub(crate) fn quantity(item: &Item<'_>, units: &[(&str, u64)], max: u64) -> Result<u64, Diagnostic> {
    let number = if units.is_empty() {
        u64::try_from(item.clone().integer()?).ok()
    } else {
        let text = item.clone().text()?;
        with_unit(text, units)
    };
    number.filter(|number| (1..=max).contains(number)).ok_or_else(|| {
        let wrong = item.wrong("bad-limit", format!("`{}` is out of bounds or isn't written like a limit", item.path));
        match units.first() {
            None => wrong.label(format!("a whole number from 1 to {max}")),
            Some(_) => {
                let (unit, factor) = units.iter().rev().max_by_key(|(_, factor)| *factor).unwrap_or(&("", 1));
                let names: Vec<_> = units.iter().map(|(unit, _)| *unit).collect();
                wrong
                    .label(format!("digits and a unit with nothing between, at most {}{unit}", max / factor))
                    .help(format!("the units are {}", names.join(", ")))
            }
        }
    })
}

/// The number that `text` is, with one of `units`: digits and the unit, and nothing else.
fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (digits, factor) = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse::<u64>().ok().filter(|_| plain)?.checked_mul(*factor)
}

/// The time that `text` is, as a policy writes it: `30s`.
///
/// # Errors
///
/// Says how times are written.
pub fn duration(text: &str) -> Result<Duration, String> {
    with_unit(text, TIMES).map(Duration::from_millis).ok_or_else(|| "a whole number with ms, s, m or h: 30s".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_digits_and_a_unit() {
        for (text, units, expected) in [
            ("1MiB", SIZES, Some(1 << 20)),
            ("10KB", SIZES, Some(10_000)),
            ("5B", SIZES, Some(5)),
            ("1500ms", TIMES, Some(1_500)),
            ("0s", TIMES, Some(0)),
            ("+1MiB", SIZES, None),
            ("-1MiB", SIZES, None),
            ("1_000B", SIZES, None),
            ("1 MiB", SIZES, None),
            (" 1MiB", SIZES, None),
            ("1MiB ", SIZES, None),
            ("00001B", SIZES, None),
            ("1.5GiB", SIZES, None),
            ("1 s", TIMES, None),
            ("00s", TIMES, None),
            ("\u{661}s", TIMES, None),
            ("18446744073709551616B", SIZES, None),
            ("18446744073709551615KiB", SIZES, None),
            ("MiB", SIZES, None),
            ("", SIZES, None),
        ] {
            assert_eq!(with_unit(text, units), expected, "{text:?}");
        }
    }
}
