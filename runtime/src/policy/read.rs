//! A policy file, and the files it extends, read into a [`Policy`].

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    diagnostic::{Diagnostic, Report},
    document::{self, Item, Table},
    policy::{
        Ceiling, Expectation, Grants, Isolation, Key, Pattern, Policy, Section, SignedBy, expectation, explain,
        files::normal,
        grants::Role,
        limits::LimitKeys,
        semaphores::{self, Semaphores},
    },
    source::Source,
};

/// The version of the format.
const VERSION: i64 = 1;

/// The most files that may extend each other, one after the other.
const MAX_EXTENDS: usize = 16;

impl Policy {
    /// Reads a policy that extends no other.
    ///
    /// # Errors
    ///
    /// Every mistake in it at once.
    pub fn parse(path: &str, text: &str) -> Result<Self, Report> {
        let no_other = |_: &Path| Err(io::Error::from(io::ErrorKind::NotFound));
        Self::from_source(&Source::new(path, text), no_other)
    }

    /// Reads a policy; `read` reads the files that it extends.
    ///
    /// # Errors
    ///
    /// Every mistake in any of the files at once.
    pub fn from_source(
        source: &Arc<Source>,
        mut read: impl FnMut(&Path) -> io::Result<String>,
    ) -> Result<Self, Report> {
        let mut policy = Self::default();
        let mut chain = Vec::new();
        policy.add(source, &mut chain, &mut read)?;
        Ok(policy)
    }

    /// Adds what a file says, after what the files that it extends say.
    fn add(
        &mut self,
        source: &Arc<Source>,
        chain: &mut Vec<PathBuf>,
        read: &mut dyn FnMut(&Path) -> io::Result<String>,
    ) -> Result<(), Report> {
        let base = Path::new(&source.path).parent().unwrap_or(Path::new("")).to_path_buf();
        chain.push(normal(Path::new(&source.path)));
        self.files.push(PathBuf::from(&source.path));
        self.sources.push(source.clone());
        let (raw, _) = document::read(source, |top, report| RawPolicy::read(top, &base, report))?;
        for (path, wrong) in raw.extends {
            let path = base.join(path);
            if chain.contains(&normal(&path)) {
                return Err(wrong("extends-cycle", format!("`{}` extends itself", path.display())).into());
            }
            if chain.len() >= MAX_EXTENDS {
                return Err(wrong("extends-cycle", format!("more than {MAX_EXTENDS} files extend each other")).into());
            }
            let text = read(&path)
                .map_err(|error| wrong("missing-file", format!("`{}` can't be read: {error}", path.display())))?;
            self.add(&Source::new(path.display().to_string(), text), chain, read)?;
        }
        chain.pop();
        self.limits.narrow_to(&raw.limits);
        self.limit_keys.extend(raw.limit_keys);
        self.semaphores.extend(raw.semaphores);
        self.tests.extend(raw.tests);
        self.sections.extend(raw.sections);
        Ok(())
    }
}

/// Makes the finding for one entry of `extends`.
type Blame = Box<dyn Fn(&'static str, String) -> Diagnostic>;

struct RawPolicy {
    extends: Vec<(String, Blame)>,
    limits: LimitKeys,
    limit_keys: Vec<Key>,
    sections: Vec<Section>,
    semaphores: Semaphores,
    tests: Vec<Expectation>,
}

impl RawPolicy {
    fn read(top: &mut Table<'_>, base: &Path, report: &mut Report) -> Option<Self> {
        top.need("version", report, |item| match item.clone().integer()? {
            VERSION => Ok(()),
            other => Err(item
                .wrong("version", format!("version {other} of the format is unknown"))
                .help(format!("this program knows version {VERSION}"))),
        });
        let extends = top.take("extends", report, Item::array).unwrap_or_default();
        let extends = extends.into_iter().filter_map(|item| {
            let place = item.place();
            let blame: Blame =
                Box::new(move |code, message| Diagnostic::error(code, message).at(&place.source, place.span.clone()));
            item.string().map_err(|wrong| report.push(wrong)).ok().map(|path| (path, blame))
        });
        let extends = extends.collect();
        let limits = top.take("limits", report, Item::table);
        let limit_keys = explain::limits(limits.as_ref());
        let limits = limits.map(|table| LimitKeys::read(table, report)).unwrap_or_default();
        let semaphores = semaphores::read(top, report);
        let tests = expectation::read(top, report);
        let sections = top.take("agents", report, Item::table).map(|table| table.entries()).unwrap_or_default();
        let sections = sections.into_iter().filter_map(|item| read_section(item, base, report)).collect();
        Some(Self { extends, limits, limit_keys, sections, semaphores, tests })
    }
}

fn read_section(item: Item<'_>, base: &Path, report: &mut Report) -> Option<Section> {
    let (pattern, place) = (Pattern::new(item.key), item.key_place());
    let mut table = item.table().map_err(|wrong| report.push(wrong)).ok()?;
    let keys = explain::keys(&table);
    let limits =
        table.take("limits", report, Item::table).map(|table| LimitKeys::read(table, report)).unwrap_or_default();
    let grants = Grants::read(&mut table, base, Role::Given, report);
    let isolation = table.take("isolation", report, Isolation::read);
    let signed_by = table.get("signed_by").and_then(|item| SignedBy::read(item, report)).map(Arc::new);
    let within = table.get("within").and_then(|item| read_within(item, base, report));
    table.finish(report);
    Some(Section { pattern, place, limits, grants, within, isolation, signed_by, keys })
}

fn read_within(item: Item<'_>, base: &Path, report: &mut Report) -> Option<Arc<Ceiling>> {
    let place = item.key_place();
    let mut table = item.table().map_err(|wrong| report.push(wrong)).ok()?;
    let grants = Grants::read(&mut table, base, Role::Ceiling, report);
    table.finish(report);
    Some(Arc::new(Ceiling { grants, place }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        match Policy::parse("p.toml", text) {
            Ok(_) => Vec::new(),
            Err(report) => report.0.iter().map(|diagnostic| diagnostic.code).collect(),
        }
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let text = r#"
            version = 2
            fuel = 1
            [limits]
            memory = 128
            time = "5 parsecs"
            steps = 0
            [agents.a]
            files = [{ path = "x", mount = "data", access = "rw" }]
            isolation = "process"
        "#;
        let expected = [
            "version",
            "unknown-key",
            "wrong-type",
            "bad-limit",
            "bad-limit",
            "bad-path",
            "unknown-choice",
            "unknown-choice",
        ];
        assert_eq!(codes(text), expected);
    }

    #[test]
    fn overlapping_mounts_are_refused() {
        let grant = |mount: &str| format!("{{ path = \"x\", mount = \"{mount}\", access = \"read\" }}");
        let text = |a: &str, b: &str| format!("version = 1\n[agents.a]\nfiles = [{}, {}]", grant(a), grant(b));
        assert_eq!(codes(&text("/a", "/a/b")), ["overlapping-mounts"]);
        assert_eq!(codes(&text("/a", "/a")), ["overlapping-mounts"]);
        assert!(codes(&text("/a", "/ab")).is_empty());
    }

    #[test]
    fn a_file_comes_after_what_it_extends() {
        let read = |path: &Path| match path.to_str() {
            Some("d/base.toml") => Ok("version = 1\n[limits]\ndepth = 3\nsteps = 4\n".into()),
            Some("d/loop.toml") => Ok("version = 1\nextends = [\"../d/loop.toml\"]".into()),
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        let parse = |text: &str| Policy::from_source(&Source::new("d/p.toml", text), read);
        let limits =
            parse("version = 1\nextends = [\"base.toml\"]\n[limits]\nsteps = 9").unwrap().authority("a", "a").limits;
        assert_eq!((limits.depth, limits.steps), (3, 9));
        assert_eq!(parse("version = 1\nextends = [\"loop.toml\"]").unwrap_err().0[0].code, "extends-cycle");
        assert_eq!(parse("version = 1\nextends = [\"none.toml\"]").unwrap_err().0[0].code, "missing-file");
    }

    #[test]
    fn no_policy_grants_nothing() {
        let authority = Policy::default().authority("anyone", "any/anyone");
        assert!(authority.files().is_empty());
    }
}
