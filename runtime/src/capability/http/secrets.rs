//! Values that a guest may send and not hold: it has placeholders for them, and the values are put
//! in on the way out, to the hosts that they are for.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use crate::policy::{Denial, Host, Url};

/// Knows which values go where.
pub trait Secrets: Send + Sync {
    /// Whether a value goes to `host`: bodies to it and from it are then held as a whole, and
    /// streamed otherwise.
    fn concern(&self, host: &Host) -> bool;

    /// Puts the values for `host` in place of their placeholders.
    ///
    /// # Errors
    ///
    /// When a placeholder is in it whose value may not go there. The denial holds no value.
    fn put_in(&self, host: &Host, text: &[u8]) -> Result<Vec<u8>, Denial>;

    /// Takes values that came back from `host` out again.
    fn take_out(&self, host: &Host, text: &[u8]) -> Vec<u8>;
}

/// Why values can't be put in; none of them is told.
const BROKEN: &str = "a value put in place of a placeholder can't stand there";

/// The same URL, with the values.
pub(super) fn into_url(secrets: &dyn Secrets, url: Url) -> Result<Url, Denial> {
    let target = secrets.put_in(url.host(), url.target().as_bytes())?;
    if target == url.target().as_bytes() {
        return Ok(url);
    }
    let broken = Denial::of("http.bad-url", format_args!("{url}: {BROKEN}"));
    String::from_utf8(target).ok().and_then(|target| url.with_target(&target).ok()).ok_or(broken)
}

/// Puts the values into headers.
pub(super) fn into_headers(secrets: &dyn Secrets, host: &Host, headers: &mut HeaderMap) -> Result<(), Denial> {
    for (name, value) in headers.iter_mut() {
        let with = secrets.put_in(host, value.as_bytes())?;
        if with != value.as_bytes() {
            let broken = |_| Denial::of("http.bad-header", format_args!("{name}: {BROKEN}"));
            *value = HeaderValue::from_maybe_shared(Bytes::from(with)).map_err(broken)?;
            value.set_sensitive(true);
        }
    }
    Ok(())
}

/// Takes values out of the headers of a response.
pub(super) fn out_of_headers(secrets: &dyn Secrets, host: &Host, headers: &mut HeaderMap) {
    for value in headers.values_mut() {
        let without = secrets.take_out(host, value.as_bytes());
        if without != value.as_bytes() {
            *value = HeaderValue::from_maybe_shared(Bytes::from(without)).unwrap_or(HeaderValue::from_static(""));
        }
    }
}
