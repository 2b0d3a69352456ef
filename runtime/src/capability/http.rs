//! Requests over HTTP and HTTPS. Every one goes through here, whether a guest sends it whole (our
//! own interface) or streamed (`wasi:http`): read once, decided by the policy, the name looked up
//! here, each address decided too, connected to as it was checked. A redirect is an answer like any
//! other: to follow it is the guest's next request.

mod body;
mod connect;
mod failed;
mod guest;
mod headers;
mod planned;
mod secrets;
mod wasi;

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use http::{HeaderMap, HeaderValue, Method, Response, header};
use http_body_util::BodyExt;
use hyper::{body::Incoming, client::conn::http1};
use tokio::sync::Semaphore;
use wasmtime_wasi_http::{WasiBody, io::TokioIo};

use self::{
    connect::Connection,
    failed::{Failed, Kind},
    headers::Refused,
    secrets::Secrets,
};
use crate::{
    capability::{env::Env, gate::Gate, meter::Meter, network::Network},
    policy::{Decision, Denial, MAX_METHOD, NEVER, Request, Url},
};

pub(crate) use self::failed::chain;
pub use self::wasi::add_to_linker;

/// The most requests of one call. Time bounds what they cost; this bounds what a call that does
/// nothing else can do to a server.
const MAX_REQUESTS: u32 = 1000;

/// The most connections that one call has open at a time; each is one of the 1,024 files that a
/// process usually may open.
const MAX_CONNECTIONS: usize = 16;

/// The most headers of a response, and the bytes that its status line and headers may have: they
/// are held as a whole before a guest sees any.
const MAX_RESPONSE_HEADERS: usize = 128;
const MAX_RESPONSE_HEAD: usize = 64 << 10;

/// Sends the requests of one call.
#[derive(Clone)]
pub struct Http(Arc<Inner>);

struct Inner {
    agent: String,
    gate: Gate,
    network: Arc<Network>,
    meter: Meter,
    env: Arc<Env>,
    requests: AtomicU32,
    connections: Arc<Semaphore>,
    memory: u64,
}

/// A request that the policy allows.
struct Checked {
    method: Method,
    /// What was decided about; with placeholders.
    url: Url,
    headers: HeaderMap,
}

/// Waits that the guest chose; each is none where the call's own limit is enough.
#[derive(Clone, Copy, Default)]
struct Waits {
    connect: Option<Duration>,
    first_byte: Option<Duration>,
}

impl Http {
    /// The requests of a call of `agent`, which may use so much `memory`. What goes over the network is taken off
    /// `meter`.
    pub fn new((agent, memory): (&str, u64), gate: Gate, network: Arc<Network>, meter: Meter, env: Arc<Env>) -> Self {
        let (agent, connections) = (agent.to_owned(), Arc::new(Semaphore::new(MAX_CONNECTIONS)));
        Self(Arc::new(Inner { agent, gate, network, meter, env, requests: AtomicU32::new(0), connections, memory }))
    }

    /// Reads a request and asks the policy. Nothing of the world is touched.
    fn check<'a>(
        &self,
        method: &str,
        url: &str,
        headers: impl ExactSizeIterator<Item = (&'a str, &'a [u8])>,
        length: Option<usize>,
    ) -> Result<Checked, Failed> {
        if self.0.requests.fetch_add(1, Ordering::Relaxed) >= MAX_REQUESTS {
            return Err(self.limit("http.limit.requests", format!("a call sends at most {MAX_REQUESTS} requests")));
        }
        let sent = self.method(method)?;
        let url = Url::parse(url)
            .map_err(|why| self.refuse(Kind::Url, Denial::of("http.bad-url", format_args!("{method} {url}: {why}"))))?;
        let bad = |why: String| {
            self.refuse(Kind::Header, Denial::of("http.bad-header", format_args!("{method} {url}: {why}")))
        };
        let headers = headers::read(headers, &url, length).map_err(|refused| match refused {
            Refused::Bad(why) => bad(why),
            Refused::Limit(why) => self.limit("http.limit.headers", why),
        })?;
        self.secrets_for(&url).map_or(Ok(()), |secrets| secrets.check_headers(&headers)).map_err(bad)?;
        let request = Request::Http { method: method.into(), url: Cow::Borrowed(&url), address: None };
        self.0.gate.ask(&request).map_err(|denial| Failed::denied(Kind::Denied, &denial))?;
        Ok(Checked { method: sent, url, headers })
    }

    fn method(&self, method: &str) -> Result<Method, Failed> {
        let capitals = method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        let known =
            if method.len() <= MAX_METHOD && capitals { Method::from_bytes(method.as_bytes()).ok() } else { None };
        let Some(known) = known else {
            let wrong = Denial::of("http.method", format_args!("{method}: a method is written in capital letters"));
            return Err(self.refuse(Kind::Method, wrong));
        };
        if NEVER.contains(&method) {
            let wrong = Denial::of("http.method", format_args!("{method}: no agent may use it"));
            return Err(self.refuse(Kind::Denied, wrong));
        }
        Ok(known)
    }

    /// The answer, with at most `most` bytes of body and at most `pause` between two pieces of it. Where
    /// requests are only planned, it is a dummy.
    async fn answer(
        &self,
        checked: Checked,
        body: WasiBody,
        waits: Waits,
        (most, pause): (u64, Option<Duration>),
    ) -> Result<Response<WasiBody>, Failed> {
        if self.0.gate.is_planning() {
            return self.plan(checked, body).await;
        }
        let (response, connection) = self.exchange(checked, body, waits).await?;
        Ok(response.map(|body| self.incoming(body, most, pause, connection).boxed_unsync()))
    }

    /// Connects, sends, and waits for the head of the answer.
    async fn exchange(
        &self,
        checked: Checked,
        body: WasiBody,
        waits: Waits,
    ) -> Result<(Response<Incoming>, Connection), Failed> {
        let Ok(permit) = self.0.connections.clone().try_acquire_owned() else {
            let why = format!("a call has at most {MAX_CONNECTIONS} connections open at a time");
            return Err(self.limit("http.limit.connections", why));
        };
        let connecting = self.connect(checked.method.as_str(), &checked.url);
        let stream = failed::within(waits.connect, Kind::ConnectTimeout, connecting).await?;
        let mut builder = http1::Builder::new();
        builder.max_headers(MAX_RESPONSE_HEADERS).max_buf_size(MAX_RESPONSE_HEAD);
        let (mut sender, driver) =
            builder.handshake(TokioIo::new(stream)).await.map_err(|error| self.broken(&checked.url, &error))?;
        let connection = Connection::new(driver, permit);
        let url = checked.url.clone();
        let request = self.put_together(checked, body).await?;
        let answer = async { sender.send_request(request).await.map_err(|error| self.broken(&url, &error)) };
        let mut response = failed::within(waits.first_byte, Kind::Timeout, answer).await?;
        let passing: Vec<_> = response.headers().keys().filter(|name| headers::is_hop_by_hop(name)).cloned().collect();
        for name in passing {
            response.headers_mut().remove(name);
        }
        if let Some(secrets) = self.secrets_for(&url) {
            let refused = |why| Failed::new(Kind::Broken, format!("{}: {why}", url.host()));
            secrets.check_answer(&response).map_err(refused)?;
            secrets.take_out_of_headers(response.headers_mut());
        }
        Ok((response, connection))
    }

    /// The request as it goes out, with values in place of placeholders.
    async fn put_together(&self, checked: Checked, mut body: WasiBody) -> Result<http::Request<WasiBody>, Failed> {
        let Checked { method, mut url, mut headers } = checked;
        let asked = url.clone();
        if let Some(secrets) = self.secrets_for(&asked) {
            let denied = |denial: Denial| self.refuse(Kind::Denied, denial);
            url = secrets.url_with().map_err(denied)?;
            let again = Request::Http { method: method.as_str().into(), url: Cow::Borrowed(&url), address: None };
            if let Decision::Denied(Denial { code, .. }) = self.0.gate.authority().decide(&again) {
                return Err(denied(Denial::of(code, format_args!("{method} {asked}, with the value of a variable"))));
            }
            secrets.put_into_headers(&mut headers).map_err(denied)?;
            let with = secrets.body_with(self.collect(body).await?);
            let too_long =
                |_| self.limit("http.limit.body", "with the values of variables, the body is too long".into());
            body = body::whole(with.map_err(too_long)?);
            // It may be another now, and the body itself says it.
            headers.remove(header::CONTENT_LENGTH);
        }
        let host = HeaderValue::from_str(&url.authority().to_string()).map_err(Failed::host)?;
        headers.insert(header::HOST, host);
        let mut request = http::Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = http::uri::PathAndQuery::try_from(url.target()).map_err(Failed::host)?.into();
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// The values that go to the host of `url`. Bodies to it and from it are then held as a whole.
    fn secrets_for<'a>(&'a self, url: &'a Url) -> Option<Secrets<'a>> {
        self.0.env.binds(url.host()).then_some(Secrets { env: &self.0.env, url })
    }

    /// Remembers what was refused.
    fn refuse(&self, kind: Kind, denial: Denial) -> Failed {
        let failed = Failed::denied(kind, &denial);
        self.0.gate.deny(denial);
        failed
    }

    /// Remembers a bound that was reached.
    fn limit(&self, code: &'static str, why: String) -> Failed {
        self.0.gate.deny(Denial::of(code, &why));
        Failed::new(Kind::Limit, why)
    }

    fn out_of_bytes(&self) -> Failed {
        self.limit("http.limit.bytes", "no more bytes may go over the network: `limits.bytes` is used up".into())
    }

    /// A connection that broke off, or an answer that is none.
    fn broken(&self, url: &Url, error: &hyper::Error) -> Failed {
        if self.0.meter.left() == 0 {
            return self.out_of_bytes();
        }
        if error.is_parse_too_large() {
            return self.limit(
                "http.limit.response",
                format!(
                    "the head of an answer has at most {MAX_RESPONSE_HEADERS} headers and {MAX_RESPONSE_HEAD} bytes"
                ),
            );
        }
        Failed::new(Kind::Broken, format!("{}: {}", url.host(), chain(error)))
    }
}
