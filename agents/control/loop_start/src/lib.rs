//! Opens a loop that counts.

use shared::whole;
use turingbox_sdk::{Failure, Outputs, agent};

#[cfg(target_family = "wasm")]
#[global_allocator]
static ARENA: shared::Arena = shared::Arena::new();

/// Open a loop that runs its body `limit` times; `loop_end` closes it
#[agent]
fn loop_start(
    /// How often the body runs
    #[input(type = "integer")]
    limit: turingbox_sdk::Value,
    /// Id or position of the loop's last step: where to go on when `limit` is 0. Without it the body always runs once
    #[input(type = "step")]
    end: Option<turingbox_sdk::Value>,
    /// Where the head is; the engine fills it in
    step_index: i64,
) -> Result<Opened, Failure> {
    let nothing_to_do = whole("limit", &limit)? <= 0;
    Ok(Opened { start: step_index, index: 0, step_index: end.filter(|end| nothing_to_do && !is_null(end)) })
}

#[derive(Debug, PartialEq, Outputs)]
struct Opened {
    /// This step's position, for `loop_end`
    start: i64,
    /// Counts the passes, from 0
    index: i64,
    /// `end`, when there is nothing to do
    step_index: Option<turingbox_sdk::Value>,
}

fn is_null(value: &turingbox_sdk::Value) -> bool {
    matches!(value, turingbox_sdk::Value::Json(json) if json.trim() == "null")
}

#[cfg(test)]
mod tests {
    use turingbox_sdk::Value;

    use super::*;

    fn opened(limit: Value, end: Option<Value>) -> Result<Opened, Failure> {
        loop_start(limit, end, 4)
    }

    #[test]
    fn only_an_empty_loop_is_skipped() {
        let json = |json: &str| Value::Json(json.into());
        let open = |step_index| Ok(Opened { start: 4, index: 0, step_index });
        assert_eq!(opened(json("1"), Some(json("9"))), open(None));
        assert_eq!(opened(json("0"), None), open(None));
        assert_eq!(opened(json("0"), Some(json("null"))), open(None));
        assert_eq!(opened(json("-1"), Some("end".into())), open(Some("end".into())));
    }

    #[test]
    fn a_limit_is_a_whole_number() {
        assert!(opened(Value::Json("1.5".into()), None).is_err());
        assert!(opened("1".into(), None).is_err());
    }
}
