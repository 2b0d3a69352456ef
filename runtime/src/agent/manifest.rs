//! `agent.toml`, read into a type.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    agent::{
        allow::{Allowed, read_allowed},
        command::{Command, read_command},
        folder::Folder,
        input::{Input, Output, read_inputs, read_outputs},
        name::text_name,
        needs::{Need, read_needs},
        workflow::{WorkflowSpec, read_workflow},
    },
    diagnostic::{Diagnostic, Report},
    document::{self, Item, Table},
    packages::{self, Requirement},
    source::{Place, Source},
    template::Escape,
};

/// One valid `agent.toml`. The files that it names are not read yet.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The agent's name, unique in its library.
    pub name: String,
    /// The folder's path in its library, like `text/split`.
    pub path: String,
    /// One line for a person.
    pub help: String,
    /// What it takes, in the order of the file.
    pub inputs: Vec<Input>,
    /// What it gives, in the order of the file.
    pub outputs: Vec<Output>,
    /// Whether it may give outputs that it doesn't declare.
    pub open_outputs: bool,
    /// Whether the world is the same after a second call with the same inputs as after the first: it may be
    /// called again where nobody knows whether a call happened.
    pub idempotent: bool,
    /// Whether an answer to the same inputs may be given again, without a call.
    pub cache: bool,
    /// What it asks for; a policy decides.
    pub needs: Vec<Need>,
    /// What it is made of.
    pub spec: Spec,
    /// The agent's folder.
    pub folder: Folder,
    /// The manifest itself, for messages.
    pub source: Arc<Source>,
    /// What is worth a look in it.
    pub warnings: Report,
    /// The warnings that are of no account in it.
    pub allowed: Vec<Allowed>,
    /// Where among the inputs, and among the outputs, each name is.
    places: Arc<Places>,
}

/// The positions of inputs and outputs, by their names: steps ask for them over and over.
#[derive(Debug, Default)]
struct Places {
    inputs: BTreeMap<String, usize>,
    outputs: BTreeMap<String, usize>,
}

/// What an agent is made of, before its files are read.
#[derive(Clone, Debug)]
pub enum Spec {
    /// A template: a file, or its text.
    Template {
        /// Where the text is.
        text: TemplateText,
        /// What values are made safe for.
        escape: Escape,
    },
    /// Code in the agent's folder.
    Proc(ProcCode),
    /// Steps.
    Workflow(WorkflowSpec),
}

/// Where a template's text is.
#[derive(Clone, Debug)]
pub enum TemplateText {
    /// In a file of the agent's folder.
    File(String),
    /// In the manifest.
    Inline {
        /// The text.
        text: String,
        /// Where it is.
        place: Place,
    },
}

/// The code of a proc.
#[derive(Clone, Debug)]
pub enum ProcCode {
    /// A function in a Python file.
    Python {
        /// The file, in the agent's folder.
        file: String,
        /// The function.
        function: String,
        /// The packages that it imports from.
        packages: Vec<Requirement>,
    },
    /// A component that exports the world `proc`.
    Component {
        /// The file, in the agent's folder.
        file: String,
    },
    /// A program that exports `wasi:cli/run`, or one for WASI 0.1.
    Command(Command),
}

/// The three kinds of agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text with holes.
    Template,
    /// Code in a sandbox.
    Proc,
    /// Steps that are agents.
    Workflow,
}

impl Kind {
    /// The word in a manifest.
    pub fn word(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::Proc => "proc",
            Self::Workflow => "workflow",
        }
    }
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// Every mistake in it at once.
    pub fn read(source: &Arc<Source>, folder: Folder, path: &str) -> Result<Self, Report> {
        document::read(source, |top, report| {
            let kinds = [Kind::Template, Kind::Proc, Kind::Workflow].map(|kind| (kind.word(), kind));
            let kind = top.need("kind", report, |item| item.choice(&kinds));
            let name = match top.take("name", report, |item| text_name(item, "an agent")) {
                Some(name) => name,
                None => folder_name(path, top, report)?,
            };
            let help = top.take("help", report, Item::string).unwrap_or_default();
            let inputs = read_inputs(top, report);
            let is_command = kind == Some(Kind::Proc) && top.get("command").is_some();
            let mut outputs = read_outputs(top, is_command, report);
            let needs = read_needs(top, report);
            let allowed = read_allowed(top, report);
            let idempotent = top.take("idempotent", report, Item::boolean).unwrap_or_default();
            let cache = top.take("cache", report, Item::boolean).unwrap_or_default();
            let mut open_outputs = false;
            if kind.is_some_and(|kind| kind != Kind::Proc)
                && let Some(item) = top.get("packages")
            {
                report.push(packages::misplaced(&item, "a proc in Python does the work, and this agent uses it"));
            }
            let spec = match kind? {
                Kind::Template => read_template(top, report)?,
                Kind::Proc => {
                    open_outputs = top.take("open_outputs", report, Item::boolean).unwrap_or_default();
                    Spec::Proc(read_proc(top, &inputs, report)?)
                }
                Kind::Workflow => Spec::Workflow(read_workflow(top, report)?),
            };
            if matches!(spec, Spec::Template { .. }) {
                template_output(&mut outputs, top, report);
            }
            fit_outputs(&spec, &outputs, report);
            let path = path.to_owned();
            let at = |(at, name): (usize, &String)| (name.clone(), at);
            let places = Places {
                inputs: inputs.iter().map(|input| &input.name).enumerate().map(at).collect(),
                outputs: outputs.iter().map(|output| &output.name).enumerate().map(at).collect(),
            };
            Some(Self {
                name,
                path,
                help,
                inputs,
                outputs,
                open_outputs,
                idempotent,
                cache,
                needs,
                spec,
                folder,
                source: source.clone(),
                warnings: Report::default(),
                allowed,
                places: places.into(),
            })
        })
        .map(|(manifest, warnings)| Self { warnings, ..manifest })
    }

    /// The manifest as a whole.
    pub fn place(&self) -> Place {
        Place { source: self.source.clone(), span: 0..0 }
    }

    /// The agent's kind.
    pub fn kind(&self) -> Kind {
        match self.spec {
            Spec::Template { .. } => Kind::Template,
            Spec::Proc(_) => Kind::Proc,
            Spec::Workflow(_) => Kind::Workflow,
        }
    }

    /// The input called `name`.
    pub fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.get(*self.places.inputs.get(name)?)
    }

    /// Whether the agent may give an output called `name`. Only a declared one moves the head.
    pub fn may_give(&self, name: &str) -> bool {
        self.output(name).is_some() || (self.open_outputs && name != super::STEP_INDEX && super::is_name(name))
    }

    /// The file of its WebAssembly, if it is a compiled agent.
    pub fn compiled(&self) -> Option<&str> {
        match &self.spec {
            Spec::Proc(ProcCode::Component { file } | ProcCode::Command(Command { file, .. })) => Some(file),
            _ => None,
        }
    }

    /// The packages that it asks for; only an agent in Python has any.
    pub fn packages(&self) -> &[Requirement] {
        match &self.spec {
            Spec::Proc(ProcCode::Python { packages, .. }) => packages,
            _ => &[],
        }
    }

    /// The file that `turingbox build` makes, if it makes one: the WebAssembly, or the archive of packages.
    pub fn built(&self) -> Option<&str> {
        self.compiled().or_else(|| (!self.packages().is_empty()).then_some(packages::ARCHIVE))
    }

    /// The output called `name`.
    pub fn output(&self, name: &str) -> Option<&Output> {
        self.outputs.get(*self.places.outputs.get(name)?)
    }
}

/// Reports what outputs say that means nothing for an agent of this kind.
fn fit_outputs(spec: &Spec, outputs: &[Output], report: &mut Report) {
    let unused = |key: &str, output: &Output, why: &str| {
        let message = format!("`{key}` of the output `{}` means nothing: {why}", output.name);
        let wrong = Diagnostic::error("unused-key", message);
        match &output.place {
            Some(place) => wrong.at_place(place),
            None => wrong,
        }
    };
    for output in outputs {
        if output.from.is_some() && !matches!(spec, Spec::Workflow(_)) {
            report.push(unused("from", output, "only a workflow takes its outputs from somewhere"));
        }
        if output.always && !matches!(spec, Spec::Proc(_)) {
            report.push(unused("always", output, "only a proc can leave an output out at will"));
        }
    }
}

fn folder_name(path: &str, top: &Table<'_>, report: &mut Report) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if super::is_name(name) {
        return Some(name.to_owned());
    }
    let place = top.place();
    let message = format!("the folder's name `{}` can't be an agent's name", name.escape_debug());
    report.push(Diagnostic::error("bad-name", message).at(&place.source, 0..0).help("add `name = \"…\"`"));
    None
}

/// A template has one output; where it isn't named, it is `output`.
fn template_output(outputs: &mut Vec<Output>, top: &Table<'_>, report: &mut Report) {
    match outputs.len() {
        0 => outputs.push(Output {
            name: "output".into(),
            help: "The text".into(),
            from: None,
            always: false,
            internal: false,
            taken: None,
            place: None,
        }),
        1 => {}
        _ => {
            let place = top.place();
            report.push(Diagnostic::error("template-outputs", "a template has one output").at(&place.source, 0..0));
        }
    }
}

fn read_template(top: &mut Table<'_>, report: &mut Report) -> Option<Spec> {
    let escape = top.take("escape", report, |item| item.choice(&Escape::WORDS)).unwrap_or_default();
    let before = report.0.len();
    let file = top.take("template", report, file_name);
    let inline = top.take("text", report, |item| {
        let place = item.place();
        Ok(TemplateText::Inline { text: item.string()?, place })
    });
    let text = match (file, inline) {
        (Some(file), None) => TemplateText::File(file),
        (None, Some(text)) => text,
        // What is wrong with it is said already.
        (None, None) if report.0.len() > before => return None,
        (file, _) => {
            let problem =
                if file.is_some() { "has both `template` and `text`" } else { "has neither `template` nor `text`" };
            let place = top.place();
            report.push(
                Diagnostic::error("no-template", format!("this template agent {problem}"))
                    .at(&place.source, 0..0)
                    .help("write `template = \"prompt.j2\"`, a file beside agent.toml, or `text = \"…\"`"),
            );
            return None;
        }
    };
    Some(Spec::Template { text, escape })
}

fn read_proc(top: &mut Table<'_>, inputs: &[Input], report: &mut Report) -> Option<ProcCode> {
    let python = top.take("python", report, file_name);
    let function = top.take("function", report, Item::string);
    let component = top.take("component", report, file_name);
    let wanted = top.get("packages");
    let before = report.0.len();
    let command = top.take("command", report, file_name);
    let wrong = report.0.len() > before;
    if let Some(item) = wanted.as_ref().filter(|_| component.is_some() || command.is_some()) {
        let advice = "what a compiled agent is made of is in it; one in Rust names its crates in Cargo.toml";
        report.push(packages::misplaced(item, advice));
    }
    match (python, component, command) {
        (Some(file), None, None) => Some(ProcCode::Python {
            file,
            function: function.unwrap_or_else(|| "main".into()),
            packages: wanted.map(|item| packages::read_packages(item, report)).unwrap_or_default(),
        }),
        (None, Some(file), None) if function.is_none() => Some(ProcCode::Component { file }),
        (None, None, Some(file)) if function.is_none() => {
            Some(ProcCode::Command(read_command(file, top, inputs, report)))
        }
        (None, None, None) if wrong => None,
        (python, component, command) => {
            let problem = match ([&python, &component, &command].into_iter().flatten().count(), function) {
                (2.., _) => "more than one kind of code",
                (_, Some(_)) => "a `function`, which only Python has",
                (_, None) => "no code",
            };
            let place = top.place();
            report.push(
                Diagnostic::error("no-code", format!("this proc names {problem}")).at(&place.source, 0..0).help(
                    "write one of `python = \"main.py\"`, `component = \"agent.wasm\"` and `command = \"tool.wasm\"`",
                ),
            );
            None
        }
    }
}

/// A file in the agent's own folder: a plain relative path.
fn file_name(item: Item<'_>) -> Result<String, Diagnostic> {
    let name = item.clone().text()?;
    if is_plain(name) {
        return Ok(name.to_owned());
    }
    Err(item
        .wrong("bad-path", format!("`{}` is not a file of the agent's folder", name.escape_debug()))
        .help("write a path below the folder, without `..`"))
}

/// Whether a path is a plain one below a folder.
pub(super) fn is_plain(path: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '\0']);
    path.split('/').all(plain)
}
