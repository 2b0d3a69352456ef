//! What agents cost once, in a file: `--save` writes it, `--check` holds agents to it.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    Diagnostic, Report,
    cli::{Stop, bench::figures::Cost, setup},
    import::json::{self, Kind, Node, Text},
    output::Output,
    source::Source,
};

/// The version of the format.
const VERSION: u64 = 1;

/// What agents cost, by their names.
#[derive(Debug)]
pub struct Baseline {
    pub source: Arc<Source>,
    pub agents: BTreeMap<String, Known>,
}

/// What is known of one agent.
#[derive(Debug, Default)]
pub struct Known {
    /// What it was made of.
    pub digest: String,
    /// What each of its cases cost, and where that stands.
    pub cases: BTreeMap<String, (Cost, Range<usize>)>,
}

impl Baseline {
    /// One that says nothing.
    fn empty() -> Self {
        Self { source: Source::new("", ""), agents: BTreeMap::new() }
    }

    /// Reads the file at `path`.
    pub fn read(path: &Path) -> Result<Self, Stop> {
        let cannot = |error| Stop::Usage(format!("the baseline `{}` can't be read: {error}", path.display()));
        let text = setup::read_text(path).map_err(cannot)?;
        Ok(Self::from_source(&Source::new(path.display().to_string(), text))?)
    }

    fn from_source(source: &Arc<Source>) -> Result<Self, Report> {
        let read = Reader(source);
        let top = json::parse(source)?;
        read.version(&top)?;
        let [_, agents] = read.fields(&top, ["version", "agents"])?;
        let mut baseline = Self { source: source.clone(), agents: BTreeMap::new() };
        for (name, agent) in read.entries(agents)? {
            let [digest, cases] = read.fields(agent, ["digest", "cases"])?;
            let digest = digest.text().ok_or_else(|| read.wrong(digest, "a text"))?.to_owned();
            let mut known = Known { digest, cases: BTreeMap::new() };
            for (name, case) in read.entries(cases)? {
                let [fuel, memory] = read.fields(case, ["fuel", "memory"])?;
                let cost = Cost { fuel: read.number(fuel)?, memory: read.number(memory)? };
                known.cases.insert(name.text.to_string(), (cost, case.span.clone()));
            }
            baseline.agents.insert(name.text.to_string(), known);
        }
        Ok(baseline)
    }

    /// What it says of a case.
    pub fn get(&self, agent: &str, case: &str) -> Option<(&Known, Cost, Range<usize>)> {
        let known = self.agents.get(agent)?;
        known.cases.get(case).map(|(cost, span)| (known, *cost, span.clone()))
    }

    /// Takes out what `stale` says of agents and their cases.
    pub fn forget(&mut self, stale: impl Fn(&str, &str) -> bool) {
        self.agents.iter_mut().for_each(|(agent, known)| known.cases.retain(|case, _| !stale(agent, case)));
        self.agents.retain(|_, known| !known.cases.is_empty());
    }

    /// Puts a cost in.
    pub fn put(&mut self, agent: &str, digest: &str, case: &str, cost: Cost) {
        let known = self.agents.entry(agent.into()).or_default();
        known.digest = digest.into();
        known.cases.insert(case.into(), (cost, 0..0));
    }

    /// It as a file: a case a line, so that a change can be read.
    fn text(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut text = format!("{{\n  \"version\": {VERSION},\n  \"agents\": {{");
        let mut first = true;
        for (agent, Known { digest, cases }) in &self.agents {
            let comma = if std::mem::take(&mut first) { "" } else { "," };
            let (agent, digest) = (quoted(agent), quoted(digest));
            text.push_str(&format!("{comma}\n    {agent}: {{\n      \"digest\": {digest},\n      \"cases\": {{"));
            for (at, (case, (Cost { fuel, memory }, _))) in cases.iter().enumerate() {
                let (comma, case) = (if at == 0 { "" } else { "," }, quoted(case));
                text.push_str(&format!("{comma}\n        {case}: {{ \"fuel\": {fuel}, \"memory\": {memory} }}"));
            }
            text.push_str("\n      }\n    }");
        }
        text.push_str(if first { "}\n}\n" } else { "\n  }\n}\n" });
        text
    }
}

/// A baseline that is about to be written. That it can be is known before anything is measured.
pub struct Saving {
    path: PathBuf,
    file: Output,
    pub baseline: Baseline,
}

impl Saving {
    /// Opens the file at `path`, and reads what is there. A device or a pipe holds nothing.
    pub fn open(path: &Path) -> Result<Self, Stop> {
        let baseline = if path.is_file() { Baseline::read(path)? } else { Baseline::empty() };
        let file = Output::open(path).map_err(|error| unwritable(path, &error))?;
        Ok(Self { path: path.to_path_buf(), file, baseline })
    }

    /// Puts what was measured in the place of what is there.
    pub fn write(self) -> Result<(), Stop> {
        let text = self.baseline.text();
        self.file.fill(|out| out.write_all(text.as_bytes())).map_err(|error| unwritable(&self.path, &error))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Stop {
    Stop::Usage(format!("the baseline `{}` can't be written: {error}", path.display()))
}

/// Reads parts of a baseline, and points at what is wrong.
struct Reader<'a>(&'a Arc<Source>);

impl Reader<'_> {
    fn version(&self, top: &Node) -> Result<(), Diagnostic> {
        let Some(version) = top.get("version") else {
            return Err(Diagnostic::error("not-a-baseline", "this is no baseline: it has no `version`")
                .at(self.0, 0..0)
                .help("`turingbox bench --save FILE` writes one"));
        };
        match self.number(version)? {
            VERSION => Ok(()),
            other => Err(Diagnostic::error("not-supported", format!("this is a baseline of version {other}"))
                .at(self.0, version.span.clone())
                .label(format!("this `turingbox` reads version {VERSION}"))),
        }
    }

    fn entries<'n>(&self, node: &'n Node) -> Result<&'n [(Text, Node)], Diagnostic> {
        node.entries().ok_or_else(|| self.wrong(node, "an object"))
    }

    /// The values of `names`: all of them have to be there, and nothing else.
    fn fields<'n, const N: usize>(&self, node: &'n Node, names: [&str; N]) -> Result<[&'n Node; N], Diagnostic> {
        if let Some((key, _)) = self.entries(node)?.iter().find(|(key, _)| !names.contains(&&*key.text)) {
            let message = format!("`{}` is not a key of a baseline", key.text);
            return Err(Diagnostic::error("unknown-key", message).at(self.0, key.span.clone()));
        }
        let mut found = [node; N];
        for (place, name) in found.iter_mut().zip(names) {
            *place = node.get(name).ok_or_else(|| {
                Diagnostic::error("missing-key", format!("`{name}` is missing")).at(self.0, node.span.clone())
            })?;
        }
        Ok(found)
    }

    fn number(&self, node: &Node) -> Result<u64, Diagnostic> {
        let number = if let Kind::Number(text) = &node.kind { text.parse().ok() } else { None };
        number.ok_or_else(|| self.wrong(node, "a whole number from 0"))
    }

    fn wrong(&self, node: &Node, wanted: &str) -> Diagnostic {
        Diagnostic::error("bad-value", format!("this has to be {wanted}")).at(self.0, node.span.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Baseline, String> {
        Baseline::from_source(&Source::new("b.json", text)).map_err(|report| report.to_string())
    }

    #[test]
    fn what_is_written_is_read() {
        let mut baseline = Baseline::empty();
        assert!(read(&baseline.text()).unwrap().agents.is_empty());
        let cost = |fuel| Cost { fuel, memory: 65_536 };
        for (agent, case, fuel) in [("b", "x\"\n", u64::MAX), ("a", "y", 0), ("a", "x", 1)] {
            baseline.put(agent, "d", case, cost(fuel));
        }
        let text = baseline.text();
        let again = read(&text).unwrap();
        assert_eq!(again.text(), text);
        assert_eq!(again.get("b", "x\"\n").unwrap().1, cost(u64::MAX));
        assert_eq!(&text[again.get("a", "x").unwrap().2], "{ \"fuel\": 1, \"memory\": 65536 }");
        baseline.forget(|agent, case| agent == "b" || case == "x");
        assert_eq!(baseline.agents.keys().collect::<Vec<_>>(), ["a"]);
        assert!(baseline.get("a", "x").is_none() && baseline.get("a", "y").is_some());
    }

    #[test]
    fn what_is_no_baseline_is_refused() {
        for (text, expected) in [
            ("", "error[not-json]"),
            ("[]", "error[not-a-baseline]"),
            ("{}", "error[not-a-baseline]"),
            ("{\"version\": 2}", "error[not-supported]: this is a baseline of version 2"),
            ("{\"version\": \"1\"}", "error[bad-value]: this has to be a whole number from 0"),
            ("{\"version\": 1}", "error[missing-key]: `agents` is missing"),
            ("{\"version\": 1, \"agents\": []}", "error[bad-value]: this has to be an object"),
            ("{\"version\": 1, \"agents\": {}, \"x\": 1}", "error[unknown-key]: `x` is not a key"),
            ("{\"version\": 1, \"agents\": {\"a\": {\"cases\": {}}}}", "error[missing-key]: `digest` is missing"),
            (
                "{\"version\": 1, \"agents\": {\"a\": {\"digest\": \"\", \"cases\": {\"c\": {\"fuel\": -1, \"memory\": 0}}}}}",
                "error[bad-value]: this has to be a whole number from 0",
            ),
        ] {
            let found = read(text).unwrap_err();
            assert!(found.contains(expected), "{text}: {found}");
        }
    }
}
