//! Names with a `-`, which is a minus in a template.

use std::ops::Range;

use crate::{diagnostic::Diagnostic, source::Place};

use super::{Template, Text};

/// A name with a `-` in a template, of which the template reads parts.
pub struct Hyphenated<'t> {
    /// The whole name.
    pub name: &'t str,
    /// Where it begins.
    pub start: usize,
    /// Where it is written.
    place: Place,
}

impl<'t> Hyphenated<'t> {
    /// That around the name at `part`, if there is one and it `is_known`.
    pub fn around(template: &'t Template, part: &Range<usize>, is_known: impl FnOnce(&str) -> bool) -> Option<Self> {
        let Template { text, .. } = template;
        let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let (before, behind) = (text.text().get(..part.start)?, text.text().get(part.end..)?);
        let start = before.trim_end_matches(is_in_name).len();
        let end = part.end + behind.len() - behind.trim_start_matches(is_in_name).len();
        let name = &text.text()[start..end];
        let place = |text: &Text| text.at(&(start..end));
        (name.contains('-') && is_known(name)).then(|| Self { name, start, place: place(text) })
    }

    /// The error for it.
    pub fn error(&self, help: String) -> Diagnostic {
        let message = format!("a template can't name `{}`: a `-` is a minus there", self.name);
        Diagnostic::error("unset-name", message).at_place(&self.place).help(help)
    }

    /// The name without a `-`.
    pub fn plain(&self) -> String {
        self.name.replace('-', "_")
    }
}
