//! What one agent may use and touch, here and now.

use std::sync::Arc;

use crate::{
    policy::{
        Decision, Denial, EnvGrant, FileGrant, Grants, Isolation, Limits, Request, SignedBy, Standing, advice, files,
        imports,
    },
    source::Place,
};

/// What one agent may use and touch: its grants, under the ceilings of those who called it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Authority {
    /// The most that a call may use.
    pub limits: Limits,
    /// What the policy gives to the agent.
    pub grants: Grants,
    /// What its callers leave of that.
    pub ceilings: Ceilings,
    /// What it leaves to those it calls.
    pub within: Option<Arc<Ceiling>>,
    /// What an instance of it serves.
    pub isolation: Isolation,
    /// Who has to vouch for it, if somebody has to.
    pub signed_by: Option<Arc<SignedBy>>,
    /// The folders that remain under the ceilings.
    files: Arc<[FileGrant]>,
    /// Those that remain under the first of them, the first two, and so on.
    narrowed: Vec<Arc<[FileGrant]>>,
}

/// Whether an agent has what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// It has all of it.
    Granted,
    /// It hasn't, or not all.
    NotGranted,
    /// What it asks for can't be read: this is how it is written.
    Unclear(&'static str),
}

/// Whether `wanted` is something that a manifest can ask for with the policy's key.
///
/// # Errors
///
/// How it has to be written.
pub fn need_form(key: &str, wanted: &str) -> Result<(), &'static str> {
    match Authority::default().meets(key, wanted, |_| None) {
        Met::Granted | Met::NotGranted => Ok(()),
        Met::Unclear(form) => Err(form),
    }
}

/// The most that everything below one caller may hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Ceiling {
    /// The most, where something is said.
    pub grants: Grants,
    /// The `within` that says it.
    pub place: Place,
}

/// The ceilings of a chain of callers, the outermost first.
pub type Ceilings = Arc<[Arc<Ceiling>]>;

impl Authority {
    /// The authority of an agent that nobody called.
    pub(super) fn new(limits: Limits, grants: Grants, within: Option<Arc<Ceiling>>, isolation: Isolation) -> Self {
        let files = grants.files.clone().unwrap_or_default();
        Self {
            limits,
            grants,
            ceilings: Ceilings::default(),
            within,
            isolation,
            signed_by: None,
            files,
            narrowed: Vec::new(),
        }
    }

    /// The same agent, where somebody has to vouch for it.
    #[must_use]
    pub(super) fn signed_by(self, signed_by: Option<Arc<SignedBy>>) -> Self {
        Self { signed_by, ..self }
    }

    /// The same agent, called by those who leave it `ceilings`.
    #[must_use]
    pub fn under(mut self, ceilings: &Ceilings) -> Self {
        self.files = self.grants.files.clone().unwrap_or_default();
        self.narrowed.clear();
        for ceiling in ceilings.iter() {
            if let Some(most) = &ceiling.grants.files {
                self.files = files::narrow(&self.files, most);
            }
            self.narrowed.push(self.files.clone());
        }
        self.ceilings = ceilings.clone();
        self
    }

    /// The ceilings of those that the agent calls.
    pub fn ceilings_below(&self) -> Ceilings {
        match &self.within {
            Some(within) => self.ceilings.iter().chain([within]).cloned().collect(),
            None => self.ceilings.clone(),
        }
    }

    /// The folders that the agent may reach, under its callers' ceilings.
    pub fn files(&self) -> &Arc<[FileGrant]> {
        &self.files
    }

    /// The grant of the variable called `name`.
    pub fn variable(&self, name: &str) -> Option<&EnvGrant> {
        self.grants.env.iter().flat_map(|grants| grants.iter()).find(|grant| grant.name == name)
    }

    /// Whether anything is said about imports: by the agent's own grants, or by a ceiling.
    pub fn guards_imports(&self) -> bool {
        self.grants.imports.is_some() || self.ceilings.iter().any(|ceiling| ceiling.grants.imports.is_some())
    }

    /// How a module stands under all that is said about imports.
    pub fn standing(&self, module: &str) -> Standing {
        let said = self.ceilings.iter().filter_map(|ceiling| ceiling.grants.imports.as_ref());
        let said = self.grants.imports.iter().chain(said);
        said.map(|rules| imports::standing(rules, module)).max().unwrap_or(Standing::Allowed)
    }

    /// Whether the agent has what its manifest asks for: the policy's key, and what of it. `find` gives the
    /// name and the path of the agent that a name means.
    pub fn meets(&self, key: &str, wanted: &str, find: impl Fn(&str) -> Option<(String, String)>) -> Met {
        let Some(advice) = advice::of_key(key) else { return Met::Unclear("no policy has such a key") };
        // Of folders it is known what the ceilings leave.
        let own = Grants { files: Some(self.files.clone()), ..self.grants.clone() };
        let most = self.ceilings.iter().map(|ceiling| &ceiling.grants).filter(|grants| grants.says(key));
        let held: Vec<_> = std::iter::once(&own).chain(most.filter(|_| key != "files")).collect();
        let met = held.into_iter().map(|grants| advice.met(wanted, grants, &find)).collect::<Result<Vec<_>, _>>();
        match met {
            Ok(met) if met.iter().all(|met| *met) => Met::Granted,
            Ok(_) => Met::NotGranted,
            Err(form) => Met::Unclear(form),
        }
    }

    /// The line of the agent's own grants that allows a request.
    pub(super) fn allowing(&self, request: &Request<'_>) -> Option<Place> {
        match self.grants.decide(request) {
            Some(Decision::Allowed(place)) => place,
            _ => None,
        }
    }

    /// Decides about a request: the agent's own grants have to allow it, and each ceiling too.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        let own = self.grants.decide(request).unwrap_or_else(|| Grants::unsaid(request));
        if let Decision::Denied(_) = own {
            return own;
        }
        let decide = |ceiling: &Ceiling, files: &[FileGrant]| match request {
            // A ceiling names the host's folders, the request a path of the guest's: what remains of
            // the agent's folders is known already.
            Request::Files { access, path } => Some(files::decide(files, path, *access)),
            _ => ceiling.grants.decide(request),
        };
        let held = self.ceilings.iter().zip(&self.narrowed).find_map(|(ceiling, files)| match decide(ceiling, files) {
            Some(Decision::Denied(denial)) => Some(ceiling.denial(request, denial)),
            _ => None,
        });
        held.map_or(own, Decision::Denied)
    }
}

impl Ceiling {
    /// The denial for what this ceiling doesn't leave, though the agent has it: `why` is what it says by
    /// itself, and so what would widen it.
    fn denial(&self, request: &Request<'_>, mut why: Denial) -> Denial {
        let code = match request {
            Request::Files { .. } => "files.ceiling",
            Request::Http { .. } => "http.ceiling",
            Request::Tcp { .. } => "tcp.ceiling",
            Request::Env { .. } => "env.ceiling",
            Request::Calls { .. } => "calls.ceiling",
            Request::Sql { .. } => "sql.ceiling",
            Request::Imports { .. } => "imports.ceiling",
            Request::Jump => "jump.ceiling",
        };
        let help = match request {
            Request::Files { access, .. } => format!("files = [{{ path = \"…\", access = \"{}\" }}]", access.word()),
            _ => std::mem::take(&mut why.help),
        };
        Denial { code, place: Some(self.place.clone()), help, ..why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    const TEXT: &str = r#"version = 1
[agents.caller.within]
files = []
http = []
tcp = []
env = []
calls = []
databases = []
imports = { deny = ["ctypes"] }
jump = false
[agents.a]
files = [{ path = "x", mount = "/x", access = "write" }]
http = [{ host = "a.example" }]
tcp = [{ host = "a.example", ports = [1] }]
env = ["A"]
calls = ["b"]
databases = [{ name = "db", url = { env = "URL" }, tables = { t = "read" } }]
"#;

    /// Each capability has a ceiling of its own, with a code and with lines that would lift it.
    #[test]
    fn every_capability_has_its_ceiling() {
        let policy = Policy::parse("p", TEXT).unwrap_or_else(|report| panic!("{report}"));
        for request in [
            "files read /x/y",
            "http GET https://a.example/",
            "tcp a.example:1",
            "env A",
            "calls b",
            "sql read db.t",
            "imports ctypes",
            "jump",
        ] {
            let request = Request::parse(request).unwrap();
            assert!(matches!(policy.authority("a", "a").decide(&request), Decision::Allowed(_)), "{request}");
            let below = policy.authority_below(&[("caller", "caller")], ("a", "a")).decide(&request);
            let Decision::Denied(denial) = below else { panic!("{request} is allowed") };
            assert_eq!(denial.code, format!("{}.ceiling", request.capability()));
            let lines = policy.would_allow(("a", "a"), &denial).unwrap_or_else(|| panic!("no lines for {request}"));
            assert!(lines.starts_with("[agents.\"caller\"] # p:2\nwithin = { "), "{lines}");
        }
    }

    /// What a manifest asks for is compared with what its text says.
    #[test]
    fn needs_are_met_by_grants_for_all_of_them() {
        let text = r#"version = 1
[agents.a]
files = [{ path = "x", mount = "/x", access = "read" }]
http = [{ host = "*.example.com", paths = ["/api/**"] }, { host = "b.example", schemes = ["http"], ports = [81] }]
tcp = [{ host = "db.internal", ports = [5432] }]
env = ["A"]
calls = ["text/*"]
databases = [{ name = "shop", url = { env = "U" }, tables = { "o*" = "read" } }]
[agents.c.within]
http = [{ host = "api.example.com" }]
"#;
        let policy = Policy::parse("p", text).unwrap();
        let find = |name: &str| (name == "split").then(|| ("split".to_owned(), "text/split".to_owned()));
        let (own, below) = (policy.authority("a", "a"), policy.authority_below(&[("c", "c")], ("a", "a")));
        for (key, wanted, expected) in [
            ("files", "read", Some(true)),
            ("files", "write", Some(false)),
            ("files", "read /x/y", Some(true)),
            ("files", "read /y", Some(false)),
            ("files", "look", None),
            ("http", "GET https://*.example.com", Some(true)),
            ("http", "GET https://*.api.example.com/api/x", Some(true)),
            ("http", "GET https://*.example.com/api/**", Some(true)),
            ("http", "GET https://*.example.com/**", Some(false)),
            ("http", "POST https://*.example.com", Some(false)),
            ("http", "GET http://a.example.com", Some(false)),
            ("http", "GET https://example.com", Some(false)),
            ("http", "GET https://*.example.org", Some(false)),
            ("http", "a.example.com", Some(true)),
            ("http", "http://b.example:81", Some(true)),
            ("http", "http://b.example", Some(false)),
            ("http", "GET https://*", Some(true)),
            ("http", "GET https://", None),
            ("tcp", "db.internal", Some(true)),
            ("tcp", "db.internal:5432", Some(true)),
            ("tcp", "db.internal:22", Some(false)),
            ("tcp", "*.db.internal:5432", Some(false)),
            ("tcp", ":22", None),
            ("databases", "shop", Some(true)),
            ("databases", "other", Some(false)),
            ("databases", "read shop.orders", Some(true)),
            ("databases", "insert shop.orders", Some(false)),
            ("databases", "drop shop.orders", None),
            ("env", "A", Some(true)),
            ("env", "B", Some(false)),
            ("env", "A B", None),
            ("calls", "split", Some(true)),
            ("calls", "text/*", Some(true)),
            ("calls", "text/**", Some(false)),
            ("calls", "other", Some(false)),
        ] {
            let expected = match expected {
                Some(true) => Met::Granted,
                Some(false) => Met::NotGranted,
                None => Met::Unclear(""),
            };
            let met = match own.meets(key, wanted, find) {
                Met::Unclear(_) => Met::Unclear(""),
                met => met,
            };
            assert_eq!(met, expected, "{key} {wanted}");
        }
        assert_eq!(below.meets("http", "GET https://*.example.com", find), Met::NotGranted);
        assert_eq!(below.meets("http", "GET https://api.example.com", find), Met::Granted);
        assert_eq!(below.meets("env", "A", find), Met::Granted);
    }
}
