//! Which paths of a server a grant is about.

use std::fmt;

use crate::{
    diagnostic::Diagnostic,
    document::Item,
    policy::{is_below, pattern, url::Url},
};

/// A path by whole segments: `*` stands for any run of characters within one, `**` for any number
/// of them. It is written decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(String);

impl PathPattern {
    /// All paths.
    pub(super) fn all() -> Self {
        Self("/**".into())
    }

    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let Some(rest) = text.strip_prefix('/') else { return Err("a path begins with `/`") };
        if text.contains(|c: char| c.is_control() || c.is_whitespace() || "?#;\\%".contains(c)) {
            return Err(
                "no path has spaces, control characters, `?`, `#`, `;`, `%` or a backslash; it is written decoded",
            );
        }
        let parts = || rest.split('/');
        if parts().any(|part| part == "." || part == "..") {
            return Err("no path has `.` or `..`");
        }
        if parts().any(|part| part.contains("**") && part != "**") {
            return Err("`**` stands between two slashes, as in `/api/**`");
        }
        let last = parts().count() - 1;
        if parts().enumerate().any(|(at, part)| part.is_empty() && at < last) {
            return Err("no path has two slashes side by side");
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads the text of a policy.
    pub(super) fn read(item: &Item<'_>) -> Result<Self, Diagnostic> {
        let text = item.clone().text()?;
        Self::parse(text)
            .map_err(|why| item.wrong("bad-path", format!("`{}` is not a path", text.escape_debug())).label(why))
    }

    /// The narrowest pattern that can be written and is about the path of `url`.
    pub(super) fn near(url: &Url) -> Self {
        let mut path = Self::subject_text(url).unwrap_or_default().to_owned();
        // Stars that the path has itself are about one segment at most.
        while path.contains("**") {
            path = path.replace("**", "*");
        }
        Self::parse(&path).unwrap_or_else(|_| Self::all())
    }

    /// The pattern for the path of `url` alone, where one can be written.
    pub(super) fn exactly(url: &Url) -> Option<Self> {
        Self::parse(Self::subject_text(url).filter(|path| !path.contains('*'))?).ok()
    }

    fn subject_text(url: &Url) -> Option<&str> {
        std::str::from_utf8(Self::subject(url)).ok()
    }

    /// Whether it is about all paths that the other one is about. Where that can't be seen from the
    /// patterns alone, it is not.
    pub(super) fn covers(&self, other: &Self) -> bool {
        // A character that no pattern has is met by this one's stars alone; `**` stands for none, one
        // or more segments.
        let filled = |any: &str| other.0.replace("/**", any).replace('*', "\u{1}");
        ["", "/\u{1}", "/\u{1}/\u{1}/\u{1}"].iter().all(|any| matches(&self.0, filled(any).as_bytes()))
    }

    /// Whether no path is one that both are about, of two patterns that don't cover each other.
    pub(super) fn is_apart(&self, other: &Self) -> bool {
        let (one, two) = (self.begins(), other.begins());
        !self.is_glob() || !other.is_glob() || !is_below(one, two) && !is_below(two, one)
    }

    /// What every path begins with that it is about, in whole segments.
    pub(super) fn begins(&self) -> &str {
        match self.0.split('/').position(|part| part.contains('*')) {
            None => &self.0,
            Some(open) => {
                let (end, _) = self.0.match_indices('/').nth(open - 1).unwrap_or_default();
                &self.0[..end]
            }
        }
    }

    /// The texts that each path has in it that it is about.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &str> {
        // `/**` stands for nothing, too.
        self.0.split("/**").flat_map(|part| part.split('*'))
    }

    /// Whether it is about more than one path.
    pub(super) fn is_glob(&self) -> bool {
        self.0.contains('*')
    }

    /// What a pattern is compared with, where a slash that is encoded is part of a name.
    pub(super) fn subject(url: &Url) -> &[u8] {
        url.decoded().unwrap_or(url.path().as_bytes())
    }

    /// Whether it is about the path of `url`. A slash that is encoded is read both ways, as part of
    /// a name and as its end, and both have to fit.
    pub fn matches(&self, url: &Url) -> bool {
        if self.0 == "/**" {
            return true;
        }
        let path = Self::subject(url);
        let split = || path.iter().map(|byte| if *byte == 0 { b'/' } else { *byte }).collect::<Vec<_>>();
        matches(&self.0, path) && (!path.contains(&0) || matches(&self.0, &split()))
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Matches from the left and, where that fails, lets the last `**` take one segment more.
fn matches(pattern: &str, path: &[u8]) -> bool {
    let (mut parts, mut names) = (pattern.split('/'), path.split(|byte| *byte == b'/'));
    let mut again = None;
    loop {
        match (parts.clone().next(), names.clone().next()) {
            (None, None) => return true,
            (Some("**"), _) => {
                parts.next();
                again = Some((parts.clone(), names.clone()));
            }
            (Some(part), Some(name)) if fits(part, name) => drop((parts.next(), names.next())),
            _ => {
                let Some((after, from)) = &mut again else { return false };
                if from.next().is_none() {
                    return false;
                }
                (parts, names) = (after.clone(), from.clone());
            }
        }
    }
}

/// Whether a segment of a pattern fits one of a path; `*` is never nothing at all.
fn fits(part: &str, name: &[u8]) -> bool {
    part.as_bytes() == name || part.contains('*') && !name.is_empty() && pattern::matches(part.as_bytes(), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_segments_match() {
        for (pattern, path, expected) in [
            ("/**", "/", true),
            ("/", "/", true),
            ("/", "/a", false),
            ("/a", "/a", true),
            ("/a", "/a/", false),
            ("/a/", "/a/", true),
            ("/a/*", "/a/", false),
            ("/a/*", "/a/b", true),
            ("/a/*", "/a/b/c", false),
            ("/a/**", "/a", true),
            ("/a/**", "/a/b/c", true),
            ("/a/**", "/ab", false),
            ("/a/**/z", "/a/z", true),
            ("/a/**/z", "/a/b/c/z", true),
            ("/a/**/z", "/a/b/c/z/y", false),
            ("/**/b/*/d", "/x/b/y/b/c/d", true),
            ("/v*/x.json", "/v12/x.json", true),
            ("/A", "/a", false),
            ("/café", "/caf%C3%A9", true),
            ("/a/*", "/a/b%2Fc", false),
            ("/a/b/c", "/a/b%2Fc", false),
            ("/a/**", "/a/b%2Fc", true),
            ("/public/**", "/public%2F..%2Fadmin", false),
        ] {
            let Ok(url) = Url::parse(&format!("https://a.example{path}")) else {
                assert!(!expected, "{path}");
                continue;
            };
            assert_eq!(PathPattern::parse(pattern).unwrap().matches(&url), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_hostile_path_ends() {
        let url = Url::parse(&format!("https://a.example{}", "/a".repeat(4000))).unwrap();
        assert!(!PathPattern::parse(&format!("{}/b", "/**/a".repeat(500))).unwrap().matches(&url));
    }

    #[test]
    fn patterns_are_plain() {
        for text in
            ["", "a", "/a/../b", "/.", "/a;b", "/a\0", "/a b", "/a?b", "/a#b", "/a\\b", "/%2e", "//a", "/a**", "/a//b"]
        {
            assert!(PathPattern::parse(text).is_err(), "{text:?}");
        }
    }
}
