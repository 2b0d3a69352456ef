//! What an agent asks for over HTTP, read strictly and once: what was checked is what is sent.

use std::fmt;

use crate::policy::Host;

/// The longest URL, in bytes: servers take about as much.
pub const MAX_URL: usize = 8 << 10;

/// How a request travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// As it is.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// Both, with their words.
    pub(super) const WORDS: [(&'static str, Self); 2] = [("http", Self::Http), ("https", Self::Https)];

    /// The word in a URL and in a policy.
    pub fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port where a URL names none.
    pub fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// An absolute URL with scheme `http` or `https`. There is one way to read it: whatever servers and
/// proxies are known to read in different ways is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    scheme: Scheme,
    host: Host,
    port: u16,
    /// Path and query, as they are sent.
    target: String,
    /// Where the path ends.
    path: usize,
    /// The decoded path, with a NUL for each slash that was encoded; where anything was encoded.
    decoded: Option<Vec<u8>>,
}

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        check_text(text)?;
        let (scheme, rest) = text.split_once("://").ok_or("it begins with `https://` or `http://`")?;
        let known = Scheme::WORDS.into_iter().find(|(word, _)| scheme.eq_ignore_ascii_case(word));
        let (_, scheme) = known.ok_or("its scheme is neither `https` nor `http`")?;
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (host, port) = split_authority(authority)?;
        let port = match port {
            Some(port) => parse_port(port)?,
            None => scheme.port(),
        };
        Self { scheme, host: Host::parse(host)?, port, target: String::new(), path: 0, decoded: None }
            .with_target(target)
    }

    /// The same place, with another path and query.
    ///
    /// # Errors
    ///
    /// What is wrong with them, as a sentence.
    pub fn with_target(mut self, target: &str) -> Result<Self, &'static str> {
        check_text(target)?;
        self.target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        self.path = self.target.find('?').unwrap_or(self.target.len());
        let (path, query) = self.target.split_at(self.path);
        self.decoded = check_path(path)?;
        check_query(query)?;
        Ok(self)
    }

    /// How the request travels.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Who is asked.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port, also where the URL doesn't say it.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, as they stand in the request's first line.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path, encoded as it was.
    pub fn path(&self) -> &str {
        &self.target[..self.path]
    }

    /// The decoded path with NUL for encoded slashes, where anything was encoded.
    pub(super) fn decoded(&self) -> Option<&[u8]> {
        self.decoded.as_deref()
    }

    /// Host and port as the header `host` has them: the scheme's own port is left out.
    pub fn authority(&self) -> impl fmt::Display {
        Authority(self)
    }
}

struct Authority<'a>(&'a Url);

impl fmt::Display for Authority<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Url { scheme, host, port, .. } = self.0;
        if *port == scheme.port() { host.fmt(f) } else { write!(f, "{host}:{port}") }
    }
}

/// Without the query: it decides nothing, and often carries what is nobody's business.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.word(), self.authority(), self.path())
    }
}

fn check_text(text: &str) -> Result<(), &'static str> {
    if text.len() > MAX_URL {
        return Err("it is longer than 8,192 bytes");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it has spaces, control characters or letters outside ASCII, which are written as `%XX`");
    }
    if text.contains('#') {
        return Err("it has a fragment, which is never sent");
    }
    if text.contains('\\') { Err("it has a backslash") } else { Ok(()) }
}

fn split_authority(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    if authority.contains('@') {
        return Err(
            "it has a user or a password before the host, which are sent nowhere and would be written down: a header says who asks",
        );
    }
    let after_host = authority.rfind(']').map_or(0, |at| at + 1);
    Ok(match authority[after_host..].find(':') {
        Some(at) => (&authority[..after_host + at], Some(&authority[after_host + at + 1..])),
        None => (authority, None),
    })
}

/// A port as four or five other programs would read it, too.
pub(super) fn parse_port(text: &str) -> Result<u16, &'static str> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| digits).ok_or("a port is a number from 1 to 65535")
}

/// Checks a path, and gives it decoded if anything in it was encoded.
fn check_path(path: &str) -> Result<Option<Vec<u8>>, &'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@/%".contains(&byte);
    if path.contains(';') {
        return Err("its path has a `;`, which servers read in different ways: write `%3B`");
    }
    if !path.bytes().all(plain) {
        return Err("its path has a character that is written as `%XX`");
    }
    if path.starts_with("//") {
        return Err("its path begins with two slashes");
    }
    check_dots(path.as_bytes())?;
    if !path.contains('%') {
        return Ok(None);
    }
    if is_broken(path.as_bytes()) {
        return Err("its path has a `%` without two hexadecimal digits");
    }
    let mut decoded = decode(path.as_bytes());
    check_decoded(&decoded)?;
    // A server behind a server decodes once more, and may well take what is broken as it is.
    check_decoded(&decode(&decoded))?;
    mark_slashes(path.as_bytes(), &mut decoded);
    Ok(Some(decoded))
}

fn check_decoded(path: &[u8]) -> Result<(), &'static str> {
    if path.iter().any(|byte| byte.is_ascii_control() || *byte == b'\\') {
        return Err("its path has an encoded control character or backslash");
    }
    check_dots(path)
}

/// Refuses `.` and `..`, also with a parameter behind them, which some servers cut off.
fn check_dots(path: &[u8]) -> Result<(), &'static str> {
    let dots = |part: &[u8]| matches!(part.split(|byte| *byte == b';').next(), Some(b"." | b".."));
    if path.split(|byte| *byte == b'/').any(dots) {
        Err("its path has `.` or `..` in it, plain or encoded")
    } else {
        Ok(())
    }
}

/// Takes each `%XX` for its byte. What is broken stays as it is.
fn decode(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some(first) = rest.first() {
        let byte = escaped(rest);
        decoded.push(byte.unwrap_or(*first));
        rest = &rest[if byte.is_some() { 3 } else { 1 }..];
    }
    decoded
}

/// The byte that `%XX` at the beginning of `text` stands for.
fn escaped(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// Whether there is a `%` that no two hexadecimal digits follow.
fn is_broken(text: &[u8]) -> bool {
    memchr::memchr_iter(b'%', text).any(|at| escaped(&text[at..]).is_none())
}

/// Puts a NUL, which no path has, for each slash of `decoded` that is encoded in `raw`.
fn mark_slashes(raw: &[u8], decoded: &mut [u8]) {
    let mut at = 0;
    for byte in decoded {
        let encoded = raw.get(at) == Some(&b'%');
        if encoded && *byte == b'/' {
            *byte = 0;
        }
        at += if encoded { 3 } else { 1 };
    }
}

fn check_query(query: &str) -> Result<(), &'static str> {
    if query.contains(['"', '<', '>', '`', '^']) {
        return Err("its query has a character that is written as `%XX`");
    }
    if is_broken(query.as_bytes()) { Err("its query has a `%` without two hexadecimal digits") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_once() {
        for (text, shown, target) in [
            ("https://example.com", "https://example.com/", "/"),
            ("HTTPS://EXAMPLE.com.:443/a?b=c", "https://example.com/a", "/a?b=c"),
            ("http://example.com:8080?x=/../", "http://example.com:8080/", "/?x=/../"),
            ("http://[::1]:80/", "http://[::1]/", "/"),
            ("https://a.example/a%2Fb/%C3%A9/x@y:z", "https://a.example/a%2Fb/%C3%A9/x@y:z", "/a%2Fb/%C3%A9/x@y:z"),
            ("https://a.example/...", "https://a.example/...", "/..."),
            ("https://a.example/100%25/%25zz", "https://a.example/100%25/%25zz", "/100%25/%25zz"),
        ] {
            let url = Url::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!((url.to_string().as_str(), url.target()), (shown, target));
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let long = format!("https://a.example/{}", "a".repeat(MAX_URL));
        for text in [
            "",
            "example.com",
            "/a",
            "//example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https:/example.com",
            "https://",
            "https:///a",
            "https://a.example:/",
            "https://a.example:0/",
            "https://a.example:070/",
            "https://a.example:65536/",
            "https://a.example:+80/",
            "https://user@a.example/",
            "https://a:b@c.example/",
            "https://a.example\\@b.example/",
            "https://a.example#@b.example/",
            "https://a.example/#x",
            "https://a.example/a b",
            "https://a.example/\r\nHost: b",
            "https://a.example/\0",
            "https://a.example/%00",
            "https://a.example/%2500",
            "https://a.example/%0d%0a",
            "https://a.example/a;b",
            "https://a.example/..;/b",
            "https://a.example/../b",
            "https://a.example/a/.",
            "https://a.example/%2e%2e/b",
            "https://a.example/.%2E/b",
            "https://a.example/%252e%252e/b",
            "https://a.example/%2e%2e%3bx/b",
            "https://a.example/a%2f..%2fb",
            "https://a.example/a%252f..%252fb",
            "https://a.example/%252e%252e/b%25",
            "https://a.example/%252e%252e/b/%25zz",
            "https://a.example/%25/%252e%252e/b",
            "https://a.example/%252f..%252fb%25",
            "https://a.example/%255c..%25",
            "https://a.example/%2500%25",
            "https://a.example/%5c..",
            "https://a.example/a\\b",
            "https://a.example//b.example/",
            "https://a.example/%",
            "https://a.example/%zz",
            "https://a.example/?%z",
            "https://a.example/{x}",
            "https://bücher.example/",
            "https://2130706433/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://[::1/",
            "https://::1/",
            "https://[fe80::1%25lo]/",
            "https://a.example/http://b.example/\n",
            "https://a%2eexample/",
            " https://a.example/",
            &long,
        ] {
            assert!(Url::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn encoded_slashes_are_marked() {
        let url = Url::parse("https://a.example/a%2Fb/c%41").unwrap();
        assert_eq!(url.decoded(), Some(&b"/a\0b/cA"[..]));
    }
}
