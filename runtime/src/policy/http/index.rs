//! Finds the grants of one host that a request could be allowed by, and the one that comes nearest.

use std::collections::HashMap;

use crate::policy::{HttpGrant, PathPattern, Scheme, Url};

/// The grants of one host. Places are in the order of the policy, and a first one is the first that
/// has all of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    schemes: HashMap<Scheme, usize>,
    ports: HashMap<(Scheme, u16), OnPort>,
}

/// The grants for one scheme and port.
#[derive(Clone, Debug, Default, PartialEq)]
struct OnPort {
    first: usize,
    methods: HashMap<String, usize>,
    /// By what their paths begin with, in whole segments.
    paths: HashMap<Vec<u8>, Vec<usize>>,
    /// The most bytes of what a path begins with.
    longest: usize,
}

impl Index {
    /// Notes the grant at `place`, which is behind all others.
    pub(super) fn note(&mut self, grant: &HttpGrant, place: usize) {
        for scheme in &grant.schemes {
            self.schemes.entry(*scheme).or_insert(place);
            for port in grant.ports.as_deref().unwrap_or(&[scheme.port()]) {
                let new = || OnPort { first: place, ..OnPort::default() };
                self.ports.entry((*scheme, *port)).or_insert_with(new).note(grant, place);
            }
        }
    }

    /// The places of all grants that could allow the request; of no other one does.
    pub(super) fn candidates<'a>(&'a self, url: &'a Url) -> impl Iterator<Item = &'a usize> {
        let on_port = self.ports.get(&(url.scheme(), url.port()));
        on_port.into_iter().flat_map(|on_port| on_port.candidates(url))
    }

    /// The first grant that would allow the request if it allowed more paths; or else more methods, or
    /// ports.
    pub(super) fn nearest(&self, method: &str, url: &Url) -> Option<usize> {
        match self.ports.get(&(url.scheme(), url.port())) {
            Some(on_port) => Some(on_port.methods.get(method).copied().unwrap_or(on_port.first)),
            None => self.schemes.get(&url.scheme()).copied(),
        }
    }
}

impl OnPort {
    fn note(&mut self, grant: &HttpGrant, place: usize) {
        for method in &grant.methods {
            self.methods.entry(method.clone()).or_insert(place);
        }
        for path in &grant.paths {
            let begins = path.begins();
            self.longest = self.longest.max(begins.len());
            let places = self.paths.entry(begins.into()).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }

    fn candidates<'a>(&'a self, url: &'a Url) -> impl Iterator<Item = &'a usize> {
        let path = PathPattern::subject(url);
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let ends = ends.take_while(|end| *end <= self.longest).chain([path.len()]);
        ends.filter_map(|end| self.paths.get(&path[..end])).flatten()
    }
}
