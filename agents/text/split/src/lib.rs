//! Cuts texts.

use turingbox_sdk::{Outputs, agent};

/// Cut a text into parts
#[agent]
fn split(
    /// The text
    text: String,
    /// What stands between the parts; empty to cut after every character
    #[input(default = ",")]
    separator: String,
) -> Parts {
    let parts = match separator.is_empty() {
        true => text.chars().map(String::from).collect(),
        false => text.split(&separator).map(str::to_owned).collect(),
    };
    Parts { parts }
}

#[derive(Outputs)]
struct Parts {
    /// The list of parts, without the separators
    parts: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_not_bytes() {
        assert_eq!(split("né".into(), String::new()).parts, ["n", "é"]);
        assert_eq!(split(", a,".into(), ", ".into()).parts, ["", "a,"]);
        assert_eq!(split(String::new(), ",".into()).parts, [""]);
    }
}
