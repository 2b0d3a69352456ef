//! The interface `http` of the contract: one request, one answer, both whole.

use std::time::Duration;

use hyper::ext::ReasonPhrase;

use super::{
    Failed, Http, Kind, Waits,
    body::{MAX_REQUEST, whole},
    failed::within,
};
use crate::sandbox::{
    CallState,
    bindings::http::{Error, Header, Host, Request, Response},
};

impl Host for CallState {
    async fn send(&mut self, request: Request) -> Result<Response, Error> {
        let whole = request.waits.and_then(|waits| waits.whole).map(milliseconds);
        Ok(within(whole, Kind::Timeout, self.http().send(request)).await?)
    }
}

impl Http {
    async fn send(&self, request: Request) -> Result<Response, Failed> {
        let Request { method, url, headers, body, waits } = request;
        let connect = waits.and_then(|waits| waits.connect).map(milliseconds);
        let read = waits.and_then(|waits| waits.read).map(milliseconds);
        if body.len() as u64 > MAX_REQUEST {
            return Err(self.limit("http.limit.body", format!("the body of a request has at most {MAX_REQUEST} bytes")));
        }
        let headers = headers.iter().map(|header| (header.name.as_str(), header.value.as_slice()));
        let checked = self.check(&method, &url, headers, Some(body.len()))?;
        let url = checked.url.clone();
        let waits = Waits { connect, first_byte: read };
        let response = self.answer(checked, whole(body), waits, (self.max_whole(), read)).await?;
        let (head, body) = response.into_parts();
        let body = self.collect(body).await?;
        // It is kept where it isn't the usual one.
        let usual = head.status.canonical_reason().unwrap_or_default().as_bytes();
        let reason = head.extensions.get::<ReasonPhrase>().map_or(usual, ReasonPhrase::as_bytes).to_vec();
        let (reason, body) = match self.secrets_for(&url) {
            Some(secrets) => (secrets.body_without(reason), secrets.body_without(body)),
            None => (reason, body),
        };
        let reason = String::from_utf8_lossy(&reason).into_owned();
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| Header { name: name.to_string(), value: value.as_bytes().to_vec() });
        Ok(Response { status: head.status.as_u16(), reason, headers: headers.collect(), body })
    }
}

fn milliseconds(wait: u32) -> Duration {
    Duration::from_millis(wait.into())
}
