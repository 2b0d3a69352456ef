//! A value that is put between quotes which the template wrote itself.
//!
//! Where every value comes with its quotes, one more pair turns them inside out: in
//! `'{{ name }}'` the value is outside of both.

use super::Escape;

/// Where the first value begins that `text` puts between quotes of its own, for targets whose
/// values come with quotes.
pub fn quoted_value(escape: Escape, text: &str) -> Option<usize> {
    let quotes: &[char] = match escape {
        Escape::None | Escape::Html | Escape::Xml => return None,
        Escape::Json => &['"'],
        Escape::Sql | Escape::Shell => &['\'', '"'],
    };
    let mut open: Option<char> = None;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let skipped = match skipped(rest, escape, open) {
            Some("{{") if open.is_some() => return Some(text.len() - rest.len()),
            Some(opening) => end_of(rest, opening),
            None => {
                match open {
                    Some(quote) if quote == character => open = None,
                    None if quotes.contains(&character) => open = Some(character),
                    _ => {}
                }
                let escaped = escape != Escape::Sql && character == '\\' && open != Some('\'');
                character.len_utf8() + if escaped { rest[1..].chars().next().map_or(0, char::len_utf8) } else { 0 }
            }
        };
        rest = &rest[skipped.min(rest.len())..];
    }
    None
}

/// What begins at `rest` in which quotes mean nothing: a part that is not text, or a comment of SQL.
fn skipped(rest: &str, escape: Escape, open: Option<char>) -> Option<&'static str> {
    let comments: &[&str] = if escape == Escape::Sql && open.is_none() { &["--", "/*"] } else { &[] };
    ["{{", "{%", "{#"].iter().chain(comments).find(|opening| rest.starts_with(**opening)).copied()
}

/// How long the part is that `opening` begins at the start of `rest`.
fn end_of(rest: &str, opening: &str) -> usize {
    let closing = match opening {
        "{{" => "}}",
        "{%" => "%}",
        "{#" => "#}",
        "--" => "\n",
        _ => "*/",
    };
    rest.find(closing).map_or(rest.len(), |at| at + closing.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_outside_of_quotes() {
        for (escape, text) in [
            (Escape::Sql, "select 'it''s', {{ a }}, \"col\" -- don't\n, {{ b }} /* ' */ , {{ c }}"),
            (Escape::Shell, "echo 'a' \\' {{ a }} \"b\""),
            (Escape::Json, r#"{"a\"": {{ a }}, "b": [{{ b }}]}"#),
            (Escape::None, "'{{ a }}'"),
            (Escape::Sql, "{% if a == 'x' %}{{ a }}{% endif %}{# it's #}"),
        ] {
            assert_eq!(quoted_value(escape, text), None, "{text}");
        }
    }

    #[test]
    fn values_between_quotes_are_found() {
        for (escape, text, at) in [
            (Escape::Sql, "select\n'{{ a }}'", 8),
            (Escape::Sql, "select '--{{ a }}'", 10),
            (Escape::Shell, "sh -c \"{{ a }}\"", 7),
            (Escape::Json, "{\"a\": \"x {{ a }}\"}", 9),
        ] {
            assert_eq!(quoted_value(escape, text), Some(at), "{text}");
        }
    }
}
