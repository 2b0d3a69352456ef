//! Where a template is written, for messages about what its rendering came to.

use std::{ops::Range, sync::Arc};

use crate::source::Source;

/// Where the text of a template is.
#[derive(Clone, Debug)]
pub struct Written {
    /// The file that it is in.
    pub source: Arc<Source>,
    /// Where it begins there, if it is written there as it is.
    pub start: Option<usize>,
    /// Where what means it begins.
    pub at: usize,
}

impl Written {
    /// `file:line:column` of a part of the text, or `file:line` where only the line is known. The
    /// folder is left out: a run is the same wherever its agents are.
    pub fn place(&self, part: Option<Range<usize>>, line: Option<usize>) -> String {
        let file = self.source.path.rsplit('/').next().unwrap_or_default();
        match (self.start, part, line) {
            (Some(start), None, Some(line)) => format!("{file}:{}", self.source.line(start) + line.saturating_sub(1)),
            (start, part, _) => {
                let offset = start.zip(part).map_or(self.at, |(start, part)| start + part.start);
                let position = self.source.position(offset);
                format!("{file}:{}:{}", position.line, position.column)
            }
        }
    }
}
