//! The attack kit: the hostile guests of `tests/hostile` that say by themselves what they got.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::attack::scratch::Targets;

/// Every file of the kit, sorted by path: the attack's name, a slash, the file's name.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/attacks.rs"));

/// One attack.
pub struct Attack {
    /// Its name; what stands before the first `_` is what it attacks.
    pub name: &'static str,
    /// What it tries.
    pub help: String,
    /// How it ends where no policy grants it anything.
    pub ends: Ending,
    files: &'static [(&'static str, &'static [u8])],
}

/// How an attack ends when it is held.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    /// It got nothing, and was denied at least one of these, or something else of the same capability; or it
    /// got nothing, says so, and there is nobody to ask.
    Nothing(BTreeSet<String>),
    /// It is stopped, with this code: by a limit, or because it broke what every agent has to keep to.
    Stopped(String),
}

/// What the kit needs of a `case.toml`.
#[derive(Deserialize)]
struct Case {
    help: String,
    failure: Option<String>,
    #[serde(default)]
    denied: BTreeSet<String>,
    #[serde(default)]
    outputs: toml::Table,
    /// Whether the test has a server for it. Here there is none: what a policy allows is known before
    /// a connection is made.
    #[serde(rename = "server", default)]
    _server: bool,
    /// What the test looks for in its own folder. Here it is the scratch folders that are looked at.
    #[serde(rename = "files", default)]
    _files: toml::Table,
    #[serde(rename = "absent", default)]
    _absent: Vec<String>,
    /// Cases with anything else need a world of their own, so they stay tests.
    #[serde(flatten)]
    rest: toml::Table,
}

impl Attack {
    /// The attacks of the kit.
    pub fn all() -> Vec<Self> {
        let name = |path: &'static str| path.split('/').next().unwrap_or_default();
        FILES
            .chunk_by(|(one, _), (other, _)| name(one) == name(other))
            .filter_map(|files| Self::read(name(files.first()?.0), files))
            .collect()
    }

    fn read(name: &'static str, files: &'static [(&'static str, &'static [u8])]) -> Option<Self> {
        let text = files.iter().find(|(path, _)| path.ends_with("/case.toml"))?.1;
        let case: Case = toml::from_slice(text).ok()?;
        let reports = case.outputs.get("got").is_some_and(|got| got.as_array().is_some_and(Vec::is_empty));
        let ends = match case.failure {
            Some(code) if case.denied.is_empty() => Ending::Stopped(code),
            // Variables are there or they aren't: nobody is asked for them.
            None if reports && (!case.denied.is_empty() || name.starts_with("env_")) => Ending::Nothing(case.denied),
            _ => return None,
        };
        case.rest.is_empty().then_some(Self { name, help: case.help, ends, files })
    }

    /// Whether what it attacks is `capability`.
    pub fn goes_for(&self, capability: &str) -> bool {
        self.name.split('_').next() == Some(capability)
    }

    /// The attack's files, by name. It goes for the `targets`, where as a test it goes for others.
    pub fn files(&self, targets: &Targets) -> impl Iterator<Item = (&'static str, Vec<u8>)> {
        let moved = move |bytes: &[u8]| match std::str::from_utf8(bytes) {
            Ok(text) => text
                .replace("/data", &targets.mount)
                .replace("\"shop\"", &format!("\"{}\"", targets.database))
                .replace("http://localhost:{{ port }}", &targets.server)
                .replace("{{ port }}", "80")
                .into_bytes(),
            Err(_) => bytes.to_vec(),
        };
        self.files.iter().filter_map(move |(path, bytes)| {
            let name = path.rsplit('/').next().filter(|name| *name != "case.toml")?;
            Some((name, if name.ends_with(".py") { moved(bytes) } else { bytes.to_vec() }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kit_covers_each_capability() {
        let kit = Attack::all();
        let has = |group: &str, file: &str| {
            let mut group = kit.iter().filter(|attack| attack.goes_for(group));
            group.any(|attack| attack.files.iter().any(|(path, _)| path.ends_with(file)))
        };
        for group in ["files", "http", "tcp", "udp", "sql", "env", "calls"] {
            assert!(has(group, "/main.py"), "no Python attacks {group}");
            assert!(has(group, "/agent.wasm"), "nothing compiled attacks {group}");
        }
        for group in ["imports", "limits"] {
            assert!(has(group, "/main.py"), "nothing attacks {group}");
        }
    }
}
