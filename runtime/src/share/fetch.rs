//! A small HTTP client for what a person asks for: one request at a time, with a bound on everything that
//! the other end chooses.
//!
//! It stands on what agents' requests stand on (hyper, rustls with ring). The operator has typed the address,
//! so no policy is asked and private addresses are fine; but nothing goes in the clear to another machine, and
//! no redirect leads there. It knows no proxies.

mod connect;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;

use crate::{
    capability::network::TokioIo,
    diagnostic::Diagnostic,
    policy::{Host, Scheme, Url, size_text},
};
use connect::Tls;

/// The most redirects that are followed, one after the other: a registry has one, to where its files are.
const MAX_REDIRECTS: usize = 5;

/// The most headers of an answer, and the bytes that its head may have: they are held as a whole.
const MAX_HEADERS: usize = 128;
const MAX_HEAD: usize = 64 << 10;

/// How long nothing may come, before an answer's head or in its body.
const MAX_SILENCE: Duration = Duration::from_secs(30);

/// Sends requests, until its time is up.
pub struct Client {
    deadline: Instant,
    time: Duration,
    tls: Arc<Tls>,
    /// Whether what is in the clear may leave this machine.
    clear: bool,
    /// What is started to ask registries.
    program: PathBuf,
}

/// What is asked.
#[derive(Clone)]
pub(crate) struct Asked<'a> {
    pub method: Method,
    pub url: &'a Url,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What is answered.
pub(crate) struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// A client whose requests take `time` together, at most. Registries are asked by this very program, which
    /// has to be the `turingbox` command.
    pub fn new(time: Duration) -> Self {
        let program = "/proc/self/exe".into();
        Self { deadline: Instant::now() + time, time, tls: Arc::default(), clear: false, program }
    }

    /// The same, with `program` for the `turingbox` command, which is started with [`REGISTRY`](crate::wall::REGISTRY).
    #[must_use]
    pub fn with_program(self, program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), ..self }
    }

    /// The `turingbox` command.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// The same, which goes to other machines in the clear, too.
    #[cfg(feature = "otel")]
    pub(crate) fn in_the_clear(self) -> Self {
        Self { clear: true, ..self }
    }

    /// The same for other requests, which take `time` together.
    #[cfg(feature = "otel")]
    pub(crate) fn again(&self, time: Duration) -> Self {
        Self { tls: self.tls.clone(), clear: self.clear, ..Self::new(time) }
    }

    /// What is at `url`, at most `most` bytes. Redirects are followed.
    pub(super) async fn get(&self, url: &Url, most: usize) -> Result<Answer, Diagnostic> {
        let asked = Asked { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() };
        self.ask(asked, most).await
    }

    /// The answer to a request, of at most `most` bytes. Redirects of what only asks are followed, and what
    /// says who asks goes to no other server.
    pub(crate) async fn ask(&self, asked: Asked<'_>, most: usize) -> Result<Answer, Diagnostic> {
        let is_safe = asked.method == Method::GET || asked.method == Method::HEAD;
        let mut url = asked.url.clone();
        let mut headers = asked.headers.clone();
        for _ in 0..=MAX_REDIRECTS {
            let now = Asked { url: &url, headers: headers.clone(), ..asked.clone() };
            let answer = self.in_time(&url, self.exchange(now, most)).await??;
            if !(is_safe && matches!(answer.status, 301 | 302 | 303 | 307 | 308)) {
                return Ok(answer);
            }
            let next = answer.location(&url)?;
            if url.scheme() == Scheme::Https && next.scheme() == Scheme::Http {
                let why = format!("{url} leads to {next}, which is not encrypted");
                return Err(Diagnostic::error("bad-redirect", why).help("nothing is fetched from there"));
            }
            if (next.scheme(), next.host(), next.port()) != (url.scheme(), url.host(), url.port()) {
                headers.remove(header::AUTHORIZATION);
            }
            url = next;
        }
        Err(Diagnostic::error("bad-redirect", format!("{} leads on more than {MAX_REDIRECTS} times", asked.url)))
    }

    async fn exchange(&self, asked: Asked<'_>, most: usize) -> Result<Answer, Diagnostic> {
        let url = asked.url;
        let broken = |error: &dyn std::error::Error| unfetched(url, &chain(error));
        let stream = self.connect(url).await?;
        let mut builder = http1::Builder::new();
        builder.max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD);
        let (mut sender, driver) = builder.handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
        let silent = |_| unfetched(url, &format!("it said nothing for {MAX_SILENCE:?}"));
        let answered = async {
            let response = sender.send_request(request(asked)?);
            let response = tokio::time::timeout(MAX_SILENCE, response).await.map_err(silent)?;
            let (head, mut body) = response.map_err(|error| broken(&error))?.into_parts();
            let mut bytes = Vec::new();
            while let Some(frame) = tokio::time::timeout(MAX_SILENCE, body.frame()).await.map_err(silent)? {
                let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
                if bytes.len() + data.len() > most {
                    let why = format!("it is larger than {}", size_text(most as u64));
                    return Err(Diagnostic::error("too-large", format!("{url} can't be used: {why}")));
                }
                bytes.extend_from_slice(&data);
            }
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: bytes })
        };
        let mut driver = std::pin::pin!(driver);
        let mut answered = std::pin::pin!(answered);
        // The connection goes with this function. It may end before what it brought is read.
        tokio::select! {
            answer = &mut answered => answer,
            _ = &mut driver => answered.await,
        }
    }

    /// What comes of `work` on `what`, unless the time is up before.
    pub(super) async fn in_time<T>(
        &self,
        what: impl fmt::Display,
        work: impl Future<Output = T>,
    ) -> Result<T, Diagnostic> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        tokio::time::timeout(left, work).await.map_err(|_| {
            let why = format!("{what} is too slow: it took more than {:?}", self.time);
            Diagnostic::error("too-slow", why).help("`--timeout SECONDS` waits longer")
        })
    }
}

impl Answer {
    /// The finding that a status is none that was hoped for.
    pub fn unexpected(&self, url: &Url) -> Diagnostic {
        let status = http::StatusCode::from_u16(self.status).map(|status| status.to_string());
        unfetched(url, &format!("it answered {}", status.unwrap_or_else(|_| self.status.to_string())))
    }

    /// Where the answer says that something is; `from` is what was asked.
    pub fn location(&self, from: &Url) -> Result<Url, Diagnostic> {
        let wrong = |why: &str| Diagnostic::error("bad-redirect", format!("{from} leads nowhere: {why}"));
        let text = self.headers.get(header::LOCATION).ok_or_else(|| wrong("it has no `location`"))?;
        let text = text.to_str().map_err(|_| wrong("its `location` is no text"))?;
        resolved(from, text).map_err(|why| wrong(&format!("its `location`: {why}")))
    }
}

/// Where `reference` leads from `base` (RFC 3986), without its fragment.
fn resolved(base: &Url, reference: &str) -> Result<Url, String> {
    let whole = format!("{}://{}{}", base.scheme().word(), base.authority(), base.target());
    let next = url::Url::parse(&whole).and_then(|base| base.join(reference));
    let mut next = next.map_err(|error| error.to_string())?;
    next.set_fragment(None);
    Ok(Url::parse(next.as_str())?)
}

/// The finding that nothing came of a request.
pub(super) fn unfetched(url: &Url, why: &str) -> Diagnostic {
    proxied(Diagnostic::error("not-fetched", format!("{url} can't be fetched: {why}")))
}

/// The same finding, which says that no proxy is used where one is meant to be.
pub(super) fn proxied(wrong: Diagnostic) -> Diagnostic {
    let named = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    match named.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
        true => wrong.help("proxies are not used: get the file in another way, and add that"),
        false => wrong,
    }
}

/// Whether a host is this machine.
pub(super) fn is_here(host: &Host) -> bool {
    match host {
        Host::Name(name) => name == "localhost",
        Host::Address(address) => address.is_loopback(),
    }
}

fn request(asked: Asked<'_>) -> Result<Request<Full<Bytes>>, Diagnostic> {
    let wrong = |error: &dyn std::error::Error| unfetched(asked.url, &chain(error));
    let host = HeaderValue::from_str(&asked.url.authority().to_string()).map_err(|error| wrong(&error))?;
    let target = http::uri::PathAndQuery::try_from(asked.url.target()).map_err(|error| wrong(&error))?;
    let mut request = Request::new(Full::new(asked.body));
    *request.method_mut() = asked.method;
    *request.uri_mut() = target.into();
    *request.headers_mut() = asked.headers;
    let agent = HeaderValue::from_static(concat!("turingbox/", env!("CARGO_PKG_VERSION")));
    request.headers_mut().insert(header::USER_AGENT, agent);
    request.headers_mut().insert(header::HOST, host);
    Ok(request)
}

/// An error and what is behind it, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    crate::capability::http::chain(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_an_answer_leads_is_resolved() {
        let base = Url::parse("http://a.example:81/b/c/d?q").unwrap();
        for (reference, expected) in [
            ("next?page=2", "http://a.example:81/b/c/next?page=2"),
            ("../x", "http://a.example:81/b/x"),
            ("../../../x", "http://a.example:81/x"),
            ("./", "http://a.example:81/b/c/"),
            ("?r", "http://a.example:81/b/c/d?r"),
            ("", "http://a.example:81/b/c/d?q"),
            ("/x#part", "http://a.example:81/x"),
            ("//b.example/x", "http://b.example/x"),
            ("https://b.example", "https://b.example/"),
        ] {
            assert_eq!(resolved(&base, reference), Url::parse(expected).map_err(str::to_owned), "{reference}");
        }
        for wrong in ["ftp://b.example/", "//", "https://user:secret@b.example/", "mailto:a@b", "a;b"] {
            assert!(resolved(&base, wrong).is_err(), "{wrong}");
        }
    }
}
