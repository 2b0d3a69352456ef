//! Values that a guest may send and not hold: it has placeholders for them, and the values are put
//! in on the way out, to the hosts that they are for.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::{body::MAX_REQUEST, headers::MAX_HEADER_BYTES};
use crate::{
    capability::env::{Env, TooLong},
    policy::{Denial, MAX_URL, Url},
};

/// Why a value can't be put in; none is told.
const BROKEN: &str = "the value of a variable can't stand there";

/// Why an answer has to be readable.
const WHOLE: &str = "only a whole and plain answer can have a secret taken out of it";

/// What asks for a part of an answer, or for what it has beyond another: a value that comes in pieces isn't seen
/// in any of them.
const PARTIAL: [HeaderName; 4] =
    [header::RANGE, header::IF_RANGE, HeaderName::from_static("request-range"), HeaderName::from_static("a-im")];

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

    /// Refuses headers that ask for an answer which couldn't be looked through for the values.
    pub fn check_headers(&self, headers: &HeaderMap) -> Result<(), String> {
        match PARTIAL.iter().find(|name| headers.contains_key(*name)) {
            Some(name) => Err(format!("the header `{name}` asks for a part, and {WHOLE}")),
            None => Ok(()),
        }
    }

    /// The same for an answer that came all the same.
    pub fn check_answer<B>(&self, answer: &Response<B>) -> Result<(), String> {
        let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
        if !answer.headers().get_all(header::CONTENT_ENCODING).iter().all(plain) {
            return Err(format!("the answer is compressed, though that wasn't asked for, and {WHOLE}"));
        }
        let partial = matches!(answer.status(), StatusCode::PARTIAL_CONTENT | StatusCode::IM_USED);
        if partial || answer.headers().contains_key(header::CONTENT_RANGE) {
            return Err(format!("the answer is a part, though that wasn't asked for, and {WHOLE}"));
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
