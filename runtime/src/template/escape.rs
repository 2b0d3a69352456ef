//! What values in a template are made safe for.

use minijinja::AutoEscape;

/// What every value in a template is made safe for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escape {
    /// Nothing: text as it is, lists and objects as JSON.
    #[default]
    None,
    /// A JSON document: every value is a complete JSON value, with its quotes.
    Json,
    /// A standard SQL statement: every value is a complete literal, with its quotes.
    Sql,
    /// HTML text or an attribute in quotes.
    Html,
    /// XML 1.0 text or an attribute in quotes.
    Xml,
    /// A POSIX shell's command line: every value is one word.
    Shell,
}

impl Escape {
    /// The words of a manifest.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("none", Self::None),
        ("json", Self::Json),
        ("sql", Self::Sql),
        ("html", Self::Html),
        ("xml", Self::Xml),
        ("shell", Self::Shell),
    ];

    /// What MiniJinja calls it.
    pub(super) fn mode(self) -> AutoEscape {
        match self {
            Self::None => AutoEscape::None,
            Self::Html => AutoEscape::Html,
            Self::Json => AutoEscape::Json,
            Self::Sql => AutoEscape::Custom("sql".into()),
            Self::Xml => AutoEscape::Custom("xml".into()),
            Self::Shell => AutoEscape::Custom("shell".into()),
        }
    }

    /// What MiniJinja's `mode` is called here.
    pub(super) fn of(mode: &AutoEscape) -> Self {
        Self::WORDS.into_iter().map(|(_, escape)| escape).find(|escape| escape.mode() == *mode).unwrap_or_default()
    }
}
