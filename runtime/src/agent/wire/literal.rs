//! What is taken as it is, though it looks as if something else was meant.

use std::ops::Range;

use crate::{
    agent::name::is_name,
    diagnostic::{Diagnostic, Severity},
    document::Item,
    expression::ExpressionError,
};

use super::{holds_name, pointed};

/// The code of what looks like a name that is filled in.
const DOLLAR: &str = "literal-dollar";

/// Operators of other languages, which no sentence has.
const OPERATORS: [&str; 2] = ["&&", "||"];

/// The keys that say what a table is, where they are alone in it.
const TAGS: [&str; 3] = ["expr", "text", "json"];

/// The warning for a text; `error` is why it is no expression, if a `$name` is in it.
pub fn text(item: &Item<'_>, text: &str, error: Option<ExpressionError>) -> Option<Diagnostic> {
    let (span, label, help) = match error {
        Some(error) => {
            // Of all that keeps a text from being an expression, these show that one was meant.
            let is_operator = |_: &String| text.get(error.span.clone()).is_some_and(|part| OPERATORS.contains(&part));
            let operator = error.help.filter(is_operator).map(|help| format!("{help} for an expression, "));
            let help = "write \"{{ name }}\" to fill it in, or { text = \"…\" } if it is meant";
            let label = format!("not an expression: {}", error.message);
            (error.span, label, format!("{}{help}", operator.unwrap_or_default()))
        }
        None => foreign(text)?,
    };
    let wrong = item.wrong(DOLLAR, "this text is taken as it is: a name in it is not filled in");
    Some(Diagnostic { severity: Severity::Warning, ..pointed(wrong, text, &span).label(label).help(help) })
}

/// A name as others write it: `${name}`, or with letters that no name has.
fn foreign(text: &str) -> Option<(Range<usize>, String, String)> {
    text.match_indices('$').find_map(|(at, _)| {
        let rest = &text[at + 1..];
        let braced = rest.strip_prefix('{').and_then(|rest| Some(&rest[..rest.find('}')?])).filter(|name| is_name(name));
        if let Some(name) = braced {
            let help = format!("write \"${name}\" for its value, \"{{{{ {name} }}}}\" to fill it in, or {{ text = \"…\" }} if it is meant");
            return Some((at..at + name.len() + 3, "names have no braces here".into(), help));
        }
        let other = |c: &char| c.is_alphabetic() && !c.is_ascii();
        let first = rest.chars().next().filter(other)?;
        let help = "use a name of ASCII letters, or write { text = \"…\" } if the text is meant";
        Some((at..at + 1 + first.len_utf8(), "no name begins so".into(), help.into()))
    })
}

/// The warnings for a list or a table, of the entries `tagged`.
pub fn warnings(item: &Item<'_>, tagged: &[Item<'_>]) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    if let Some(tag) = tagged.iter().find(|inner| TAGS.contains(&inner.key)) {
        let message = format!("this table is taken as it is: `{}` says nothing beside other keys", tag.key);
        let help = "leave the other keys out, or write { json = { … } } if the table is meant";
        warnings.push(Diagnostic::warning("literal-table", message).at_place(&tag.key_place()).help(help));
    } else {
        names(item, &mut warnings);
    }
    warnings
}

/// Warns of each text in a list or a table that holds a name.
fn names(item: &Item<'_>, warnings: &mut Vec<Diagnostic>) {
    if item.is_text()
        && let Ok(text) = item.clone().text()
        && (holds_name(text) || foreign(text).is_some())
    {
        let message = "this text is taken as it is: no name is filled in within a list or a table";
        let help = "write the whole as { expr = \"[$name]\" }, or as { json = … } if the text is meant";
        warnings.push(Diagnostic::warning(DOLLAR, message).at_place(&item.place()).help(help));
    }
    item.inner().iter().for_each(|inner| names(inner, warnings));
}
