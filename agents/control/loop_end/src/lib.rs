//! Closes a loop that counts.

use shared::whole;
use turingbox_sdk::{Failure, Outputs, agent};

#[cfg(target_family = "wasm")]
#[global_allocator]
static ARENA: shared::Arena = shared::Arena::new();

/// Close a loop that `loop_start` opened: back to its body until `limit` passes are done
#[agent]
fn loop_end(
    /// What `loop_start` said: the position to go back to
    #[input(type = "step")]
    start: turingbox_sdk::Value,
    /// The pass that just ended, from 0
    #[input(type = "integer")]
    index: turingbox_sdk::Value,
    /// How often the body runs
    #[input(type = "integer")]
    limit: turingbox_sdk::Value,
) -> Result<Closed, Failure> {
    let (index, limit) = (whole("index", &index)?, whole("limit", &limit)?);
    let next = index.saturating_add(1);
    Ok(match next < limit {
        true => Closed { index: next, step_index: Some(start) },
        false => Closed { index: limit.max(0), step_index: None },
    })
}

#[derive(Debug, PartialEq, Outputs)]
struct Closed {
    /// The next pass; after the loop it equals `limit`
    index: i64,
    /// `start`, while there is more to do
    step_index: Option<turingbox_sdk::Value>,
}

#[cfg(test)]
mod tests {
    use turingbox_sdk::Value;

    use super::*;

    fn closed(index: Value, limit: &str) -> Result<Closed, Failure> {
        loop_end(Value::Json("2".into()), index, Value::Json(limit.into()))
    }

    #[test]
    fn a_loop_goes_back_until_it_is_done() {
        let json = |json: &str| Value::Json(json.into());
        assert_eq!(closed(json("0"), "2"), Ok(Closed { index: 1, step_index: Some(json("2")) }));
        assert_eq!(closed(json("1"), "2"), Ok(Closed { index: 2, step_index: None }));
        assert_eq!(closed(json("0"), "-1"), Ok(Closed { index: 0, step_index: None }));
        assert!(closed(json("true"), "1").is_err());
        assert!(closed(json("0"), "1.5").is_err());
        assert!(closed("0".into(), "1").is_err());
    }
}
