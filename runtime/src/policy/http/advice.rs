//! What `http` knows about policies: the fewest requests that a run needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    policy::{
        Addresses, Asked, Authority, Denial, Grants, HostPattern, HttpGrant, PathPattern, Request, Url,
        advice::{Advise, Find, Least, MAX_NAMED, Wide, Wider},
        grants::Role,
        http::{default_methods, is_method, need::Wanted},
    },
    source::Place,
};

/// The most paths that are suggested side by side; of more, all below what they have in common.
const MAX_PATHS: usize = 16;

/// The advice of `http`.
pub(in crate::policy) struct Http;

impl Advise for Http {
    fn word(&self) -> &'static str {
        "http"
    }

    fn beyond(&self) -> &'static [&'static str] {
        &[
            "http.bad-url",
            "http.bad-header",
            "http.limit.requests",
            "http.limit.connections",
            "http.limit.headers",
            "http.limit.body",
            "http.limit.response",
            "http.limit.bytes",
        ]
    }

    fn least(&self, asked: &[Asked<'_>], held: &Authority) -> Vec<Least> {
        // By origin, method and the grant that allows it, so that no method is suggested for a path that it
        // wasn't used for, and nothing that only another grant says.
        let mut groups: BTreeMap<(String, String, Option<usize>), Group<'_>> = BTreeMap::new();
        for (of, one) in asked.iter().enumerate() {
            let Request::Http { method, url, address } = &one.request else { continue };
            // What is no method can be in no policy.
            if !is_method(method) {
                continue;
            }
            let allowing = held.allowing(&one.request);
            let origin = format!("{}://{}", url.scheme().word(), url.authority());
            let key = (origin, method.to_string(), allowing.as_ref().map(|place| place.span.start));
            let group = groups.entry(key).or_insert_with(|| Group::new(method, url, held, allowing.as_ref()));
            group.paths.insert(url.path());
            group.of.push(of);
            if let Some(address) = address.filter(|_| one.counts.codes().any(|code| code == "http.address")) {
                group.addresses = group.addresses.with(address);
            }
        }
        let mut grants: Vec<(HttpGrant, Vec<usize>)> = Vec::new();
        for group in groups.into_values() {
            let (grant, of) = group.grant();
            let alike = |(other, _): &&mut (HttpGrant, Vec<usize>)| {
                let methods = other.methods.clone();
                *other == HttpGrant { methods, ..grant.clone() }
            };
            match grants.iter_mut().find(alike) {
                Some((other, known)) => {
                    other.methods.extend(grant.methods);
                    known.extend(of);
                }
                None => grants.push((grant, of)),
            }
        }
        grants.into_iter().map(|(grant, of)| Least { toml: grant.to_string(), of, note: String::new() }).collect()
    }

    fn widen(&self, held: &Grants, _: Role, request: &Request<'_>, denial: &Denial) -> Option<Wider> {
        let Request::Http { method, url, address } = request else { return None };
        // No line can grant what is no method.
        let address = address.or(url.host().address());
        if !is_method(method) {
            return None;
        }
        let grants = held.http.iter().flat_map(|grants| grants.about(url.host()));
        let known = grants.into_iter().find(|grant| Some(&grant.place) == denial.place.as_ref());
        let grant = match known {
            Some(known) => known.widened(known.misses(method, url, address)?, method, url, address),
            None => HttpGrant::least(method, url, address),
        };
        let instead = known.iter().map(|grant| grant.place.clone()).collect();
        Some(Wider { toml: grant.to_string(), instead, note: "" })
    }

    fn covered(&self, grants: &Grants) -> Vec<(Place, Place)> {
        let Some(grants) = &grants.http else { return Vec::new() };
        let covering = |(index, narrow): (usize, &HttpGrant)| {
            // Of two alike, the later is too much.
            let covers = |(at, wide): &(usize, &HttpGrant)| {
                *at != index && wide.covers(narrow) && (*at < index || !narrow.covers(wide))
            };
            let (_, wide) = grants.iter().enumerate().find(covers)?;
            Some((narrow.place.clone(), wide.place.clone()))
        };
        grants.iter().enumerate().filter_map(covering).collect()
    }

    fn wide(&self, held: &Authority, place: &Place, used: &[Request<'_>]) -> Option<Wide> {
        let grant = held.grants.http.as_ref()?.iter().find(|grant| grant.place == *place)?;
        let asked = used.iter().filter_map(|request| match request {
            Request::Http { method, url, .. } => Some((&**method, &**url)),
            _ => None,
        });
        let asked: Vec<_> = asked.collect();
        let hosts: BTreeSet<_> = asked.iter().map(|(_, url)| url.host().to_string()).collect();
        let narrower = grant.used_for(&asked)?;
        let by_host = matches!(grant.host, HostPattern::Below(_)) && hosts.len() <= MAX_NAMED;
        let hosts = if by_host {
            hosts.iter().filter_map(|host| HostPattern::parse(host).ok()).collect()
        } else {
            vec![grant.host.clone()]
        };
        if !by_host && narrower == *grant {
            return None;
        }
        let help: Vec<_> = hosts.into_iter().map(|host| HttpGrant { host, ..narrower.clone() }.to_string()).collect();
        Some(Wide {
            message: format!("`{}` is granted for more than was asked of it", grant.host),
            help: help.join(", "),
        })
    }

    fn met(&self, wanted: &str, held: &Grants, _: &Find<'_>) -> Result<bool, &'static str> {
        let wanted =
            Wanted::parse(wanted).ok_or("it is like `GET https://*.example.com/api/**`, or `GET *` for any host")?;
        Ok(held.http.as_ref().is_some_and(|grants| grants.iter().any(|grant| wanted.is_met(grant))))
    }
}

impl HttpGrant {
    /// The part of it that `asked` needs; nothing where nothing was asked.
    fn used_for(&self, asked: &[(&str, &Url)]) -> Option<Self> {
        let mut narrower = self.clone();
        asked.first()?;
        narrower.schemes.retain(|scheme| asked.iter().any(|(_, url)| url.scheme() == *scheme));
        if let Some(ports) = &mut narrower.ports {
            ports.retain(|port| asked.iter().any(|(_, url)| url.port() == *port));
        }
        // Who may read may ask whether there is something to read.
        if self.methods != default_methods() {
            narrower.methods.retain(|method| asked.iter().any(|(used, _)| used == method));
        }
        let exact: Option<Vec<_>> = asked.iter().map(|(_, url)| PathPattern::exactly(url)).collect();
        let mut exact = exact.unwrap_or_default();
        exact.sort_by_key(ToString::to_string);
        exact.dedup();
        if (1..=MAX_NAMED).contains(&exact.len()) && self.paths.iter().any(PathPattern::is_glob) {
            narrower.paths = exact;
        } else {
            narrower.paths.retain(|pattern| asked.iter().any(|(_, url)| pattern.matches(url)));
        }
        Some(narrower)
    }

    /// Whether it allows all that the other one does.
    fn covers(&self, other: &Self) -> bool {
        fn within<T: PartialEq>(all: &[T], some: &[T]) -> bool {
            some.iter().all(|one| all.contains(one))
        }
        let paths = self.paths.contains(&PathPattern::all()) || within(&self.paths, &other.paths);
        let ports = match (&self.ports, &other.ports) {
            (None, None) => true,
            (Some(all), Some(some)) => within(all, some),
            _ => false,
        };
        self.host.covers(&other.host)
            && ports
            && paths
            && within(&self.schemes, &other.schemes)
            && within(&self.methods, &other.methods)
            && (other.addresses.is_empty() || self.addresses == other.addresses)
    }
}

/// Requests to one origin with one method.
struct Group<'a> {
    method: &'a str,
    url: &'a Url,
    /// The grant that allows them.
    allowing: Option<&'a HttpGrant>,
    paths: BTreeSet<&'a str>,
    addresses: Addresses,
    of: Vec<usize>,
}

impl<'a> Group<'a> {
    /// An empty group, with the addresses that the agent was granted for the same.
    fn new(method: &'a str, url: &'a Url, held: &'a Authority, allowing: Option<&Place>) -> Self {
        let grants = held.grants.http.as_ref();
        let mut known = grants.into_iter().flat_map(|grants| grants.about(url.host()));
        let allowing = known.find(|grant| allowing == Some(&grant.place));
        let addresses = allowing.map(|grant| grant.addresses.clone()).unwrap_or_default();
        Self { method, url, allowing, paths: BTreeSet::new(), addresses, of: Vec::new() }
    }

    fn grant(self) -> (HttpGrant, Vec<usize>) {
        let mut grant = HttpGrant::least(self.method, self.url, None);
        grant.methods = vec![self.method.to_owned()];
        grant.paths = self.patterns();
        grant.addresses = self.addresses;
        (grant, self.of)
    }

    /// The patterns for all of its paths: none is about more than what the grant that allows them says.
    fn patterns(&self) -> Vec<PathPattern> {
        let granted = self.allowing.map(|grant| grant.paths.as_slice()).unwrap_or_default();
        if self.paths.len() > MAX_PATHS {
            let common = common(&self.paths);
            return match self.allowing {
                Some(_) if !granted.iter().any(|pattern| pattern.covers(&common)) => granted.to_vec(),
                _ => vec![common],
            };
        }
        let urls = self.paths.iter().filter_map(|path| self.url.clone().with_target(path).ok());
        let pattern = |url: Url| {
            let known = || granted.iter().find(|pattern| pattern.matches(&url)).cloned();
            PathPattern::exactly(&url).or_else(known).unwrap_or_else(|| PathPattern::near(&url))
        };
        let mut patterns: Vec<PathPattern> = Vec::new();
        for pattern in urls.map(pattern) {
            if !patterns.contains(&pattern) {
                patterns.push(pattern);
            }
        }
        patterns
    }
}

/// All below the segments that the paths have in common.
fn common(paths: &BTreeSet<&str>) -> PathPattern {
    let mut paths = paths.iter().map(|path| path.split('/').collect::<Vec<_>>());
    let first = paths.next().unwrap_or_default();
    let shared = paths.fold(first, |shared, path| {
        shared.into_iter().zip(path).take_while(|(one, other)| one == other).map(|(one, _)| one).collect()
    });
    PathPattern::parse(&format!("{}/**", shared.join("/"))).unwrap_or_else(|_| PathPattern::all())
}
