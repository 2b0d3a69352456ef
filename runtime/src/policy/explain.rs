//! Which line of a policy says what about an agent, and which lines it overrules.

use crate::{
    document::{Item, Table},
    policy::{
        Authority, Ceiling, Ceilings, Decision, Denial, FileGrant, Policy, Request, Section,
        advice::{self, quoted},
    },
    source::Place,
};

/// A key of a section, as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Its name; that of a limit is `limits.memory`.
    pub name: String,
    /// Where its value stands.
    pub place: Place,
    /// Where the elements of its list stand, if it is one.
    pub parts: Vec<Place>,
    /// What is in its table, if it is `within`.
    pub inner: Vec<Self>,
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

    /// What an agent holds, a row for each grant: the capability's word, and what is granted by which
    /// line. Folders are those that its callers' ceilings leave; for the rest, the ceilings follow.
    pub fn summary<'p>(&'p self, agent: Named<'_>, authority: &Authority) -> Vec<(&'p str, String)> {
        let folder = |grant: &FileGrant| {
            let (access, mount, host) = (grant.access.word(), &grant.mount, grant.folder().display());
            ("files", format!("{access} {mount} ({host}), says {}", grant.place.line()))
        };
        let said = self.said(agent);
        let granting = |key: &&Key| key.name != "files" && !key.name.starts_with("limits.");
        let others = said.iter().map(|said| said.key).filter(granting).flat_map(|key| {
            let whole = [key.place.clone()];
            let parts = if key.parts.is_empty() { &whole[..] } else { &key.parts };
            let row = |place: &Place| (key.name.as_str(), format!("{}, says {}", place.words(), place.line()));
            parts.iter().map(row).collect::<Vec<_>>()
        });
        let ceilings =
            authority.ceilings.iter().map(|ceiling| ("ceiling", format!("within, says {}", ceiling.place.line())));
        authority.files().iter().map(folder).chain(others).chain(ceilings).collect()
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

    /// The lines under which an agent would be allowed what `denial` is about: its own section, and
    /// where that stands, with the key as it is now and what is missing; or, where a caller's ceiling
    /// denies it, the same of that caller's `within`. None where no lines can allow it, and where the
    /// denial says all of them already.
    pub fn would_allow(&self, (name, path): Named<'_>, denial: &Denial) -> Option<String> {
        if denial.code.ends_with(".ceiling") {
            return self.would_leave(denial);
        }
        let own = self.sections.iter().find(|section| section.pattern.as_str() == name);
        let own = own.map(|section| format!(" # {}", section.place.line())).unwrap_or_default();
        let said = self.said((name, path)).into_iter().map(|said| said.key);
        Some(format!("[agents.{}]{own}\n{}", quoted(name), widened(said, denial)?))
    }

    /// The `within` that would leave what `denial` is about.
    fn would_leave(&self, denial: &Denial) -> Option<String> {
        let place = denial.place.as_ref()?;
        let denies = |section: &&Section| section.within.as_ref().is_some_and(|within| within.place == *place);
        let section = self.sections.iter().find(denies)?;
        let within = section.keys.iter().find(|key| key.name == "within")?;
        let others = within.inner.iter().filter(|key| key.name != written_key(denial));
        let others = others.map(|key| format!("{} = {}", key.name, key.place.text()));
        let keys: Vec<_> = others.chain([widened(within.inner.iter(), denial)?]).collect();
        let (pattern, line) = (quoted(section.pattern.as_str()), section.place.line());
        Some(format!("[agents.{pattern}] # {line}\nwithin = {{ {} }}", keys.join(", ")))
    }

    /// The sections that are about an agent, the least specific first.
    pub(super) fn about(&self, name: &str, path: &str) -> Vec<&Section> {
        let mut sections: Vec<_> = self.sections.iter().filter(|section| section.pattern.matches(name, path)).collect();
        sections.sort_by_key(|section| section.pattern.specificity());
        sections
    }
}

/// The key that a denial's help is about.
fn written_key(denial: &Denial) -> &'static str {
    advice::of(denial.capability()).map_or(denial.capability(), |advice| advice.key())
}

/// The key as `denial` wants it: what it says now, and what is missing.
fn widened<'k>(mut said: impl Iterator<Item = &'k Key>, denial: &Denial) -> Option<String> {
    let word = written_key(denial);
    let wanted = denial.help.strip_prefix(word)?.strip_prefix(" = ")?;
    let Some(missing) = wanted.strip_prefix('[').and_then(|list| list.strip_suffix(']')) else {
        return Some(denial.help.clone());
    };
    let said = said.find(|key| key.name == word);
    let parts = said.map(|key| key.parts.as_slice()).unwrap_or_default();
    // The line that denies it is the one to replace.
    let kept = parts.iter().filter(|part| Some(*part) != denial.place.as_ref()).map(Place::text);
    let elements: Vec<_> = kept.chain([missing]).map(|element| format!("    {element},\n")).collect();
    Some(match elements.as_slice() {
        [_] => denial.help.clone(),
        _ => format!("{word} = [\n{}]", elements.concat()),
    })
}

/// The keys of a section's table.
pub(super) fn keys(table: &Table<'_>) -> Vec<Key> {
    table.entries().into_iter().flat_map(keys_of).collect()
}

fn keys_of(item: Item<'_>) -> Vec<Key> {
    match item.key {
        "limits" => limits(item.clone().table().ok().as_ref()),
        name => {
            let list = item.clone().array().unwrap_or_default();
            let table = if name == "within" { item.clone().table().ok() } else { None };
            let inner = table.as_ref().map(keys).unwrap_or_default();
            let parts = list.iter().map(Item::place).collect();
            vec![Key { name: name.to_owned(), place: item.place(), parts, inner }]
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
        let Decision::Denied(denial) = below else { panic!("the ceiling has no A") };
        let lines = policy.would_allow(("a", "a"), &denial).unwrap();
        assert_eq!(lines, "[agents.\"caller\"] # p:8\nwithin = { env = [\n    \"B\",\n    \"A\",\n] }");
        let against = policy.ceilings_against(("a", "a"), &request);
        assert_eq!(against.iter().map(|(whose, _)| *whose).collect::<Vec<_>>(), ["caller"]);
    }
}
