//! The interface `http` of the contract: one request, one answer, both whole.

use std::time::Duration;

use super::{
    Failed, Http, Waits,
    body::{MAX_REQUEST, whole},
    failed::within,
};
use crate::sandbox::{
    CallState,
    bindings::http::{Error, Header, Host, Request, Response},
};

impl Host for CallState {
    async fn send(&mut self, request: Request) -> Result<Response, Error> {
        let wait = request.timeout.map(|wait| Duration::from_millis(wait.into()));
        Ok(within(wait, self.http.send(request)).await?)
    }
}

impl Http {
    async fn send(&self, request: Request) -> Result<Response, Failed> {
        let Request { method, url, headers, body, .. } = request;
        if body.len() as u64 > MAX_REQUEST {
            return Err(self.limit("http.limit.body", format!("the body of a request has at most {MAX_REQUEST} bytes")));
        }
        let headers = headers.iter().map(|header| (header.name.as_str(), header.value.as_slice()));
        let checked = self.check(&method, &url, headers, Some(body.len()))?;
        let url = checked.url.clone();
        let response = self.answer(checked, whole(body), Waits::default(), (self.max_whole(), None)).await?;
        let (head, body) = response.into_parts();
        let body = self.collect(body).await?;
        let body = match self.secrets_for(&url) {
            Some(secrets) => secrets.body_without(body),
            None => body,
        };
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| Header { name: name.to_string(), value: value.as_bytes().to_vec() });
        Ok(Response { status: head.status.as_u16(), headers: headers.collect(), body })
    }
}
