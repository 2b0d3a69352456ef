//! Opens a loop that counts.

use serde_json::value::RawValue;
use turingbox_sdk::{Failure, Outputs, agent};

/// Open a loop that runs its body `limit` times; `loop_end` closes it
#[agent]
fn loop_start(
    /// How often the body runs
    #[input(type = "integer")]
    limit: Box<RawValue>,
    /// Id or position of the loop's last step: where to go on when `limit` is 0. Without it the body always runs once
    #[input(type = "step")]
    end: Option<Box<RawValue>>,
    /// Where the head is; the engine fills it in
    step_index: i64,
) -> Result<Opened, Failure> {
    let wrong = |_| Failure::new(format!("limit must be a whole number, not {}", shown(&limit)));
    let nothing_to_do = limit.get().parse::<i64>().map_err(wrong)? <= 0;
    Ok(Opened { start: step_index, index: 0, step_index: end.filter(|_| nothing_to_do) })
}

#[derive(Debug, Outputs)]
struct Opened {
    /// This step's position, for `loop_end`
    start: i64,
    /// Counts the passes, from 0
    index: i64,
    /// `end`, when there is nothing to do
    step_index: Option<Box<RawValue>>,
}

/// A text in quotes that are not JSON's, as in other messages.
fn shown(value: &RawValue) -> String {
    value.get().replace('"', "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(limit: &str, end: Option<&str>) -> Result<(i64, i64, Option<String>), Failure> {
        let raw = |json: &str| RawValue::from_string(json.into()).unwrap_or_default();
        let opened = loop_start(raw(limit), end.map(raw), 4)?;
        Ok((opened.start, opened.index, opened.step_index.map(|step| step.get().to_owned())))
    }

    #[test]
    fn only_an_empty_loop_is_skipped() {
        assert_eq!(opened("1", Some("9")), Ok((4, 0, None)));
        assert_eq!(opened("0", None), Ok((4, 0, None)));
        assert_eq!(opened("-1", Some("\"end\"")), Ok((4, 0, Some("\"end\"".into()))));
    }

    #[test]
    fn a_limit_is_a_whole_number() {
        assert!(opened("1.5", None).is_err());
        assert!(opened("\"1\"", None).is_err());
    }
}
