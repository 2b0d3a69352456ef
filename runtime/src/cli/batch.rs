//! `turingbox batch`.

mod again;
mod files;
mod github;
mod options;
mod progress;
mod reports;
mod results;
mod summary;

use std::{ffi::OsString, sync::Arc, thread};

use clap::{Args, FromArgMatches};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    Engine, Failure, Setup,
    agent::Manifest,
    batch::{self, Items, Shape, Stop as Ending, Tally, Why},
    cli::{
        Globals, Stop,
        batch::{options::BatchOptions, reports::Reports, results::Results},
        inputs::{self, InputOptions},
        named::{Named, agent_command, missing_agent},
        recording::{Recording, RecordingArgs},
        render,
        run::taken_as_it_is,
        setup,
        trace::Trace,
    },
    engine::{Silent, Tape},
    secret::Secrets,
    store::{Command, Recorder},
};

#[derive(Args)]
#[command(
    disable_help_flag = true,
    override_usage = "turingbox batch <AGENT> --items <FILE> [OPTIONS] [--INPUT VALUE]...",
    after_help = "`turingbox batch AGENT --help` shows all options, and the agent's inputs: what is given for one \
                  of these is the same for all items."
)]
pub struct BatchArgs {
    /// Print help; with an agent, the agent's
    #[arg(short, long)]
    help: bool,
    /// The agent's name
    #[arg(value_name = "AGENT", add = super::complete::agents())]
    agent: Option<String>,
    /// What the batch is to do, and the agent's inputs
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<OsString>,
}

/// Runs one agent on many items.
pub fn batch(globals: Globals, arguments: BatchArgs) -> Result<(), Stop> {
    let _silenced = github::Silenced::begin();
    // Manifests are others' text as well: what is wrong with them is said while the runner obeys nothing.
    begun(globals, arguments).map_err(|stop| Stop::Said(stop.say()))
}

fn begun(globals: Globals, arguments: BatchArgs) -> Result<(), Stop> {
    let BatchArgs { help, agent, mut rest } = arguments;
    let behind = rest.len();
    let Some(name) = agent else { return Err(missing_agent("batch", help)) };
    if help {
        rest.insert(0, "--help".into());
    }
    let named = Named::read(globals, ("batch", &name, rest), command)?;
    let options = BatchOptions::from_arg_matches(&named.matches)?;
    let again = again::again(&named, behind);
    let recording = RecordingArgs::from_arg_matches(&named.matches)?;
    if let (true, Some(option)) = (options.is_stdin(), named.inputs().stdin_options(&named.matches).next()) {
        return Err(inputs::read_twice("items", option));
    }
    let mut given = named.inputs().given(&named.matches)?;
    let Named { globals, library, manifest, .. } = named;
    let retry = options.retry(&manifest)?;
    let secrets = inputs::hide(&manifest, &mut given, Secrets::from_environment());
    let shape = Arc::new(
        Shape::new(manifest.clone(), given.clone()).with_key(options.key.clone()).ignoring_extra(options.ignore_extra),
    );
    let source = options.source();
    let items = Items::open(&source, shape).map_err(unusable)?;
    if source.is_like_list() {
        let file = options.items.display();
        render::warning(&format!(
            "`{file}` looks like one list, and an item is a line: `jq -c '.[]'` writes its entries so"
        ));
    }
    let (program, warnings) = crate::Program::load(&library, &name)?;
    render::report(&taken_as_it_is(warnings));
    let policy = setup::policy(&globals)?;
    files::distinct(&options, &recording, &policy, &globals)?;
    let reports = Reports::open(&options.reports, &manifest.name, &globals)?;
    let keeping = recording.store.opening(&globals).opened()?;
    let mut recording = Recording::open(&recording, &policy)?;
    reports.audit().into_iter().for_each(|audit| recording.tell(audit));
    let mut made =
        Setup { secrets, ..setup::made(&globals, (library, &program), policy, (&recording, options.live()))? };
    reports.protect(&mut made.protected);
    let (results, done) = Results::open(&options, &manifest)?;
    options.out.iter().for_each(|file| made.protected.fix(file));
    let kept = keeping.map(|keeping| keeping.begin((Command::Batch, &program), &given, (&globals, None), &mut made));
    let kept = kept.transpose()?;
    let recorder = kept.as_ref().map(|kept| kept.recorder.clone());
    let engine = Engine::new(Arc::new(program), made).map_err(setup::mount_error)?;
    let running = options.run(retry, done, tape(&globals, recorder))?;
    let mut sink = results.with_progress(&items, options.out.is_none(), reports);
    let ending = Ending::default();
    interruptible(&ending)?;
    let ran = batch::run(&engine, items, running, &ending, &mut sink);
    sink.close();
    let (tally, why) = ran.map_err(Stop::Host)?;
    sink.conclude(&tally, &why, (&options, &again), &globals)?;
    recording.finish(engine.program(), &engine.setup().library, &engine.setup().policy)?;
    let code = exit_code(&tally, &why, &options);
    let kept = kept.map_or(Ok(()), |kept| kept.recorder.finish(code, None));
    // Where the batch broke off, why is said.
    if !matches!(why, Why::Broken(_)) {
        kept.map_err(Stop::Host)?;
    }
    match code {
        0 => Ok(()),
        code => Err(Stop::Said(code)),
    }
}

/// The command line of a batch of one agent.
pub fn command(manifest: &Manifest) -> clap::Command {
    let own = RecordingArgs::augment_args(Globals::augment_args(agent_command("batch", manifest)));
    let own = BatchOptions::augment_args(own);
    let inputs = InputOptions::new(manifest, &own).arguments();
    own.args(inputs)
}

/// What is wrong with all of the items, before any is run.
fn unusable(failure: Failure) -> Stop {
    let help = failure.help.map(|help| format!("\n\n{help}")).unwrap_or_default();
    Stop::Usage(format!("{}{help}", failure.message))
}

/// Keeps the steps of each item, if they are to be kept; and prints them and what is logged with the item that
/// they are of, for who asks for that: of many items, they are many.
fn tape(globals: &Globals, recorder: Option<Arc<Recorder>>) -> Option<batch::TapeOf> {
    let globals = globals.clone();
    let is_shown = globals.trace || globals.verbose;
    let shown = move |item| -> Arc<dyn Tape> {
        if is_shown { Arc::new(Trace::of_item(&globals, item)) } else { Arc::new(Silent) }
    };
    match recorder {
        Some(recorder) => Some(Box::new(move |item, attempt| {
            let again = if attempt == 0 { String::new() } else { format!("~{attempt}") };
            Arc::new(recorder.of_item(format!("[{item}]{again}"), shown(item)))
        })),
        None if is_shown => Some(Box::new(move |item, _| shown(item))),
        None => None,
    }
}

/// Lets an interrupt end the batch with what is in flight, and a second one at once. So do machines of CI
/// systems that are told to stop a job: they send one signal or the other.
fn interruptible(ending: &Ending) -> Result<(), Stop> {
    let ending = ending.clone();
    let cannot = |error| Stop::Host(Failure::host(error));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    // From here on no signal ends the process by itself.
    let mut signals = {
        let _within = runtime.enter();
        let [interrupt, terminate] = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
        (interrupt.map_err(cannot)?, terminate.map_err(cannot)?)
    };
    let listen = async move {
        let next = async |(interrupt, terminate): &mut (Signal, Signal)| {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        };
        next(&mut signals).await;
        render::note("interrupted: what is in flight is finished; once more ends it at once");
        ending.stop();
        next(&mut signals).await;
        github::exit(130);
    };
    let listening = thread::Builder::new().name("interrupt".into()).spawn(move || runtime.block_on(listen));
    listening.map(drop).map_err(cannot)
}

/// What a batch ends with: the code that a run of its failed items would end with, where that is the same
/// for all of them, or else 1. Those that failed before it went on count: that made nothing better. An item that
/// is wrong is a failed item, no wrong use.
fn exit_code(tally: &Tally, why: &Why, options: &BatchOptions) -> u8 {
    match why {
        Why::Stopped => 130,
        Why::Budget => 4,
        Why::Broken(failure) => failure.code.exit_code(false),
        Why::Over if options.are_met(tally) => 0,
        Why::Over | Why::Failures => match tally.exit_codes.iter().collect::<Vec<_>>()[..] {
            [code] if *code != 2 => *code,
            _ => 1,
        },
    }
}
