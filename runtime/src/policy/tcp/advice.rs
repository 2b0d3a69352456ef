//! What `tcp` knows about policies: the fewest connections that a run needs.

use std::collections::BTreeMap;

use crate::{
    policy::{
        Asked, Authority, Grants, HostPattern, Request, TcpGrant,
        advice::{Advise, Least},
    },
    source::{Place, Source},
};

/// The advice of `tcp`.
pub(in crate::policy) struct Tcp;

impl Advise for Tcp {
    fn word(&self) -> &'static str {
        "tcp"
    }

    fn beyond(&self) -> &'static [&'static str] {
        &["tcp.limit.lookups", "tcp.limit.bytes"]
    }

    fn least(&self, asked: &[Asked<'_>], held: &Authority) -> Vec<Least> {
        let mut grants: BTreeMap<String, (TcpGrant, Vec<usize>)> = BTreeMap::new();
        for (of, one) in asked.iter().enumerate() {
            let Request::Tcp { host, port, address } = &one.request else { continue };
            let known = held.grants.tcp.as_ref().and_then(|grants| grants.about(host).next());
            let (grant, positions) = grants.entry(host.to_string()).or_insert_with(|| {
                let place = Place { source: Source::new("", ""), span: 0..0 };
                let addresses = known.map(|grant| grant.addresses.clone()).unwrap_or_default();
                (
                    TcpGrant { host: HostPattern::Exact((**host).clone()), ports: Vec::new(), addresses, place },
                    Vec::new(),
                )
            });
            positions.push(of);
            if let Some(port) = port.filter(|port| !grant.ports.contains(port)) {
                grant.ports.push(port);
            }
            if let Some(address) = address.filter(|_| one.counts.codes().any(|code| code == "tcp.address")) {
                grant.addresses = grant.addresses.with(address);
            }
        }
        // A name that was only looked up has no port to grant.
        let grants = grants.into_values().filter(|(grant, _)| !grant.ports.is_empty());
        grants.map(|(grant, of)| Least { toml: grant.to_string(), of, note: String::new() }).collect()
    }

    fn covered(&self, grants: &Grants) -> Vec<(Place, Place)> {
        let Some(grants) = &grants.tcp else { return Vec::new() };
        let wider = |wide: &TcpGrant, narrow: &TcpGrant| {
            wide.host.covers(&narrow.host)
                && narrow.ports.iter().all(|port| wide.ports.contains(port))
                && (narrow.addresses.is_empty() || wide.addresses == narrow.addresses)
        };
        let covering = |(index, narrow): (usize, &TcpGrant)| {
            let covers = |(at, wide): &(usize, &TcpGrant)| {
                *at != index && wider(wide, narrow) && (*at < index || !wider(narrow, wide))
            };
            let (_, wide) = grants.iter().enumerate().find(covers)?;
            Some((narrow.place.clone(), wide.place.clone()))
        };
        grants.iter().enumerate().filter_map(covering).collect()
    }
}
