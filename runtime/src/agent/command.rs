//! A proc that is a program: which inputs are its arguments, its environment, its standard input and its
//! files, and what of it the outputs are.

mod read;
#[cfg(test)]
mod tests;

use crate::agent::{
    Hint, Manifest,
    manifest::{ProcCode, Spec},
};

pub(super) use read::{read_command, read_taken};

/// How a program is started. Every input that it names is one of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program's file, in the agent's folder.
    pub file: String,
    /// What it is started with, after its own name.
    pub arguments: Vec<Argument>,
    /// The variables that it finds beside those that the policy grants.
    pub environment: Vec<(String, Part)>,
    /// The input whose bytes it reads from standard input.
    pub stdin: Option<String>,
    /// The files that it finds in its own folder.
    pub files: Vec<(String, Part)>,
}

/// One entry of the arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// One argument, as it is.
    Literal(String),
    /// What an input makes: nothing when it is left out, several arguments when it is a list.
    Input {
        /// The input's name.
        input: String,
        /// What stands with each of its values.
        form: Form,
    },
}

/// How a value becomes arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// By itself.
    Plain {
        /// Whether it may begin with a dash.
        dash: bool,
    },
    /// After an argument of its own: `--count 3`. `true` is that argument alone, `false` is nothing.
    Flag(String),
    /// Behind this text, in the same argument: `--count=3`.
    Prefix(String),
}

/// The contents of a variable or of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// This text.
    Literal(String),
    /// An input's value. Without one, there is no such variable or file.
    Input(String),
}

/// Where an output of a program comes from, and what is made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// Where from.
    pub origin: Origin,
    /// What its bytes are.
    pub hint: Hint,
}

/// Where an output of a program comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// What it writes to standard output.
    Stdout,
    /// What it writes to standard error.
    Stderr,
    /// The code that it exits with.
    ExitCode,
    /// A file in its own folder.
    File(String),
}

impl Manifest {
    /// How its program is started, if it is one.
    pub fn command(&self) -> Option<&Command> {
        match &self.spec {
            Spec::Proc(ProcCode::Command(command)) => Some(command),
            _ => None,
        }
    }

    /// Whether each call of it has a folder of its own.
    pub fn has_own_folder(&self) -> bool {
        let from_file =
            || self.outputs.iter().any(|output| matches!(&output.taken, Some(taken) if taken.origin.is_file()));
        self.command().is_some_and(|command| !command.files.is_empty() || from_file())
    }
}

impl Origin {
    /// Whether it is a file.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}
