//! What is found in one agent, within bounds: whoever writes a manifest decides how much that is.

use crate::{
    diagnostic::{Diagnostic, MAX_FINDINGS, Report, suggestion},
    source::Place,
};

/// The most findings for which a name is looked for that was meant: all names are compared with it.
const MAX_SUGGESTIONS: usize = 100;

/// The findings of one agent.
#[derive(Debug, Default)]
pub struct Findings {
    report: Report,
    suggested: usize,
}

impl Findings {
    /// Adds a finding, if there is room for it.
    pub fn push(&mut self, finding: Diagnostic) {
        if !self.is_full() {
            self.report.push(finding);
        }
    }

    /// Whether nothing more needs to be looked for.
    pub fn is_full(&self) -> bool {
        self.report.0.len() == MAX_FINDINGS
    }

    /// Whether a name that was meant is still looked for.
    pub fn may_suggest(&self) -> bool {
        self.suggested < MAX_SUGGESTIONS
    }

    /// What to say beside a name that isn't one of `known`.
    pub fn suggestion<'a>(&mut self, name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
        let may = self.may_suggest();
        self.suggested += 1;
        if may { suggestion(name, known) } else { None }
    }

    /// All of them, and whether there may be more of what `agent` says.
    pub fn report(mut self, agent: &Place) -> Report {
        if self.is_full() {
            let message = format!("{MAX_FINDINGS} findings and more: the rest is not looked for");
            self.report.push(Diagnostic::error("more-findings", message).at_place(agent).help("mend these first"));
        }
        self.report
    }
}
