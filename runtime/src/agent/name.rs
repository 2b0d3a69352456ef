//! Names of agents, inputs, outputs and steps.

use crate::{diagnostic::Diagnostic, document::Item};

/// The longest name, in bytes: it is shown on one line of a terminal.
const MAX_NAME: usize = 100;

/// What a name looks like, in words: as [`is_name`] has it.
pub const NAME_FORM: &str = "a name is a letter or `_`, then letters, digits, `_` or `-`, at most 100 characters";

/// Whether `name` is a letter or `_`, then letters, digits, `_` or `-`: a name that a template,
/// a reference and a command line can all say.
pub fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    name.len() <= MAX_NAME
        && characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// The key of `item` as a name of `what`.
pub fn key_name(item: &Item<'_>, what: &str) -> Result<String, Diagnostic> {
    if is_name(item.key) {
        return Ok(item.key.to_owned());
    }
    let place = item.key_place();
    Err(bad_name(item.key, what).at(&place.source, place.span))
}

/// The text of `item` as a name of `what`.
pub fn text_name(item: Item<'_>, what: &str) -> Result<String, Diagnostic> {
    let place = item.place();
    let name = item.text()?;
    if is_name(name) { Ok(name.to_owned()) } else { Err(bad_name(name, what).at(&place.source, place.span)) }
}

fn bad_name(name: &str, what: &str) -> Diagnostic {
    Diagnostic::error("bad-name", format!("`{}` can't be the name of {what}", name.escape_debug())).help(NAME_FORM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_said_everywhere() {
        for name in ["a", "_x", "loop_start", "hl7-to-json", "A1"] {
            assert!(is_name(name), "{name}");
        }
        assert!(NAME_FORM.contains(&format!("a letter or `_`, then letters, digits, `_` or `-`, at most {MAX_NAME} ")));
        for name in ["", "1a", "-a", "a b", "ä", "a.b", "a\u{202e}b", &"a".repeat(101)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
