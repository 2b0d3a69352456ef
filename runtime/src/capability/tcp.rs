//! Connections over TCP, by `wasi:sockets`: to hosts and ports that the policy names, at addresses
//! that it allows. A guest looks up a name, gets the addresses that were checked, and connects to
//! one of them; so which name an address stands for is remembered. Nothing listens, and there is no
//! UDP.

mod lookup;
mod planned;
mod streams;

use std::{
    borrow::Cow,
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use indexmap::IndexMap;
use wasmtime::component::Linker;
use wasmtime_wasi::{WasiCtxBuilder, sockets::SocketAddrUse};

use crate::{
    capability::{gate::Gate, network::Network},
    policy::{Decision, Denial, Host, Request},
    sandbox::CallState,
};

/// The most times that one call looks a name up, found or not: name servers are others' machines, and what
/// is found is remembered.
const MAX_LOOKUPS: u32 = 1000;

/// The connections of one call.
#[derive(Clone)]
pub struct Tcp(Arc<Inner>);

struct Inner {
    agent: String,
    gate: Gate,
    network: Arc<Network>,
    /// How often a name was looked up.
    lookups: AtomicU32,
    /// The names that were found, and the addresses that the policy allows of each; the latest is the last.
    names: Mutex<IndexMap<Host, Vec<IpAddr>>>,
    /// The sockets whose connections are only planned, and whom they would be to.
    planned: Mutex<HashMap<u32, SocketAddr>>,
}

/// Links what stands before WASI's own sockets.
pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    lookup::add_to_linker(linker)?;
    planned::add_to_linker(linker)?;
    streams::add_to_linker(linker)
}

impl Tcp {
    /// The connections of a call of `agent` that asks `gate`.
    pub fn new(agent: &str, gate: Gate, network: Arc<Network>) -> Self {
        let agent = agent.to_owned();
        let (lookups, names, planned) = (AtomicU32::new(0), Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { agent, gate, network, lookups, names, planned }))
    }

    /// Goes on with another call, which looks names up by itself.
    pub fn go_on(&self) {
        self.0.lookups.store(0, Ordering::Relaxed);
        self.names().clear();
    }

    /// Has every address of every socket checked.
    pub fn check_addresses(&self, wasi: &mut WasiCtxBuilder) {
        let tcp = self.clone();
        // A socket by itself reaches nobody. Without it the address would never be asked about, and
        // the denial not be known.
        wasi.allow_tcp(true).allow_udp(true);
        wasi.socket_addr_check(move |address, purpose| Box::pin(std::future::ready(tcp.allows(address, purpose))));
    }

    fn allows(&self, address: SocketAddr, purpose: SocketAddrUse) -> bool {
        let (code, verb) = match purpose {
            // A connection that is only planned doesn't come as far as this.
            SocketAddrUse::TcpConnect if self.0.gate.is_planning() => return false,
            SocketAddrUse::TcpConnect => return self.may_connect(address).is_some() && self.0.network.is_open(),
            // What connects is bound to a port of the system's choice first.
            SocketAddrUse::TcpBind if address.ip().is_unspecified() && address.port() == 0 => return true,
            SocketAddrUse::TcpBind | SocketAddrUse::TcpListen => ("tcp.not-granted", "listen on"),
            SocketAddrUse::TcpAccept => ("tcp.not-granted", "accept"),
            SocketAddrUse::UdpBind => ("udp.not-granted", "listen on"),
            SocketAddrUse::UdpSend => ("udp.not-granted", "send to"),
            SocketAddrUse::UdpReceive => ("udp.not-granted", "receive from"),
        };
        self.0.gate.deny(Denial::of(code, format_args!("{verb} {address}")));
        false
    }

    /// Whether an address is denied that WASI takes for none to connect to: it would say so without asking
    /// anybody, and nobody would know of it.
    fn denies_odd(&self, address: SocketAddr) -> bool {
        let odd = address.ip().is_unspecified() || address.ip().to_canonical() != address.ip();
        odd && self.may_connect(address).is_none()
    }

    /// Whether the address is granted by itself, or stands for a name that is; then, what was allowed.
    fn may_connect(&self, address: SocketAddr) -> Option<Request<'static>> {
        let (ip, port) = (address.ip().to_canonical(), Some(address.port()));
        // Names may share an address; the guest most likely means what it looked up last.
        let names: Vec<_> =
            self.names().iter().rev().filter(|(_, ips)| ips.contains(&ip)).map(|(name, _)| name.clone()).collect();
        // Where nothing is looked up, the address of a name is none of its own.
        let found = |host: &Host| host.address().xor(Some(ip)).filter(|_| !self.0.gate.is_planning());
        let request = |host: Host| Request::Tcp { address: found(&host), host: Cow::Owned(host), port };
        let mut requests: Vec<_> = names.into_iter().chain([Host::Address(ip)]).map(request).collect();
        let authority = self.0.gate.authority();
        let allowed = requests.iter().position(|request| matches!(authority.decide(request), Decision::Allowed(_)));
        // Where none is, the name is what the guest asked for.
        let request = requests.swap_remove(allowed.unwrap_or(0));
        self.0.gate.allows(&request).then_some(request)
    }

    fn names(&self) -> std::sync::MutexGuard<'_, IndexMap<Host, Vec<IpAddr>>> {
        self.0.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
