//! What `imports` knows about policies.

use std::collections::BTreeSet;

use crate::policy::{
    Asked, Authority, Denial, Grants, ImportRules, Request,
    advice::{Advise, Least, Wider},
    grants::Role,
    imports::{covering, is_module, parent_of, prefixes},
};

/// The advice of `imports`.
pub(in crate::policy) struct Imports;

impl Advise for Imports {
    fn word(&self) -> &'static str {
        "imports"
    }

    fn is_list(&self) -> bool {
        false
    }

    /// All modules that were asked for, and what was denied stays so; the rules as they are where none
    /// was. Where nothing is said, none is asked for.
    fn least(&self, asked: &[Asked<'_>], held: &Authority) -> Vec<Least> {
        let rules = held.grants.imports.as_deref();
        let module = |asked: &Asked<'_>| match &asked.request {
            Request::Imports { module } if is_module(module) => Some((module.to_string(), asked.is_denied())),
            _ => None,
        };
        let mut wider = rules.cloned().unwrap_or_else(ImportRules::nothing);
        let mut names = BTreeSet::new();
        for (module, denied) in asked.iter().filter_map(module) {
            let refused = rules.is_some_and(|rules| rules.rule(&module).is_err());
            match rules {
                Some(_) if refused && !denied => continue,
                Some(_) if refused => {
                    names.insert(listable(&module).to_owned());
                    wider.undeny(&module);
                }
                Some(rules) => names.extend(rules.granting(&module)),
                None => drop(names.insert(listable(&module).to_owned())),
            }
        }
        let kept = names.is_empty();
        if kept && rules.is_none() {
            return Vec::new();
        }
        let covered = |module: &&String| prefixes(module).skip(1).any(|prefix| names.contains(prefix));
        let allow = names.iter().filter(|module| !covered(module)).map(|name| (name.clone(), wider.place.clone()));
        if !kept {
            wider.allow = Some((allow.collect(), wider.place.clone()));
        }
        let note = if kept { "as before: no module was recorded".into() } else { String::new() };
        vec![Least { toml: wider.to_string(), of: (0..asked.len()).collect(), note }]
    }

    fn widen(&self, held: &Grants, _: Role, request: &Request<'_>, _: &Denial) -> Option<Wider> {
        let (rules, Request::Imports { module }) = (held.imports.as_deref()?, request) else { return None };
        Some(Wider::value(rules.allowing(module)?.to_string()))
    }
}

/// The name that `allow` can have for a module: `os` stands for what it has as a part.
fn listable(module: &str) -> &str {
    if module.starts_with("os.") { "os" } else { module }
}

impl ImportRules {
    /// The entries of `allow` by which `module` is allowed; the module itself where all are.
    fn granting(&self, module: &str) -> Vec<String> {
        let Some((allow, _)) = &self.allow else { return vec![listable(module).to_owned()] };
        match covering(allow, module) {
            Some((name, _)) if prefixes(module).any(|prefix| prefix == name) => vec![listable(module).to_owned()],
            Some((name, _)) => vec![name.clone()],
            // Its package is imported for what is in it; and some modules nobody has to allow.
            None => match parent_of(allow, module) {
                Some(_) => allow.keys().filter(|name| prefixes(name).any(|prefix| prefix == module)).cloned().collect(),
                None => Vec::new(),
            },
        }
    }

    /// Takes what covers `module` out of `deny`.
    fn undeny(&mut self, module: &str) {
        while let Some(name) = covering(&self.deny, module).map(|(name, _)| name.clone()) {
            self.deny.remove(&name);
        }
    }

    /// The rules that differ the least from these and allow `module`. None where it can't be written.
    pub(super) fn allowing(&self, module: &str) -> Option<Self> {
        let mut wider = self.clone();
        wider.undeny(module);
        if wider.rule(module).is_err() {
            let (allow, place) = wider.allow.as_mut().filter(|_| is_module(module))?;
            allow.insert(listable(module).to_owned(), place.clone());
        }
        Some(wider)
    }
}
