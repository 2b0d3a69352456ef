//! Finds the grants of one host that a request could be allowed by, and the one that comes nearest.

use std::collections::HashMap;

use crate::policy::{
    HttpGrant, PathPattern, Scheme, Url,
    pieces::{FEW, Pieces},
};

/// The grants of one host. Places are in the order of the policy, and a first one is the first that
/// has all of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    schemes: HashMap<Scheme, usize>,
    ports: HashMap<(Scheme, u16), OnPort>,
}

/// The grants for one scheme and port.
#[derive(Clone, Debug, Default)]
struct OnPort {
    first: usize,
    methods: HashMap<String, usize>,
    paths: Vec<OnPath>,
    /// What has no star, and what has few that begin alike, by what it begins with, in whole segments:
    /// positions in `paths`.
    begins: HashMap<Vec<u8>, Vec<usize>>,
    /// The most bytes of what a path begins with.
    longest: usize,
    /// The others.
    pieces: Pieces,
}

/// One pattern of one grant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OnPath {
    /// The grant.
    pub place: usize,
    /// The pattern.
    pub pattern: PathPattern,
}

/// The rest is made from the paths.
impl PartialEq for OnPort {
    fn eq(&self, other: &Self) -> bool {
        (self.first, &self.methods, &self.paths) == (other.first, &other.methods, &other.paths)
    }
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

    /// Files the paths, once all grants are noted.
    pub(super) fn finish(&mut self) {
        self.ports.values_mut().for_each(OnPort::finish);
    }

    /// The place of a grant with a path that has too many like it.
    pub(super) fn crowded(&self) -> Option<usize> {
        let crowded = |on_port: &OnPort| Some(on_port.paths[on_port.pieces.crowded()?].place);
        self.ports.values().filter_map(crowded).min()
    }

    /// The paths that the request could fit, of grants for its scheme and port; it fits no other.
    pub(super) fn candidates<'a>(&'a self, url: &'a Url) -> impl Iterator<Item = &'a OnPath> {
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
        self.paths.extend(grant.paths.iter().map(|pattern| OnPath { place, pattern: pattern.clone() }));
    }

    /// Files the paths, once all grants are noted, unless they are few: then all are tried.
    fn finish(&mut self) {
        if self.paths.len() <= FEW {
            return;
        }
        let mut begins: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, path) in self.paths.iter().enumerate() {
            begins.entry(path.pattern.begins()).or_default().push(at);
        }
        let mut others = Vec::new();
        for (text, mut all) in begins {
            let globs = |at: &usize| self.paths[*at].pattern.is_glob();
            if all.iter().filter(|at| globs(at)).count() > FEW {
                others.extend(all.iter().copied().filter(globs));
                all.retain(|at| !globs(at));
            }
            if !all.is_empty() {
                self.longest = self.longest.max(text.len());
                self.begins.insert(text.into(), all);
            }
        }
        others.sort_unstable();
        let pieces: Vec<_> = others.iter().map(|at| (*at, self.paths[*at].pattern.pieces().collect())).collect();
        self.pieces = Pieces::new(&pieces);
    }

    fn candidates<'a>(&'a self, url: &'a Url) -> impl Iterator<Item = &'a OnPath> {
        let path = PathPattern::subject(url);
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let ends = ends.take_while(|end| *end <= self.longest).chain([path.len()]);
        let begins = ends.filter_map(|end| self.begins.get(&path[..end])).flatten().copied();
        let few = if self.paths.len() <= FEW { 0..self.paths.len() } else { 0..0 };
        few.chain(begins).chain(self.pieces.candidates(path)).map(|at| &self.paths[at])
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::{Decision, Policy, Request};

    fn policy(paths: &[String]) -> Result<Policy, &'static str> {
        let grant = |path: &String| format!("{{ host = \"a.example\", paths = [\"{path}\"] }},");
        let grants: String = paths.iter().map(grant).collect();
        let text = format!("version = 1\n[agents.a]\nhttp = [{grants}]\n");
        Policy::parse("p", &text).map_err(|report| report.0[0].code)
    }

    /// However the paths are filed, each decides as it would alone.
    #[test]
    fn the_index_forgets_no_path() {
        let mut paths: Vec<String> =
            ["/**", "/a", "/a/**", "/**/a", "/**/a/**", "/a/*/b", "/*", "/*/b", "/a/**/b/**/c", "/"]
                .map(Into::into)
                .into();
        paths.extend(
            (0..20).flat_map(|n| [format!("/**/x{n}"), format!("/v{n}/*"), format!("/*{n}/y"), format!("/**/q{n}/**")]),
        );
        let urls = [
            "/",
            "/a",
            "/a/",
            "/a/b",
            "/a/x/b",
            "/a/b/c",
            "/x3",
            "/a/x13",
            "/v7/z",
            "/v7",
            "/z13/y",
            "/q5",
            "/z/q5/z/z",
            "/q5/",
            "/%2Fx3",
            "/a%2Fx3",
        ];
        let requests: Vec<_> = urls.iter().map(|url| format!("http GET https://a.example{url}")).collect();
        let requests: Vec<_> = requests.iter().filter_map(|text| Request::parse(text).ok()).collect();
        let alone = |path: &String| {
            let one = policy(std::slice::from_ref(path)).unwrap().authority("a", "a");
            requests.iter().map(|request| matches!(one.decide(request), Decision::Allowed(_))).collect::<Vec<_>>()
        };
        let alone: Vec<_> = paths.iter().map(alone).collect();
        for from in (0..paths.len()).step_by(3) {
            let all = policy(&paths[from..]).unwrap().authority("a", "a");
            for (at, request) in requests.iter().enumerate() {
                let first = (from..paths.len()).find(|path| alone[*path][at]);
                let found = match all.decide(request) {
                    Decision::Allowed(Some(place)) => {
                        paths.iter().position(|path| place.text().contains(&format!("\"{path}\"")))
                    }
                    _ => None,
                };
                assert_eq!(found, first, "{request} under {:?}", &paths[from..]);
            }
        }
    }

    #[test]
    fn too_many_alike_are_refused() {
        let alike = |n: usize| (0..n).map(|n| format!("/**/{}x", "*y".repeat(n + 1))).collect::<Vec<_>>();
        assert!(policy(&alike(8)).is_ok());
        assert_eq!(policy(&alike(9)).err(), Some("too-many-alike"));
        let many: Vec<_> = (0..1000).map(|n| format!("/**/x{n}")).collect();
        assert!(policy(&many).is_ok());
        for key in ["calls", "databases"] {
            let entries: String = (0..9)
                .map(|n| format!("\"{}\"", "*a".repeat(n + 1)) + if key == "calls" { "," } else { " = 'read'," })
                .collect();
            let text = match key {
                "calls" => format!("calls = [{entries}]"),
                _ => format!("databases = [{{ name = 'db', url = {{ env = 'U' }}, tables = {{ {entries} }} }}]"),
            };
            let report = Policy::parse("p", &format!("version = 1\n[agents.a]\n{text}\n")).unwrap_err();
            assert_eq!(report.0[0].code, "too-many-alike", "{key}");
        }
    }
}
