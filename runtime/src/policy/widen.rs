//! The lines that would allow what was denied.

use std::path::Path;

use crate::{
    document::quoted,
    policy::{
        Decision, Denial, Grants, Key, Named, Part, Policy, Request,
        advice::{self, Advise, Wider},
        asked, codes, files,
        grants::Role,
    },
};

impl Policy {
    /// The lines under which an agent would be allowed what `denial` is about: its own section, and
    /// where that stands, with the key as it is now and what is missing; or, where a caller's ceiling
    /// denies it, the same of that caller's `within`. None where no lines can allow it, and where the
    /// denial says all of them already.
    pub fn would_allow(&self, (name, path): Named<'_>, denial: &Denial) -> Option<String> {
        let advice = advice::of(denial.capability()).filter(|_| !codes::is_the_hosts(denial.code))?;
        let text = format!("{} {}", denial.capability(), denial.request);
        let request = asked::request(&text);
        if denial.code.ends_with(".ceiling") {
            return self.would_leave((name, path), advice, &request?, denial);
        }
        let own = self.about(name, path).pop().filter(|section| !section.pattern.is_glob());
        let pattern = own.map_or(name, |section| section.pattern.as_str());
        let line = own.map(|section| format!(" # {}", section.place.line())).unwrap_or_default();
        let file = own.map(|section| Path::new(&section.place.source.path)).or(self.files.first().map(|file| &**file));
        let base = file.and_then(Path::parent).unwrap_or(Path::new(""));
        let grants = self.authority(name, path).grants.seen_from(base);
        let wider = match &request {
            Some(request) => advice.widen(&grants, Role::Given, request, denial)?,
            None => Wider::of_help(advice, denial)?,
        };
        let said = self.said((name, path)).into_iter().map(|said| said.key).find(|key| key.name == advice.key());
        let value = wider.value_with(advice, said, &|part| grants.elsewhere(part, base));
        Some(format!("[agents.{}]{line}\n{}{value}", quoted(pattern), wider.remark()))
    }

    /// The `within` that would leave what `denial` is about.
    fn would_leave(
        &self,
        (name, path): Named<'_>,
        advice: &dyn Advise,
        request: &Request<'_>,
        denial: &Denial,
    ) -> Option<String> {
        let place = denial.place.as_ref()?;
        let section = self
            .sections
            .iter()
            .find(|section| section.within.as_ref().is_some_and(|within| within.place == *place))?;
        let (ceiling, within) = (section.within.as_ref()?, section.keys.iter().find(|key| key.name == "within")?);
        let wider = match request {
            Request::Files { access, path: wanted } => {
                files::leave(self.authority(name, path).files(), ceiling, wanted, *access)?
            }
            _ => match ceiling.grants.decide(request) {
                Some(Decision::Denied(why)) => advice.widen(&ceiling.grants, Role::Ceiling, request, &why)?,
                // An agent may be called otherwise than the last part of its path.
                _ => Wider::of_help(advice, denial)?,
            },
        };
        let others = within.inner.iter().filter(|key| key.name != advice.key());
        let others = others.map(|key| format!("{} = {}", key.name, key.text()));
        let said = within.inner.iter().find(|key| key.name == advice.key());
        let keys: Vec<_> = others.chain([wider.value_with(advice, said, &|_| None)]).collect();
        let (pattern, line) = (quoted(section.pattern.as_str()), section.place.line());
        Some(format!("[agents.{pattern}] # {line}\n{}within = {{ {} }}", wider.remark(), keys.join(", ")))
    }
}

impl Wider {
    /// What the help of a denial says.
    pub(super) fn of_help(advice: &(impl Advise + ?Sized), denial: &Denial) -> Option<Self> {
        let value = denial.help.strip_prefix(advice.key())?.strip_prefix(" = ")?;
        match advice.is_list() {
            // The line that denies it is the one to replace.
            true => Some(Self {
                toml: value.strip_prefix('[')?.strip_suffix(']')?.to_owned(),
                instead: denial.place.iter().cloned().collect(),
                note: "",
            }),
            false => Some(Self::value(value.to_owned())),
        }
    }

    /// A comment of one line.
    fn remark(&self) -> String {
        if self.note.is_empty() { String::new() } else { format!("# {}\n", self.note) }
    }

    /// The key and its value: what is said now, and what is missing. `moved` says of an element how else
    /// it has to be written there.
    fn value_with(&self, advice: &dyn Advise, said: Option<&Key>, moved: &dyn Fn(&Part) -> Option<String>) -> String {
        let (key, toml) = (advice.key(), &self.toml);
        if !advice.is_list() {
            return format!("{key} = {toml}");
        }
        let parts = said.map(|key| key.parts.as_slice()).unwrap_or_default();
        let kept = parts.iter().filter(|part| !self.instead.contains(&part.place));
        let kept = kept.map(|part| moved(part).unwrap_or_else(|| part.text.clone()));
        let elements: Vec<_> = kept.chain([toml.clone()]).map(|element| format!("    {element},\n")).collect();
        match elements.as_slice() {
            [_] => format!("{key} = [{toml}]"),
            _ => format!("{key} = [\n{}]", elements.concat()),
        }
    }
}

impl Grants {
    /// The grant that stands at `part`, if it was written for another folder than `base`.
    fn elsewhere(&self, part: &Part, base: &Path) -> Option<String> {
        if part.place.is_in(base) {
            return None;
        }
        let file = self.files.iter().flat_map(|files| files.iter()).find(|grant| grant.place == part.place);
        let database = self.databases.iter().flat_map(|grants| grants.iter()).find(|grant| grant.place == part.place);
        file.map(ToString::to_string).or_else(|| database.map(ToString::to_string))
    }
}

#[cfg(test)]
mod tests;
