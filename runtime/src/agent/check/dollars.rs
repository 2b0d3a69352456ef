//! Names with a `$` in the text of a template, where nothing fills them in.

use std::collections::HashSet;

use crate::{
    agent::program::Source as From,
    diagnostic::{Diagnostic, MAX_FINDINGS},
};

use super::{Findings, Template, Wired};

/// Warns of each `$name` that stands in a template's text and is a name in its scope. One that isn't is a variable of
/// a shell, say, or the end of a pattern; and who writes `{{ name }}` beside it knows the difference.
pub fn check(wired: &Wired<'_>, found: &mut Findings) {
    let results = wired.results();
    let is_known = |name: &str| results.contains_key(name) || wired.manifest.input(name).is_some();
    let steps = wired.steps.iter().flat_map(|step| &step.inputs);
    for (_, from) in steps.chain(wired.outputs) {
        let From::Template { name, .. } = from else { continue };
        let Some(template) = wired.templates.get(name) else { continue };
        for (name, place) in names(template).into_iter().filter(|(name, _)| is_known(name)) {
            let message = format!("`{name}` is not filled in: the text of a template is taken as it is");
            let help =
                format!("write {{{{ {name} }}}} to fill it in, or {{% raw %}}${name}{{% endraw %}} if it is meant");
            found.push(Diagnostic::warning("literal-dollar", message).at_place(&place).help(help));
        }
    }
}

/// The names behind a `$` in a template's text, each once, but for those that it takes from its scope.
fn names(template: &Template) -> Vec<(&str, crate::source::Place)> {
    let mut told: HashSet<_> = template.uses.names.iter().map(|used| used.name.as_str()).collect();
    let mut names = Vec::new();
    for part in &template.uses.dollars {
        let text = &template.text.text()[part.clone()];
        for (at, _) in text.match_indices('$').filter(|(at, _)| !text[..*at].ends_with(['\\', '$'])) {
            let (name, width) = name_at(&text[at..]);
            if names.len() < MAX_FINDINGS && !name.is_empty() && told.insert(name) {
                let start = part.start + at;
                names.push((name, template.text.at(&(start..start + width))));
            }
        }
    }
    names
}

/// The name that `text` begins with, `$name` or `${name}`, and how much of it that is.
fn name_at(text: &str) -> (&str, usize) {
    let name = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
    match text[1..].strip_prefix('{') {
        Some(rest) if rest[name(rest)..].starts_with('}') => (&rest[..name(rest)], name(rest) + 3),
        Some(_) => ("", 0),
        None => (&text[1..=name(&text[1..])], name(&text[1..]) + 1),
    }
}
