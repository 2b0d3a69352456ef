//! The command line: arguments in, one exit code out. Results go to stdout, everything else to
//! stderr.

mod add;
mod again;
mod attack;
mod batch;
mod bench;
mod build;
mod cases;
mod check;
mod complete;
mod import;
mod inputs;
mod inspect;
mod keeping;
mod list;
mod named;
mod new;
mod outcome;
mod pack;
mod plan;
mod policy;
mod recording;
mod render;
mod run;
mod runs;
mod setup;
mod show;
mod stage;
mod tape;
mod telemetry;
mod terminal;
mod test;
mod trace;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::{Report, failure::Failure};

/// Runs untrusted agents safely.
///
/// An agent is a template, a proc or a workflow. A proc runs in a WebAssembly sandbox of its own
/// and holds only what a policy grants: with no policy, nothing.
#[derive(Parser)]
#[command(name = "turingbox", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  turingbox list
  turingbox run echo --input hello
  turingbox run hl7_to_json --message @message.hl7 --json
  turingbox run read_file --path /data/a.txt --policy policy.toml

Exit codes: 0 done, 1 the agent failed, 2 usage or a bad file, 3 denied by policy,
4 a limit was reached, 5 our fault, 130 interrupted.";

#[derive(Subcommand)]
enum Command {
    /// Run one agent; its inputs are arguments
    Run(run::RunArgs),
    /// Run one agent on many items, many at a time
    Batch(batch::BatchArgs),
    /// Show what a run did, step by step
    Tape(tape::TapeArgs),
    /// List the runs that were kept
    Runs(runs::RunsArgs),
    /// Go on where a run stopped
    Resume(again::ResumeArgs),
    /// Run a run again from its recording, and hold it against that
    Replay(again::ReplayArgs),
    /// Leave a run at a step, as a new run, with another input or agent
    Fork(again::ForkArgs),
    /// List the agents there are
    List(list::ListArgs),
    /// Show an agent's inputs, outputs and needs, and what it may do under a policy
    Show(show::ShowArgs),
    /// Find what is wrong in agents and policies, without running them
    Check(check::CheckArgs),
    /// Look into a component: what it imports and exports, and what a policy would let it do
    Inspect(inspect::InspectArgs),
    /// Explain, check and suggest policies
    Policy(policy::PolicyArgs),
    /// Run the cases of agents, each in the sandbox
    Test(test::TestArgs),
    /// Measure what agents take, and fail where that grew
    Bench(bench::BenchArgs),
    /// Run hostile guests under a policy, and say what got through
    Attack(attack::AttackArgs),
    /// Compile the agents that are written in Rust, and fetch the packages of those in Python
    Build(build::BuildArgs),
    /// Make an agent's folder, with a case that passes
    New(new::NewArgs),
    /// Put an agent that others made into a library, pinned; nothing of it runs
    Add(add::AddArgs),
    /// Make one file of an agent's folder, for others
    Pack(pack::PackArgs),
    /// Put an agent into a registry
    Push(pack::PushArgs),
    /// Make agents of a JSON library of the original Python system
    Import(import::ImportArgs),
    // What `--wall process` starts. Not for people.
    #[command(name = crate::wall::WORKER, hide = true)]
    WallWorker,
    // What compiles a component. Not for people either.
    #[command(name = crate::wall::COMPILER, hide = true)]
    WallCompiler,
    // What asks a registry.
    #[command(name = crate::wall::REGISTRY, hide = true)]
    WallRegistry,
}

/// The commands that run guests, and so can put a wall around them.
const WALLED: [&str; 7] = ["run", "batch", "resume", "replay", "fork", "test", "attack"];

/// The commands that can say what they would do.
const DRY: [&str; 2] = ["run", "add"];

// What every command takes. (No doc comment: clap would show it as every command's help.)
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Globals {
    /// A folder of agents, or a JSON library of the original system [default: ./agents, if there is
    /// one]; the built-in agents are always there
    #[arg(long, value_name = "DIR", global = true, help_heading = "Global options")]
    agents: Vec<PathBuf>,
    /// The policy: what agents may use and touch. Without one they may touch nothing
    #[arg(long, value_name = "FILE", global = true, help_heading = "Global options")]
    policy: Option<PathBuf>,
    /// Print one JSON object for machines
    #[arg(long, global = true, help_heading = "Global options")]
    json: bool,
    /// Print every step as it is done
    #[arg(long, global = true, help_heading = "Global options")]
    trace: bool,
    /// What else holds guests: `process` runs each agent in a process of its own that the Linux
    /// kernel confines
    #[arg(long, value_name = "WALL", global = true, help_heading = "Global options")]
    wall: Option<WallChoice>,
    /// With `run` and `add`: touch nothing, and say what would be done
    #[arg(long, global = true, help_heading = "Global options")]
    dry_run: bool,
    /// Say more: what a run used, and debug lines of its log
    #[arg(short, long, global = true, help_heading = "Global options")]
    verbose: bool,
}

/// What `--wall` can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WallChoice {
    // WebAssembly alone.
    None,
    // A process of its own for each agent. (No doc comments: with them, every help would be long.)
    Process,
}

impl Globals {
    /// What was said before the agent's name and what was said behind it, together.
    fn and(mut self, later: Self) -> Self {
        self.agents.extend(later.agents);
        self.policy = later.policy.or(self.policy);
        self.wall = later.wall.or(self.wall);
        self.dry_run |= later.dry_run;
        self.json |= later.json;
        self.trace |= later.trace;
        self.verbose |= later.verbose;
        self
    }

    /// These, where `command` heeds all of them: who says `--dry-run` relies on it that nothing is touched. It is
    /// asked each time that more was read, since options may stand behind an agent's name.
    fn of_command(self, command: &str) -> Result<Self, Stop> {
        if self.wall.is_some() && !WALLED.contains(&command) {
            return Err(Stop::Usage(
                "`--wall` is for `run`, `batch`, `resume`, `replay`, `fork`, `test` and `attack`: nothing else runs guests"
                    .into(),
            ));
        }
        if self.dry_run && !DRY.contains(&command) {
            return Err(Stop::Usage("`--dry-run` is for `run` and `add`: `turingbox run AGENT --dry-run`".into()));
        }
        Ok(self)
    }
}

/// Why a command ends without success.
pub(crate) enum Stop {
    /// Files are wrong: exit code 2.
    Files(Report),
    /// The command line is wrong: exit code 2.
    Usage(String),
    /// It was said already; this is the exit code.
    Said(u8),
    /// Something of ours failed: exit code 5.
    Host(Failure),
}

impl Stop {
    /// What is wrong, in short.
    fn first_line(&self) -> &str {
        let said = match self {
            Self::Files(report) => report.0.first().map_or("", |finding| finding.message.as_str()),
            Self::Usage(message) => message,
            Self::Host(failure) => &failure.message,
            Self::Said(_) => "",
        };
        said.lines().next().unwrap_or_default()
    }

    /// Says what is wrong, where that wasn't said yet. Gives the exit code.
    fn say(self) -> u8 {
        match self {
            Self::Said(code) => code,
            Self::Files(report) => {
                render::report(&report);
                2
            }
            Self::Usage(message) => {
                render::error(&message);
                2
            }
            Self::Host(failure) => {
                render::error(&failure.to_string());
                5
            }
        }
    }
}

impl From<Report> for Stop {
    fn from(report: Report) -> Self {
        Self::Files(report)
    }
}

impl From<clap::Error> for Stop {
    fn from(error: clap::Error) -> Self {
        // Help goes to stdout, mistakes to stderr; clap knows which is which.
        drop(error.print());
        Self::Said(u8::try_from(error.exit_code()).unwrap_or(2))
    }
}

/// Runs the command line that this process was started with.
pub fn main() -> ExitCode {
    complete::answer();
    let ended = telemetry::Telemetry::begin().and_then(|telemetry| {
        let ended = command(std::env::args_os());
        telemetry.end();
        ended
    });
    ExitCode::from(ended.map_or_else(Stop::say, |()| 0))
}

fn command(arguments: impl Iterator<Item = OsString>) -> Result<(), Stop> {
    let matches = Cli::command().try_get_matches_from(arguments)?;
    let Cli { globals, command } = Cli::from_arg_matches(&matches)?;
    let globals = globals.of_command(matches.subcommand_name().unwrap_or_default())?;
    match command {
        Command::Run(arguments) => run::run(globals, arguments),
        Command::Batch(arguments) => batch::batch(globals, arguments),
        Command::Tape(arguments) => tape::tape(&globals, &arguments),
        Command::Runs(arguments) => runs::runs(&globals, &arguments),
        Command::Resume(arguments) => again::resume(globals, &arguments),
        Command::Replay(arguments) => again::replay(globals, &arguments),
        Command::Fork(arguments) => again::fork(globals, &arguments),
        Command::List(arguments) => list::list(&globals, &arguments),
        Command::Show(arguments) => show::show(&globals, &arguments),
        Command::Check(arguments) => check::check(&globals, &arguments),
        Command::Inspect(arguments) => inspect::inspect(&globals, &arguments),
        Command::Policy(arguments) => policy::policy(&globals, &arguments),
        Command::Test(arguments) => test::test(&globals, &arguments),
        Command::Bench(arguments) => bench::bench(globals, arguments),
        Command::Attack(arguments) => attack::attack(&globals, &arguments),
        Command::Build(arguments) => build::build(&globals, &arguments),
        Command::New(arguments) => new::new(&globals, &arguments),
        Command::Add(arguments) => add::add(&globals, &arguments),
        Command::Pack(arguments) => pack::pack(&globals, &arguments),
        Command::Push(arguments) => pack::push(&globals, &arguments),
        Command::Import(arguments) => import::import(&globals, &arguments),
        Command::WallWorker => ended(crate::wall::main()),
        Command::WallCompiler => ended(crate::wall::compiler_main()),
        Command::WallRegistry => ended(crate::share::oci::client_main()),
    }
}

fn ended(code: u8) -> Result<(), Stop> {
    if code == 0 { Ok(()) } else { Err(Stop::Said(code)) }
}
