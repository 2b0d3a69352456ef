//! `turingbox bench`.

mod baseline;
mod compared;
mod course;
mod figures;
mod options;
mod rounds;
mod shown;
mod subjects;

use std::ffi::OsString;

use clap::{Args, FromArgMatches};

use crate::{
    agent::Manifest,
    cli::{
        Globals, Stop,
        bench::{course::measure, figures::Figures, options::BenchOptions, subjects::Subjects},
        inputs::InputOptions,
        named::{Named, agent_command, missing_agent},
        setup,
    },
};

#[derive(Args)]
#[command(
    disable_help_flag = true,
    override_usage = "turingbox bench [OPTIONS] [AGENT] [--INPUT VALUE]...",
    after_help = "Without inputs it is the agent's cases that are measured; without an agent, those of all agents on \
                  disk. `turingbox bench AGENT --help` shows the agent's own inputs."
)]
pub struct BenchArgs {
    /// Print help; with an agent, the agent's
    #[arg(short, long)]
    help: bool,
    /// The agent's name [default: every agent on disk]
    #[arg(value_name = "AGENT", add = super::complete::agents())]
    agent: Option<String>,
    #[command(flatten)]
    options: BenchOptions,
    /// The agent's inputs, and more options
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<OsString>,
}

/// What a run of an agent on given inputs is called: no case can be.
const GIVEN: &str = ".";

/// What was measured of one case.
struct Measured {
    agent: String,
    case: String,
    digest: String,
    has_python: bool,
    figures: Figures,
}

/// Which cases are measured.
#[derive(Clone)]
struct Scope {
    agent: Option<String>,
    case: Option<String>,
}

impl Scope {
    /// Whether a case is among them.
    fn has(&self, agent: &str, case: &str) -> bool {
        let cases = || self.case.as_ref().map_or(case != GIVEN, |named| named == case);
        self.agent.as_ref().is_none_or(|named| named == agent) && cases()
    }

    /// Whether it is about one agent, this one.
    fn names(&self, agent: &str) -> bool {
        self.agent.as_ref().is_some_and(|named| named == agent)
    }
}

/// Measures agents.
pub fn bench(globals: Globals, arguments: BenchArgs) -> Result<(), Stop> {
    let BenchArgs { help, agent, options, mut rest } = arguments;
    let Some(name) = agent else {
        if help {
            return Err(missing_agent("bench", true));
        }
        return measure(&globals, &options, Subjects::all(setup::library(&globals)?, &options)?);
    };
    if help {
        rest.insert(0, "--help".into());
    }
    let named = Named::read(globals, ("bench", &name, rest), command)?;
    let options = options.and(BenchOptions::from_arg_matches(&named.matches)?);
    let given = named.inputs().given(&named.matches)?;
    // What is piped in fills an input only where others are given: in CI something always is.
    let given = if given.is_empty() { given } else { named.inputs().read(&named.matches)? };
    let Named { globals, library, manifest, .. } = named;
    let subjects = Subjects::of(library, manifest, given, &options)?;
    measure(&globals, &options, subjects)
}

/// The command line of a bench of one agent.
pub fn command(manifest: &Manifest) -> clap::Command {
    let own = BenchOptions::augment_args(Globals::augment_args(agent_command("bench", manifest)));
    let inputs = InputOptions::new(manifest, &own).arguments();
    own.args(inputs)
}
