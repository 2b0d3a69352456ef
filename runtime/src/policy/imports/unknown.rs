//! Modules that `imports` names and nobody has: probably typing mistakes, which deny nothing.

use crate::{
    diagnostic::{Diagnostic, Report, nearest},
    packages::{is_reserved, reserved},
    policy::{ImportRules, Policy},
    source::Place,
};

/// The most names of one list that are warned of: each is compared with all that are known.
const MAX_UNKNOWN: usize = 100;

impl Policy {
    /// Warns of modules in `imports` that neither Python has, nor the packages of an agent that the rules are about.
    /// `agents` are all there are, by name and path; `packaged` gives the first names of the modules in the packages
    /// of one, or nothing where nobody knows: then nothing is said.
    pub fn unknown_modules<'a>(
        &self,
        agents: &[(&'a str, &'a str)],
        packaged: impl Fn(&'a str) -> Option<Vec<String>>,
    ) -> Report {
        let mut report = Report::default();
        for section in &self.sections {
            let fits = |(name, path): &&(&str, &str)| section.pattern.matches(name, path);
            let own: Vec<_> = agents.iter().filter(fits).collect();
            let within = section.within.as_ref().and_then(|within| within.grants.imports.as_deref());
            // A ceiling is about whomever the agent calls.
            let below = if own.is_empty() { Vec::new() } else { agents.iter().collect() };
            for (rules, about) in [(section.grants.imports.as_deref(), own), (within, below)] {
                let names = rules.map(unreserved).filter(|names| !names.is_empty() && !about.is_empty());
                let Some(names) = names else { continue };
                let packaged: Option<Vec<_>> = about.iter().map(|(name, _)| packaged(name)).collect();
                if let Some(modules) = packaged {
                    report.0.extend(unknown(&names, &modules.concat()));
                }
            }
        }
        report
    }
}

/// The names in rules that aren't Python's own.
fn unreserved(rules: &ImportRules) -> Vec<(&str, &Place)> {
    let allow = rules.allow.iter().flat_map(|(allow, _)| allow);
    let names = rules.deny.iter().chain(allow).map(|(name, place)| (name.as_str(), place));
    names.filter(|(name, _)| !is_reserved(name)).collect()
}

/// Warns of names that aren't `packaged` either.
fn unknown(names: &[(&str, &Place)], packaged: &[String]) -> Vec<Diagnostic> {
    let mut known: Vec<&str> = reserved().filter(|name| !name.starts_with('_')).collect();
    known.extend(packaged.iter().map(String::as_str));
    let top = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let unknown = names.iter().map(|(name, place)| (top(name), place)).filter(|(top, _)| !packaged.contains(top));
    let warn = |(top, place): (String, &&Place)| {
        let message = format!("neither Python nor a package of an agent that this is about has the module `{top}`");
        // Modules of Python are written in small letters, but for few.
        let help =
            nearest(&top.to_ascii_lowercase(), known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        Diagnostic::warning("unknown-module", message)
            .at(&place.source, place.span.clone())
            .help(help.unwrap_or_else(|| "take it out, or mend the name".into()))
    };
    unknown.take(MAX_UNKNOWN).map(warn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_has_is_warned_of() {
        let text = r#"version = 1
[agents.a]
imports = { deny = ["OS", "os.path", "_socket", "nosuch.x", "words"], allow = ["jsno", "greet.words", "turingbox"] }
[agents.b]
imports = { deny = ["words"] }
[agents.c]
imports = { deny = ["nosuch"] }
[agents.d]
within = { imports = { deny = ["words", "sockets"] } }
[agents.nobody]
imports = { deny = ["nosuch"] }
within = { imports = { deny = ["nosuch"] } }
"#;
        let policy = Policy::parse("p", text).unwrap();
        let packaged = |agent: &str| match agent {
            "a" => Some(vec!["greet".to_owned()]),
            "b" => Some(vec!["words".to_owned()]),
            "c" => None,
            _ => Some(Vec::new()),
        };
        let found = |agents: &[&'static str]| -> Vec<_> {
            let agents: Vec<_> = agents.iter().map(|name| (*name, *name)).collect();
            let report = policy.unknown_modules(&agents, packaged);
            let line = |found: &Diagnostic| {
                let place = found.place.as_ref().unwrap();
                let help = found.help.as_deref().unwrap_or_default();
                format!("{} {} {help}", place.lines().0.line, &place.source.text[place.span.clone()])
            };
            report.0.iter().map(line).collect()
        };
        let own = [
            "3 \"OS\" did you mean `os`?",
            "3 \"nosuch.x\" take it out, or mend the name",
            "3 \"words\" take it out, or mend the name",
            "3 \"jsno\" did you mean `json`?",
        ];
        let below = "9 \"sockets\" did you mean `socket`?";
        assert_eq!(found(&["a", "b", "d"]), [&own[..], &[below]].concat());
        assert_eq!(found(&["a", "c", "d"]), own, "what `c` brings, nobody knows, and `d` may call it");
    }
}
