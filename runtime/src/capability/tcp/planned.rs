//! Connections that are only planned. No name is looked up and nobody connected to: each name gets an
//! address of its own that nobody has, and a connection takes what is written and has nothing to read, as
//! if the other end had closed it. Ordinary code goes on furthest with that.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{MutexGuard, PoisonError},
};

use wasmtime::{
    StoreContextMut,
    component::{Linker, Resource, ResourceTable},
};
use wasmtime_wasi::{
    p2::{
        DynInputStream, DynOutputStream,
        bindings::sockets::{
            network::{ErrorCode, IpSocketAddress, Network},
            tcp::{HostTcpSocket as _, ShutdownType, TcpSocket},
        },
        pipe::{ClosedInputStream, SinkOutputStream},
    },
    sockets::WasiSocketsView as _,
};

use super::{
    Tcp,
    streams::{INTERFACE, Streams},
};
use crate::{
    policy::{Host, Request},
    sandbox::CallState,
};

/// The first address that stands for a name, of those for measurements that nobody has (RFC 2544); there
/// are more of them than names that one call looks up.
const FIRST: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);

/// The port of this end of a planned connection: the first of those that a system gives out (RFC 6335).
const EPHEMERAL: u16 = 49_152;

/// Links what stands before WASI's own functions.
pub(super) fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    type Store<'a> = StoreContextMut<'a, CallState>;
    let mut interface = linker.instance(INTERFACE)?;
    interface.func_wrap(
        "[method]tcp-socket.start-connect",
        |mut store: Store<'_>,
         (socket, network, address): (Resource<TcpSocket>, Resource<Network>, IpSocketAddress)| {
            let state = store.data_mut();
            if let Some(planned) = state.tcp().plan_connection(&socket, address.into()) {
                state.table.get(&network)?;
                return Ok((planned,));
            }
            if state.tcp().denies_odd(address.into()) {
                return Ok((Err(ErrorCode::AccessDenied),));
            }
            Ok((answer(state.sockets().start_connect(socket, network, address))?,))
        },
    )?;
    interface.func_wrap(
        "[method]tcp-socket.remote-address",
        |mut store: Store<'_>, (socket,): (Resource<TcpSocket>,)| {
            let state = store.data_mut();
            let planned = state.tcp().planned().get(&socket.rep()).copied();
            match planned {
                Some(address) => Ok((Ok(IpSocketAddress::from(address)),)),
                None => Ok((answer(state.sockets().remote_address(socket))?,)),
            }
        },
    )?;
    interface.func_wrap(
        "[method]tcp-socket.local-address",
        |mut store: Store<'_>, (socket,): (Resource<TcpSocket>,)| {
            let state = store.data_mut();
            let planned = state.tcp().planned().get(&socket.rep()).copied();
            match planned {
                Some(address) => Ok((Ok(IpSocketAddress::from(near(address))),)),
                None => Ok((answer(state.sockets().local_address(socket))?,)),
            }
        },
    )?;
    interface.func_wrap(
        "[method]tcp-socket.shutdown",
        |mut store: Store<'_>, (socket, which): (Resource<TcpSocket>, ShutdownType)| {
            let state = store.data_mut();
            if state.tcp().is_planned(&socket) {
                return Ok((Ok(()),));
            }
            Ok((answer(state.sockets().shutdown(socket, which))?,))
        },
    )
}

/// The two streams of a planned connection.
pub(super) fn streams(table: &mut ResourceTable, socket: &Resource<TcpSocket>) -> wasmtime::Result<Streams> {
    let (input, output): (DynInputStream, DynOutputStream) = (Box::new(ClosedInputStream), Box::new(SinkOutputStream));
    Ok((table.push_child(input, socket)?, table.push_child(output, socket)?))
}

/// This end of a planned connection to `address`: there is none, so it is nowhere.
fn near(address: SocketAddr) -> SocketAddr {
    let ip: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    SocketAddr::new(ip, EPHEMERAL)
}

/// What WASI's own function says: the outer error is a trap.
fn answer<T>(result: wasmtime_wasi::p2::SocketResult<T>) -> wasmtime::Result<Result<T, ErrorCode>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => Ok(Err(error.downcast()?)),
    }
}

impl Tcp {
    /// The address that stands for `host`, a name that may be looked up, where it isn't to be.
    pub(super) fn plan_look_up(&self, host: &Host, request: &Request<'_>) -> Option<IpAddr> {
        if !self.0.gate.is_planning() {
            return None;
        }
        let mut names = self.names();
        let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
        let next = IpAddr::from(Ipv4Addr::from_bits(FIRST.to_bits().saturating_add(next)));
        let address = *names.entry(host.clone()).or_insert_with(|| vec![next]).first()?;
        self.0.gate.plans(request, format_args!("look up {host}"), address).then_some(address)
    }

    /// Plans a connection, unless connections are made. An error where it is denied.
    fn plan_connection(&self, socket: &Resource<TcpSocket>, address: SocketAddr) -> Option<Result<(), ErrorCode>> {
        if !self.0.gate.is_planning() {
            return None;
        }
        self.planned().remove(&socket.rep());
        let Some(request) = self.may_connect(address) else { return Some(Err(ErrorCode::AccessDenied)) };
        let effect = format_args!("connect to {}", request.without_word());
        self.0.gate.plans(&request, effect, "a stream that has ended");
        self.planned().insert(socket.rep(), address);
        Some(Ok(()))
    }

    /// Whether a socket's connection is only planned.
    pub(super) fn is_planned(&self, socket: &Resource<TcpSocket>) -> bool {
        self.planned().contains_key(&socket.rep())
    }

    fn planned(&self) -> MutexGuard<'_, std::collections::HashMap<u32, SocketAddr>> {
        self.0.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
