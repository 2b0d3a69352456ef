//! `wasi:sockets/ip-name-lookup`: a name is looked up where a policy names it, and the guest gets
//! the addresses that the policy allows. A name that can't be connected to is not looked up either:
//! the question alone would carry data out.

use std::{borrow::Cow, net::IpAddr, sync::atomic::Ordering};

use wasmtime::{
    StoreContextMut,
    component::{Linker, Resource, ResourceType},
};
use wasmtime_wasi::{
    p2::{
        DynPollable, Pollable,
        bindings::sockets::network::{ErrorCode, IpAddress, Network},
        subscribe,
    },
    runtime::AbortOnDropJoinHandle,
};

use super::{MAX_LOOKUPS, Tcp};
use crate::{
    policy::{Decision, Denial, Host, Request},
    sandbox::CallState,
};

/// The interface, in the version that wasmtime links.
const INTERFACE: &str = "wasi:sockets/ip-name-lookup@0.2.12";

/// The addresses of one name, once they are there.
enum Found {
    Pending(AbortOnDropJoinHandle<Answer>),
    Ready(Answer),
}

/// Addresses to give out, the last first; or why there are none.
type Answer = Result<Vec<IpAddr>, ErrorCode>;

#[wasmtime_wasi::async_trait]
impl Pollable for Found {
    async fn ready(&mut self) {
        if let Self::Pending(answer) = self {
            *self = Self::Ready(answer.await);
        }
    }
}

/// Links the interface, before wasmtime's own.
pub(super) fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    type Store<'a> = StoreContextMut<'a, CallState>;
    let mut interface = linker.instance(INTERFACE)?;
    interface.resource("resolve-address-stream", ResourceType::host::<Found>(), |mut store: Store<'_>, rep| {
        store.data_mut().table.delete(Resource::<Found>::new_own(rep))?;
        Ok(())
    })?;
    interface.func_wrap(
        "resolve-addresses",
        |mut store: Store<'_>, (network, name): (Resource<Network>, String)| {
            let state = store.data_mut();
            state.table.get(&network)?;
            Ok((match state.tcp().begin(&name) {
                Ok(found) => Ok(state.table.push(found)?),
                Err(error) => Err(error),
            },))
        },
    )?;
    interface.func_wrap(
        "[method]resolve-address-stream.resolve-next-address",
        |mut store: Store<'_>, (stream,): (Resource<Found>,)| {
            Ok((match store.data_mut().table.get_mut(&stream)? {
                Found::Pending(_) => Err(ErrorCode::WouldBlock),
                Found::Ready(Ok(addresses)) => Ok(addresses.pop().map(IpAddress::from)),
                Found::Ready(Err(error)) => Err(*error),
            },))
        },
    )?;
    interface.func_wrap(
        "[method]resolve-address-stream.subscribe",
        |mut store: Store<'_>, (stream,): (Resource<Found>,)| {
            let pollable: Resource<DynPollable> = subscribe(&mut store.data_mut().table, stream)?;
            Ok((pollable,))
        },
    )
}

impl Tcp {
    /// Begins to look a name up, if the policy names it.
    fn begin(&self, name: &str) -> Result<Found, ErrorCode> {
        let host = match name.parse() {
            Ok(address) => Host::Address(address),
            Err(_) => Host::parse(name).map_err(|why| {
                self.0.gate.deny(Denial::of("tcp.not-granted", format_args!("look up {name}: {why}")));
                ErrorCode::InvalidArgument
            })?,
        };
        if let Some(address) = host.address() {
            // Nobody is asked who an address is; whether it may be connected to is decided with its port.
            return Ok(Found::Ready(Ok(vec![address])));
        }
        let request = Request::Tcp { host: Cow::Borrowed(&host), port: None, address: None };
        if !self.0.gate.allows(&request) {
            return Err(ErrorCode::AccessDenied);
        }
        if self.0.lookups.fetch_add(1, Ordering::Relaxed) >= MAX_LOOKUPS {
            let why = format_args!("a call looks up at most {MAX_LOOKUPS} names");
            self.0.gate.deny(Denial::of("tcp.limit.lookups", why));
            return Err(ErrorCode::AccessDenied);
        }
        if let Some(address) = self.plan_look_up(&host, &request) {
            return Ok(Found::Ready(Ok(vec![address])));
        }
        let tcp = self.clone();
        Ok(Found::Pending(wasmtime_wasi::runtime::spawn(async move { tcp.look_up(host).await })))
    }

    /// Looks a name up, and remembers the addresses that the policy allows.
    async fn look_up(&self, host: Host) -> Answer {
        let found = self.0.network.addresses(&self.0.agent, &host).await.map_err(|_| ErrorCode::NameUnresolvable)?;
        let (mut allowed, mut first) = (Vec::new(), None);
        for address in found {
            let request = Request::Tcp { host: Cow::Borrowed(&host), port: None, address: Some(address) };
            match self.0.gate.authority().decide(&request) {
                Decision::Allowed(_) => allowed.push(address.to_canonical()),
                Decision::Denied(denial) => drop(first.get_or_insert(denial)),
            }
        }
        if let Some(denial) = first.filter(|_| allowed.is_empty()) {
            self.0.gate.deny(denial);
            return Err(ErrorCode::AccessDenied);
        }
        let mut names = self.names();
        names.shift_remove(&host);
        names.insert(host, allowed.clone());
        drop(names);
        allowed.reverse();
        Ok(allowed)
    }
}
