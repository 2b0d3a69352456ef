//! Loading: the files of an agent read, the steps of a workflow linked, all that can't be so reported.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use crate::{
    agent::{
        STEP_INDEX, allow,
        check::{self, Findings, Template, Text},
        library::{Entry, Library},
        manifest::{Manifest, ProcCode, Spec, TemplateText},
        needs::Need,
        packages,
        program::{AgentId, Body, Code, EMPTY_ON_FAIL, Each, Source, Step, TEMPLATE, Workflow},
        wire::{Reference, Wire},
        workflow::{StepSpec, WorkflowSpec},
    },
    diagnostic::{Diagnostic, Report, suggestion},
    source::Place,
    template::{Escape, Templates},
};

/// The largest component that is loaded, in bytes: compiling takes time and memory in proportion.
pub(crate) const MAX_COMPONENT: u64 = 32 << 20;

/// The most results that the steps of one workflow keep. A step that names none keeps all that its
/// agent gives, so a short file could ask for any number.
const MAX_RESULTS: usize = 500_000;

/// The most agents below one step that are asked for their effects: more is said of fewer.
const MAX_REACHED: usize = 100;

/// The error for a name that no agent has.
pub(crate) fn unknown_agent(library: &Library, name: &str) -> Diagnostic {
    unknown(name).maybe_help(suggestion(name, library.names()))
}

fn unknown(name: &str) -> Diagnostic {
    Diagnostic::error("unknown-agent", format!("there is no agent called `{}`", name.escape_debug()))
}

/// An agent that is being loaded, with those that it can reach.
pub struct Loader<'a> {
    library: &'a Library,
    /// Whether one agent is looked at closely, in place of all that are to run.
    one: bool,
    /// The agents, the first being the one that was asked for; with a body once they are linked.
    pub agents: Vec<(Arc<Manifest>, Option<Body>)>,
    ids: HashMap<String, Option<AgentId>>,
    /// What is left of the work for expressions that are looked at.
    budget: u64,
    /// What was found so far.
    pub report: Report,
}

impl<'a> Loader<'a> {
    /// Puts the agent called `name` in line to be linked.
    pub fn new(library: &'a Library, name: &str, one: bool) -> Self {
        let mut loader = Self {
            library,
            one,
            agents: Vec::new(),
            ids: HashMap::new(),
            budget: check::MAX_LOOKED,
            report: Report::default(),
        };
        match library.get(name) {
            Some(_) => drop(loader.id(name)),
            None => loader.report.push(unknown_agent(library, name)),
        }
        loader
    }

    /// The id of the agent called `name`, which is put in line to be linked when it is new.
    fn id(&mut self, name: &str) -> Option<AgentId> {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = match self.library.get(name)? {
            Entry::Valid(manifest) => {
                if !self.one || self.agents.is_empty() {
                    let mut warnings = manifest.warnings.0.clone();
                    allow::silence(&manifest.allowed, &mut warnings);
                    self.report.0.extend(warnings);
                }
                self.agents.push((manifest.clone(), None));
                Some(AgentId(self.agents.len() - 1))
            }
            Entry::Broken(report) => {
                if !self.one || self.ids.is_empty() {
                    self.report.0.extend(report.0.iter().cloned());
                }
                None
            }
        };
        self.ids.insert(name.to_owned(), id);
        id
    }

    /// Reads the files of an agent, and links its steps.
    pub fn link(&mut self, index: usize) {
        let manifest = self.agents[index].0.clone();
        let body = match &manifest.spec {
            Spec::Template { text, escape } => self.template(&manifest, text, *escape).map(Body::Template),
            Spec::Proc(code) => self.code(&manifest, code).map(Body::Proc),
            Spec::Workflow(spec) => Some(Body::Workflow(self.workflow(&manifest, spec))),
        };
        self.agents[index].1 = body;
    }

    fn template(&mut self, manifest: &Arc<Manifest>, text: &TemplateText, escape: Escape) -> Option<Templates> {
        let text = match text {
            TemplateText::File(name) => Text::File(self.read(manifest, name, |folder, name| folder.source(name))?),
            TemplateText::Inline { text, place } => Text::string(text, place),
        };
        let mut templates = Templates::new(escape, Some(manifest.folder.clone()));
        templates.is_written(TEMPLATE, text.written());
        match templates.add(TEMPLATE, text.text()) {
            Ok(uses) => {
                templates.include(TEMPLATE, text.text(), &uses, &manifest.folder);
                let mut found = Findings::default();
                check::check_template(manifest, escape, Template { uses, text }, &mut found);
                self.report.0.extend(found.report(&manifest.place()).0);
            }
            Err(error) => self.report.push(check::wrong_template(&error, &text)),
        }
        Some(templates)
    }

    fn code(&mut self, manifest: &Arc<Manifest>, code: &ProcCode) -> Option<Code> {
        match code {
            ProcCode::Python { file, function, .. } => {
                let source = self.read(manifest, file, |folder, name| folder.source(name));
                let packages = packages::load(manifest).map_err(|wrong| self.report.0.extend(wrong.0));
                let (file, function) = (file.clone(), function.clone());
                let (bytecode, imports) = (Arc::default(), Arc::default());
                Some(Code::Python { file, source: source?, function, bytecode, imports, packages: packages.ok()? })
            }
            ProcCode::Component { file } => {
                let bytes = self.read(manifest, file, |folder, name| folder.read(name, MAX_COMPONENT))?;
                Some(Code::Component { bytes: bytes.into(), digest: Arc::default() })
            }
            ProcCode::Command(command) => {
                let bytes = self.read(manifest, &command.file, |folder, name| folder.read(name, MAX_COMPONENT))?;
                Some(Code::Command { bytes: bytes.into(), digest: Arc::default() })
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
        let mut wires = Wires { templates: Templates::new(Escape::None, None), read: BTreeMap::new() };
        let (mut steps, mut callees, mut found) = (Vec::new(), Vec::new(), Findings::default());
        let mut kept = 0;
        // A step whose agent is unknown is left out, and then the program is never made.
        let labels: HashMap<_, _> =
            spec.steps.iter().enumerate().filter_map(|(index, step)| Some((step.id.clone()?, index))).collect();
        for (index, step) in spec.steps.iter().enumerate() {
            let inputs = step.inputs.iter().map(|input| {
                let name = format!("steps[{index}].inputs.{}", input.name);
                (input.name.clone(), wires.source(name, &input.wire, &input.place, &mut found))
            });
            let inputs: Vec<_> = inputs.collect();
            let Some(agent) = self.step_agent(step, &mut found) else { continue };
            let callee = self.agents[agent.0].0.clone();
            check::check_step(step, &callee, &mut found);
            kept += step.outputs.as_ref().map_or(callee.outputs.len(), Vec::len);
            kept += usize::from(step.empty_on_fail.is_some());
            if kept > MAX_RESULTS {
                found.push(too_many_results(step));
                break;
            }
            let (outputs, open) = (results(step, &callee), callee.open_outputs && step.outputs.is_none());
            let handling = &step.handling;
            let each = handling.each.as_ref().map(|each| Each {
                items: wires.source(format!("steps[{index}].for_each"), &each.items, &each.place, &mut found),
                parallel: each.parallel,
                on_fail: each.on_fail,
            });
            check::check_handling((index, step), &callee, &labels, &mut found);
            if self.one && handling.retry.is_some() && self.has_effects(&callee) {
                found.push(check::risky_retry(step, &callee));
            }
            steps.push(Step {
                id: step.id.clone(),
                agent,
                inputs,
                outputs,
                open,
                retry: handling.retry.as_ref().map(|spec| spec.retry.clone()),
                timeout: handling.timeout,
                on_error: handling.on_error.as_ref().and_then(|(id, _)| labels.get(id).copied()),
                semaphore: handling.semaphore.as_ref().map(|(name, _)| name.clone()),
                each,
            });
            callees.push(callee);
        }
        let outputs = manifest.outputs.iter().map(|output| {
            let result = || Wire::Reference(Reference { name: output.name.clone(), path: Vec::new() });
            let wire = output.from.clone().unwrap_or_else(result);
            let place = output.place.clone().unwrap_or_else(|| Place { source: manifest.source.clone(), span: 0..0 });
            let name = format!("outputs.{}", output.name);
            (output.name.clone(), wires.source(name, &wire, &place, &mut found))
        });
        let outputs: Vec<_> = outputs.collect();
        let wired = check::Wired {
            manifest,
            spec,
            steps: &steps,
            labels: &labels,
            callees: &callees,
            outputs: &outputs,
            templates: &wires.read,
        };
        check::check_workflow(&wired, self.one, &mut self.budget, &mut found);
        let mut found = found.report(&manifest.place());
        allow::silence(&manifest.allowed, &mut found.0);
        self.report.0.extend(found.0);
        Workflow {
            steps,
            on_fail: spec.on_fail,
            open_ends: spec.open_ends,
            plain_status: spec.plain_status,
            labels,
            templates: wires.templates,
            outputs,
        }
    }

    /// Whether an agent, or one that it reaches by its steps, asks for what has an effect, and doesn't say that
    /// it may be called again.
    fn has_effects(&self, callee: &Manifest) -> bool {
        let mut waiting = vec![callee];
        let mut seen: HashSet<&str> = HashSet::from([callee.name.as_str()]);
        while let Some(agent) = waiting.pop() {
            if agent.idempotent {
                continue;
            }
            if agent.needs.iter().any(Need::has_effects) {
                return true;
            }
            let Spec::Workflow(spec) = &agent.spec else { continue };
            for step in &spec.steps {
                if seen.len() < MAX_REACHED
                    && seen.insert(step.agent.as_str())
                    && let Some(Entry::Valid(manifest)) = self.library.get(&step.agent)
                {
                    waiting.push(manifest);
                }
            }
        }
        false
    }

    fn step_agent(&mut self, step: &StepSpec, found: &mut Findings) -> Option<AgentId> {
        if self.library.get(&step.agent).is_none() {
            let help = found.suggestion(&step.agent, self.library.names());
            found.push(unknown(&step.agent).maybe_help(help).at_place(&step.place));
        }
        self.id(&step.agent)
    }
}

/// The wires of one workflow, as they are linked.
struct Wires {
    templates: Templates,
    read: BTreeMap<String, Template>,
}

impl Wires {
    /// What `wire` stands for, which is written at `place`.
    fn source(&mut self, name: String, wire: &Wire, place: &Place, found: &mut Findings) -> Source {
        match wire {
            Wire::Constant(value) => Source::Constant(value.clone()),
            Wire::Reference(reference) => Source::Reference(reference.clone()),
            Wire::Default { from, default } => Source::Default { from: from.clone(), default: default.clone() },
            Wire::Expression(expression) => Source::Expression(expression.clone()),
            Wire::Template(text) => {
                let uses = self.template(&name, Text::string(text, place), found);
                Source::Template { name, uses }
            }
        }
    }

    /// Adds a template, and gives the names that it takes from scope.
    fn template(&mut self, name: &str, text: Text, found: &mut Findings) -> Vec<String> {
        self.templates.is_written(name, text.written());
        match self.templates.add(name, text.text()) {
            Ok(uses) => {
                let names = uses.free_variables();
                self.read.insert(name.to_owned(), Template { uses, text });
                names
            }
            Err(error) => {
                found.push(check::wrong_template(&error, &text));
                Vec::new()
            }
        }
    }
}

fn too_many_results(step: &StepSpec) -> Diagnostic {
    Diagnostic::error("too-many-results", format!("the steps up to this one keep more than {MAX_RESULTS} results"))
        .at_place(&step.place)
        .help("say in `outputs` which ones are to be kept")
}

/// The outputs of a step's agent that are kept, and under which names.
fn results(step: &StepSpec, callee: &Manifest) -> Vec<(String, String)> {
    let mut results: Vec<_> = match &step.outputs {
        Some(named) => named.iter().map(|(output, name, _)| (output.clone(), name.clone())).collect(),
        None => {
            // Where the head goes is not a result: a stale one would hide where the head is.
            let kept = callee.outputs.iter().filter(|output| !output.internal && output.name != STEP_INDEX);
            kept.map(|output| (output.name.clone(), output.name.clone())).collect()
        }
    };
    results.extend(step.empty_on_fail.iter().map(|name| (EMPTY_ON_FAIL.to_owned(), name.clone())));
    results
}
