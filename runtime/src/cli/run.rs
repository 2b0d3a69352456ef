//! `turingbox run`.

use std::{ffi::OsString, sync::Arc, task::Poll};

use clap::{Args, FromArgMatches};
use serde::Serialize;
use serde_json::json;

use crate::{
    Engine, Failure, Outcome, Program, Report, Setup, Value,
    agent::Manifest,
    capability::files::MountError,
    cli::{
        Globals, Stop,
        inputs::{self, InputOptions},
        named::{Named, agent_command, missing_agent},
        outcome::{Denied, Failed, Outputs},
        plan,
        recording::{Recording, RecordingArgs},
        render, setup, terminal,
        trace::Trace,
    },
    failure::Code,
    plan::{Effects, Plan},
    sandbox::LIVE,
    secret::Secrets,
    store::Command,
};

#[derive(Args)]
#[command(
    disable_help_flag = true,
    override_usage = "turingbox run [OPTIONS] <AGENT> [--INPUT VALUE]...",
    after_help = "`turingbox run AGENT --help` shows the agent's own inputs. A value `@file` is the file's contents, `-` is stdin."
)]
pub struct RunArgs {
    /// Print help; with an agent, the agent's
    #[arg(short, long)]
    help: bool,
    /// The agent's name
    #[arg(value_name = "AGENT", add = super::complete::agents())]
    agent: Option<String>,
    #[command(flatten)]
    recording: RecordingArgs,
    /// The agent's inputs, and more options
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<OsString>,
}

/// Runs one agent.
pub fn run(globals: Globals, arguments: RunArgs) -> Result<(), Stop> {
    let RunArgs { help, agent, recording, mut rest } = arguments;
    let Some(name) = agent else { return Err(missing_agent("run", help)) };
    if help {
        rest.insert(0, "--help".into());
    }
    let named = Named::read(globals, ("run", &name, rest), command)?;
    let recording = recording.and(RecordingArgs::from_arg_matches(&named.matches)?);
    let (program, warnings) = Program::load(&named.library, &name)?;
    render::report(&taken_as_it_is(warnings));
    let mut given = named.inputs().read(&named.matches)?;
    let Named { globals, library, manifest, matches, .. } = named;
    let policy = setup::policy(&globals)?;
    let secrets = inputs::hide(&manifest, &mut given, Secrets::from_environment());
    let opening = recording.store.opening(&globals);
    let recording = Recording::open(&recording, &policy)?;
    let planned = globals.dry_run.then(Arc::<Plan>::default);
    let mut made = Setup {
        tape: Arc::new(Trace::new(&globals)),
        secrets,
        effects: planned.clone().map_or(Effects::Real, |plan| Effects::Planned(plan)),
        ..setup::made(&globals, (library, &program), policy, (&recording, LIVE))?
    };
    let keeping = opening.opened()?;
    let kept = keeping.map(|keeping| keeping.begin((Command::Run, &program), &given, (&globals, None), &mut made));
    let kept = kept.transpose()?;
    kept.iter().for_each(|kept| made.tape = kept.recorder.clone());
    let ran = to_its_end(program, made, given).inspect_err(|stop| {
        // A run that couldn't begin is over; what is said now is why it couldn't.
        let failure = Failure::host(stop.first_line());
        kept.iter().for_each(|kept| drop(kept.recorder.finish(2, Some(failure.clone()))));
    });
    let (engine, outcome) = ran?;
    let written = kept.as_ref().map_or(Ok(()), |kept| kept.finish(&outcome));
    recording.finish(engine.program(), &engine.setup().library, &engine.setup().policy)?;
    let wanted = matches.get_one::<String>("output").map(String::as_str);
    let id = kept.as_ref().map(|kept| kept.recorder.id());
    // What it gave is said, whatever became of its record.
    let said = report(&manifest, &outcome, (wanted, planned.as_deref()), id, &globals);
    written.map_err(Stop::Host)?;
    said
}

/// Runs a program until it is over, or somebody interrupts it.
pub fn to_its_end(program: Program, made: Setup, given: Vec<(String, Value)>) -> Result<(Engine, Outcome), Stop> {
    block_on(run_interruptible(program, made, given))?.map_err(setup::mount_error)
}

/// The warnings of what a run takes as it is, though something else was probably meant.
pub fn taken_as_it_is(mut warnings: Report) -> Report {
    warnings.0.retain(|finding| ["literal-dollar", "literal-table"].contains(&finding.code));
    warnings
}

/// The command line of one agent.
pub fn command(manifest: &Manifest) -> clap::Command {
    let own = RecordingArgs::augment_args(Globals::augment_args(agent_command("run", manifest)));
    let output = clap::Arg::new("output").long("output").value_name("NAME").help("Print this output alone");
    let own =
        own.arg(
            output.value_parser(match manifest.open_outputs {
                true => clap::builder::ValueParser::string(),
                false => {
                    clap::builder::PossibleValuesParser::new(manifest.outputs.iter().map(|output| output.name.clone()))
                        .into()
                }
            }),
        );
    let inputs = InputOptions::new(manifest, &own).arguments();
    own.args(inputs)
}

/// Runs `future` on this thread. What blocks in the background when it is done is left behind.
pub fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Stop::Host(Failure::host(error)))?;
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(result)
}

async fn run_interruptible(
    program: Program,
    made: Setup,
    inputs: Vec<(String, Value)>,
) -> Result<(Engine, Outcome), MountError> {
    // What listens for the signal has to be there before anything is made that would stay behind.
    let mut interrupt = std::pin::pin!(tokio::signal::ctrl_c());
    drop(std::future::poll_fn(|context| Poll::Ready(interrupt.as_mut().poll(context))).await);
    let engine = Engine::new(Arc::new(program), made)?;
    let outcome = tokio::select! {
        biased;
        _ = interrupt => {
            Outcome { failure: Some(Failure::new(Code::Interrupted, "interrupted")), ..Outcome::default() }
        }
        outcome = engine.run(inputs) => outcome,
    };
    Ok((engine, outcome))
}

/// Prints what the run gave, and says how it ended. `id` is its name, where it is kept.
pub fn report(
    manifest: &Manifest,
    outcome: &Outcome,
    (wanted, planned): (Option<&str>, Option<&Plan>),
    id: Option<&str>,
    globals: &Globals,
) -> Result<(), Stop> {
    let missing = wanted.filter(|_| outcome.failure.is_none()).and_then(|name| missing(manifest, outcome, name));
    if globals.json {
        terminal::print_json(&envelope((manifest, wanted), (outcome, missing.as_ref()), planned, id))?;
    } else {
        if let Some(planned) = planned {
            plan::print(&manifest.name, planned)?;
        }
        if outcome.failure.is_none() {
            print_outputs(manifest, outcome, wanted)?;
        }
        missing.iter().for_each(|failure| render::error(&failure.message));
    }
    if globals.verbose {
        let usage = outcome.usage;
        render::note(&format!("{} fuel, {} MiB, {:.1?}", usage.fuel, usage.memory >> 20, usage.time));
    }
    if !globals.json {
        render::outcome(&manifest.name, outcome);
        if planned.is_some_and(|planned| outcome.failure.is_some() && plan::has_dummies(planned)) {
            render::note("what was planned was answered with dummies, so a real run may go otherwise");
        }
    }
    if let Some(id) = id {
        if globals.verbose {
            render::note(&format!("kept as {id}: `turingbox tape {id}` shows it"));
        }
        if outcome.failure.as_ref().is_some_and(|failure| failure.code == Code::Interrupted) {
            render::note(&format!("`turingbox resume {id}` goes on from here"));
        }
    }
    match exit_code(outcome, missing.as_ref()) {
        0 => Ok(()),
        code => Err(Stop::Said(code)),
    }
}

/// Why there is no output `name` to print, where the agent didn't give it.
fn missing(manifest: &Manifest, outcome: &Outcome, name: &str) -> Option<Failure> {
    let is_given = outcome.outputs.iter().any(|(output, _)| output == name);
    (!is_given).then(|| Failure::new(Code::Result, not_given(manifest, name)))
}

fn not_given(manifest: &Manifest, name: &str) -> String {
    format!("`{}` gave no output `{name}`", manifest.name)
}

fn exit_code(outcome: &Outcome, missing: Option<&Failure>) -> u8 {
    if missing.is_some() { 1 } else { outcome.exit_code() }
}

/// One output is printed raw, several as one JSON object. What wasn't given is left out.
fn print_outputs(manifest: &Manifest, outcome: &Outcome, wanted: Option<&str>) -> Result<(), Stop> {
    let mut public = manifest.outputs.iter().filter(|output| !output.internal);
    let single = match (wanted, public.next(), public.next()) {
        (Some(name), ..) => Some(name),
        // What isn't declared is lost where one output stands for all.
        _ if outcome.outputs.iter().any(|(name, _)| manifest.output(name).is_none()) => None,
        (None, Some(output), None) => Some(output.name.as_str()),
        _ => None,
    };
    let Some(name) = single else {
        return terminal::print_json(&Outputs { manifest, outcome, wanted });
    };
    match outcome.outputs.iter().find(|(output, _)| output == name) {
        Some((_, value)) => terminal::print_bytes(value.bytes())?,
        None if wanted.is_none() => render::note(&not_given(manifest, name)),
        None => {}
    }
    Ok(())
}

/// Everything about a run, for machines.
#[derive(Serialize)]
struct Envelope<'a> {
    agent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a str>,
    exit_code: u8,
    outputs: Outputs<'a>,
    failure: Option<Failed<'a>>,
    denials: Vec<Denied<'a>>,
    denials_omitted: u64,
    usage: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<serde_json::Value>,
}

fn envelope<'a>(
    (manifest, wanted): (&'a Manifest, Option<&'a str>),
    (outcome, missing): (&'a Outcome, Option<&'a Failure>),
    planned: Option<&Plan>,
    run: Option<&'a str>,
) -> Envelope<'a> {
    let usage = outcome.usage;
    Envelope {
        agent: &manifest.name,
        run,
        exit_code: exit_code(outcome, missing),
        outputs: Outputs { manifest, outcome, wanted },
        failure: outcome.failure.as_ref().or(missing).map(Failed::of),
        denials: Denied::all(outcome),
        denials_omitted: outcome.denials.omitted(),
        usage: json!({ "fuel": usage.fuel, "memory": usage.memory, "seconds": usage.time.as_secs_f64() }),
        plan: planned.map(plan::object),
    }
}
