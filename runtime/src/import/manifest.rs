//! `agent.toml`, written.

use std::{collections::BTreeSet, fmt::Write};

use crate::import::{
    json::Kind,
    library::Library,
    names::clean,
    proc::is_names,
    read::{Agent, Body},
    toml::{constant, quoted},
    words::Uses,
};

/// A manifest in the making.
pub struct Manifest {
    text: String,
}

impl Manifest {
    /// The first lines of an agent's manifest.
    pub fn new(library: &Library<'_>, agent: &Agent, kind: &str) -> Self {
        let mut manifest = Self { text: String::new() };
        manifest.line(&format!("kind = \"{kind}\""));
        let name = library.names.get(&agent.name.text);
        if folder(&name) != name {
            manifest.line(&format!("name = \"{name}\""));
        }
        if !agent.help.trim().is_empty() {
            manifest.line(&format!("help = {}", quoted(agent.help.trim())));
        }
        manifest
    }

    /// Adds a line.
    pub fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Adds the inputs of `agent`, and optional ones that it didn't declare.
    pub fn inputs(&mut self, agent: &Agent, extra: &BTreeSet<String>) {
        let mut seen = BTreeSet::new();
        let is_template = matches!(agent.body, Body::Template { .. });
        let declared =
            agent.inputs.iter().map(|name| (name, true)).chain(agent.optional.iter().map(|name| (name, false)));
        for (name, needed) in declared {
            let name = clean(&name.text);
            // What a function gets as `output` is for its steps to say.
            let is_names = !is_template && !matches!(agent.body, Body::Workflow { .. }) && is_names(&name);
            if is_names || !seen.insert(name.clone().into_owned()) {
                continue;
            }
            let default = agent.defaults.iter().find(|(own, _)| clean(&own.text) == name).filter(|_| is_template);
            let more = match default.map(|(_, value)| value) {
                Some(value) if value.text().is_some() => {
                    format!("default = {}", quoted(value.text().unwrap_or_default()))
                }
                Some(value)
                    if matches!(value.kind, Kind::Boolean(_) | Kind::Number(_))
                        && !constant(value).starts_with('{') =>
                {
                    format!("type = \"json\"\ndefault = {}", constant(value))
                }
                _ if needed => String::new(),
                _ => "optional = true".into(),
            };
            self.input(&name, "", &more);
        }
        for name in extra.iter().filter(|name| !seen.contains(*name)) {
            self.input(name, "", "optional = true");
        }
    }

    /// Adds one input.
    pub fn input(&mut self, name: &str, help: &str, more: &str) {
        // Writing to a string can't fail.
        let _ = write!(self.text, "\n[inputs.{name}]\n");
        if !help.is_empty() {
            self.line(&format!("help = {}", quoted(help)));
        }
        if !more.is_empty() {
            self.line(more);
        }
    }

    /// Adds the outputs of an agent that is no workflow.
    pub fn outputs<'o>(&mut self, names: impl IntoIterator<Item = &'o str>) {
        let mut seen = BTreeSet::new();
        for name in names.into_iter().filter(|name| seen.insert(*name)) {
            self.output(name, None, false);
        }
    }

    /// Adds an output, and where a workflow takes it from.
    pub fn output(&mut self, name: &str, from: Option<&str>, internal: bool) {
        let _ = write!(self.text, "\n[outputs.{name}]\n");
        if let Some(from) = from.filter(|from| *from != name) {
            self.line(&format!("from = \"${from}\""));
        }
        if internal {
            self.line("internal = true                     # for the workflows that use this one");
        }
    }

    /// Adds what the agent asks for.
    pub fn needs(&mut self, uses: &Uses) {
        let mut lines = Vec::new();
        let access = |word: &str| uses.files.iter().any(|(access, _)| *access == word);
        if access("write") {
            lines.push("files = [\"write\"]".to_owned());
        } else if access("read") {
            lines.push("files = [\"read\"]".to_owned());
        }
        if !uses.methods.is_empty() {
            let methods: Vec<_> = uses.methods.iter().map(|method| format!("\"{method} *\"")).collect();
            lines.push(format!("http = [{}]", methods.join(", ")));
        }
        if !uses.variables.is_empty() {
            let names: Vec<_> = uses.variables.iter().map(String::as_str).collect();
            lines.push(format!("env = [\"{}\"]", names.join("\", \"")));
        }
        if !lines.is_empty() {
            let _ = write!(self.text, "\n[needs]\n{}\n", lines.join("\n"));
        }
    }

    /// Adds a step.
    pub fn step(&mut self, text: &str) {
        let _ = write!(self.text, "\n[[steps]]\n{text}");
    }

    /// The whole file.
    pub fn text(self) -> String {
        self.text
    }
}

/// The folder of the agent called `name`. A library's folders called `cases` hold tests.
pub fn folder(name: &str) -> String {
    if name == "cases" { "cases_".into() } else { name.into() }
}
