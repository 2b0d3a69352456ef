//! A guest's standard output and error, as streams of WASI's. Whatever is written there is taken at once, so
//! nobody ever waits.

use std::{
    error::Error,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::{
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamError, StreamResult},
};

/// Where what a guest writes goes. Clones are the same place.
pub trait Taker: Clone + Send + Sync + Unpin + 'static {
    /// How much a guest may write in one piece, in bytes.
    const PIECE: usize;

    /// Why the guest can't go on.
    type Refusal: Error + Send + Sync + 'static;

    /// Takes what was written.
    ///
    /// # Errors
    ///
    /// When it is too much; that ends the guest.
    fn take(&self, bytes: &[u8]) -> Result<(), Self::Refusal>;
}

/// A stream to a place.
#[derive(Clone)]
pub struct Written<T>(pub T);

impl<T: Taker> IsTerminal for Written<T> {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl<T: Taker> StdoutStream for Written<T> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl<T: Taker> OutputStream for Written<T> {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.take(&bytes).map_err(|refusal| StreamError::Trap(refusal.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(T::PIECE)
    }
}

#[async_trait::async_trait]
impl<T: Taker> Pollable for Written<T> {
    async fn ready(&mut self) {}
}

impl<T: Taker> AsyncWrite for Written<T> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.take(bytes).map(|()| bytes.len()).map_err(io::Error::other))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
