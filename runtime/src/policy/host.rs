//! Who is at the other end of a connection: a name or an address, read strictly.

use std::{fmt, net::IpAddr};

use crate::{diagnostic::Diagnostic, document::Item};

/// A host: a name of DNS in lower case, or an address. What other programs take for an address in
/// disguise (`2130706433`, `0x7f.1`, `127.1`) is neither.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, in lower case, without a dot at its end.
    Name(String),
    /// An address.
    Address(IpAddr),
}

/// The longest name (RFC 1035), in bytes.
const MAX_NAME: usize = 253;

/// The longest part between two dots (RFC 1035), in bytes.
const MAX_LABEL: usize = 63;

impl Host {
    /// Reads a host as it stands in a URL: an IPv6 address in brackets.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(inner) = text.strip_prefix('[') {
            let address = inner.strip_suffix(']').and_then(|inner| inner.parse().ok());
            return address.map(|address| Self::Address(IpAddr::V6(address))).ok_or("this is no IPv6 address");
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(IpAddr::V4(address)));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        check_name(name)?;
        let last = name.rsplit('.').next().unwrap_or_default();
        if last.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("an address is written as four decimal numbers");
        }
        Ok(Self::Name(name.to_ascii_lowercase()))
    }
}

impl Host {
    /// The address, where it is one.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::Address(address) => Some(*address),
        }
    }
}

fn check_name(name: &str) -> Result<(), &'static str> {
    if !name.is_ascii() {
        return Err("a name is written in ASCII: take its form in Punycode, `xn--…`");
    }
    if name.is_empty() || name.len() > MAX_NAME {
        return Err("a name has 1 to 253 letters");
    }
    let fits = |label: &str| {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=MAX_LABEL).contains(&label.len()) && label.bytes().all(letters) && !label.starts_with('-')
    };
    if name.split('.').all(fits) { Ok(()) } else { Err("a name has letters, digits, `-` and `.` only") }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}

/// Which hosts a grant is about: one, or every name below one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// This host alone.
    Exact(Host),
    /// `*.example.com`: every name below this one, and not the name itself.
    Below(String),
}

impl HostPattern {
    /// Reads a host or `*.` and a name of at least two parts.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.contains("://") {
            return Err("a host has no scheme: `schemes` says which are allowed");
        }
        let Some(suffix) = text.strip_prefix("*.") else {
            return if text.contains('*') {
                Err("`*` stands for the first parts of a name alone, as in `*.example.com`")
            } else {
                Host::parse(text).map(Self::Exact)
            };
        };
        match Host::parse(suffix)? {
            Host::Name(name) if name.contains('.') => Ok(Self::Below(name)),
            _ => Err("below `*.` there are at least two parts, as in `*.example.com`"),
        }
    }

    /// Reads what a manifest asks for: `*` is any host, one that only a call says.
    pub(super) fn needed(text: &str) -> Result<Option<Self>, &'static str> {
        if text == "*" { Ok(None) } else { Self::parse(text).map(Some) }
    }

    /// Reads the text of a policy.
    pub(super) fn read(item: &Item<'_>) -> Result<Self, Diagnostic> {
        let text = item.clone().text()?;
        Self::parse(text)
            .map_err(|why| item.wrong("bad-host", format!("`{}` is not a host", text.escape_debug())).label(why))
    }

    /// Whether it is about all that the other one is about.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Exact(host)) => self.matches(host),
            (Self::Below(wide), Self::Below(narrow)) => {
                wide == narrow || narrow.strip_suffix(wide.as_str()).is_some_and(|first| first.ends_with('.'))
            }
            (Self::Exact(_), Self::Below(_)) => false,
        }
    }

    /// Whether it is about `host`.
    pub fn matches(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Exact(exact), host) => exact == host,
            (Self::Below(suffix), Host::Name(name)) => {
                name.strip_suffix(suffix.as_str()).is_some_and(|first| first.ends_with('.'))
            }
            (Self::Below(_), Host::Address(_)) => false,
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => host.fmt(f),
            Self::Below(suffix) => write!(f, "*.{suffix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_strictly() {
        for text in ["example.com", "EXAMPLE.com.", "127.0.0.1", "[::1]", "localhost", "xn--bcher-kva.example", "a_b.c"]
        {
            assert!(Host::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            ".",
            "a..b",
            "2130706433",
            "0x7f.1",
            "127.1",
            "0177.0.0.1",
            "256.1.1.1",
            "::1",
            "[::1",
            "[v1.x]",
            "büch.er",
            "a b",
            "a\0b",
            "a/b",
            "a@b",
            "a:1",
            "-a.b",
            "[fe80::1%25lo]",
        ] {
            assert!(Host::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn stars_stand_at_the_front() {
        for text in ["*", "*.com", "*.", "a.*.com", "**.example.com", "*example.com", "*.127.0.0.1", "https://a.com"] {
            assert!(HostPattern::parse(text).is_err(), "{text}");
        }
        let pattern = HostPattern::parse("*.Example.com").unwrap();
        let matches = |host: &str| pattern.matches(&Host::parse(host).unwrap());
        assert!(matches("api.example.com") && matches("a.b.EXAMPLE.com."));
        assert!(!matches("example.com") && !matches("badexample.com") && !matches("example.com.evil.org"));
    }
}
