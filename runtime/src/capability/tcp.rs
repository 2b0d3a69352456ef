//! Sockets. No policy of this version can grant one, so every use is denied, and remembered.

use std::net::SocketAddr;

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::{
    WasiCtxBuilder,
    p2::{
        DynPollable, SocketError,
        bindings::sockets::{
            ip_name_lookup::{self, Host, HostResolveAddressStream, ResolveAddressStream},
            network::{self, ErrorCode, HostNetwork, IpAddress, Network},
        },
    },
    sockets::{SocketAddrUse, WasiSocketsCtxView, WasiSocketsView as _},
};

use crate::{capability::gate::Gate, policy::Denial, sandbox::CallState};

/// Denies every address, and remembers it.
pub fn deny_addresses(wasi: &mut WasiCtxBuilder, gate: &Gate) {
    let gate = gate.clone();
    // A socket by itself reaches nobody. Without it the address would never be asked about, and the
    // denial not be known.
    wasi.allow_tcp(true).allow_udp(true);
    wasi.socket_addr_check(move |address, purpose| {
        gate.deny(address_denied(address, purpose));
        Box::pin(std::future::ready(false))
    });
}

fn address_denied(address: SocketAddr, purpose: SocketAddrUse) -> Denial {
    let (protocol, verb) = match purpose {
        SocketAddrUse::TcpConnect => ("tcp", "connect to"),
        SocketAddrUse::TcpBind | SocketAddrUse::TcpListen => ("tcp", "listen on"),
        SocketAddrUse::TcpAccept => ("tcp", "accept"),
        SocketAddrUse::UdpBind => ("udp", "listen on"),
        SocketAddrUse::UdpSend => ("udp", "send to"),
        SocketAddrUse::UdpReceive => ("udp", "receive from"),
    };
    let code = if protocol == "tcp" { "tcp.not-granted" } else { "udp.not-granted" };
    Denial::of(code, format_args!("{verb} {address}"))
}

/// Links name look-ups: a name that can't be connected to is not looked up either.
pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    ip_name_lookup::add_to_linker::<CallState, Lookup>(linker, |state| LookupView {
        gate: state.gate.clone(),
        wasi: state.sockets(),
    })
}

struct Lookup;

impl HasData for Lookup {
    type Data<'a> = LookupView<'a>;
}

struct LookupView<'a> {
    gate: Gate,
    wasi: WasiSocketsCtxView<'a>,
}

impl network::Host for LookupView<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        self.wasi.convert_error_code(error)
    }

    fn network_error_code(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        self.wasi.network_error_code(error)
    }
}

impl HostNetwork for LookupView<'_> {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        HostNetwork::drop(&mut self.wasi, network)
    }
}

impl Host for LookupView<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> Result<Resource<ResolveAddressStream>, SocketError> {
        self.wasi.table.get(&network)?;
        self.gate.deny(Denial::of("tcp.not-granted", format_args!("look up {name}")));
        Err(ErrorCode::AccessDenied.into())
    }
}

/// No look-up ever succeeds, so no stream of addresses is ever made; these are its methods all the
/// same.
impl HostResolveAddressStream for LookupView<'_> {
    fn resolve_next_address(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> Result<Option<IpAddress>, SocketError> {
        self.wasi.resolve_next_address(stream)
    }

    fn subscribe(&mut self, stream: Resource<ResolveAddressStream>) -> wasmtime::Result<Resource<DynPollable>> {
        self.wasi.subscribe(stream)
    }

    fn drop(&mut self, stream: Resource<ResolveAddressStream>) -> wasmtime::Result<()> {
        HostResolveAddressStream::drop(&mut self.wasi, stream)
    }
}
