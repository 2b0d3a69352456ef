//! Closes a loop that goes on.

use serde_json::value::RawValue;
use turingbox_sdk::{Outputs, agent};

#[cfg(target_family = "wasm")]
#[global_allocator]
static ARENA: shared::Arena = shared::Arena::new();

/// Close a loop without an end of its own: always back to the step after `start`. What ends it is a jump to this step from inside, a failure, or the budget
#[agent]
fn while_true(
    /// Id or position of the step before the body: the step after it runs next
    #[input(type = "step")]
    start: Box<RawValue>,
) -> Jump {
    Jump { step_index: start }
}

#[derive(Outputs)]
struct Jump {
    /// `start`, always
    step_index: Box<RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_back() {
        let start = RawValue::from_string("\"body\"".into()).unwrap_or_default();
        assert_eq!(while_true(start).step_index.get(), "\"body\"");
    }
}
