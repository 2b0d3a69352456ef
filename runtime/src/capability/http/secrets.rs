//! Values that a guest may send and not hold: it has placeholders for them, and the values are put
//! in on the way out, to the hosts that they are for.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::{body::MAX_REQUEST, headers::MAX_HEADER_BYTES};
use crate::{
    capability::env::{Env, TooLong},
    policy::{Denial, MAX_URL, Url},
};

/// Why a value can't be put in; none is told.
const BROKEN: &str = "the value of a variable can't stand there";

/// The values for one host.
pub(super) struct Secrets<'a> {
    pub env: &'a Env,
    pub url: &'a Url,
}

impl Secrets<'_> {
    /// The body with the values, if it isn't more than a body may have.
    pub fn body_with(&self, body: Vec<u8>) -> Result<Vec<u8>, TooLong> {
        let most = usize::try_from(MAX_REQUEST).unwrap_or(usize::MAX);
        Ok(self.env.reveal(self.url.host(), &body, most)?.unwrap_or(body))
    }

    /// The URL with the values.
    pub fn url_with(&self) -> Result<Url, Denial> {
        let broken = Denial::of("http.bad-url", format_args!("{}: {BROKEN}", self.url));
        let target = match self.env.reveal(self.url.host(), self.url.target().as_bytes(), MAX_URL) {
            Ok(Some(target)) => target,
            Ok(None) => return Ok(self.url.clone()),
            Err(TooLong) => return Err(broken),
        };
        String::from_utf8(target).ok().and_then(|target| self.url.clone().with_target(&target).ok()).ok_or(broken)
    }

    /// Puts the values into headers.
    pub fn put_into_headers(&self, headers: &mut HeaderMap) -> Result<(), Denial> {
        for (name, value) in headers.iter_mut() {
            let broken = || Denial::of("http.bad-header", format_args!("{name}: {BROKEN}"));
            let with = self.env.reveal(self.url.host(), value.as_bytes(), MAX_HEADER_BYTES);
            if let Some(with) = with.map_err(|TooLong| broken())? {
                *value = HeaderValue::from_maybe_shared(Bytes::from(with)).map_err(|_| broken())?;
                value.set_sensitive(true);
            }
        }
        // What is compressed can't be looked through on its way back.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        Ok(())
    }

    /// Whether an answer can be looked through for the values.
    pub fn can_read(&self, headers: &HeaderMap) -> bool {
        let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
        headers.get_all(header::CONTENT_ENCODING).iter().all(plain)
    }

    /// The answer's headers without the values: some servers send back what they got.
    pub fn take_out_of_headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            if let std::borrow::Cow::Owned(without) = self.env.scrubber().bytes(value.as_bytes()) {
                *value = HeaderValue::from_maybe_shared(Bytes::from(without)).unwrap_or(HeaderValue::from_static(""));
            }
        }
    }

    /// The answer's body without the values.
    pub fn body_without(&self, body: Vec<u8>) -> Vec<u8> {
        self.env.scrubber().bytes(&body).into_owned()
    }
}
