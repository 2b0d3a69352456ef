//! What `tcp` knows about policies: the fewest connections that a run needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    policy::{
        Asked, Authority, Denial, Grants, Host, HostPattern, Request, TcpGrant,
        advice::{Advise, Find, Least, MAX_NAMED, Wide, Wider},
        grants::Role,
        url::parse_port,
    },
    source::Place,
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
        // By host, and by the grant that allows it: another one's addresses or ports are not this one's.
        let mut grants: BTreeMap<(String, Option<usize>), (TcpGrant, Vec<usize>)> = BTreeMap::new();
        let mut lookups: Vec<(&Host, usize)> = Vec::new();
        for (of, one) in asked.iter().enumerate() {
            let Request::Tcp { host, port, address } = &one.request else { continue };
            let Some(port) = port else {
                lookups.push((host, of));
                continue;
            };
            let allowing = held.allowing(&one.request);
            let known = held.grants.tcp.as_ref().and_then(|grants| {
                grants.about(host).find(|grant| allowing.as_ref().is_none_or(|place| grant.place == *place))
            });
            let key = (host.to_string(), allowing.map(|place| place.span.start));
            let (grant, positions) = grants.entry(key).or_insert_with(|| {
                let addresses = known.map(|grant| grant.addresses.clone()).unwrap_or_default();
                let host = HostPattern::Exact((**host).clone());
                (TcpGrant { host, ports: Vec::new(), addresses, place: Place::nowhere() }, Vec::new())
            });
            positions.push(of);
            if !grant.ports.contains(port) {
                grant.ports.push(*port);
            }
            if let Some(address) = address.filter(|_| one.counts.codes().any(|code| code == "tcp.address")) {
                grant.addresses = grant.addresses.with(address);
            }
        }
        for (host, of) in lookups {
            let name = host.to_string();
            if let Some((_, (_, positions))) = grants.iter_mut().find(|((other, _), _)| *other == name) {
                positions.push(of);
            } else {
                // A name that was only looked up has no port to grant but those of before.
                let known = held.grants.tcp.as_ref().and_then(|grants| grants.about(host).next());
                let (ports, addresses) =
                    known.map(|grant| (grant.ports.clone(), grant.addresses.clone())).unwrap_or_default();
                let host = HostPattern::Exact(host.clone());
                let grant = TcpGrant { host, ports, addresses, place: Place::nowhere() };
                grants.insert((name, None), (grant, vec![of]));
            }
        }
        let least = |(grant, of): (TcpGrant, _)| Least { toml: grant.to_string(), of, note: String::new() };
        grants.into_values().map(least).collect()
    }

    fn widen(&self, held: &Grants, _: Role, request: &Request<'_>, denial: &Denial) -> Option<Wider> {
        if let Some(wider) = Wider::of_help(self, denial) {
            return Some(wider);
        }
        // The help was too long for a denial.
        let Request::Tcp { host, port, address } = request else { return None };
        let grant = held.tcp.as_ref()?.about(host).find(|grant| Some(&grant.place) == denial.place.as_ref())?;
        let toml = grant.widened(*port, address.or(host.address())).to_string();
        Some(Wider { toml, instead: vec![grant.place.clone()], note: "" })
    }

    fn wide(&self, held: &Authority, place: &Place, used: &[Request<'_>]) -> Option<Wide> {
        let grant = held.grants.tcp.as_ref()?.iter().find(|grant| grant.place == *place)?;
        let asked = used.iter().filter_map(|request| match request {
            Request::Tcp { host, port: Some(port), .. } => Some((host.to_string(), *port)),
            _ => None,
        });
        let (hosts, ports): (BTreeSet<_>, BTreeSet<_>) = asked.unzip();
        let unused = grant.ports.iter().any(|port| !ports.contains(port));
        let by_host = matches!(grant.host, HostPattern::Below(_)) && hosts.len() <= MAX_NAMED;
        if ports.is_empty() || !(unused || by_host) {
            return None;
        }
        let named = || hosts.iter().filter_map(|host| HostPattern::parse(host).ok()).collect();
        let hosts = if by_host { named() } else { vec![grant.host.clone()] };
        let ports: Vec<_> = grant.ports.iter().copied().filter(|port| ports.contains(port)).collect();
        let narrower = |host| TcpGrant { host, ports: ports.clone(), ..grant.clone() }.to_string();
        let help: Vec<_> = hosts.into_iter().map(narrower).collect();
        Some(Wide {
            message: format!("`{}` is granted for more than was asked of it", grant.host),
            help: help.join(", "),
        })
    }

    fn met(&self, wanted: &str, held: &Grants, _: &Find<'_>) -> Result<bool, &'static str> {
        const FORM: &str = "it is a host, or `*` for any, and perhaps a port: `db.internal:5432`";
        let after = wanted.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match wanted[after..].find(':') {
            Some(at) => (&wanted[..after + at], Some(parse_port(&wanted[after + at + 1..]).map_err(|_| FORM)?)),
            None => (wanted, None),
        };
        let host = HostPattern::needed(host).map_err(|_| FORM)?;
        let meets = |grant: &TcpGrant| {
            host.as_ref().is_none_or(|host| grant.host.covers(host))
                && port.is_none_or(|port| grant.ports.contains(&port))
        };
        Ok(held.tcp.as_ref().is_some_and(|grants| grants.iter().any(meets)))
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
