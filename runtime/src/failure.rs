//! Why a call failed: a stable code, whose fault it is, and what to do.

use std::fmt;

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The agent's.
    Guest,
    /// Nobody's: the policy bounds what an agent may use.
    Policy,
    /// The caller's: a bad file, a bad value.
    Caller,
    /// Ours, or the machine's.
    Host,
}

/// What went wrong. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The agent's code raised an error.
    Failed,
    /// The agent returned a status that is not 0.
    Status,
    /// The agent returned something that no value can hold, or that it doesn't declare.
    Result,
    /// The agent's code crashed: a trap, an exit, a stack overflow.
    Crashed,
    /// The agent's code can't be loaded.
    Source,
    /// The agent's code is more than the compiler may take of the machine.
    Compile,
    /// A step's input refers to something that isn't there.
    Unset,
    /// An expression can't be evaluated, or is more work than its bounds allow.
    Expression,
    /// The head was moved to where no step is.
    Jump,
    /// A step took longer than its workflow lets it.
    Timeout,
    /// A value is not what an input wants.
    Input,
    /// More fuel than the limit.
    Fuel,
    /// More memory than the limit.
    Memory,
    /// More time than the limit.
    Time,
    /// More output than the limit.
    Output,
    /// More in one piece than the host takes.
    Argument,
    /// Deeper calls than the limit.
    Depth,
    /// More steps than the limit.
    Steps,
    /// More copied and written in a dry run than it has room for.
    DryRun,
    /// More denials than an agent may cause.
    Denials,
    /// The policy forbids what the agent did, and the agent can't go on.
    Denied,
    /// The recording of a run and the run don't go together, or somebody has to decide how it goes on.
    Tape,
    /// Something failed that no agent can be blamed for.
    Host,
    /// A person stopped the run.
    Interrupted,
}

impl Code {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "agent.failed",
            Self::Status => "agent.status",
            Self::Result => "agent.result",
            Self::Crashed => "agent.crashed",
            Self::Source => "agent.source",
            Self::Compile => "agent.compile",
            Self::Unset => "workflow.unset",
            Self::Expression => "workflow.expression",
            Self::Jump => "workflow.jump",
            Self::Timeout => "workflow.timeout",
            Self::Input => "input",
            Self::Fuel => "limit.fuel",
            Self::Memory => "limit.memory",
            Self::Time => "limit.time",
            Self::Output => "limit.output",
            Self::Argument => "limit.argument",
            Self::Depth => "limit.depth",
            Self::Steps => "limit.steps",
            Self::DryRun => "limit.dry-run",
            Self::Denials => "limit.denials",
            Self::Denied => "denied",
            Self::Tape => "tape",
            Self::Host => "host",
            Self::Interrupted => "interrupted",
        }
    }

    /// The code whose stable name is `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }

    const ALL: [Self; 24] = [
        Self::Failed,
        Self::Status,
        Self::Result,
        Self::Crashed,
        Self::Source,
        Self::Compile,
        Self::Unset,
        Self::Expression,
        Self::Jump,
        Self::Timeout,
        Self::Input,
        Self::Fuel,
        Self::Memory,
        Self::Time,
        Self::Output,
        Self::Argument,
        Self::Depth,
        Self::Steps,
        Self::DryRun,
        Self::Denials,
        Self::Denied,
        Self::Tape,
        Self::Host,
        Self::Interrupted,
    ];

    /// Whose fault it is.
    pub fn blame(self) -> Blame {
        match self {
            Self::Failed
            | Self::Status
            | Self::Result
            | Self::Crashed
            | Self::Compile
            | Self::Unset
            | Self::Expression
            | Self::Jump
            | Self::Timeout => Blame::Guest,
            Self::Fuel
            | Self::Memory
            | Self::Time
            | Self::Output
            | Self::Argument
            | Self::Depth
            | Self::Steps
            | Self::DryRun
            | Self::Denials
            | Self::Denied => Blame::Policy,
            Self::Source | Self::Input | Self::Tape | Self::Interrupted => Blame::Caller,
            Self::Host => Blame::Host,
        }
    }

    /// The exit code of a run that fails with this. `denied` is whether something in the run was
    /// denied: that comes before what the agent says itself, and before a limit.
    pub fn exit_code(self, denied: bool) -> u8 {
        match self {
            Self::Interrupted => 130,
            Self::Host => 5,
            Self::Denied => 3,
            _ if denied => 3,
            _ => match self.blame() {
                Blame::Guest => 1,
                Blame::Policy => 4,
                Blame::Caller => 2,
                Blame::Host => 5,
            },
        }
    }

    /// Whether a workflow may go on after a step failed with this.
    pub fn is_the_steps_own(self) -> bool {
        !matches!(self, Self::Tape | Self::Host | Self::Interrupted)
    }
}

/// One failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Failure {
    /// What went wrong.
    pub code: Code,
    /// One line for a person. Text from a guest is in it: escape it before a terminal sees it.
    pub message: String,
    /// Where in the agent's code, as its language prints it; may be empty.
    pub trace: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The step where it happened, as the tape has it; empty outside workflows.
    pub step: String,
}

impl Failure {
    /// A failure with a message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), trace: String::new(), help: None, step: String::new() }
    }

    /// A failure of ours.
    pub fn host(error: impl fmt::Display) -> Self {
        Self::new(Code::Host, format!("{error:#}"))
    }

    /// Says at which step, unless a step further in has said so.
    #[must_use]
    pub fn at_step(mut self, path: String) -> Self {
        if self.step.is_empty() {
            self.step = path;
        }
        self
    }

    /// How many bytes its texts have.
    pub(crate) fn size(&self) -> usize {
        self.message.len() + self.trace.len() + self.step.len() + self.help.as_ref().map_or(0, String::len)
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.code.name(), self.message)
    }
}
