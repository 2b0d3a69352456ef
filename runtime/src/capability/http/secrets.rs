//! Values that a guest may send and not hold: it has placeholders for them, and the values are put
//! in on the way out, to the hosts that they are for.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use crate::{
    capability::env::Env,
    policy::{Denial, Url},
};

/// Why a value can't be put in; none is told.
const BROKEN: &str = "the value of a variable can't stand there";

/// The values for one host.
pub(super) struct Secrets<'a> {
    pub env: &'a Env,
    pub url: &'a Url,
}

impl Secrets<'_> {
    /// The body with the values.
    pub fn body_with(&self, body: Vec<u8>) -> Vec<u8> {
        self.env.reveal(self.url.host(), &body).unwrap_or(body)
    }

    /// The URL with the values.
    pub fn url_with(&self) -> Result<Url, Denial> {
        let Some(target) = self.env.reveal(self.url.host(), self.url.target().as_bytes()) else {
            return Ok(self.url.clone());
        };
        let broken = Denial::of("http.bad-url", format_args!("{}: {BROKEN}", self.url));
        String::from_utf8(target).ok().and_then(|target| self.url.clone().with_target(&target).ok()).ok_or(broken)
    }

    /// Puts the values into headers.
    pub fn put_into_headers(&self, headers: &mut HeaderMap) -> Result<(), Denial> {
        for (name, value) in headers.iter_mut() {
            if let Some(with) = self.env.reveal(self.url.host(), value.as_bytes()) {
                let broken = |_| Denial::of("http.bad-header", format_args!("{name}: {BROKEN}"));
                *value = HeaderValue::from_maybe_shared(Bytes::from(with)).map_err(broken)?;
                value.set_sensitive(true);
            }
        }
        Ok(())
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
