//! Which line of a policy says what about an agent, and which lines it overrules.

use std::borrow::Cow;

use crate::{
    document::{Item, Table},
    policy::{Authority, Ceiling, Ceilings, Decision, Policy, Request, Section},
    source::Place,
};

/// A key of a section, as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Its name; that of a limit is `limits.memory`.
    pub name: String,
    /// Where its value stands.
    pub place: Place,
    /// The elements of its list, if it is one.
    pub parts: Vec<Part>,
    /// What is in its table, if it is `within`.
    pub inner: Vec<Self>,
    value: String,
}

/// An element of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Where it stands.
    pub place: Place,
    /// What it says, in TOML and on one line.
    pub text: String,
}

impl Key {
    /// The value in TOML, on one line.
    pub fn text(&self) -> Cow<'_, str> {
        let parts: Vec<_> = self.parts.iter().map(|part| part.text.as_str()).collect();
        if parts.is_empty() { Cow::Borrowed(&self.value) } else { Cow::Owned(format!("[{}]", parts.join(", "))) }
    }

    /// What it says and where: a row for each element of a list, or one for the value.
    pub fn rows(&self) -> impl Iterator<Item = (Cow<'_, str>, &Place)> {
        let whole = self.parts.is_empty().then(|| (self.text(), &self.place));
        whole.into_iter().chain(self.parts.iter().map(|part| (Cow::Borrowed(part.text.as_str()), &part.place)))
    }
}

/// What a policy says about one agent with one key.
#[derive(Clone, Debug)]
pub struct Said<'p> {
    /// The key that counts.
    pub key: &'p Key,
    /// The pattern of the section that has it; none for `[limits]`.
    pub section: Option<&'p str>,
    /// The same key in less specific sections, which it overrules; the nearest first.
    pub overruled: Vec<&'p Place>,
}

/// An agent: its name, and its path in its library.
pub type Named<'a> = (&'a str, &'a str);

impl Policy {
    /// The sections that are about an agent, the most specific first: pattern and place.
    pub fn sections_about(&self, (name, path): Named<'_>) -> Vec<(&str, &Place)> {
        self.about(name, path).into_iter().rev().map(|section| (section.pattern.as_str(), &section.place)).collect()
    }

    /// What the policy says about an agent, key by key, each with the line that counts.
    pub fn said(&self, (name, path): Named<'_>) -> Vec<Said<'_>> {
        let top = self.limit_keys.iter().map(|key| (None, key));
        let sections = self.about(name, path).into_iter();
        let keys = sections.flat_map(|section| section.keys.iter().map(|key| (Some(section.pattern.as_str()), key)));
        let mut said: Vec<Said<'_>> = Vec::new();
        for (section, key) in top.chain(keys) {
            match said.iter_mut().find(|known| known.key.name == key.name) {
                Some(known) => {
                    known.overruled.insert(0, &known.key.place);
                    (known.key, known.section) = (key, section);
                }
                None => said.push(Said { key, section, overruled: Vec::new() }),
            }
        }
        said
    }

    /// The authority of an agent that `callers` called, the outermost first.
    pub fn authority_below(&self, callers: &[Named<'_>], (name, path): Named<'_>) -> Authority {
        let below =
            |ceilings: Ceilings, (name, path): &Named<'_>| self.authority(name, path).under(&ceilings).ceilings_below();
        let ceilings = callers.iter().fold(Ceilings::default(), below);
        self.authority(name, path).under(&ceilings)
    }

    /// The ceilings of other agents under which `request` would be denied to an agent that may make
    /// it: whose they are, and what is then decided.
    pub fn ceilings_against(&self, agent: Named<'_>, request: &Request<'_>) -> Vec<(&str, Decision)> {
        let own = self.authority(agent.0, agent.1);
        let against = |section: &Section| {
            let ceiling: &std::sync::Arc<Ceiling> = section.within.as_ref()?;
            let decision = own.clone().under(&[ceiling.clone()].into()).decide(request);
            matches!(decision, Decision::Denied(_)).then_some(decision)
        };
        let sections = self.sections.iter();
        sections.filter_map(|section| Some((section.pattern.as_str(), against(section)?))).collect()
    }

    /// The sections that are about an agent, the least specific first.
    pub(super) fn about(&self, name: &str, path: &str) -> Vec<&Section> {
        let mut sections: Vec<_> = self.sections.iter().filter(|section| section.pattern.matches(name, path)).collect();
        sections.sort_by_key(|section| section.pattern.specificity());
        sections
    }
}

/// The keys of a section's table.
pub(super) fn keys(table: &Table<'_>) -> Vec<Key> {
    table.entries().into_iter().flat_map(keys_of).collect()
}

fn keys_of(item: Item<'_>) -> Vec<Key> {
    match item.key {
        "limits" => limits(item.clone().table().ok().as_ref()),
        name => {
            let list = item.clone().array();
            let table = if name == "within" { item.clone().table().ok() } else { None };
            let inner = table.as_ref().map(keys).unwrap_or_default();
            let value = if list.as_ref().is_ok_and(|list| !list.is_empty()) { String::new() } else { item.inline() };
            let parts = list.unwrap_or_default();
            let parts = parts.iter().map(|item| Part { place: item.place(), text: item.inline() }).collect();
            vec![Key { name: name.to_owned(), place: item.place(), parts, inner, value }]
        }
    }
}

/// The keys of a table of limits.
pub(super) fn limits(table: Option<&Table<'_>>) -> Vec<Key> {
    let entries = table.map(Table::entries).unwrap_or_default();
    let key = |item: Item<'_>| Key {
        name: format!("limits.{}", item.key),
        place: item.place(),
        parts: Vec::new(),
        inner: Vec::new(),
        value: item.inline(),
    };
    entries.into_iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"version = 1
[limits]
time = "1s"
steps = 5
[agents."*"]
limits = { time = "2s" }
env = ["A"]
[agents.caller]
within = { env = ["B"] }
[agents.a]
env = ["A", "B"]
"#;

    #[test]
    fn the_line_that_counts_is_named() {
        let policy = Policy::parse("p", TEXT).unwrap();
        let lines: Vec<_> = policy
            .said(("a", "a"))
            .into_iter()
            .map(|said| {
                let over: Vec<_> = said.overruled.iter().map(|place| place.line()).collect();
                (said.key.name.as_str(), said.section, said.key.place.line(), over)
            })
            .collect();
        let expected = [
            ("limits.time", Some("*"), "p:6".to_owned(), vec!["p:3".to_owned()]),
            ("limits.steps", None, "p:4".to_owned(), vec![]),
            ("env", Some("a"), "p:11".to_owned(), vec!["p:7".to_owned()]),
        ];
        assert_eq!(lines, expected);
        let sections: Vec<_> = policy.sections_about(("a", "a")).into_iter().map(|(pattern, _)| pattern).collect();
        assert_eq!(sections, ["a", "*"]);
    }

    #[test]
    fn ceilings_of_callers_count() {
        let policy = Policy::parse("p", TEXT).unwrap();
        let request = Request::parse("env A").unwrap();
        assert!(matches!(policy.authority_below(&[], ("a", "a")).decide(&request), Decision::Allowed(_)));
        let below = policy.authority_below(&[("caller", "caller")], ("a", "a")).decide(&request);
        assert!(matches!(&below, Decision::Denied(denial) if denial.code == "env.ceiling"));
        let against = policy.ceilings_against(("a", "a"), &request);
        assert_eq!(against.iter().map(|(whose, _)| *whose).collect::<Vec<_>>(), ["caller"]);
    }
}
