//! Requests over HTTP that an agent may make.

mod advice;
mod index;
mod need;

use std::{borrow::Cow, fmt, net::IpAddr};

use crate::{
    diagnostic::{Diagnostic, Report, list},
    document::Item,
    policy::{
        Addresses, ByHost, Decision, Denial, HostPattern, OfHost, PathPattern, Request, Scheme, Url, pieces,
        tcp::read_ports,
    },
    source::Place,
};

pub(super) use advice::Http;
use index::{Index, OnPath};

/// One entry of `http`.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpGrant {
    /// Who may be asked.
    pub host: HostPattern,
    /// How.
    pub schemes: Vec<Scheme>,
    /// On which ports; where nothing is said, on the scheme's own.
    pub ports: Option<Vec<u16>>,
    /// With which methods.
    pub methods: Vec<String>,
    /// For what.
    pub paths: Vec<PathPattern>,
    /// Addresses that are not public, and may be connected to all the same.
    pub addresses: Addresses,
    /// The policy line.
    pub place: Place,
}

impl OfHost for HttpGrant {
    type Index = Index;

    fn host(&self) -> &HostPattern {
        &self.host
    }

    fn note(&self, place: usize, index: &mut Index) {
        index.note(self, place);
    }

    fn finish(index: &mut Index) {
        index.finish();
    }
}

/// What of a request a grant doesn't allow: of several, the last in this order says the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Missed {
    Scheme,
    Port,
    Method,
    Path,
    Address(&'static str),
}

impl Missed {
    fn code(self) -> &'static str {
        match self {
            Self::Scheme => "http.scheme",
            Self::Port => "http.port",
            Self::Method => "http.method",
            Self::Path => "http.path",
            Self::Address(_) => "http.address",
        }
    }
}

impl HttpGrant {
    /// The first thing about a request that this grant doesn't allow.
    fn misses(&self, method: &str, url: &Url, address: Option<IpAddr>) -> Option<Missed> {
        let path = || (!self.paths.iter().any(|pattern| pattern.matches(url))).then_some(Missed::Path);
        self.misses_before_path(method, url).or_else(path).or_else(|| self.misses_address(address))
    }

    fn misses_before_path(&self, method: &str, url: &Url) -> Option<Missed> {
        if !self.schemes.contains(&url.scheme()) {
            return Some(Missed::Scheme);
        }
        let port = match &self.ports {
            Some(ports) => ports.contains(&url.port()),
            None => url.port() == url.scheme().port(),
        };
        if !port {
            return Some(Missed::Port);
        }
        (!self.methods.iter().any(|known| known == method)).then_some(Missed::Method)
    }

    fn misses_address(&self, address: Option<IpAddr>) -> Option<Missed> {
        self.addresses.refuse(&self.host, address?).map(Missed::Address)
    }

    /// The grant that would allow the request and differs the least from this one.
    fn widened(&self, missed: Missed, method: &str, url: &Url, address: Option<IpAddr>) -> Self {
        let mut wider = self.clone();
        match missed {
            Missed::Scheme => wider.schemes.push(url.scheme()),
            Missed::Port => wider.ports.get_or_insert_with(|| vec![self.schemes[0].port()]).push(url.port()),
            Missed::Method => wider.methods.push(method.to_owned()),
            Missed::Path => wider.paths.push(PathPattern::near(url)),
            Missed::Address(_) => wider.addresses = address.map_or(wider.addresses, |one| self.addresses.with(one)),
        }
        match wider.misses(method, url, address) {
            Some(next) if next > missed => wider.widened(next, method, url, address),
            _ => wider,
        }
    }

    /// The least grant that allows a request.
    fn least(method: &str, url: &Url, address: Option<IpAddr>) -> Self {
        let ports = (url.port() != url.scheme().port()).then(|| vec![url.port()]);
        let methods = if ["GET", "HEAD"].contains(&method) { default_methods() } else { vec![method.to_owned()] };
        let host = HostPattern::Exact(url.host().clone());
        let none = Addresses::default();
        let refused = address.filter(|address| none.refuse(&host, *address).is_some());
        let addresses = refused.map_or(none.clone(), |address| none.with(address));
        Self {
            host,
            schemes: vec![url.scheme()],
            ports,
            methods,
            paths: vec![PathPattern::near(url)],
            addresses,
            place: Place::nowhere(),
        }
    }
}

/// As a policy writes it, without what holds anyway.
impl fmt::Display for HttpGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |texts: Vec<String>| texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", ");
        write!(f, "{{ host = \"{}\"", self.host)?;
        if self.schemes != [Scheme::Https] {
            write!(f, ", schemes = [{}]", quoted(self.schemes.iter().map(|scheme| scheme.word().into()).collect()))?;
        }
        if let Some(ports) = &self.ports {
            write!(f, ", ports = {ports:?}")?;
        }
        if self.methods != default_methods() {
            write!(f, ", methods = [{}]", quoted(self.methods.clone()))?;
        }
        if self.paths != [PathPattern::all()] {
            write!(f, ", paths = [{}]", quoted(self.paths.iter().map(ToString::to_string).collect()))?;
        }
        if !self.addresses.is_empty() {
            write!(f, ", addresses = {}", self.addresses)?;
        }
        f.write_str(" }")
    }
}

/// Decides about a request; about its address too, once that is known.
pub(super) fn decide(grants: &ByHost<HttpGrant>, method: &str, url: &Url, address: Option<IpAddr>) -> Decision {
    let request = Request::Http { method: method.into(), url: Cow::Borrowed(url), address };
    let address = address.or(url.host().address());
    let mut nearest: Option<(Missed, &HttpGrant)> = None;
    for host in grants.names(url.host()) {
        let (mut allowing, mut elsewhere) = (usize::MAX, usize::MAX);
        for OnPath { place, pattern } in host.index.candidates(url) {
            let grant = grants.at(*place);
            if !grant.methods.iter().any(|known| known == method) || !pattern.matches(url) {
                continue;
            }
            match grant.misses_address(address) {
                None => allowing = allowing.min(*place),
                Some(_) => elsewhere = elsewhere.min(*place),
            }
        }
        if allowing != usize::MAX {
            return Decision::Allowed(Some(grants.at(allowing).place.clone()));
        }
        let nearest_here = match elsewhere {
            usize::MAX => host.index.nearest(method, url).unwrap_or(host.all[0]),
            place => place,
        };
        let grant = grants.at(nearest_here);
        // None of its paths fits: each that could has been tried.
        let missed = match elsewhere {
            usize::MAX => grant.misses_before_path(method, url).unwrap_or(Missed::Path),
            _ => grant.misses_address(address).unwrap_or(Missed::Path),
        };
        if nearest.is_none_or(|(other, _)| missed > other) {
            nearest = Some((missed, grant));
        }
    }
    // What would allow it takes longer to say than to decide: the advice does, where somebody asks.
    Decision::Denied(match nearest {
        None => Denial::new("http.not-granted", &request),
        Some((missed, grant)) => Denial::new(missed.code(), &request).at(&grant.place),
    })
}

fn default_methods() -> Vec<String> {
    vec!["GET".into(), "HEAD".into()]
}

/// Reads `http = [{ host, schemes, ports, methods, paths, addresses }]`.
pub(super) fn read(item: Item<'_>, report: &mut Report) -> ByHost<HttpGrant> {
    let items = item.array().map_err(|wrong| report.push(wrong)).unwrap_or_default();
    let grants = ByHost::new(items.into_iter().filter_map(|item| read_one(item, report)).collect());
    if let Some(place) = grants.indices().filter_map(Index::crowded).min() {
        report.push(pieces::too_many_alike(&grants.at(place).place));
    }
    grants
}

fn read_one(item: Item<'_>, report: &mut Report) -> Option<HttpGrant> {
    let place = item.place();
    let mut table = item.table().map_err(|wrong| report.push(wrong)).ok()?;
    let host = table.need("host", report, |item| HostPattern::read(&item));
    let schemes = table.get("schemes").map(|item| read_list(item, report, |item| item.choice(&Scheme::WORDS)));
    let ports = table.get("ports").map(|item| read_ports(item, report));
    let methods = table.get("methods").map(|item| read_list(item, report, read_method));
    let paths = table.get("paths").map(|item| read_list(item, report, |item| PathPattern::read(&item)));
    let addresses = table.get("addresses").map(|item| Addresses::read(item, report)).unwrap_or_default();
    table.finish(report);
    Some(HttpGrant {
        host: host?,
        schemes: schemes.unwrap_or_else(|| vec![Scheme::Https]),
        ports,
        methods: methods.unwrap_or_else(default_methods),
        paths: paths.unwrap_or_else(|| vec![PathPattern::all()]),
        addresses,
        place,
    })
}

/// Reads a list that has something in it: one without would grant nothing, and look as if it did.
pub(super) fn read_list<'a, T>(
    item: Item<'a>,
    report: &mut Report,
    read: impl Fn(Item<'a>) -> Result<T, Diagnostic>,
) -> Vec<T> {
    match item.clone().array() {
        Ok(items) if items.is_empty() => {
            let message = format!("`{}` is empty: the grant allows nothing", item.path);
            report.push(item.wrong("empty-list", message).help("take the whole grant out"));
            Vec::new()
        }
        Ok(items) => items.into_iter().filter_map(|item| read(item).map_err(|wrong| report.push(wrong)).ok()).collect(),
        Err(wrong) => {
            report.push(wrong);
            Vec::new()
        }
    }
}

/// The longest method, in bytes; those that are registered have at most 17.
pub(crate) const MAX_METHOD: usize = 32;

/// Methods that no grant can allow: one makes a tunnel out of a connection, the other has a server
/// send back what the host put into a request.
pub(crate) const NEVER: [&str; 2] = ["CONNECT", "TRACE"];

/// Whether a grant can name the method.
fn is_method(text: &str) -> bool {
    let letters = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    (1..=MAX_METHOD).contains(&text.len()) && letters && !NEVER.contains(&text)
}

fn read_method(item: Item<'_>) -> Result<String, Diagnostic> {
    let text = item.clone().text()?;
    let wrong = || item.wrong("bad-method", format!("`{}` is not a method", text.escape_debug()));
    if NEVER.contains(&text.to_ascii_uppercase().as_str()) {
        return Err(wrong().label(format!("no agent may use {}", list(&NEVER))));
    }
    if !is_method(text) {
        return Err(wrong().label("capital letters, like `POST`; no `*` stands for others"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
