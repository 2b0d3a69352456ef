//! Which modules of its language an agent may import.

mod advice;
mod unknown;

use std::{collections::BTreeMap, fmt};

pub(super) use advice::Imports;

use crate::{
    diagnostic::{Diagnostic, Report},
    document::{Item, list},
    policy::{Decision, Denial, Request, twins::owner},
    source::Place,
};

/// What `imports` says. A name covers its submodules; `deny` comes before `allow`.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportRules {
    /// Modules that may not be imported.
    pub deny: BTreeMap<String, Place>,
    /// The only modules that may be imported; all of them where nothing is said.
    pub allow: Option<(BTreeMap<String, Place>, Place)>,
    /// The policy line.
    pub place: Place,
}

/// How a module stands for a guest, before anything asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The agent may import it.
    Allowed,
    /// It isn't among those that the agent may import; these may use it.
    Hidden,
    /// It may not be there.
    Denied,
}

/// What can be imported unless it is denied: it gives nothing that code doesn't have without an
/// import, or nothing but requests, each of which the policy decides about.
const ALWAYS: [&str; 3] = ["__future__", "builtins", "turingbox"];

/// What the guest itself can't do without, so that no policy can take it out of an instance.
const NEEDED: [&str; 31] = [
    "__future__",
    "_abc",
    "_codecs",
    "_collections_abc",
    "_colorize",
    "_frozen_importlib",
    "_frozen_importlib_external",
    "_imp",
    "_io",
    "_json",
    "_warnings",
    "_weakref",
    "abc",
    "builtins",
    "codecs",
    "collections",
    "contextlib",
    "encodings",
    "enum",
    "functools",
    "io",
    "itertools",
    "json",
    "linecache",
    "operator",
    "re",
    "sys",
    "textwrap",
    "traceback",
    "types",
    "warnings",
];

/// The most names of a list that the help for a denial writes out.
const MAX_LISTED: usize = 20;

/// Decides about importing `module`.
pub(super) fn decide(rules: &ImportRules, module: &str) -> Decision {
    match rules.rule(module) {
        Ok(place) => Decision::Allowed(place.cloned()),
        Err((code, place)) => {
            let denial = Denial::new(code, &Request::Imports { module: module.into() });
            Decision::Denied(denial.at(place).help(rules.help(module)))
        }
    }
}

/// How `module` stands under these rules.
pub(super) fn standing(rules: &ImportRules, module: &str) -> Standing {
    match rules.rule(module) {
        Ok(_) => Standing::Allowed,
        Err(_) if covering(&rules.deny, module).is_some() => Standing::Denied,
        Err(_) => Standing::Hidden,
    }
}

/// The entry that covers `module`, itself or as the private part of another.
fn covering<'a>(list: &'a BTreeMap<String, Place>, module: &str) -> Option<(&'a String, &'a Place)> {
    let named = |module: &str| prefixes(module).find_map(|prefix| list.get_key_value(prefix));
    named(module).or_else(|| named(owner(module)?))
}

/// The entry that lies in the package `module`: Python imports a package before what is in it.
fn parent_of<'a>(list: &'a BTreeMap<String, Place>, module: &str) -> Option<(&'a String, &'a Place)> {
    let below = |(name, _): &(&String, &Place)| name.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'));
    // What comes between a name and its submodules begins with the name as well, like `a-b` or `a b`;
    // no module is called that.
    list.range::<str, _>((std::ops::Bound::Excluded(module), std::ops::Bound::Unbounded)).next().filter(below)
}

/// `a.b.c`, `a.b`, `a`.
fn prefixes(module: &str) -> impl Iterator<Item = &str> {
    let ends = module.char_indices().filter(|(_, letter)| *letter == '.').map(|(at, _)| at);
    std::iter::once(module.len()).chain(ends).map(|end| &module[..end])
}

impl ImportRules {
    /// Rules that say nothing.
    fn nothing() -> Self {
        Self { deny: BTreeMap::new(), allow: None, place: Place::nowhere() }
    }

    /// The line that allows `module`, or the code and the line of its denial.
    fn rule(&self, module: &str) -> Result<Option<&Place>, (&'static str, &Place)> {
        if let Some((_, place)) = covering(&self.deny, module) {
            return Err(("imports.denied", place));
        }
        let Some((allow, place)) = &self.allow else { return Ok(None) };
        if ALWAYS.contains(&module.split('.').next().unwrap_or_default()) {
            return Ok(None);
        }
        match covering(allow, module).or_else(|| parent_of(allow, module)) {
            Some((_, place)) => Ok(Some(place)),
            None => Err(("imports.not-allowed", place)),
        }
    }

    /// The line that allows `module`, if that is not too long for a denial.
    fn help(&self, module: &str) -> String {
        let allowed = self.allow.as_ref().map(|(allow, _)| allow.len()).unwrap_or_default();
        if self.deny.len().max(allowed) <= MAX_LISTED {
            return self.allowing(module).map(|rules| format!("imports = {rules}")).unwrap_or_default();
        }
        match covering(&self.deny, module) {
            Some((name, _)) => format!("take \"{name}\" out of `deny`"),
            None => format!("add \"{}\" to `allow`", module.escape_debug()),
        }
    }
}

/// As a policy writes them.
impl fmt::Display for ImportRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deny =
            (!self.deny.is_empty() || self.allow.is_none()).then(|| format!("deny = {}", list(self.deny.keys())));
        let allow = self.allow.as_ref().map(|(allow, _)| format!("allow = {}", list(allow.keys())));
        let parts: Vec<_> = [deny, allow].into_iter().flatten().collect();
        write!(f, "{{ {} }}", parts.join(", "))
    }
}

/// Reads `imports = { deny = ["name"], allow = ["name"] }`.
pub(super) fn read(item: Item<'_>, report: &mut Report) -> Option<ImportRules> {
    let mut table = item.clone().table().map_err(|wrong| report.push(wrong)).ok()?;
    let deny = table.get("deny").map(|item| names(item, report, deniable));
    let allow = table.get("allow").map(|item| (names(item.clone(), report, allowable), item.place()));
    table.finish(report);
    if deny.is_none() && allow.is_none() {
        report.push(item.wrong("missing-key", "`imports` needs `deny` or `allow`"));
    }
    Some(ImportRules { deny: deny.unwrap_or_default(), allow, place: item.place() })
}

fn names(
    item: Item<'_>,
    report: &mut Report,
    check: fn(&Item<'_>, &str) -> Result<(), Diagnostic>,
) -> BTreeMap<String, Place> {
    let items = item.array().map_err(|wrong| report.push(wrong)).unwrap_or_default();
    let named = |item: Item<'_>| {
        let name = item.clone().text()?;
        if !is_module(name) {
            let message = format!("`{}` is not the name of a module", name.escape_debug());
            return Err(item.wrong("bad-name", message).label("like `json` or `os.path`; it covers its submodules"));
        }
        check(&item, name)?;
        Ok((name.to_owned(), item.place()))
    };
    items.into_iter().filter_map(|item| named(item).map_err(|wrong| report.push(wrong)).ok()).collect()
}

fn deniable(item: &Item<'_>, name: &str) -> Result<(), Diagnostic> {
    if NEEDED.contains(&name) {
        let message = format!("`{name}` can't be denied: the guest itself can't do without it");
        return Err(item.wrong("undeniable-module", message).help(
            "what an agent may do outside is for the other keys to say; `allow` hides it from the agent's code",
        ));
    }
    Ok(())
}

fn allowable(item: &Item<'_>, name: &str) -> Result<(), Diagnostic> {
    if name.starts_with("os.") {
        let wrong = item.wrong("bad-name", format!("`{name}` can't be allowed without `os`: Python has it as a part"));
        return Err(wrong.help("allow `os`, or use `pathlib`"));
    }
    Ok(())
}

/// Whether `name` is what stands behind `import`: identifiers with dots between them.
pub(crate) fn is_module(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let identifier = |part: &str| {
        !part.is_empty() && !part.starts_with(|first: char| first.is_ascii_digit()) && part.bytes().all(letter)
    };
    name.split('.').all(identifier)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    fn code(rule: &str, module: &str) -> &'static str {
        let policy = Policy::parse("p.toml", &format!("version = 1\n[agents.a]\nimports = {rule}")).unwrap();
        match policy.authority("a", "a").decide(&Request::Imports { module: module.into() }) {
            Decision::Allowed(_) => "allowed",
            Decision::Denied(denial) => denial.code,
        }
    }

    #[test]
    fn a_name_covers_what_is_in_it() {
        for (rule, module, expected) in [
            (r#"{ deny = ["os"] }"#, "os", "imports.denied"),
            (r#"{ deny = ["os"] }"#, "os.path", "imports.denied"),
            (r#"{ deny = ["os"] }"#, "posix", "imports.denied"),
            (r#"{ deny = ["os"] }"#, "posixpath", "imports.denied"),
            (r#"{ deny = ["os"] }"#, "osx", "allowed"),
            (r#"{ deny = ["os.path"] }"#, "os", "allowed"),
            (r#"{ deny = ["os.path"] }"#, "posixpath", "imports.denied"),
            (r#"{ deny = ["socket"] }"#, "_socket", "imports.denied"),
            (r#"{ deny = ["_socket"] }"#, "socket", "allowed"),
            (r#"{ deny = ["json.tool"], allow = ["json"] }"#, "json.tool", "imports.denied"),
            (r#"{ deny = ["json.tool"], allow = ["json"] }"#, "json.decoder", "allowed"),
            (r#"{ allow = ["json"] }"#, "re", "imports.not-allowed"),
            (r#"{ allow = ["json"] }"#, "_json", "allowed"),
            (r#"{ allow = ["json"] }"#, "builtins", "allowed"),
            (r#"{ allow = ["urllib.parse"] }"#, "urllib", "allowed"),
            (r#"{ allow = ["urllib.parse"] }"#, "urllib.request", "imports.not-allowed"),
            (r#"{ allow = ["urllib.parse"] }"#, "url", "imports.not-allowed"),
            (r#"{ allow = [] }"#, "json", "imports.not-allowed"),
            (r#"{ deny = [] }"#, "os", "allowed"),
        ] {
            assert_eq!(code(rule, module), expected, "{rule} {module}");
        }
    }

    #[test]
    fn the_help_is_the_line_that_would_allow_it() {
        let policy =
            Policy::parse("p.toml", "version = 1\n[agents.a]\nimports = { deny = [\"os\"], allow = [\"json\"] }");
        let authority = policy.unwrap().authority("a", "a");
        let help = |module: &str| match authority.decide(&Request::Imports { module: module.into() }) {
            Decision::Denied(denial) => denial.help,
            Decision::Allowed(_) => String::new(),
        };
        assert_eq!(help("os.path"), "imports = { allow = [\"json\", \"os\"] }");
        assert_eq!(help("re"), "imports = { deny = [\"os\"], allow = [\"json\", \"re\"] }");
    }

    #[test]
    fn what_names_no_module_is_refused() {
        for (rule, expected) in [
            ("[]", "wrong-type"),
            ("{}", "missing-key"),
            ("{ deny = \"os\" }", "wrong-type"),
            ("{ deny = [1] }", "wrong-type"),
            ("{ deny = [\"\"] }", "bad-name"),
            ("{ deny = [\"os.\"] }", "bad-name"),
            ("{ deny = [\"*\"] }", "bad-name"),
            ("{ deny = [\"1a\"] }", "bad-name"),
            ("{ deny = [\"sys\"] }", "undeniable-module"),
            ("{ allow = [\"os.path\"] }", "bad-name"),
            ("{ deny = [], refuse = [] }", "unknown-key"),
        ] {
            let report = Policy::parse("p.toml", &format!("version = 1\n[agents.a]\nimports = {rule}")).unwrap_err();
            assert_eq!(report.0[0].code, expected, "{rule}");
        }
    }
}
