//! Connections over TCP that an agent may open.

mod advice;

use std::{borrow::Cow, collections::HashMap, fmt, net::IpAddr};

use crate::{
    diagnostic::{Diagnostic, Report},
    document::Item,
    policy::{Addresses, ByHost, Decision, Denial, Host, HostPattern, OfHost, Request, http::read_list},
    source::Place,
};

pub(super) use advice::Tcp;

/// One entry of `tcp`.
#[derive(Clone, Debug, PartialEq)]
pub struct TcpGrant {
    /// Who may be connected to.
    pub host: HostPattern,
    /// On which ports. Without any, the name may be looked up and that is all.
    pub ports: Vec<u16>,
    /// Addresses that are not public, and may be connected to all the same.
    pub addresses: Addresses,
    /// The policy line.
    pub place: Place,
}

impl OfHost for TcpGrant {
    type Index = HashMap<u16, Vec<usize>>;

    fn host(&self) -> &HostPattern {
        &self.host
    }

    fn note(&self, place: usize, ports: &mut Self::Index) {
        for port in &self.ports {
            let places = ports.entry(*port).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
}

/// As a policy writes it.
impl fmt::Display for TcpGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{ host = \"{}\", ports = {:?}", self.host, self.ports)?;
        if !self.addresses.is_empty() {
            write!(f, ", addresses = {}", self.addresses)?;
        }
        f.write_str(" }")
    }
}

/// Decides about a connection, or about looking a name up: that needs a grant of the name, on
/// whatever port.
pub(super) fn decide(grants: &ByHost<TcpGrant>, host: &Host, port: Option<u16>, address: Option<IpAddr>) -> Decision {
    let request = Request::Tcp { host: Cow::Borrowed(host), port, address };
    let address = address.or(host.address());
    let mut nearest: Option<(bool, &TcpGrant)> = None;
    for host in grants.names(host) {
        let on_port = match port {
            Some(port) => host.index.get(&port).map(Vec::as_slice).unwrap_or_default(),
            None => &host.all,
        };
        let allows =
            |grant: &&TcpGrant| address.is_none_or(|address| grant.addresses.refuse(&grant.host, address).is_none());
        let mut grants_here = on_port.iter().map(|place| grants.at(*place));
        if let Some(grant) = grants_here.clone().find(allows) {
            return Decision::Allowed(Some(grant.place.clone()));
        }
        nearest = match (nearest, grants_here.next()) {
            (Some((true, grant)), _) | (_, Some(grant)) => Some((true, grant)),
            (None, None) => Some((false, grants.at(host.all[0]))),
            (nearest, None) => nearest,
        };
    }
    let Some((on_port, grant)) = nearest else {
        return Decision::Denied(Denial::new("tcp.not-granted", &request).help(least(host, port, address)));
    };
    let code = if on_port { "tcp.address" } else { "tcp.port" };
    let denial = Denial::new(code, &request).at(&grant.place);
    Decision::Denied(match grant.ports.len() <= MAX_LISTED {
        true => denial.help(format!("tcp = [{}]", grant.widened(port, address))),
        false => denial,
    })
}

/// The most ports of a grant that a denial writes out.
const MAX_LISTED: usize = 20;

impl TcpGrant {
    /// The grant that would allow the connection and differs the least from this one.
    fn widened(&self, port: Option<u16>, address: Option<IpAddr>) -> Self {
        let mut wider = self.clone();
        wider.ports.extend(port.filter(|port| !self.ports.contains(port)));
        if let Some(address) = address.filter(|address| self.addresses.refuse(&self.host, *address).is_some()) {
            wider.addresses = self.addresses.with(address);
        }
        wider
    }
}

/// The least line that allows a connection, or a look-up: that needs no port.
fn least(host: &Host, port: Option<u16>, address: Option<IpAddr>) -> String {
    let (place, none) = (Place::nowhere(), Addresses::default());
    let host = HostPattern::Exact(host.clone());
    let refused = address.filter(|address| none.refuse(&host, *address).is_some());
    let addresses = refused.map_or(none.clone(), |address| none.with(address));
    format!("tcp = [{}]", TcpGrant { host, ports: port.into_iter().collect(), addresses, place })
}

/// Reads `tcp = [{ host, ports, addresses }]`.
pub(super) fn read(item: Item<'_>, report: &mut Report) -> ByHost<TcpGrant> {
    let items = item.array().map_err(|wrong| report.push(wrong)).unwrap_or_default();
    ByHost::new(items.into_iter().filter_map(|item| read_one(item, report)).collect())
}

fn read_one(item: Item<'_>, report: &mut Report) -> Option<TcpGrant> {
    let place = item.place();
    let mut table = item.table().map_err(|wrong| report.push(wrong)).ok()?;
    let host = table.need("host", report, |item| HostPattern::read(&item));
    let ports = table.need("ports", report, Ok).map(|item| match item.clone().array() {
        // A name that may be looked up, and no more.
        Ok(ports) if ports.is_empty() => Vec::new(),
        _ => read_ports(item, report),
    });
    let addresses = table.get("addresses").map(|item| Addresses::read(item, report)).unwrap_or_default();
    table.finish(report);
    Some(TcpGrant { host: host?, ports: ports?, addresses, place })
}

/// Reads a list of ports.
pub(super) fn read_ports(item: Item<'_>, report: &mut Report) -> Vec<u16> {
    read_list(item, report, read_port)
}

fn read_port(item: Item<'_>) -> Result<u16, Diagnostic> {
    let number = item.clone().integer()?;
    u16::try_from(number)
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| item.wrong("bad-port", format!("{number} is not a port")).label("a number from 1 to 65535"))
}
