//! What is written into copies, or into a call's own folder, through a stream, counted.

use std::sync::Arc;

use bytes::Bytes;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynOutputStream, FsResult, OutputStream, Pollable, StreamError, StreamResult, pipe};

use super::{Copies, FilesView, private};
use crate::capability::meter::Meter;

impl FilesView<'_> {
    /// The same stream, into what is at `path`; one that is counted, where that has a bound.
    pub(super) fn counted(
        &mut self,
        path: &str,
        stream: Resource<DynOutputStream>,
    ) -> FsResult<Resource<DynOutputStream>> {
        let own = self.files.private_at(path).map(|private| Room::Own(private.bytes().clone()));
        if let Some(room) = own.or_else(|| self.files.mounts.copies.clone().map(Room::Copies)) {
            let place = self.wasi.table.get_mut(&stream)?;
            let inner = std::mem::replace(place, Box::new(pipe::SinkOutputStream));
            *place = Box::new(Counted { inner, room });
        }
        Ok(stream)
    }
}

struct Counted {
    inner: DynOutputStream,
    room: Room,
}

/// What a stream's bytes are taken off.
enum Room {
    /// That of the copies of a dry run. Beyond it, there is no telling what a real run would do.
    Copies(Arc<Copies>),
    /// That of the call's own folder. Beyond it, the disk is full.
    Own(Meter),
}

impl Counted {
    fn spend(&self, bytes: usize) -> StreamResult<()> {
        let bytes = bytes as u64;
        match &self.room {
            Room::Copies(copies) => copies.room().spend(bytes, 0).map_err(|full| StreamError::Trap(full.into())),
            Room::Own(room) => {
                room.try_spend(bytes).map_err(|_| StreamError::LastOperationFailed(private::full().into()))
            }
        }
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
