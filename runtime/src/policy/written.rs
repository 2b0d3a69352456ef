//! Grants as a policy writes them, each on one line: made from what was read, so that it says the same
//! however the file says it.

use std::path::{Component, Path, PathBuf};

use crate::{
    policy::{Ceiling, DatabaseGrant, DatabaseUrl, FileGrant, Grants, Listed, files::normal},
    source::Place,
};

/// What one key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The key.
    pub key: &'static str,
    /// What is granted, and where that stands: each element of a list; else the one value.
    pub parts: Vec<(Place, String)>,
    /// Whether it is a list.
    pub is_list: bool,
}

impl Written {
    fn list<'g, T: ToString + 'g>(
        key: &'static str,
        grants: Option<impl IntoIterator<Item = &'g T>>,
        place: impl Fn(&T) -> &Place,
    ) -> Option<Self> {
        let part = |grant: &T| (place(grant).clone(), grant.to_string());
        Some(Self { key, parts: grants?.into_iter().map(part).collect(), is_list: true })
    }

    fn one(key: &'static str, place: &Place, value: String) -> Self {
        Self { key, parts: vec![(place.clone(), value)], is_list: false }
    }

    /// The key and its value in TOML.
    pub fn line(&self) -> String {
        let parts: Vec<_> = self.parts.iter().map(|(_, text)| text.as_str()).collect();
        let parts = parts.join(", ");
        if self.is_list { format!("{} = [{parts}]", self.key) } else { format!("{} = {parts}", self.key) }
    }
}

impl Grants {
    /// What each key says that says anything.
    pub fn written(&self) -> Vec<Written> {
        let imports = self.imports.as_ref().map(|rules| Written::one("imports", &rules.place, rules.to_string()));
        let jump = self.jump.as_ref().map(|(allowed, place)| Written::one("jump", place, allowed.to_string()));
        let keys = [
            Written::list("files", self.files.as_deref(), |grant| &grant.place),
            Written::list("http", self.http.as_ref().map(|grants| grants.iter()), |grant| &grant.place),
            Written::list("tcp", self.tcp.as_ref().map(|grants| grants.iter()), |grant| &grant.place),
            Written::list("databases", self.databases.as_ref().map(|grants| grants.iter()), |grant| &grant.place),
            Written::list("env", self.env.as_ref().map(|grants| grants.iter()), |grant| &grant.place),
            Written::list("calls", self.calls.as_ref().map(|grants| grants.iter()), |grant| &grant.place),
            imports,
            jump,
        ];
        keys.into_iter().flatten().collect()
    }

    /// Whether the key says anything.
    pub(super) fn says(&self, key: &str) -> bool {
        match key {
            "files" => self.files.is_some(),
            "http" => self.http.is_some(),
            "tcp" => self.tcp.is_some(),
            "databases" => self.databases.is_some(),
            "env" => self.env.is_some(),
            "calls" => self.calls.is_some(),
            "imports" => self.imports.is_some(),
            "jump" => self.jump.is_some(),
            _ => false,
        }
    }

    /// The same grants as a policy in the folder `base` writes them, where they are from another folder's.
    pub(super) fn seen_from(&self, base: &Path) -> Self {
        let file = |grant: &FileGrant| if grant.place.is_in(base) { grant.clone() } else { grant.seen_from(base) };
        let database =
            |grant: &DatabaseGrant| if grant.place.is_in(base) { grant.clone() } else { grant.seen_from(base) };
        let files = self.files.as_deref().map(|files| files.iter().map(file).collect());
        let databases =
            self.databases.as_deref().map(|grants| grants.iter().map(database).collect::<Listed<_>>().into());
        Self { files, databases, ..self.clone() }
    }

    /// The same grants, with what is relative to a policy's folder written from `base`.
    pub(super) fn based(&self, base: &Path) -> Self {
        let files = self.files.as_deref().map(|files| files.iter().map(|grant| grant.based(base)).collect());
        let databases = self.databases.as_deref();
        let databases =
            databases.map(|grants| grants.iter().map(|grant| grant.based(base)).collect::<Listed<_>>().into());
        Self { files, databases, ..self.clone() }
    }
}

impl Ceiling {
    /// The `within` in TOML, with folders from `base`.
    pub(super) fn to_toml(&self, base: &Path) -> String {
        let keys: Vec<_> = self.grants.based(base).written().iter().map(Written::line).collect();
        if keys.is_empty() { "within = {}".into() } else { format!("within = {{ {} }}", keys.join(", ")) }
    }
}

/// `host`, which is without `.` and `..`, as a file in the folder `base` writes it.
fn seen_from(host: &Path, base: &Path) -> String {
    let base = normal(base);
    let shared = host.components().zip(base.components()).take_while(|(one, other)| one == other).count();
    let up = base.components().skip(shared);
    let known = up.clone().all(|part| matches!(part, Component::Normal(_)));
    let path: PathBuf = up.map(|_| Component::ParentDir).chain(host.components().skip(shared)).collect();
    match (host.is_absolute(), known) {
        (true, _) => host.to_str(),
        (false, true) if path.as_os_str().is_empty() => Some("."),
        (false, true) if !base.is_absolute() => path.to_str(),
        _ => None,
    }
    .unwrap_or("…")
    .to_owned()
}

impl FileGrant {
    /// The same grant as a policy in the folder `base` writes it.
    pub(super) fn seen_from(&self, base: &Path) -> Self {
        Self { written: seen_from(&self.host, base), ..self.clone() }
    }

    /// The same grant with its folder's path from `base`, where it was relative.
    pub(super) fn based(&self, base: &Path) -> Self {
        let host = normal(&base.join(&self.host));
        // A path that isn't text can't be written: somebody has to.
        let written = host.to_str().unwrap_or("…").to_owned();
        Self { host, written, ..self.clone() }
    }
}

impl DatabaseGrant {
    /// The same grant as a policy in the folder `base` writes it.
    pub(super) fn seen_from(&self, base: &Path) -> Self {
        let url = self.url.as_ref().map(|url| match url {
            DatabaseUrl::Env(_) => url.clone(),
            DatabaseUrl::File { host, .. } => DatabaseUrl::File { host: host.clone(), written: seen_from(host, base) },
        });
        Self { url, ..self.clone() }
    }

    /// The same grant with its file's path from `base`, where it was relative.
    pub(super) fn based(&self, base: &Path) -> Self {
        let url = self.url.as_ref().map(|url| match url {
            DatabaseUrl::Env(_) => url.clone(),
            DatabaseUrl::File { host, .. } => {
                let host = normal(&base.join(host));
                let written = host.to_str().unwrap_or("…").to_owned();
                DatabaseUrl::File { host, written }
            }
        });
        Self { url, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    const TEXT: &str = r#"version = 1
[agents.a]
files = [{ path = "in \"x\"", mount = "/in", access = "write" }]
http = [{ host = "*.example.com", schemes = ["http"], ports = [1, 2], methods = ["PUT"], paths = ["/a/**"], addresses = ["10.0.0.0/8", "::1"] }, { host = "b.example" }]
tcp = [{ host = "[::1]", ports = [3], addresses = ["::1"] }]
env = ["A", { name = "B", only_to = "b.example" }, { name = "C", secret = false }]
calls = ["text/*", "a b"]
imports = { deny = ["os"], allow = ["json"] }
jump = false
[[agents.a.databases]]  # written at length
name = "db"
url = { file = "x.db" }
hidden = { t = ["ssn", "card_*"], "*" = ["p"] }
functions = ["f"]
rows = 7
time = "1500ms"
[agents.a.databases.tables]
t = "read"
'"Odd"' = ["append", "write"]
"s.*" = ["read", "append"]
[[agents.a.databases]]
name = "pg"
url = { env = "URL" }
role = "r"
tables = {}
[agents.b.within]
files = [{ path = "in", access = "read" }]
databases = [{ name = "db", tables = { t = "read" }, rows = 10_000 }]
[agents.c]
within = {}
"#;

    /// What is written is read as the same again.
    #[test]
    fn grants_survive_being_written() {
        let policy = Policy::parse("p", TEXT).unwrap_or_else(|report| panic!("{report}"));
        let grants = policy.authority("a", "a").grants;
        let lines: Vec<_> = grants.written().iter().map(Written::line).collect();
        assert_eq!(lines.len(), 8);
        let text = format!("version = 1\n[agents.a]\n{}\n", lines.join("\n"));
        let again = Policy::parse("p", &text).unwrap_or_else(|report| panic!("{report}\n{text}"));
        let again = again.authority("a", "a").grants;
        let plain = |grants: &Grants| grants.written().iter().map(Written::line).collect::<Vec<_>>();
        assert_eq!(plain(&again), lines);
        for (one, other) in grants.http.unwrap().iter().zip(again.http.unwrap().iter()) {
            assert_eq!((&one.host, &one.paths, &one.addresses), (&other.host, &other.paths, &other.addresses));
        }
        let databases = grants.databases.unwrap();
        let other = again.databases.unwrap();
        assert_eq!((databases[0].rows, databases[0].time), (other[0].rows, other[0].time));
        assert!(lines.iter().any(|line| line.contains("tables = { t = \"read\", '\"Odd\"' = [\"append\", \"write\"]")));
    }

    #[test]
    fn ceilings_survive_being_written() {
        let policy = Policy::parse("p", TEXT).unwrap();
        let within = |policy: &Policy| policy.authority("b", "b").within.unwrap().to_toml(Path::new("/base"));
        let expected = r#"within = { files = [{ path = "/base/in", access = "read" }], databases = [{ name = "db", tables = { t = "read" }, rows = 10000 }] }"#;
        assert_eq!(within(&policy), expected);
        let again = Policy::parse("p", &format!("version = 1\n[agents.b]\n{expected}\n")).unwrap();
        assert_eq!(within(&again), expected);
        assert_eq!(policy.authority("c", "c").within.unwrap().to_toml(Path::new("")), "within = {}");
    }
}
