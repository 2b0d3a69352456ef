//! A text file that messages can point into.

use std::{ops::Range, path::Path, sync::Arc};

/// The largest manifest, policy or source file that is read, in bytes. A hundred times what a
/// person writes, and small enough that a library of thousands is read in memory.
pub const MAX_SOURCE: u64 = 8 << 20;

/// The path and the text of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file's path, as messages show it.
    pub path: String,
    /// What the file holds.
    pub text: String,
}

impl Source {
    /// A source that several messages can share.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// The line that holds the byte `offset`; the first line is 1.
    pub fn line(&self, offset: usize) -> usize {
        let end = offset.min(self.text.len());
        1 + self.text.as_bytes()[..end].iter().filter(|&&byte| byte == b'\n').count()
    }
}

/// A place in a source: what a policy line or a manifest key is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes that are meant.
    pub span: Range<usize>,
}

impl Place {
    /// The place of what stands in no file.
    pub(crate) fn nowhere() -> Self {
        Self { source: Source::new("", ""), span: 0..0 }
    }

    /// Whether its file is in the folder `base`.
    pub(crate) fn is_in(&self, base: &Path) -> bool {
        Path::new(&self.source.path).parent().unwrap_or(Path::new("")) == base
    }

    /// What stands there.
    pub fn text(&self) -> &str {
        self.source.text.get(self.span.clone()).unwrap_or_default()
    }

    /// `path:line`, as tools and people write it.
    pub fn line(&self) -> String {
        format!("{}:{}", self.source.path, self.source.line(self.span.start))
    }

    /// What stands there, on one line.
    pub fn words(&self) -> String {
        self.text().split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
