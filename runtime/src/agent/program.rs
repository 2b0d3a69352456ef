//! An agent with everything that it can reach: files read, steps linked, wiring checked.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use crate::{
    Value,
    agent::{Imports, Steps, library::Library, load::Loader, manifest::Manifest, wire::Reference, workflow::OnFail},
    diagnostic::Report,
    expression::Expression,
    packages::Packages,
    retry::Retry,
    template::Templates,
};

/// The name under which a template agent's own template is known.
pub(crate) const TEMPLATE: &str = "template";

/// Which agent of a [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentId(pub(super) usize);

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
    /// See [`Agent::digest`], once it was needed.
    pub(super) digest: OnceLock<String>,
}

impl Agent {
    pub(super) fn new(manifest: Arc<Manifest>, body: Body) -> Self {
        Self { manifest, body, digest: OnceLock::new() }
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
        /// What it imports from, beside what the guest has.
        packages: Option<Arc<Packages>>,
    },
    /// A component.
    Component {
        /// Its bytes.
        bytes: Arc<[u8]>,
        /// Their SHA-256, once it was needed.
        digest: Arc<OnceLock<String>>,
    },
    /// A program: a component, or a module for WASI 0.1. How it is started, its manifest says.
    Command {
        /// Its bytes.
        bytes: Arc<[u8]>,
        /// Their SHA-256, once it was needed.
        digest: Arc<OnceLock<String>>,
    },
}

impl Code {
    /// The packages that it imports from, if it is Python and has any.
    pub fn packages(&self) -> Option<&Arc<Packages>> {
        match self {
            Self::Python { packages, .. } => packages.as_ref(),
            _ => None,
        }
    }
}

/// A workflow whose steps are linked.
#[derive(Debug)]
pub struct Workflow {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What a failed step means.
    pub on_fail: OnFail,
    /// Whether a jump may go out of the steps.
    pub open_ends: bool,
    /// Whether a status has no `code`.
    pub plain_status: bool,
    /// The positions of steps that have an id.
    pub labels: HashMap<String, usize>,
    /// The templates that are written in the workflow.
    pub templates: Templates,
    /// Where each output comes from.
    pub outputs: Vec<(String, Source)>,
}

impl Workflow {
    /// Where jumps can lead.
    pub(crate) fn targets(&self) -> Steps<'_> {
        Steps { count: self.steps.len(), labels: &self.labels, open_ends: self.open_ends }
    }
}

/// What stands for an agent's output where a step says which result is an empty text once it has
/// failed. No output can be called so.
pub(crate) const EMPTY_ON_FAIL: &str = "(failed)";

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
    /// Whether outputs that the agent doesn't declare are kept under their own names.
    pub open: bool,
    /// Whether it is tried again where it failed.
    pub retry: Option<Arc<Retry>>,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// The step that runs next where it has failed.
    pub on_error: Option<usize>,
    /// The semaphore that it needs a place of.
    pub semaphore: Option<String>,
    /// The items that it runs for.
    pub each: Option<Each>,
}

/// A step that runs for each item of a list.
#[derive(Debug)]
pub struct Each {
    /// Where the list comes from.
    pub items: Source,
    /// How many items run at one time.
    pub parallel: usize,
    /// What an item that fails means for the others.
    pub on_fail: OnFail,
}

/// Where a value comes from, ready to be resolved.
#[derive(Clone, Debug)]
pub enum Source {
    /// The value itself.
    Constant(Value),
    /// A value in scope.
    Reference(Reference),
    /// A value in scope, or another where it isn't set.
    Default {
        /// Where the value is, if it is set.
        from: Reference,
        /// The value, if it isn't.
        default: Value,
    },
    /// What an expression makes of values in scope.
    Expression(Arc<Expression>),
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
        let mut loader = Loader::new(library, name, false);
        let mut next = 0;
        while next < loader.agents.len() {
            loader.link(next);
            next += 1;
        }
        let made = |(manifest, body): (_, Option<Body>)| Some(Agent::new(manifest, body?));
        let agents = loader.agents.into_iter().filter_map(made).collect();
        let mut report = library.conflicts().clone();
        report.0.extend(loader.report.0);
        if report.has_errors() { Err(report) } else { Ok((Self { agents }, report)) }
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
