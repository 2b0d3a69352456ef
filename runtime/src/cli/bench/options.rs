//! What a bench is told.

use std::{path::PathBuf, str::FromStr, time::Duration};

use clap::Args;

use crate::{cli::Stop, policy::duration};

/// The most calls of one case: the 99th of a hundred is known well long before, and each call's times take 32
/// bytes.
const MAX_ROUNDS: u32 = 100_000;

/// The longest that one case is called for.
const MAX_TIME: Duration = Duration::from_secs(3600);

/// How long one case is called for, where nobody says.
const TIME: Duration = Duration::from_secs(1);

/// The part of that time for which it is called before, so that caches are warm.
const WARM_UP: u32 = 10;

/// The most that may be said to be tolerated, in percent.
const MAX_TOLERANCE: f64 = 1000.0;

// (No doc comment: clap would show it as the command's help.)
#[derive(Args, Clone, Debug, Default)]
pub struct BenchOptions {
    /// Measure this case alone
    #[arg(long, value_name = "NAME")]
    pub case: Option<String>,
    /// Call each case N times, after one call to warm up
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_ROUNDS)))]
    rounds: Option<u32>,
    /// Call each case for about so long [default: 1s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    time: Option<Duration>,
    /// Call each case once, and write its fuel and its memory to FILE: what was measured takes the place of what
    /// FILE says of it
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Call each case once, and fail if it takes more fuel or memory than FILE says. Times are not compared
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// How much more it may be [default: 5% where Python is in it, else 1%]
    #[arg(long, value_name = "PERCENT")]
    pub tolerance: Option<Tolerance>,
}

/// What becomes of the costs.
#[derive(Clone, Debug)]
pub enum Against {
    Nothing,
    Save(PathBuf),
    Check(PathBuf),
}

/// How often each case is called.
#[derive(Clone, Copy, Debug)]
pub enum Rounds {
    /// Once: for what is the same each time.
    Once,
    /// So often that times can be told.
    Many { most: usize, time: Duration, warm_up: Duration, is_said: bool },
}

/// How much more is no more, in percent.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance(pub f64);

impl BenchOptions {
    /// What was said before the agent's name and what was said behind it, together.
    pub fn and(self, later: Self) -> Self {
        Self {
            case: later.case.or(self.case),
            rounds: later.rounds.or(self.rounds),
            time: later.time.or(self.time),
            save: later.save.or(self.save),
            check: later.check.or(self.check),
            tolerance: later.tolerance.or(self.tolerance),
        }
    }

    /// What becomes of the costs.
    pub fn against(&self) -> Result<Against, Stop> {
        let wrong = |why: &str| Err(Stop::Usage(why.into()));
        match (&self.save, &self.check) {
            (Some(_), Some(_)) => {
                wrong("`--save` writes a baseline and `--check` holds costs to one: take one of them")
            }
            (_, Some(_)) if self.is_timed() => {
                wrong("`--check` calls each case once, and compares no times: leave `--rounds` and `--time` out")
            }
            (_, None) if self.tolerance.is_some() => wrong("`--tolerance` is for `--check`"),
            (Some(file), None) => Ok(Against::Save(file.clone())),
            (None, Some(file)) => Ok(Against::Check(file.clone())),
            (None, None) => Ok(Against::Nothing),
        }
    }

    /// How often each case is called.
    pub fn rounds(&self) -> Rounds {
        if !self.is_timed() && (self.save.is_some() || self.check.is_some()) {
            return Rounds::Once;
        }
        let time = self.time.unwrap_or(if self.rounds.is_some() { MAX_TIME } else { TIME });
        let warm_up = if self.rounds.is_some() { Duration::ZERO } else { time / WARM_UP };
        Rounds::Many { most: self.rounds.unwrap_or(MAX_ROUNDS) as usize, time, warm_up, is_said: self.rounds.is_some() }
    }

    fn is_timed(&self) -> bool {
        self.rounds.is_some() || self.time.is_some()
    }
}

fn time(text: &str) -> Result<Duration, String> {
    match duration(text) {
        Ok(time) if time.is_zero() || time > MAX_TIME => Err("it is more than nothing, and at most 1h".into()),
        time => time,
    }
}

impl FromStr for Tolerance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_suffix('%').unwrap_or(text);
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        match digits.parse() {
            Ok(percent) if plain && percent <= MAX_TOLERANCE => Ok(Self(percent)),
            _ => Err(format!("it is a number from 0 to {MAX_TOLERANCE}, in percent: 2%")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tolerances_are_percents() {
        let read = |text: &str| text.parse::<Tolerance>().map(|Tolerance(percent)| percent);
        assert_eq!([read("2%"), read("2"), read("0.5%"), read("0")], [Ok(2.0), Ok(2.0), Ok(0.5), Ok(0.0)]);
        for wrong in ["", "%", "-1", "+1", "1001%", "NaN", "inf", "1e3", "1 %", "."] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_bounded() {
        assert_eq!(time("2s"), Ok(Duration::from_secs(2)));
        for wrong in ["0s", "2h", "2", "", "-1s"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
