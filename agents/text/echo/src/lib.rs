//! Passes a value on.

use turingbox_sdk::agent;

/// Pass a value on, unchanged
#[agent(output = "The same value")]
fn echo(
    /// Any value
    input: turingbox_sdk::Value,
) -> turingbox_sdk::Value {
    input
}

#[cfg(test)]
mod tests {
    use turingbox_sdk::Value;

    use super::*;

    #[test]
    fn a_value_stays_as_it_is() {
        for value in [Value::Text("a".into()), Value::Data(vec![0, 255]), Value::Json("[1.50, null]".into())] {
            assert_eq!(echo(value.clone()), value);
        }
    }
}
