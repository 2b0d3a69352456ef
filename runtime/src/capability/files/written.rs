//! What is written into copies through a stream, counted.

use std::sync::Arc;

use bytes::Bytes;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynOutputStream, FsResult, OutputStream, Pollable, StreamError, StreamResult, pipe};

use super::{Copies, FilesView};

impl FilesView<'_> {
    /// The same stream; into a copy, one that is counted.
    pub(super) fn counted(&mut self, stream: Resource<DynOutputStream>) -> FsResult<Resource<DynOutputStream>> {
        if let Some(copies) = self.files.mounts.copies.clone() {
            let place = self.wasi.table.get_mut(&stream)?;
            let inner = std::mem::replace(place, Box::new(pipe::SinkOutputStream));
            *place = Box::new(Counted { inner, copies });
        }
        Ok(stream)
    }
}

struct Counted {
    inner: DynOutputStream,
    copies: Arc<Copies>,
}

impl Counted {
    fn spend(&self, bytes: usize) -> StreamResult<()> {
        self.copies.room().spend(bytes as u64, 0).map_err(|full| StreamError::Trap(full.into()))
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Counted {
    async fn ready(&mut self) {
        self.inner.ready().await;
    }
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Counted {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.spend(bytes.len())?;
        self.inner.write(bytes)
    }

    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.spend(bytes.len())?;
        self.inner.blocking_write_and_flush(bytes).await
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.inner.flush()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.inner.check_write()
    }

    async fn cancel(&mut self) {
        self.inner.cancel().await;
    }
}
