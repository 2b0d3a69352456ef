//! Requests over HTTP and HTTPS. The host does the TLS, and decides about each request; a redirect is an
//! answer like any other.

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::Failure;

/// A request that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: String,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    timeout: Option<Duration>,
}

/// What a server answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status, like 200.
    pub status: u16,
    /// What the server calls the status; empty if it doesn't.
    pub reason: String,
    /// The headers, in order. Their values needn't be text.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Gets a page.
///
/// # Errors
///
/// What the policy denies; a URL that is none; a server that can't be reached; a limit.
///
/// # Examples
///
/// ```no_run
/// use turingbox_sdk::http;
///
/// let page = http::get("https://example.com/")?.success()?.text()?;
/// # Ok::<(), turingbox_sdk::Failure>(())
/// ```
pub fn get(url: &str) -> Result<Response, Error> {
    Request::new("GET", url).send()
}

/// Posts a body.
///
/// # Errors
///
/// As for [`get`].
pub fn post(url: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Result<Response, Error> {
    Request::new("POST", url).header("content-type", content_type).body(body).send()
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, url: &str) -> Self {
        Self { method: method.to_owned(), url: url.to_owned(), headers: Vec::new(), body: Vec::new(), timeout: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets how long the whole answer may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends it.
    ///
    /// # Errors
    ///
    /// As for [`get`].
    pub fn send(self) -> Result<Response, Error> {
        ask(self)
    }
}

impl Response {
    /// The first header of this name, whatever the case of its letters, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// The response, if its status is 2xx.
    ///
    /// # Errors
    ///
    /// The status, if it is another.
    pub fn success(self) -> Result<Self, Failure> {
        match self.status {
            200..=299 => Ok(self),
            status => Err(Failure::new(format!("the server answered {status} {}", self.reason).trim_end())),
        }
    }

    /// The body as text.
    ///
    /// # Errors
    ///
    /// Where it is not UTF-8.
    pub fn text(self) -> Result<String, Failure> {
        Ok(String::from_utf8(self.body)?)
    }

    /// The body, read from JSON.
    ///
    /// # Errors
    ///
    /// Where it is not what the type wants.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

/// Why there is no response; each with a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The policy doesn't grant it.
    Denied(String),
    /// The request is not one: a bad URL, method or header.
    Invalid(String),
    /// The answer, or the connection, took longer than it may.
    Timeout(String),
    /// The name, the connection or the TLS failed, or the answer broke off.
    Connection(String),
    /// Too large, or too many.
    Limit(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Denied(why) | Self::Invalid(why) | Self::Timeout(why) | Self::Connection(why) | Self::Limit(why)) =
            self;
        f.write_str(why)
    }
}

impl std::error::Error for Error {}

#[cfg(target_family = "wasm")]
fn ask(request: Request) -> Result<Response, Error> {
    use crate::bindings::turingbox::agent::http;
    let Request { method, url, headers, body, timeout } = request;
    let headers = headers.into_iter().map(|(name, value)| http::Header { name, value }).collect();
    let milliseconds = |wait: Duration| u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
    let waits = timeout.map(|whole| http::Waits { connect: None, read: None, whole: Some(milliseconds(whole)) });
    match http::send(&http::Request { method, url, headers, body, waits }) {
        Ok(http::Response { status, reason, headers, body }) => {
            let headers = headers.into_iter().map(|header| (header.name, header.value)).collect();
            Ok(Response { status, reason, headers, body })
        }
        Err(http::Error::Denied(why)) => Err(Error::Denied(why)),
        Err(http::Error::Invalid(why)) => Err(Error::Invalid(why)),
        Err(http::Error::Timeout(why) | http::Error::ConnectTimeout(why)) => Err(Error::Timeout(why)),
        Err(http::Error::Connection(why) | http::Error::Tls(why)) => Err(Error::Connection(why)),
        Err(http::Error::Limit(why)) => Err(Error::Limit(why)),
    }
}

#[cfg(not(target_family = "wasm"))]
fn ask(_: Request) -> Result<Response, Error> {
    Err(Error::Connection(crate::NO_HOST.into()))
}
