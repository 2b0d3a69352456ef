//! The bytes of a connection, counted.

use wasmtime::{
    StoreContextMut,
    component::{Linker, Resource},
};
use wasmtime_wasi::{
    p2::{
        DynInputStream, DynOutputStream, InputStream, OutputStream, Pollable, StreamError, StreamResult,
        bindings::sockets::{
            network::ErrorCode,
            tcp::{HostTcpSocket as _, TcpSocket},
        },
    },
    sockets::WasiSocketsView as _,
};

use super::planned;
use crate::{
    capability::{gate::Gate, meter::Meter},
    policy::Denial,
    sandbox::CallState,
};

/// The interface, in the version that wasmtime links.
pub(super) const INTERFACE: &str = "wasi:sockets/tcp@0.2.12";

pub(super) type Streams = (Resource<DynInputStream>, Resource<DynOutputStream>);

/// Has a connection that was made give streams that are counted.
pub(super) fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    let finish = |mut store: StoreContextMut<'_, CallState>, (socket,): (Resource<TcpSocket>,)| {
        let state = store.data_mut();
        if state.tcp().is_planned(&socket) {
            return Ok((Ok(planned::streams(&mut state.table, &socket)?),));
        }
        let streams: Result<Streams, ErrorCode> = match state.sockets().finish_connect(socket) {
            Ok(streams) => Ok(streams),
            Err(error) => Err(error.downcast()?),
        };
        if let Ok((input, output)) = &streams {
            count(state, input, output)?;
        }
        Ok((streams,))
    };
    linker.instance(INTERFACE)?.func_wrap("[method]tcp-socket.finish-connect", finish)
}

fn count(
    state: &mut CallState,
    input: &Resource<DynInputStream>,
    output: &Resource<DynOutputStream>,
) -> wasmtime::Result<()> {
    let counter = Counter { meter: state.bytes.clone(), gate: state.gate.clone() };
    let place = state.table.get_mut(input)?;
    let inner = std::mem::replace(place, Box::new(wasmtime_wasi::p2::pipe::ClosedInputStream));
    *place = Box::new(Counted { inner, counter: counter.clone() });
    let place = state.table.get_mut(output)?;
    let inner = std::mem::replace(place, Box::new(wasmtime_wasi::p2::pipe::SinkOutputStream));
    *place = Box::new(Counted { inner, counter });
    Ok(())
}

#[derive(Clone)]
struct Counter {
    meter: Meter,
    gate: Gate,
}

impl Counter {
    fn spend(&self, bytes: usize) -> StreamResult<()> {
        self.meter.spend(bytes as u64).map_err(|_| {
            self.gate.deny(Denial::of("tcp.limit.bytes", "no more bytes may go over the network"));
            StreamError::Closed
        })
    }
}

struct Counted<S> {
    inner: S,
    counter: Counter,
}

#[wasmtime_wasi::async_trait]
impl<S: Pollable> Pollable for Counted<S> {
    async fn ready(&mut self) {
        self.inner.ready().await;
    }
}

#[wasmtime_wasi::async_trait]
impl InputStream for Counted<DynInputStream> {
    fn read(&mut self, size: usize) -> StreamResult<bytes::Bytes> {
        let read = self.inner.read(size)?;
        self.counter.spend(read.len())?;
        Ok(read)
    }

    async fn cancel(&mut self) {
        self.inner.cancel().await;
    }
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Counted<DynOutputStream> {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        self.counter.spend(bytes.len())?;
        self.inner.write(bytes)
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
