//! What is wrong in a file: one message a finding, all findings at once.

mod codes;
pub mod sarif;

use std::{collections::HashSet, fmt, ops::Range, sync::Arc};

use crate::source::{Place, Source};

pub use codes::{Found, WARNINGS, Warned, warning};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look; nothing is refused for it.
    Warning,
    /// The file can't be used.
    Error,
}

/// One finding, with the place it points at and a way to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// A stable name in kebab case, to search for and to silence.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where, if it is in a file.
    pub place: Option<Place>,
    /// What to say beside the place; may be empty.
    pub label: String,
    /// How to mend it.
    pub help: Option<Box<str>>,
    /// Why it is of no account here, where its agent says so; warnings only.
    pub silenced: Option<Arc<String>>,
}

impl Diagnostic {
    /// An error that points nowhere yet.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            place: None,
            label: String::new(),
            help: None,
            silenced: None,
        }
    }

    /// A warning that points nowhere yet.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Points at `span` of `source`.
    #[must_use]
    pub fn at(mut self, source: &Arc<Source>, span: Range<usize>) -> Self {
        self.place = Some(Place { source: source.clone(), span });
        self
    }

    /// Points at a place.
    #[must_use]
    pub fn at_place(self, place: &Place) -> Self {
        self.at(&place.source, place.span.clone())
    }

    /// Says something beside the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into().into());
        self
    }

    /// Says how to mend it, if there is something to say.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.map(String::into_boxed_str).or(self.help);
        self
    }
}

/// `path:line: error[code]: message`, for logs; the command line draws the excerpt too.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{}: ", place.line())?;
        }
        let severity = if self.severity == Severity::Error { "error" } else { "warning" };
        write!(f, "{severity}[{}]: {}", self.code, self.message)
    }
}

/// The most findings in one file. Each is shown with its place, and nobody reads so many.
pub const MAX_FINDINGS: usize = 10_000;

/// All that was found, in the order of finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Report(pub Vec<Diagnostic>);

impl Report {
    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Leaves out what is beyond [`MAX_FINDINGS`], and says so at `place`.
    pub fn bound(&mut self, place: &Place) {
        let left_out = self.0.split_off(MAX_FINDINGS.min(self.0.len()));
        if let Some(severity) = left_out.iter().map(|finding| finding.severity).max() {
            let message = format!("{} findings more are left out", left_out.len());
            let more = Diagnostic { severity, ..Diagnostic::warning("more-findings", message) };
            self.push(more.at_place(place).help("mend the others first"));
        }
    }

    /// Whether something was found that must be refused.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Diagnostic::is_error)
    }

    /// `value` where nothing found is an error.
    ///
    /// # Errors
    ///
    /// The report itself, when it holds an error.
    pub fn ok<T>(self, value: T) -> Result<T, Self> {
        if self.has_errors() { Err(self) } else { Ok(value) }
    }
}

impl From<Diagnostic> for Report {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

/// The name in `known` that `name` was probably meant to be.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.75;
    // Names are no longer; and comparing takes time in proportion to both.
    const LONGEST: usize = 200;
    if name.len() > LONGEST {
        return None;
    }
    // Names that begin alike score well: a third of their letters may be otherwise, and no more.
    let is_near = |candidate: &str| {
        let begins = name.starts_with(candidate) || candidate.starts_with(name);
        begins
            || strsim::osa_distance(name, candidate) <= (name.chars().count().max(candidate.chars().count()) / 3).max(2)
    };
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, candidate)| *score > ALIKE && is_near(candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `did you mean …?`, or else what there is.
pub fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    const LISTED: usize = 12;
    if let Some(candidate) = nearest(name, known.clone()) {
        return Some(format!("did you mean `{candidate}`?"));
    }
    let mut seen = HashSet::new();
    let known: Vec<_> = known.into_iter().filter(|known| seen.insert(*known)).take(LISTED + 1).collect();
    (!known.is_empty() && known.len() <= LISTED).then(|| format!("there is {}", list(&known)))
}

/// `1 grant`, `2 grants`.
pub fn counted(number: impl TryInto<u64>, what: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// `` `a`, `b` and `c` ``.
pub fn list(names: &[impl AsRef<str>]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "none".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_suggested_once() {
        assert_eq!(suggestion("wanted", ["n", "o", "n", "o", "o"]).unwrap(), "there is `n` and `o`");
        let many = ["n", "o"].repeat(20);
        assert_eq!(suggestion("wanted", many.iter().copied()).unwrap(), "there is `n` and `o`");
        assert_eq!(suggestion("wanted", (0..13).map(|_| "o").chain(["want"])).unwrap(), "did you mean `want`?");
        assert_eq!(suggestion(&"n".repeat(1 << 20), ["n"]).unwrap(), "there is `n`");
    }
}
