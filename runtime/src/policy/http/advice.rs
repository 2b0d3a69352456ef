//! What `http` knows about policies: the fewest requests that a run needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    policy::{
        Addresses, Asked, Authority, Grants, HttpGrant, PathPattern, Request, Url,
        advice::{Advise, Least},
        http::default_methods,
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
        // By origin and method, so that no method is suggested for a path that it wasn't used for.
        let mut groups: BTreeMap<(String, String), Group<'_>> = BTreeMap::new();
        for (of, one) in asked.iter().enumerate() {
            let Request::Http { method, url, address } = &one.request else { continue };
            let key = (format!("{}://{}", url.scheme().word(), url.authority()), method.to_string());
            let group = groups.entry(key).or_insert_with(|| Group::new(method, url, held));
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

    fn met(&self, wanted: &str, held: &Authority) -> bool {
        // A manifest may ask for `*` in a host or a path: any grant is as good an answer.
        let text = format!("http {wanted}");
        match Request::parse(&text) {
            Ok(request) => matches!(held.decide(&request), crate::policy::Decision::Allowed(_)),
            Err(_) => held.grants.http.as_ref().is_some_and(|grants| grants.iter().next().is_some()),
        }
    }
}

impl HttpGrant {
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
    paths: BTreeSet<&'a str>,
    addresses: Addresses,
    of: Vec<usize>,
}

impl<'a> Group<'a> {
    /// An empty group, with the addresses that the agent was granted for the same.
    fn new(method: &'a str, url: &'a Url, held: &Authority) -> Self {
        let grants = held.grants.http.as_ref();
        let mut known = grants.into_iter().flat_map(|grants| grants.about(url.host()));
        let known = known.find(|grant| grant.misses(method, url, None).is_none());
        let addresses = known.map(|grant| grant.addresses.clone()).unwrap_or_default();
        Self { method, url, paths: BTreeSet::new(), addresses, of: Vec::new() }
    }

    fn grant(self) -> (HttpGrant, Vec<usize>) {
        let mut grant = HttpGrant::least(self.method, self.url);
        grant.addresses = self.addresses;
        grant.methods = vec![self.method.to_owned()];
        let exact = |path: &&str| Some(PathPattern::exactly(&self.url.clone().with_target(path).ok()?));
        grant.paths = if self.paths.len() > MAX_PATHS {
            vec![common(&self.paths)]
        } else {
            self.paths.iter().filter_map(exact).collect()
        };
        if grant.methods == ["HEAD"] {
            grant.methods = default_methods();
        }
        (grant, self.of)
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
