//! What an agent asks for: a package by its name, at one version.

use std::{collections::BTreeMap, fmt};

use crate::{
    diagnostic::{Diagnostic, Report},
    document::Item,
    packages::is_provided,
};

/// The most packages that one agent names: more is what a program has, not an agent.
const MAX_REQUIREMENTS: usize = 100;
/// The longest of them, in bytes.
const MAX_LENGTH: usize = 200;

/// A package at one version, as `name[extra]==1.0` says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The name as it is written.
    pub name: String,
    /// Its optional parts.
    pub extras: Vec<String>,
    /// The version.
    pub version: String,
}

impl Requirement {
    /// Reads `name[extra]==1.0`; what is wrong with it otherwise.
    pub fn parse(text: &str) -> Result<Self, String> {
        let pinned = || "it says no version: write `name==version`".to_owned();
        let (name, version) = text.split_once("==").ok_or_else(pinned)?;
        let (name, extras) = match name.trim().split_once('[') {
            Some((name, extras)) => (name, extras.strip_suffix(']').ok_or("a `]` is missing")?),
            None => (name.trim(), ""),
        };
        let extras: Vec<_> = extras.split(',').map(|extra| extra.trim().to_owned()).collect();
        let extras = if extras == [""] { Vec::new() } else { extras };
        let (name, version) = (name.trim(), version.trim());
        if text.len() > MAX_LENGTH || !is_name(name) || !extras.iter().all(|extra| is_name(extra)) {
            return Err("that is no name of a package".into());
        }
        if !is_version(version) {
            return Err("behind `==` comes one version, like `2.9.0.post0`".into());
        }
        Ok(Self { name: name.to_owned(), extras, version: version.to_owned() })
    }

    /// The name as an index compares it: in small letters, with `-` for what is between words.
    pub fn normalized(&self) -> String {
        normalized(&self.name)
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.extras.as_slice() {
            [] => write!(f, "{}=={}", self.name, self.version),
            extras => write!(f, "{}[{}]=={}", self.name, extras.join(","), self.version),
        }
    }
}

/// A package's name as an index compares it.
pub fn normalized(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

/// Whether two versions are the same, as far as their text says: with or without zeros at the end, and the epoch
/// that every version has where none is said.
pub fn is_same_version(one: &str, other: &str) -> bool {
    fn plain(version: &str) -> String {
        let version = version.to_ascii_lowercase();
        let version = version.strip_prefix('v').unwrap_or(&version);
        let version = match version.split_once('!') {
            Some((epoch, rest)) if !epoch.is_empty() && epoch.bytes().all(|digit| digit == b'0') => rest,
            _ => version,
        };
        let numeric = version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let mut plain = version;
        while let Some(shorter) = plain.strip_suffix(".0").filter(|_| numeric) {
            plain = shorter;
        }
        plain.to_owned()
    }
    plain(one) == plain(other)
}

/// Reads `packages = ["name==1.0"]`.
pub(crate) fn read_packages(item: Item<'_>, report: &mut Report) -> Vec<Requirement> {
    let items = item.clone().array().map_err(|wrong| report.push(wrong)).unwrap_or_default();
    if items.len() > MAX_REQUIREMENTS {
        report.push(item.wrong("too-many-packages", format!("an agent asks for at most {MAX_REQUIREMENTS} packages")));
        return Vec::new();
    }
    let mut read: BTreeMap<String, ()> = BTreeMap::new();
    let mut requirement = |item: Item<'_>| {
        let text = item.clone().text()?;
        let shown = text.escape_debug().to_string();
        let wrong = |why: String| item.wrong("bad-package", format!("`{shown}` can't be asked for: {why}"));
        let requirement = Requirement::parse(text).map_err(wrong)?;
        if is_provided(&requirement.normalized()) {
            let name = &requirement.name;
            return Err(item
                .wrong("bad-package", format!("`{name}` can't be asked for: the guest has one of its own"))
                .help(format!("take it out; `import {name}` works without it")));
        }
        if read.insert(requirement.normalized(), ()).is_some() {
            return Err(item.wrong("duplicate-package", format!("`{}` is asked for twice", requirement.name)));
        }
        Ok(requirement)
    };
    items.into_iter().filter_map(|item| requirement(item).map_err(|wrong| report.push(wrong)).ok()).collect()
}

/// The mistake of an agent that isn't Python and asks for packages.
pub(crate) fn misplaced(item: &Item<'_>, advice: &str) -> Diagnostic {
    let place = item.key_place();
    Diagnostic::error("unused-key", "`packages` means nothing here: only an agent in Python imports them")
        .at(&place.source, place.span)
        .help(advice.to_owned())
}

fn is_name(name: &str) -> bool {
    let ends = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    let known = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    ends(name.chars().next()) && ends(name.chars().next_back()) && name.chars().all(known)
}

fn is_version(version: &str) -> bool {
    let known = |letter: char| letter.is_ascii_alphanumeric() || "._+!-".contains(letter);
    version.starts_with(|first: char| first.is_ascii_alphanumeric()) && version.chars().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_asked_for_at_one_version() {
        for (text, shown) in [
            ("six==1.17.0", "six==1.17.0"),
            (" python-dateutil == 2.9.0.post0 ", "python-dateutil==2.9.0.post0"),
            ("a[b, c]==1!2+local", "a[b,c]==1!2+local"),
            ("a[]==1", "a==1"),
        ] {
            assert_eq!(Requirement::parse(text).unwrap().to_string(), shown);
        }
        for text in [
            "six",
            "six>=1",
            "six==1.*",
            "six==1,<2",
            "six===1",
            "-r x==1",
            "a b==1",
            "six==",
            "==1",
            "six==1; x",
            "a[b==1",
            "a[,]==1",
            "six @ https://x==1",
            "--index-url==1",
            "six==-1",
            "sïx==1",
        ] {
            assert!(Requirement::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_and_versions_have_one_form() {
        assert_eq!(normalized("Zope.Interface__x"), "zope-interface-x");
        for (one, other, same) in [
            ("1.0", "1", true),
            ("v1.2", "1.2.0", true),
            ("1.0", "1.0.post0", false),
            ("1.10", "1.1", false),
            ("0!1.16.0", "1.16.0", true),
            ("v0!1.0", "1", true),
            ("1!1.0", "1.0", false),
            ("10!1.0", "1.0", false),
        ] {
            assert_eq!(is_same_version(one, other), same, "{one} {other}");
        }
    }
}
