//! Bytes over the network, counted where they pass: one meter serves all the calls that share a
//! budget.

use std::{
    error::Error,
    fmt, io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many bytes may still go over the network, in both directions together.
#[derive(Debug)]
pub struct Meter(AtomicU64);

/// No byte is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no more bytes may go over the network in this run")
    }
}

impl Error for Exhausted {}

impl Meter {
    /// A meter with `bytes` left.
    pub fn new(bytes: u64) -> Self {
        Self(AtomicU64::new(bytes))
    }

    /// A meter that never runs out.
    pub fn unlimited() -> Self {
        Self::new(u64::MAX)
    }

    /// Takes `bytes` off.
    ///
    /// # Errors
    ///
    /// When fewer are left; then none is left.
    pub fn spend(&self, bytes: u64) -> Result<(), Exhausted> {
        let take = |left: u64| (left != u64::MAX).then(|| left.saturating_sub(bytes));
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(left) if left < bytes => Err(Exhausted),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// What is left.
    pub fn left(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether an error comes of an exhausted meter, however deep it lies.
pub fn is_exhausted(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if error.is::<Exhausted>() || inner.is_some_and(|inner| inner.is::<Exhausted>()) {
            return true;
        }
        next = error.source();
    }
    false
}

/// A connection whose bytes are counted.
pub struct Metered<S> {
    stream: S,
    meter: Arc<Meter>,
}

impl<S> Metered<S> {
    /// Counts what goes over `stream`.
    pub fn new(stream: S, meter: Arc<Meter>) -> Self {
        Self { stream, meter }
    }

    fn count(&self, bytes: usize) -> io::Result<()> {
        self.meter.spend(bytes as u64).map_err(io::Error::other)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        Poll::Ready(self.count(buffer.filled().len() - before))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        Poll::Ready(self.count(written).map(|()| written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_run_out() {
        let meter = Meter::new(10);
        assert_eq!((meter.spend(4), meter.left()), (Ok(()), 6));
        assert_eq!((meter.spend(7), meter.left()), (Err(Exhausted), 0));
        assert_eq!(Meter::unlimited().spend(u64::MAX), Ok(()));
        assert!(is_exhausted(&io::Error::other(Exhausted)) && !is_exhausted(&io::Error::other("else")));
    }
}
