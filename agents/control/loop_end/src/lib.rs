//! Closes a loop that counts.

use serde_json::value::RawValue;
use turingbox_sdk::{Failure, Outputs, agent};

/// Close a loop that `loop_start` opened: back to its body until `limit` passes are done
#[agent]
fn loop_end(
    /// What `loop_start` said: the position to go back to
    #[input(type = "step")]
    start: Box<RawValue>,
    /// The pass that just ended, from 0
    #[input(type = "integer")]
    index: Box<RawValue>,
    /// How often the body runs
    #[input(type = "integer")]
    limit: Box<RawValue>,
) -> Result<Closed, Failure> {
    let (index, limit) = (whole("index", &index)?, whole("limit", &limit)?);
    let next = index.saturating_add(1);
    Ok(match next < limit {
        true => Closed { index: next, step_index: Some(start) },
        false => Closed { index: limit.max(0), step_index: None },
    })
}

#[derive(Debug, Outputs)]
struct Closed {
    /// The next pass; after the loop it equals `limit`
    index: i64,
    /// `start`, while there is more to do
    step_index: Option<Box<RawValue>>,
}

/// A text that says a number is none: whoever wired it meant something else.
fn whole(name: &str, value: &RawValue) -> Result<i64, Failure> {
    let shown = || value.get().replace('"', "'");
    value.get().parse().map_err(|_| Failure::new(format!("{name} must be a whole number, not {}", shown())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(index: &str, limit: &str) -> Result<(i64, Option<String>), Failure> {
        let raw = |json: &str| RawValue::from_string(json.into()).unwrap_or_default();
        let closed = loop_end(raw("2"), raw(index), raw(limit))?;
        Ok((closed.index, closed.step_index.map(|step| step.get().to_owned())))
    }

    #[test]
    fn a_loop_goes_back_until_it_is_done() {
        assert_eq!(closed("0", "2"), Ok((1, Some("2".into()))));
        assert_eq!(closed("1", "2"), Ok((2, None)));
        assert_eq!(closed("0", "-1"), Ok((0, None)));
        assert!(closed("true", "1").is_err());
        assert!(closed("0", "\"1\"").is_err());
    }
}
