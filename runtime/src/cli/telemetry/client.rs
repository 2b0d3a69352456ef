//! How spans get to a collector: by the client that the command has for what a person asks for.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

use crate::{
    policy::Url,
    share::{Asked, Client},
};

/// The longest answer of a collector: it says which spans it didn't take, and nobody reads more than a line of that.
const MAX_ANSWER: usize = 64 << 10;

/// Sends requests, each within its time, and knows why the last one failed.
#[derive(Clone)]
pub struct Sender {
    client: Arc<Client>,
    time: Duration,
    why: Arc<Mutex<Option<String>>>,
}

impl Sender {
    /// Requests may take `time` each.
    pub fn new(time: Duration) -> Self {
        // The operator names the collector, and collectors usually are in the same network, without TLS.
        Self { client: Arc::new(Client::new(time).in_the_clear()), time, why: Arc::default() }
    }

    /// Why the last request failed, if it did.
    pub fn why(&self) -> Option<String> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn sent(&self, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        let (head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string())?;
        let asked = Asked { method: head.method, url: &url, headers: head.headers, body };
        let answer = self.client.again(self.time).ask(asked, MAX_ANSWER).await.map_err(|wrong| wrong.message)?;
        let mut response = Response::builder().status(answer.status);
        if let Some(headers) = response.headers_mut() {
            *headers = answer.headers;
        }
        response.body(answer.body.into()).map_err(|error| error.to_string())
    }
}

#[async_trait::async_trait]
impl HttpClient for Sender {
    /// It is called on a thread that does nothing else, and waits there.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut url = request.uri().to_string();
        // A key may be in its query.
        url.truncate(url.find('?').unwrap_or(url.len()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let sent = runtime.block_on(self.sent(request));
        runtime.shutdown_background();
        let why = match &sent {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("{url} answered {}", response.status())),
            Err(why) => Some(why.clone()),
        };
        *self.why.lock().unwrap_or_else(PoisonError::into_inner) = why;
        Ok(sent?)
    }
}

/// Where, and nothing of what is sent: keys are in its headers.
impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("time", &self.time).finish_non_exhaustive()
    }
}
