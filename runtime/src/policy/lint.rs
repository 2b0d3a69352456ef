//! Grants that say more than they have to.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    diagnostic::{Diagnostic, Report},
    policy::{Decision, Key, Named, Part, Policy, Recorded, Request, advice, asked, named_by},
    source::Place,
};

/// What each grant was used for: by file and position of its line, who asked for what.
type Used<'r> = BTreeMap<(&'r str, usize), Vec<(String, Request<'r>)>>;

impl Policy {
    /// Warns of grants that another grant of the same list makes pointless.
    pub fn covered(&self) -> Report {
        let mut report = Report::default();
        let within = self.sections.iter().filter_map(|section| Some(&section.within.as_ref()?.grants));
        for grants in self.sections.iter().map(|section| &section.grants).chain(within) {
            for (narrow, wide) in advice::ALL.iter().flat_map(|advice| advice.covered(grants)) {
                report.push(
                    Diagnostic::warning("covered-grant", "another grant of this list allows all that this one allows")
                        .at(&narrow.source, narrow.span.clone())
                        .label(format!("covered by {} at {}", wide.text(), wide.line()))
                        .help("take it out, or make the other one narrower"),
                );
            }
        }
        report
    }

    /// Warns of grants that nothing recorded has used, or not all of. `find` gives the name and the
    /// path of the agent that a name means.
    pub fn unused<'a>(&self, recorded: &'a Recorded, find: impl Fn(&str) -> Option<Named<'a>>) -> Report {
        let find = |name: &str| find(name).map_or_else(|| named_by(name), |(name, path)| (name.into(), path.into()));
        let agents: Vec<_> = recorded.agents().map(find).collect();
        let decisions = self.decisions(recorded, &agents, &|name| Some(find(name)));
        let mut used = Used::new();
        for (place, agent, request) in &decisions {
            let key = (place.source.path.as_str(), place.span.start);
            used.entry(key).or_default().push((agent.clone(), request.clone()));
        }
        let mut report = Report::default();
        for section in &self.sections {
            if agents.iter().any(|(name, path)| section.pattern.matches(name, path)) {
                section.keys.iter().for_each(|key| self.unused_of(key, &used, &find, &mut report));
            } else if section.keys.iter().any(is_granting) {
                let message = format!("no agent of `{}` asked for anything in what was recorded", section.pattern);
                report.push(at(Diagnostic::warning("unused-grant", message), &section.place));
            }
        }
        report
    }

    /// What allowed each recorded request under this policy: the line, the agent, the request.
    fn decisions<'r>(
        &self,
        recorded: &'r Recorded,
        agents: &[(String, String)],
        find: &dyn Fn(&str) -> Option<(String, String)>,
    ) -> Vec<(Place, String, Request<'r>)> {
        let mut decisions = Vec::new();
        for (known, (name, path)) in recorded.agents().zip(agents) {
            let authority = Arc::new(self.authority(name, path));
            for (text, _) in recorded.of(known) {
                let Some(request) = asked::request(text).map(|request| request.called(find)) else { continue };
                if let Decision::Allowed(Some(place)) = authority.decide(&request) {
                    decisions.push((place, name.clone(), request));
                }
            }
        }
        decisions
    }

    /// Where a grant stands. Of a database that is written at length, what it says of tables stands apart.
    fn lines_of(&self, part: &Place) -> Vec<Place> {
        let tables = self.databases().filter(|grant| grant.place == *part).flat_map(|grant| grant.tables.iter());
        let tables = tables.map(|table| table.place.clone());
        let apart = tables.filter(|table| !(part.span.start..part.span.end).contains(&table.span.start));
        std::iter::once(part.clone()).chain(apart).collect()
    }

    fn unused_of(&self, key: &Key, used: &Used<'_>, find: &dyn Fn(&str) -> (String, String), report: &mut Report) {
        let Some(advice) = advice::of_key(&key.name) else { return };
        for Part { place: part, .. } in &key.parts {
            let lines = self.lines_of(part);
            let uses: Vec<_> = lines.iter().flat_map(|line| used_at(used, line)).collect();
            let Some((agent, _)) = uses.first() else {
                let message = format!("nothing recorded has used this grant of `{}`", key.name);
                report.push(at(Diagnostic::warning("unused-grant", message), part).help("take it out"));
                continue;
            };
            let (name, path) = find(agent);
            let requests: Vec<_> = uses.iter().map(|(_, request)| request.clone()).collect();
            if let Some(wide) = advice.wide(&self.authority(&name, &path), part, &requests) {
                let help = format!("this would be enough: {}", wide.help);
                report.push(at(Diagnostic::warning("wide-grant", wide.message), part).help(help));
            }
        }
    }
}

/// What the lines from the beginning of `place` to its end were used for.
fn used_at<'u, 'r>(used: &'u Used<'r>, place: &'u Place) -> impl Iterator<Item = &'u (String, Request<'r>)> {
    let path = place.source.path.as_str();
    used.range((path, place.span.start)..(path, place.span.end)).flat_map(|(_, uses)| uses)
}

/// Whether a key of a section grants something.
fn is_granting(key: &Key) -> bool {
    advice::of_key(&key.name).is_some() && !key.parts.is_empty()
}

fn at(diagnostic: Diagnostic, place: &Place) -> Diagnostic {
    diagnostic.at(&place.source, place.span.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Record, Verdict};

    #[test]
    fn a_database_written_at_length_is_used_by_its_tables() {
        let text =
            "version = 1\n[[agents.a.databases]]\nname = \"db\"\nurl = { env = \"U\" }\ntables = { t = \"read\" }\n";
        let mut recorded = Recorded::default();
        recorded.add(&record("a", "sql", "read db.t"));
        let report = Policy::parse("p", text).unwrap().unused(&recorded, |_| None);
        assert!(report.0.is_empty(), "{report}");
    }

    fn record(agent: &str, capability: &str, request: &str) -> Record {
        Record {
            time: 0,
            run: String::new(),
            step: String::new(),
            agent: agent.into(),
            digest: String::new(),
            capability: capability.into(),
            request: request.into(),
            decision: Verdict::Allowed,
            code: String::new(),
            line: None,
            count: 1,
        }
    }

    #[test]
    fn grants_are_compared_with_what_was_asked() {
        let text = r#"version = 1
[agents.a]
files = [
    { path = "in", mount = "/in", access = "write" },
    { path = "out", mount = "/out", access = "write" },
]
calls = ["text/*"]
env = ["A", "B"]
[agents.b]
env = ["A"]
[agents."*"]
env = ["A"]
"#;
        let mut recorded = Recorded::default();
        for (capability, request) in
            [("files", "read /in/x"), ("files", "write /out/x"), ("calls", "text/split"), ("env", "A")]
        {
            recorded.add(&record("a", capability, request));
        }
        let report = Policy::parse("p", text).unwrap().unused(&recorded, |_| None);
        let found: Vec<_> = report.0.iter().map(ToString::to_string).collect();
        let expected = [
            "p:4: warning[wide-grant]: `/in` may be written, and was only read",
            "p:7: warning[wide-grant]: `text/*` allows any agent that fits, and one was called",
            "p:8: warning[unused-grant]: nothing recorded has used this grant of `env`",
            "p:9: warning[unused-grant]: no agent of `b` asked for anything in what was recorded",
            "p:12: warning[unused-grant]: nothing recorded has used this grant of `env`",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn every_capability_knows_what_is_wide() {
        let text = r#"version = 1
[agents.a]
http = [{ host = "*.example.com", methods = ["GET", "POST", "DELETE"], ports = [443, 8443], paths = ["/v1/**", "/v2/x"] }]
tcp = [{ host = "db.internal", ports = [5432, 22] }]
databases = [{ name = "shop", url = { env = "U" }, tables = { "*" = "write", t = "read" }, hidden = { t = ["ssn"] }, functions = ["tax", "other"] }]
[agents.b]
http = [{ host = "api.example.com" }]
env = ["TOKEN", { name = "LANG", secret = false }]
"#;
        let mut recorded = Recorded::default();
        for (agent, capability, request) in [
            ("a", "http", "GET https://api.example.com/v1/a"),
            ("a", "http", "POST https://api.example.com/v1/b"),
            ("a", "tcp", "db.internal:5432"),
            ("a", "sql", "read shop.t"),
            ("a", "sql", "insert shop.u"),
            ("a", "sql", "call shop.tax"),
            ("b", "http", "GET https://api.example.com/a"),
            ("b", "http", "GET https://api.example.com/b"),
            ("b", "http", "GET https://api.example.com/c"),
            ("b", "http", "GET https://api.example.com/d"),
            ("b", "env", "TOKEN"),
            ("b", "env", "LANG"),
        ] {
            recorded.add(&record(agent, capability, request));
        }
        let report = Policy::parse("p", text).unwrap().unused(&recorded, |_| None);
        let found: Vec<_> =
            report.0.iter().map(|wide| (wide.to_string(), wide.help.clone().unwrap_or_default())).collect();
        let expected = [
            (
                "p:3: warning[wide-grant]: `*.example.com` is granted for more than was asked of it",
                r#"{ host = "api.example.com", ports = [443], methods = ["GET", "POST"], paths = ["/v1/a", "/v1/b"] }"#,
            ),
            (
                "p:4: warning[wide-grant]: `db.internal` is granted for more than was asked of it",
                r#"{ host = "db.internal", ports = [5432] }"#,
            ),
            (
                "p:5: warning[wide-grant]: of the database `shop` more is granted than was asked for",
                r#"{ name = "shop", url = { env = "U" }, tables = { t = "read", u = "append" }, hidden = { t = ["ssn"] }, functions = ["tax"] }"#,
            ),
            (
                "p:8: warning[wide-grant]: the agent holds `TOKEN` itself, and may only send it to `api.example.com`",
                r#"{ name = "TOKEN", only_to = "api.example.com" }"#,
            ),
        ];
        let expected = expected
            .map(|(message, help)| (message.to_owned(), format!("this would be enough: {help}").into_boxed_str()));
        assert_eq!(found, expected);
    }
}
