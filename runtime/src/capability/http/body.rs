//! Bodies, bounded in size and, where the guest says so, in time.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tokio::time::{Instant, Sleep, sleep};
use wasmtime_wasi_http::{Error as WasiError, WasiBody};

use super::{
    Http,
    connect::Connection,
    failed::{Failed, Kind},
};

/// The largest body of a request, in bytes.
pub(super) const MAX_REQUEST: u64 = 16 << 20;

/// The largest body of an answer that a guest gets in one piece, in bytes: until it has it, the host
/// holds it. It is never more than the call's memory either.
pub(super) const MAX_WHOLE: u64 = 64 << 20;

/// The largest body of an answer that a guest reads bit by bit, in bytes.
pub(super) const MAX_STREAMED: u64 = 1 << 30;

/// Which way a body goes.
#[derive(Clone, Copy)]
pub(super) enum Way {
    Out,
    In,
}

/// A body that ends with an error when it gets too large.
pub(super) struct Bounded<B> {
    inner: B,
    http: Http,
    way: Way,
    most: u64,
    left: u64,
    pause: Option<(Duration, Pin<Box<Sleep>>)>,
    /// What the bytes come over.
    _connection: Option<Connection>,
}

impl Http {
    /// A body that a guest sends.
    pub(super) fn outgoing<B>(&self, inner: B) -> Bounded<B> {
        let (http, most) = (self.clone(), MAX_REQUEST);
        Bounded { inner, http, way: Way::Out, most, left: most, pause: None, _connection: None }
    }

    /// A body of at most `most` bytes that comes over `connection`, with at most `pause` between two
    /// pieces of it.
    pub(super) fn incoming<B>(
        &self,
        inner: B,
        most: u64,
        pause: Option<Duration>,
        connection: Connection,
    ) -> Bounded<B> {
        let pause = pause.map(|pause| (pause, Box::pin(sleep(pause))));
        Bounded { inner, http: self.clone(), way: Way::In, most, left: most, pause, _connection: Some(connection) }
    }

    /// The largest answer that the guest can take in one piece.
    pub(super) fn max_whole(&self) -> u64 {
        self.0.memory.min(MAX_WHOLE)
    }

    /// All of a bounded body.
    pub(super) async fn collect(&self, body: impl Body<Data = Bytes, Error = WasiError>) -> Result<Vec<u8>, Failed> {
        let failed = |error| match error {
            WasiError::HttpRequestBodySize(_) | WasiError::HttpResponseBodySize(_) => {
                Failed::new(Kind::Limit, "the body is too large")
            }
            WasiError::ConnectionReadTimeout => Failed::new(Kind::Timeout, "the body doesn't go on"),
            WasiError::Hyper(error) => Failed::new(Kind::Broken, super::failed::chain(&error)),
            error => Failed::new(Kind::Broken, error.to_string()),
        };
        let mut body = std::pin::pin!(body);
        let mut whole = Vec::new();
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame.map_err(failed)?.into_data() {
                whole.extend_from_slice(&data);
            }
        }
        Ok(whole)
    }
}

/// A body that is there already.
pub(super) fn whole(bytes: Vec<u8>) -> WasiBody {
    Full::new(Bytes::from(bytes)).map_err(WasiError::from).boxed_unsync()
}

impl Http {
    /// Why a connection broke off, if it is that no more bytes may go over the network.
    fn unpaid(&self) -> Option<WasiError> {
        (self.0.meter.left() == 0).then(|| {
            self.out_of_bytes();
            WasiError::HttpResponseBodySize(None)
        })
    }
}

impl<B> Bounded<B> {
    fn too_large(&self) -> WasiError {
        let most = self.most;
        match self.way {
            Way::Out => {
                self.http.limit("http.limit.body", format!("the body of a request has at most {most} bytes"));
                WasiError::HttpRequestBodySize(Some(most))
            }
            Way::In => {
                self.http.limit("http.limit.response", format!("the body of this answer has more than {most} bytes"));
                WasiError::HttpResponseBodySize(Some(most))
            }
        }
    }
}

impl<B: Body<Data = Bytes, Error: Into<WasiError>> + Unpin> Body for Bounded<B> {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else {
            if let Some((_, sleep)) = &mut self.pause {
                ready!(sleep.as_mut().poll(cx));
                return Poll::Ready(Some(Err(WasiError::ConnectionReadTimeout)));
            }
            return Poll::Pending;
        };
        if let Some((pause, sleep)) = &mut self.pause {
            sleep.as_mut().reset(Instant::now() + *pause);
        }
        let Some(frame) = frame else { return Poll::Ready(None) };
        let frame = frame.map_err(|error| self.http.unpaid().unwrap_or_else(|| error.into()))?;
        let size = frame.data_ref().map_or(0, Bytes::len) as u64;
        if size > self.left {
            return Poll::Ready(Some(Err(self.too_large())));
        }
        self.left -= size;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
