//! Headers that a guest sends: checked, bounded, and without those that are the host's to send.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::policy::Url;

/// The most headers of a request. Browsers send about 20.
pub(super) const MAX_HEADERS: usize = 64;

/// The most bytes of names and values together; servers take 8 to 64 KiB.
pub(super) const MAX_HEADER_BYTES: usize = 32 << 10;

/// What is about this connection, and not about the request: it goes no further than the host.
const HOP_BY_HOP: [HeaderName; 11] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::EXPECT,
    HeaderName::from_static("http2-settings"),
];

/// Why headers are refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// One is wrong, or isn't the guest's to send.
    Bad(String),
    /// They are too many or too large.
    Limit(String),
}

/// Whether a header is the host's to send.
pub(super) fn is_hop_by_hop(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(name)
}

/// Reads the headers of a request to `url` with a body of `length` bytes, if that is known. The
/// host frames the request: what says the same as it does is left out, and what says something else
/// is refused.
pub(super) fn read<'a>(
    headers: impl ExactSizeIterator<Item = (&'a str, &'a [u8])>,
    url: &Url,
    length: Option<usize>,
) -> Result<HeaderMap, Refused> {
    if headers.len() > MAX_HEADERS {
        return Err(Refused::Limit(format!("a request has at most {MAX_HEADERS} headers")));
    }
    let (mut map, mut size) = (HeaderMap::new(), 0);
    for (name, value) in headers {
        size += name.len() + value.len();
        if size > MAX_HEADER_BYTES {
            return Err(Refused::Limit(format!("the headers of a request have at most {MAX_HEADER_BYTES} bytes")));
        }
        let bad = |why: &str| Refused::Bad(format!("the header `{}` {why}", name.escape_debug()));
        let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("has no name that one can have"))?;
        let value = HeaderValue::from_bytes(value).map_err(|_| bad("has a line break or a control character in it"))?;
        if is_own(&known, &value, url, length).map_err(bad)? {
            map.append(known, value);
        }
    }
    Ok(map)
}

/// Whether the guest's header is sent; those that the host sends itself are not.
fn is_own(name: &HeaderName, value: &HeaderValue, url: &Url, length: Option<usize>) -> Result<bool, &'static str> {
    let is = |text: &str| value.as_bytes().trim_ascii().eq_ignore_ascii_case(text.as_bytes());
    if *name == header::HOST {
        return if is(&url.authority().to_string()) { Ok(false) } else { Err("is not the host of the URL") };
    }
    if *name == header::CONTENT_LENGTH {
        return match length {
            Some(length) if !is(&length.to_string()) => Err("is not the length of the body"),
            Some(_) => Ok(false),
            None if value.as_bytes().iter().all(u8::is_ascii_digit) => Ok(true),
            None => Err("is not a number"),
        };
    }
    if *name == header::CONNECTION && (is("close") || is("keep-alive")) {
        return Ok(false);
    }
    if is_hop_by_hop(name) { Err("is the host's to send: it is about the connection") } else { Ok(true) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(name: &str, value: &[u8]) -> Result<HeaderMap, Refused> {
        read([(name, value)].into_iter(), &Url::parse("https://a.example:8443/").unwrap(), Some(3))
    }

    #[test]
    fn a_request_is_framed_by_the_host() {
        let sent = |name: &str, value: &[u8]| read_one(name, value).unwrap().len();
        assert_eq!(sent("Accept", b"*/*"), 1);
        assert_eq!(
            (sent("Host", b"A.example:8443"), sent("content-length", b"3"), sent("Connection", b"close")),
            (0, 0, 0)
        );
        for (name, value) in [
            ("host", &b"b.example"[..]),
            ("host", b"a.example"),
            ("content-length", b"4"),
            ("transfer-encoding", b"chunked"),
            ("Transfer-Encoding ", b"chunked"),
            ("connection", b"close, x-internal"),
            ("upgrade", b"websocket"),
            ("x", b"a\r\nhost: b"),
            ("x", b"a\nb"),
            ("x", b"a\0b"),
            ("x:y", b"a"),
            ("", b"a"),
            ("x\r\ny", b"a"),
        ] {
            assert!(matches!(read_one(name, value), Err(Refused::Bad(_))), "{name} {value:?}");
        }
    }

    #[test]
    fn headers_are_bounded() {
        let url = Url::parse("https://a.example/").unwrap();
        let many = vec![("a", &b"b"[..]); MAX_HEADERS + 1];
        assert!(matches!(read(many.into_iter(), &url, None), Err(Refused::Limit(_))));
        assert!(matches!(read_one("a", &vec![b'a'; MAX_HEADER_BYTES]), Err(Refused::Limit(_))));
    }
}
