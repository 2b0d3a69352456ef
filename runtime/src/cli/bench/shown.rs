//! The table of a bench, and its objects for machines.

use std::time::Duration;

use serde_json::json;

use crate::cli::{
    Stop,
    bench::{GIVEN, Measured, compared::Verdict, figures::Times},
    terminal,
};

/// What the columns of times are called, and how wide they are.
const TIMES: [(&str, usize); 6] =
    [("instantiate", 13), ("load", 9), ("run", 9), ("call p50", 10), ("call p99", 10), ("rounds", 8)];

/// How results are shown, as they come.
pub enum Shown {
    Nothing,
    /// A line for each.
    Json,
    /// A row for each, with a name so wide.
    Table {
        width: usize,
        is_timed: bool,
        has_header: bool,
    },
}

impl Shown {
    /// Lines of JSON, or a table with room for the longest of `titles`.
    pub fn new(titles: impl Iterator<Item = String>, is_timed: bool, is_json: bool) -> Self {
        if is_json {
            return Self::Json;
        }
        let widest = titles.map(|title| terminal::escape(&title).chars().count()).max();
        Self::Table { width: widest.unwrap_or_default(), is_timed, has_header: false }
    }

    /// One case.
    pub fn row(&mut self, measured: &Measured, verdict: Option<Verdict>) -> Result<(), Stop> {
        let (width, is_timed, has_header) = match self {
            Self::Nothing => return Ok(()),
            Self::Json => return terminal::print_json(&object(measured, verdict)),
            Self::Table { width, is_timed, has_header } => (*width, *is_timed, has_header),
        };
        if !std::mem::replace(has_header, true) {
            let times = TIMES.map(|(name, width)| format!("{name:>width$}"));
            let times = if is_timed { times.concat() } else { String::new() };
            terminal::print_line(&format!("{:width$}{:>17}{:>13}{times}", "", "fuel", "memory"))?;
        }
        let cost = measured.figures.cost;
        let fuel = cost.map_or("-".into(), |cost| grouped(cost.fuel));
        let memory = cost.map_or("-".into(), |cost| kibibytes(cost.memory));
        let title = title(&measured.agent, &measured.case);
        let times = measured.figures.times.as_ref().map(columns).unwrap_or_default();
        terminal::print_line(&format!("{:width$}{fuel:>17}{memory:>13}{times}", terminal::escape(&title)))
    }

    /// A case that doesn't give what it says: people are told of it elsewhere.
    pub fn failed(&self, agent: &str, case: &str, differences: &[String]) -> Result<(), Stop> {
        let object = || json!({ "agent": agent, "case": case_name(case), "differences": differences });
        if let Self::Json = self { terminal::print_json(&object()) } else { Ok(()) }
    }
}

fn columns(times: &Times) -> String {
    let shown = |time: Option<Duration>| time.map_or("-".into(), |time| format!("{time:.1?}"));
    let [instantiate, load, run, p50, p99] = times.columns().map(shown);
    let columns = [instantiate, load, run, p50, p99, grouped(times.rounds() as u64)];
    TIMES.iter().zip(columns).map(|((_, width), shown)| format!("{shown:>width$}")).collect()
}

fn object(measured: &Measured, verdict: Option<Verdict>) -> serde_json::Map<String, serde_json::Value> {
    let mut object = serde_json::Map::new();
    object.insert("agent".into(), measured.agent.as_str().into());
    object.insert("case".into(), case_name(&measured.case).into());
    object.insert("digest".into(), measured.digest.as_str().into());
    object.extend(measured.figures.object());
    if let Some(verdict) = verdict {
        object.insert("check".into(), verdict.word().into());
    }
    object
}

/// The name of a case; of given inputs there is none.
fn case_name(case: &str) -> Option<&str> {
    Some(case).filter(|case| *case != GIVEN)
}

/// What a person calls a case of an agent.
pub fn title(agent: &str, case: &str) -> String {
    case_name(case).map_or_else(|| agent.to_owned(), |case| format!("{agent}/{case}"))
}

/// `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Memory, which comes in pages of 64 KiB.
pub fn kibibytes(bytes: u64) -> String {
    format!("{} KiB", grouped(bytes.div_ceil(1 << 10)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 12, 123, 1234, 1_234_567].map(grouped), ["0", "12", "123", "1,234", "1,234,567"]);
        assert_eq!(kibibytes(17 << 16), "1,088 KiB");
    }
}
