//! Grants that reach further than those of an agent that needs the same.

use crate::{
    diagnostic::{Diagnostic, Report},
    policy::{
        Authority, CallGrant, DatabaseGrant, EnvGrant, FileGrant, HttpGrant, Policy, TcpGrant,
        effective::{Common, Overlap},
    },
    source::Place,
};

/// An agent, and what its manifest asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its path in its library.
    pub path: &'a str,
    /// What it asks for: the policy's key, and what of it.
    pub needs: &'a [(String, Vec<String>)],
}

impl Asking<'_> {
    /// The folder that the agent's own is in.
    fn group(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// What it asks for with `key`; nothing is no need.
    fn need(&self, key: &str) -> Option<Vec<&str>> {
        let wanted = self.needs.iter().filter(|(known, _)| known == key).flat_map(|(_, wanted)| wanted);
        let mut wanted: Vec<_> = wanted.map(String::as_str).collect();
        wanted.sort_unstable();
        wanted.dedup();
        (!wanted.is_empty()).then_some(wanted)
    }
}

impl Policy {
    /// Warns where of two agents in one folder, which ask for the same of a capability, one is granted all
    /// that the other is, and more. An agent that is granted none of it says nothing about the others.
    pub fn further(&self, agents: &[Asking<'_>]) -> Report {
        let mut report = Report::default();
        let held: Vec<_> = agents.iter().map(|agent| self.authority(agent.name, agent.path)).collect();
        for (agent, own) in agents.iter().zip(&held) {
            for key in agent.needs.iter().map(|(key, _)| key.as_str()) {
                let alike = |other: &Asking<'_>| {
                    other.path != agent.path && other.group() == agent.group() && other.need(key) == agent.need(key)
                };
                let siblings = agents.iter().zip(&held).filter(|(other, _)| alike(other));
                let further = |(other, least)| Some((other, beyond(key, own, least)?));
                let found: Option<(&Asking<'_>, Place)> =
                    agent.need(key).and_then(|_| siblings.filter_map(further).next());
                let Some((other, place)) = found else { continue };
                let message =
                    format!("`{}` is granted more `{key}` than `{}`, which asks for the same", agent.name, other.name);
                report.push(
                    Diagnostic::warning("wider-than-sibling", message)
                        .at(&place.source, place.span.clone())
                        .label(format!("`{}` has nothing like it", other.name))
                        .help("make it as narrow, or let the two ask for what they need"),
                );
            }
        }
        report
    }
}

/// A grant of `own` that `least` has no equal for, if all that `least` has is in `own`.
fn beyond(key: &str, own: &Authority, least: &Authority) -> Option<Place> {
    match key {
        FileGrant::KEY => beyond_of::<FileGrant>(own, least),
        HttpGrant::KEY => beyond_of::<HttpGrant>(own, least),
        TcpGrant::KEY => beyond_of::<TcpGrant>(own, least),
        DatabaseGrant::KEY => beyond_of::<DatabaseGrant>(own, least),
        EnvGrant::KEY => beyond_of::<EnvGrant>(own, least),
        CallGrant::KEY => beyond_of::<CallGrant>(own, least),
        _ => None,
    }
}

fn beyond_of<T: Overlap>(own: &Authority, least: &Authority) -> Option<Place> {
    let (own, least) = (T::of(&own.grants)?, T::of(&least.grants).filter(|least| !least.is_empty())?);
    let held =
        |grant: &T, by: &[&T]| by.iter().any(|most| matches!(grant.common(most), Common::All(all) if all == *grant));
    let all = least.iter().all(|grant| held(grant, &own));
    own.iter().find(|grant| all && !held(grant, &least)).map(|grant| grant.place().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_compared_with_those_of_agents_that_need_the_same() {
        let text = r#"version = 1
[agents.a]
files = [{ path = "x", mount = "/x", access = "write" }]
http = [{ host = "*.example.com" }]
env = ["A", "B"]
[agents.b]
files = [{ path = "x/y", mount = "/y", access = "read" }]
http = [{ host = "a.example.com", methods = ["GET"] }]
env = ["A", "C"]
[agents.c]
files = []
[agents.d]
files = [{ path = "x/y", mount = "/y", access = "read" }, { path = "z", mount = "/z", access = "read" }]
"#;
        let policy = Policy::parse("p", text).unwrap();
        let needs =
            |keys: &[&str]| -> Vec<_> { keys.iter().map(|key| ((*key).to_owned(), vec!["read".to_owned()])).collect() };
        let (all, files) = (needs(&["files", "http", "env"]), needs(&["files"]));
        let agent = |name, path, needs| Asking { name, path, needs };
        let found =
            |agents: &[Asking<'_>]| -> Vec<_> { policy.further(agents).0.iter().map(ToString::to_string).collect() };
        let (a, b) = (agent("a", "g/a", &all[..]), agent("b", "g/b", &all[..]));
        let expected = [
            "p:3: warning[wider-than-sibling]: `a` is granted more `files` than `b`, which asks for the same",
            "p:4: warning[wider-than-sibling]: `a` is granted more `http` than `b`, which asks for the same",
        ];
        // Of variables each has one that the other hasn't: none reaches further.
        assert_eq!(found(&[a, b]), expected);
        let (c, d) = (agent("c", "g/c", &files[..]), agent("d", "other/d", &files[..]));
        assert_eq!(found(&[b, c, d]), [""; 0], "nothing is granted to one, and the other is elsewhere");
        let d = agent("d", "g/d", &files[..]);
        let expected =
            ["p:13: warning[wider-than-sibling]: `d` is granted more `files` than `b`, which asks for the same"];
        assert_eq!(found(&[b, d]), expected);
    }
}
