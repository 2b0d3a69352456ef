//! What a manifest asks for with `http`.

use crate::policy::{HostPattern, HttpGrant, PathPattern, Scheme, http::is_method, url::parse_port};

/// `GET https://*.example.com:8443/api/**`: a host, and what else is said. What isn't said may be anything.
#[derive(Debug, PartialEq)]
pub(super) struct Wanted<'a> {
    method: Option<&'a str>,
    scheme: Option<Scheme>,
    host: Option<HostPattern>,
    port: Option<u16>,
    path: Option<PathPattern>,
}

impl<'a> Wanted<'a> {
    /// Reads it, if it is one.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (method, rest) =
            text.split_once(' ').map_or((None, text), |(method, rest)| (Some(method), rest.trim_start()));
        if method.is_some_and(|method| !is_method(method)) {
            return None;
        }
        let (scheme, rest) = match rest.split_once("://") {
            Some((word, rest)) => (Some(Scheme::WORDS.into_iter().find(|(known, _)| *known == word)?.1), rest),
            None => (None, rest),
        };
        let (host, path) = match rest.find('/') {
            Some(at) => (&rest[..at], Some(PathPattern::parse(&rest[at..]).ok()?)),
            None => (rest, None),
        };
        let after = host.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match host[after..].find(':') {
            Some(at) => (&host[..after + at], Some(parse_port(&host[after + at + 1..]).ok()?)),
            None => (host, None),
        };
        Some(Self { method, scheme, host: HostPattern::needed(host).ok()?, port, path })
    }

    /// Whether `grant` allows all of it.
    pub(super) fn is_met(&self, grant: &HttpGrant) -> bool {
        // Without a port, a scheme is about its own.
        let port = self.port.or(self.scheme.map(Scheme::port));
        let on_port = |port: u16| match &grant.ports {
            Some(ports) => ports.contains(&port),
            None => grant
                .schemes
                .iter()
                .any(|scheme| scheme.port() == port && self.scheme.is_none_or(|wanted| wanted == *scheme)),
        };
        self.host.as_ref().is_none_or(|host| grant.host.covers(host))
            && self.scheme.is_none_or(|scheme| grant.schemes.contains(&scheme))
            && self.method.is_none_or(|method| grant.methods.iter().any(|known| known == method))
            && port.is_none_or(on_port)
            && self.path.as_ref().is_none_or(|path| grant.paths.iter().any(|pattern| pattern.covers(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Url;

    fn is_met(wanted: &str) -> Option<bool> {
        let url = Url::parse("https://api.example.com/v1").unwrap();
        Wanted::parse(wanted).map(|wanted| wanted.is_met(&HttpGrant::least("GET", &url, None)))
    }

    #[test]
    fn any_host_is_one_that_is_granted() {
        assert_eq!(is_met("*"), Some(true));
        assert_eq!(is_met("GET *"), Some(true));
        assert_eq!(is_met("POST *"), Some(false));
        assert_eq!(is_met("GET https://*"), Some(true));
        assert_eq!(is_met("GET http://*"), Some(false));
        assert_eq!(is_met("GET *:8443"), Some(false));
        assert_eq!(is_met("GET https://*/other"), Some(false));
    }

    #[test]
    fn what_is_no_need_is_none() {
        for text in ["get *", "GET ", "GET /v1", "GET **", "CONNECT *", "GET *.com", "ftp://*", "GET *:0"] {
            assert_eq!(Wanted::parse(text), None, "{text}");
        }
    }
}
