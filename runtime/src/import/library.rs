//! A library with what is known of all its agents together: names, who uses whom, what functions
//! return.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

use crate::{
    diagnostic::{Diagnostic, Report},
    import::{
        names::{AgentNames, clean},
        proc::{Proc, is_names},
        read::{Agent, Body, Legacy, Step},
    },
    source::Source,
};

/// Finding: something is not as it was.
pub const CHANGED: &str = "import-changed";
/// Finding: something was unsafe, and no longer is.
pub const SAFE: &str = "import-kept-safe";
/// Finding: something is not done yet.
pub const UNFINISHED: &str = "import-unfinished";
/// Finding: something can't work in a sandbox.
pub const CANNOT_WORK: &str = "import-cannot-work";

/// All that is known of a library.
pub struct Library<'a> {
    pub source: &'a Arc<Source>,
    pub legacy: &'a Legacy,
    pub names: AgentNames,
    /// What is known of each agent's function, where it is a proc.
    pub procs: Vec<Option<Proc>>,
    /// The inputs of each agent that steps give and nobody declared.
    pub extra: Vec<BTreeSet<String>>,
    index: HashMap<&'a str, usize>,
}

impl<'a> Library<'a> {
    /// Looks at the agents of `legacy`, and says in the report what is to be said of names.
    pub fn new(source: &'a Arc<Source>, legacy: &'a Legacy, report: &mut Report) -> Self {
        let mut library = Self {
            source,
            legacy,
            names: AgentNames::of(legacy.agents.iter().map(|agent| &*agent.name.text)),
            procs: Vec::new(),
            extra: vec![BTreeSet::new(); legacy.agents.len()],
            index: HashMap::new(),
        };
        for (at, agent) in legacy.agents.iter().enumerate() {
            let new = library.names.get(&agent.name.text);
            if *new != *agent.name.text {
                let message = format!("the agent `{}` is called `{new}` here", agent.name.text.escape_debug());
                report.push(Diagnostic::warning(CHANGED, message).at(source, agent.name.span.clone()));
            }
            library.index.insert(&agent.name.text, at);
        }
        let calls = library.calls();
        library.procs = legacy.agents.iter().zip(&calls).map(|(agent, calls)| Proc::of(agent, calls)).collect();
        library.find_extra();
        library
    }

    /// The agent that is called `name`, and its number.
    pub fn find(&self, name: &str) -> Option<(usize, &'a Agent)> {
        let at = *self.index.get(name)?;
        Some((at, self.legacy.agents.get(at)?))
    }

    /// The file's name, for comments.
    pub fn file(&self) -> String {
        let name = self.source.path.rsplit('/').next().unwrap_or_default();
        name.escape_debug().to_string()
    }

    /// A finding about `agent`.
    pub fn finding(&self, code: &'static str, agent: &Agent, message: &str, span: &Range<usize>) -> Diagnostic {
        let message = format!("`{}`: {message}", agent.name.text.escape_debug());
        Diagnostic::warning(code, message).at(self.source, span.clone())
    }

    /// The steps that use each agent.
    fn calls(&self) -> Vec<Vec<&'a Step>> {
        let mut calls = vec![Vec::new(); self.legacy.agents.len()];
        for step in self.steps() {
            if let Some((at, _)) = self.find(&step.agent.text) {
                calls[at].push(step);
            }
        }
        calls
    }

    fn steps(&self) -> impl Iterator<Item = &'a Step> + use<'a> {
        self.legacy.agents.iter().flat_map(Agent::steps)
    }

    /// Finds what steps give to procs and workflows beyond their inputs: functions get it as one
    /// more argument, and workflows can use it.
    fn find_extra(&mut self) {
        let declared: Vec<HashSet<_>> = self.legacy.agents.iter().map(|agent| inputs(agent).collect()).collect();
        for step in self.steps() {
            let Some((at, agent)) = self.find(&step.agent.text) else { continue };
            if matches!(agent.body, Body::Template { .. }) {
                continue;
            }
            for (name, _) in &step.params {
                let name = clean(&name.text);
                let is_names = is_names(&name) && !matches!(agent.body, Body::Workflow { .. });
                if !is_names && !declared[at].contains(name.as_ref()) {
                    self.extra[at].insert(name.into_owned());
                }
            }
        }
    }
}

/// The names of an agent's inputs, as they are called here.
pub fn inputs(agent: &Agent) -> impl Iterator<Item = String> {
    agent.inputs.iter().chain(&agent.optional).map(|name| clean(&name.text).into_owned())
}
