//! What a person writes for a pack in a registry.

use std::fmt;

use crate::{
    policy::{Scheme, Url},
    share::fetch::is_here,
};

/// The longest name, in letters: what registries take.
const MAX_NAME: usize = 255;

/// The longest tag, in letters.
const MAX_TAG: usize = 128;

/// `oci://HOST/NAME:TAG`, `oci://HOST/NAME@sha256:…`, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The registry's own address: its root.
    pub(super) registry: Url,
    /// The repository in it.
    pub(super) name: String,
    /// Which pack of it.
    pub(super) tag: Option<String>,
    /// The digest of the manifest that it has to be.
    pub(super) digest: Option<String>,
}

impl Reference {
    /// Reads a reference.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = "it is `oci://HOST/NAME:TAG` or `oci://HOST/NAME@sha256:…`";
        let wrong = |why: &str| format!("`{}` is no pack in a registry: {why}", text.escape_debug());
        let rest = text.strip_prefix("oci://").ok_or_else(|| wrong(form))?;
        let (host, path) = rest.split_once('/').ok_or_else(|| wrong(form))?;
        let url = |scheme: &str| Url::parse(&format!("{scheme}://{host}/"));
        let registry = url("https").map_err(wrong)?;
        // A registry on this machine has no certificate.
        let registry = if is_here(registry.host()) { url("http").map_err(wrong)? } else { registry };
        let (path, digest) = match path.split_once('@') {
            Some((path, digest)) => (path, Some(digest.to_owned())),
            None => (path, None),
        };
        let (name, tag) = match path.split_once(':') {
            Some((name, tag)) => (name, Some(tag.to_owned())),
            None => (path, None),
        };
        if !is_name(name) {
            return Err(wrong("a name is small letters and digits, with `.`, `_`, `-` or `/` between them"));
        }
        if tag.as_deref().is_some_and(|tag| !is_tag(tag)) {
            return Err(wrong("a tag is letters, digits, `_`, `.` and `-`, at most 128"));
        }
        if digest.as_deref().is_some_and(|digest| !is_digest(digest)) {
            return Err(wrong("a digest is `sha256:` and 64 hexadecimal digits"));
        }
        if tag.is_none() && digest.is_none() {
            return Err(wrong("which one? Write a tag, `:1.0`, or a digest, `@sha256:…`"));
        }
        Ok(Self { registry, name: name.to_owned(), tag, digest })
    }

    /// The same, as the manifest of this digest.
    pub(super) fn with_digest(&self, digest: String) -> Self {
        Self { digest: Some(digest), ..self.clone() }
    }

    /// The registry, as a person writes it and as credentials are kept by.
    pub(super) fn host(&self) -> String {
        match self.registry.scheme() {
            // The port that is left out is that of `https`.
            Scheme::Http => format!("{}:{}", self.registry.host(), self.registry.port()),
            Scheme::Https => self.registry.authority().to_string(),
        }
    }

    /// The names that credentials for the registry are kept by, the likeliest first.
    pub(super) fn logins(&self) -> Vec<String> {
        let host = self.host();
        let other = match self.registry.scheme() {
            // Docker's own registry is elsewhere than it says.
            Scheme::Https => (host == "docker.io").then(|| "index.docker.io".to_owned()),
            Scheme::Http => host.strip_suffix(":80").map(str::to_owned),
        };
        [host].into_iter().chain(other).collect()
    }

    /// The tag, or else the digest: what the registry is asked for.
    pub(super) fn wanted(&self) -> &str {
        self.digest.as_deref().or(self.tag.as_deref()).unwrap_or_default()
    }

    /// The tag, where something can be put under it.
    ///
    /// # Errors
    ///
    /// Why nothing can.
    pub fn tag_to_push(&self) -> Result<&str, String> {
        match (&self.tag, &self.digest) {
            (Some(tag), None) => Ok(tag),
            _ => Err(format!("`{self}` says what the digest is, which the registry will: write a tag, `:1.0`")),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci://{}/{}", self.host(), self.name)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let part = |part: &str| {
        let between = part.split(plain).filter(|between| !between.is_empty());
        let known = |between: &str| matches!(between, "." | "_" | "__") || between.bytes().all(|byte| byte == b'-');
        part.starts_with(plain) && part.ends_with(plain) && between.into_iter().all(known)
    };
    name.len() <= MAX_NAME && name.split('/').all(part)
}

fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= MAX_TAG && tag.starts_with(word) && tag.chars().all(|c| word(c) || c == '.' || c == '-')
}

/// Whether a text is the one kind of digest that is known.
pub(crate) fn is_digest(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.strip_prefix("sha256:").is_some_and(|digits| digits.len() == 64 && digits.bytes().all(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_strictly() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for (text, shown, registry) in [
            (
                "oci://registry.example.com/a/b-c:1.0",
                "oci://registry.example.com/a/b-c:1.0",
                "https://registry.example.com/",
            ),
            ("oci://R.example:8443/a:v", "oci://r.example:8443/a:v", "https://r.example:8443/"),
            ("oci://localhost:5000/a:1", "oci://localhost:5000/a:1", "http://localhost:5000/"),
            ("oci://[::1]:5000/a:1", "oci://[::1]:5000/a:1", "http://[::1]:5000/"),
            ("oci://localhost/a:1", "oci://localhost:80/a:1", "http://localhost/"),
        ] {
            let read = Reference::parse(text).unwrap();
            assert_eq!((read.to_string().as_str(), read.registry.to_string().as_str()), (shown, registry));
            assert_eq!(Reference::parse(shown).unwrap().to_string(), shown);
        }
        let pinned = Reference::parse(&format!("oci://registry.example.com/a:1@{digest}")).unwrap();
        assert_eq!((pinned.wanted(), pinned.tag_to_push().is_ok()), (digest.as_str(), false));
        for text in [
            "oci://registry.example.com",
            "oci://registry.example.com/",
            "oci://registry.example.com/a",
            "oci://registry.example.com/A:1",
            "oci://registry.example.com/a//b:1",
            "oci://registry.example.com/../b:1",
            "oci://registry.example.com/a:",
            "oci://registry.example.com/a:.1",
            "oci://registry.example.com/a:1@sha256:1",
            "oci://registry.example.com/a@sha512:00",
            "oci://user@registry.example.com/a:1",
            "oci://gh cr.io/a:1",
            "oci://registry.example.com/a?b:1",
            "oci:///a:1",
            "oci://registry.example.com/a_-b:1",
            "oci://registry.example.com/a:1:2",
            "https://registry.example.com/a:1",
            "oci://registry.example.com/-a:1",
        ] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
        assert!(Reference::parse(&format!("oci://registry.example.com/{}:1", "a".repeat(256))).is_err());
        assert!(Reference::parse(&format!("oci://registry.example.com/a:{}", "a".repeat(129))).is_err());
    }
}
