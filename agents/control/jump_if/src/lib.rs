//! Branches.

use serde_json::value::RawValue;
use turingbox_sdk::{Outputs, agent};

#[cfg(target_family = "wasm")]
#[global_allocator]
static ARENA: shared::Arena = shared::Arena::new();

/// Go to another step when a condition holds; the step after `target` runs next
#[agent]
#[expect(clippy::boxed_local, reason = "serde gives what is written in a box alone")]
fn jump_if(
    /// Holds unless it is false, null, 0, an empty text, list or object, or one of the words false, no, off, none, null, 0 (in any case)
    #[input(type = "text")]
    condition: Box<RawValue>,
    /// Id or position of the step to go to: the step after it runs next
    #[input(type = "step")]
    target: Box<RawValue>,
) -> Jump {
    Jump { step_index: holds(condition.get()).then_some(target) }
}

#[derive(Outputs)]
struct Jump {
    /// `target`, when the condition holds
    step_index: Option<Box<RawValue>>,
}

fn holds(condition: &str) -> bool {
    let inner = |open: char, close: char| condition.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    if let Ok(text) = serde_json::from_str::<String>(condition) {
        return !["", "0", "false", "no", "off", "none", "null"].contains(&text.trim().to_lowercase().as_str());
    }
    match inner('[', ']').or(inner('{', '}')) {
        Some(items) => !items.trim().is_empty(),
        None if condition.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => !is_zero(condition),
        None => condition == "true",
    }
}

/// Whether a number is zero, however it is written: `-0.0e5`.
fn is_zero(number: &str) -> bool {
    let digits = number.split(['e', 'E']).next().unwrap_or_default();
    !digits.contains(|digit: char| ('1'..='9').contains(&digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_nothing_do_not_hold() {
        for condition in ["null", "false", "0", "-0.0", "0e7", "\"\"", "\" Off\"", "[ ]", "{\n}"] {
            assert!(!holds(condition), "{condition}");
        }
        for condition in ["true", "0.5", "-1e-400", "\"nobody\"", "[0]", "{\"a\": null}", "\"[]\""] {
            assert!(holds(condition), "{condition}");
        }
    }
}
