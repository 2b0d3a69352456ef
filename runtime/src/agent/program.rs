//! An agent with everything that it can reach: files read, steps linked, wiring checked.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use crate::{
    Value,
    agent::{
        Imports, STEP_INDEX,
        library::{Entry, Library},
        manifest::{Manifest, ProcCode, Spec, TemplateText},
        python,
        wire::{Reference, Wire},
        wiring,
        workflow::{OnFail, WorkflowSpec},
    },
    diagnostic::{Diagnostic, Report, suggestion},
    template::{Escape, Templates},
};

/// The largest component that is loaded, in bytes: compiling takes time and memory in proportion.
const MAX_COMPONENT: u64 = 32 << 20;

/// The name under which a template agent's own template is known.
pub(crate) const TEMPLATE: &str = "template";

/// Which agent of a [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AgentId(usize);

/// One agent, ready to run, and all that it can reach.
#[derive(Debug)]
pub struct Program {
    agents: Vec<Agent>,
}

/// An agent whose files are read.
#[derive(Debug)]
pub struct Agent {
    /// Its interface.
    pub manifest: Arc<Manifest>,
    /// What it is made of.
    pub body: Body,
    digest: OnceLock<String>,
}

impl Agent {
    /// The SHA-256, in hexadecimal, of the manifest and the code that it names.
    pub fn digest(&self) -> &str {
        use sha2::{Digest, Sha256};
        self.digest.get_or_init(|| {
            let mut hash = Sha256::new();
            hash.update(&self.manifest.source.text);
            match &self.body {
                Body::Proc(Code::Python { source, .. }) => hash.update(&source.text),
                Body::Proc(Code::Component { bytes, .. }) => hash.update(bytes),
                Body::Template(_) | Body::Workflow(_) => {}
            }
            format!("{:x}", hash.finalize())
        })
    }
}

/// What an agent is made of.
#[derive(Debug)]
pub enum Body {
    /// A template, and the inputs that it uses.
    Template(Templates),
    /// Code for a sandbox.
    Proc(Code),
    /// Steps.
    Workflow(Workflow),
}

/// The code of a proc.
#[derive(Clone, Debug)]
pub enum Code {
    /// A Python function.
    Python {
        /// The file's name, for tracebacks.
        file: String,
        /// The source.
        source: Arc<crate::source::Source>,
        /// The function's name.
        function: String,
        /// The source as bytecode, once an instance has compiled it: before any of it ran there.
        bytecode: Arc<OnceLock<Arc<[u8]>>>,
        /// What the source imports, once somebody has looked.
        imports: Arc<OnceLock<Imports>>,
    },
    /// A component.
    Component {
        /// Its bytes.
        bytes: Arc<[u8]>,
        /// Their SHA-256, once it was needed.
        digest: Arc<OnceLock<String>>,
    },
}

/// A workflow whose steps are linked.
#[derive(Debug)]
pub struct Workflow {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What a failed step means.
    pub on_fail: OnFail,
    /// The positions of steps that have an id.
    pub labels: HashMap<String, usize>,
    /// The templates that are written in the workflow.
    pub templates: Templates,
    /// Where each output comes from.
    pub outputs: Vec<(String, Source)>,
}

/// A linked step.
#[derive(Debug)]
pub struct Step {
    /// Its label.
    pub id: Option<String>,
    /// The agent that it runs.
    pub agent: AgentId,
    /// The agent's inputs.
    pub inputs: Vec<(String, Source)>,
    /// The agent's output → the name in results.
    pub outputs: Vec<(String, String)>,
}

/// Where a value comes from, ready to be resolved.
#[derive(Clone, Debug)]
pub enum Source {
    /// The value itself.
    Constant(Value),
    /// A value in scope.
    Reference(Reference),
    /// A template of the workflow, and the names that it uses.
    Template {
        /// Its name among the workflow's templates.
        name: String,
        /// What it takes from scope.
        uses: Vec<String>,
    },
}

impl Program {
    /// Loads the agent called `name` and every agent that it can reach.
    ///
    /// # Errors
    ///
    /// Every mistake in any of them at once, and names that two agents of the library share.
    pub fn load(library: &Library, name: &str) -> Result<(Self, Report), Report> {
        let mut loader =
            Loader { library, agents: Vec::new(), ids: HashMap::new(), report: library.conflicts().clone() };
        match loader.library.get(name) {
            Some(_) => drop(loader.id(name)),
            None => loader.report.push(unknown_agent(library, name)),
        }
        let mut next = 0;
        while next < loader.agents.len() {
            loader.link(next);
            next += 1;
        }
        let agents = loader
            .agents
            .into_iter()
            .filter_map(|(manifest, body)| Some(Agent { manifest, body: body?, digest: OnceLock::new() }))
            .collect();
        let report = loader.report;
        if report.has_errors() { Err(report) } else { Ok((Self { agents }, report)) }
    }

    /// Looks closer at the root, for what a run would find out by itself: whether its Python can
    /// be parsed, and whether the function is there and takes the agent's inputs.
    pub fn audit(&self) -> Report {
        match self.agents.first() {
            Some(Agent { manifest, body: Body::Proc(Code::Python { source, function, .. }), .. }) => {
                python::check(manifest, source, function)
            }
            _ => Report::default(),
        }
    }

    /// The agent that was asked for.
    pub fn root(&self) -> AgentId {
        AgentId(0)
    }

    /// Every agent in it, the root first.
    pub fn agents(&self) -> impl Iterator<Item = (AgentId, &Agent)> {
        self.agents.iter().enumerate().map(|(index, agent)| (AgentId(index), agent))
    }
}

impl std::ops::Index<AgentId> for Program {
    type Output = Agent;

    fn index(&self, AgentId(index): AgentId) -> &Agent {
        &self.agents[index]
    }
}

/// The error for a name that no agent has.
pub(crate) fn unknown_agent(library: &Library, name: &str) -> Diagnostic {
    let shown = name.escape_debug().to_string();
    Diagnostic::error("unknown-agent", format!("there is no agent called `{shown}`"))
        .maybe_help(suggestion(name, library.names()))
}

struct Loader<'a> {
    library: &'a Library,
    agents: Vec<(Arc<Manifest>, Option<Body>)>,
    ids: HashMap<String, Option<AgentId>>,
    report: Report,
}

impl Loader<'_> {
    /// The id of the agent called `name`, which is put in line to be linked when it is new.
    fn id(&mut self, name: &str) -> Option<AgentId> {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = match self.library.get(name)? {
            Entry::Valid(manifest) => {
                self.report.0.extend(manifest.warnings.0.iter().cloned());
                self.agents.push((manifest.clone(), None));
                Some(AgentId(self.agents.len() - 1))
            }
            Entry::Broken(report) => {
                self.report.0.extend(report.0.iter().cloned());
                None
            }
        };
        self.ids.insert(name.to_owned(), id);
        id
    }

    fn link(&mut self, index: usize) {
        let manifest = self.agents[index].0.clone();
        let body = match &manifest.spec {
            Spec::Template { text, escape } => self.template(&manifest, text, *escape).map(Body::Template),
            Spec::Proc(code) => self.code(&manifest, code).map(Body::Proc),
            Spec::Workflow(spec) => Some(Body::Workflow(self.workflow(&manifest, spec))),
        };
        self.agents[index].1 = body;
    }

    fn template(&mut self, manifest: &Arc<Manifest>, text: &TemplateText, escape: Escape) -> Option<Templates> {
        let (source, text) = match text {
            TemplateText::File(name) => {
                let source = self.read(manifest, name, |folder, name| folder.source(name))?;
                (source.clone(), source.text.clone())
            }
            TemplateText::Inline(text) => (manifest.source.clone(), text.clone()),
        };
        let mut templates = Templates::new(escape, Some(manifest.folder.clone()));
        match templates.add(TEMPLATE, &text) {
            Ok(uses) => wiring::check_template(manifest, &source, &uses, &mut self.report),
            Err(error) => self.report.push(wiring::bad_template(&source, &error)),
        }
        Some(templates)
    }

    fn code(&mut self, manifest: &Arc<Manifest>, code: &ProcCode) -> Option<Code> {
        match code {
            ProcCode::Python { file, function } => {
                let source = self.read(manifest, file, |folder, name| folder.source(name))?;
                let (file, function) = (file.clone(), function.clone());
                Some(Code::Python { file, source, function, bytecode: Arc::default(), imports: Arc::default() })
            }
            ProcCode::Component { file } => {
                let bytes = self.read(manifest, file, |folder, name| folder.read(name, MAX_COMPONENT))?;
                Some(Code::Component { bytes: bytes.into(), digest: Arc::default() })
            }
        }
    }

    /// Reads a file that the manifest names.
    fn read<T>(
        &mut self,
        manifest: &Manifest,
        name: &str,
        read: impl FnOnce(&super::Folder, &str) -> std::io::Result<T>,
    ) -> Option<T> {
        read(&manifest.folder, name)
            .map_err(|error| {
                let span = manifest.source.text.find(name).map_or(0..0, |at| at..at + name.len());
                let message = format!("`{name}` can't be read: {error}");
                self.report.push(Diagnostic::error("missing-file", message).at(&manifest.source, span));
            })
            .ok()
    }

    fn workflow(&mut self, manifest: &Arc<Manifest>, spec: &WorkflowSpec) -> Workflow {
        let mut templates = Templates::new(Escape::None, None);
        let mut source = |report: &mut Report, name: String, wire: &Wire, place: &crate::source::Place| match wire {
            Wire::Constant(value) => Source::Constant(value.clone()),
            Wire::Reference(reference) => Source::Reference(reference.clone()),
            Wire::Template(text) => {
                let uses = templates.add(&name, text).unwrap_or_else(|error| {
                    let message = format!("this is not a template: {}", error.message);
                    report.push(Diagnostic::error("template", message).at(&place.source, place.span.clone()));
                    Vec::new()
                });
                Source::Template { name, uses }
            }
        };
        let mut steps = Vec::new();
        for (index, step) in spec.steps.iter().enumerate() {
            let inputs = step.inputs.iter().map(|(name, wire, place)| {
                (name.clone(), source(&mut self.report, format!("steps[{index}].inputs.{name}"), wire, place))
            });
            let inputs: Vec<_> = inputs.collect();
            let Some(agent) = self.step_agent(step) else { continue };
            let callee = self.agents[agent.0].0.clone();
            wiring::check_step(step, &callee, &mut self.report);
            let outputs = match &step.outputs {
                Some(named) => named.iter().map(|(output, name, _)| (output.clone(), name.clone())).collect(),
                None => {
                    // Where the head goes is not a result: a stale one would hide where the head is.
                    let named = callee.outputs.iter().map(|output| &output.name).filter(|name| *name != STEP_INDEX);
                    named.map(|name| (name.clone(), name.clone())).collect()
                }
            };
            steps.push(Step { id: step.id.clone(), agent, inputs, outputs });
        }
        let whole = crate::source::Place { source: manifest.source.clone(), span: 0..0 };
        let outputs = manifest.outputs.iter().map(|output| {
            let result = || Wire::Reference(Reference { name: output.name.clone(), path: Vec::new() });
            let wire = output.from.clone().unwrap_or_else(result);
            (output.name.clone(), source(&mut self.report, format!("outputs.{}", output.name), &wire, &whole))
        });
        let outputs: Vec<_> = outputs.collect();
        wiring::check_names(manifest, spec, &steps, &outputs, &mut self.report);
        // A step whose agent is unknown is left out, and then the program is never made.
        let labels =
            spec.steps.iter().enumerate().filter_map(|(index, step)| Some((step.id.clone()?, index))).collect();
        Workflow { steps, on_fail: spec.on_fail, labels, templates, outputs }
    }

    fn step_agent(&mut self, step: &super::workflow::StepSpec) -> Option<AgentId> {
        if self.library.get(&step.agent).is_none() {
            let unknown = unknown_agent(self.library, &step.agent);
            self.report.push(unknown.at(&step.place.source, step.place.span.clone()));
        }
        self.id(&step.agent)
    }
}
