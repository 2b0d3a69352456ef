//! `turingbox resume`, `replay` and `fork`: runs that were kept, again.

mod decisions;

use std::{path::Path, sync::Arc};

use clap::Args;
use serde_json::json;

use crate::{
    Code, Failure, Hint, Library, Outcome, Program, Setup, Value,
    agent::{Entry, Manifest},
    cli::{
        Globals, Stop, WallChoice, inputs,
        keeping::{self, Keeping, Kept, StoreFile, unusable},
        recording::Recording,
        render, run,
        runs::{described, find},
        setup, terminal,
        trace::Trace,
    },
    diagnostic::counted,
    engine::Tape,
    sandbox::LIVE,
    secret::Secrets,
    store::{
        Change, Command, Decisions, Difference, Origin, Recorder, Replay, Run, State, Store, StoredCell, is_below,
        shown,
    },
};

#[derive(Args)]
pub struct ResumeArgs {
    /// The run: its name, the beginning of it, or `last`
    #[arg(value_name = "RUN")]
    run: String,
    /// Do the step at PATH again, though it may have had its effect (`.` is the run itself)
    #[arg(long, value_name = "PATH")]
    again: Vec<String>,
    /// Count the step at PATH as done, with what it gave
    #[arg(long, value_name = "PATH[={\"OUTPUT\": …}]")]
    done: Vec<String>,
    #[command(flatten)]
    file: StoreFile,
}

#[derive(Args)]
pub struct ReplayArgs {
    /// The run: its name, the beginning of it, or `last`
    #[arg(value_name = "RUN")]
    run: String,
    #[command(flatten)]
    file: StoreFile,
}

#[derive(Args)]
pub struct ForkArgs {
    /// The run: its name, the beginning of it, or `last`
    #[arg(value_name = "RUN")]
    run: String,
    /// The step that is done anew, with all behind it: its path on the tape
    #[arg(long, value_name = "PATH")]
    at: String,
    /// What that step is given in the place of what it was given; `@file` is a file's contents
    #[arg(long = "set", value_name = "INPUT=VALUE")]
    inputs: Vec<String>,
    #[command(flatten)]
    file: StoreFile,
}

/// Goes on where a run stopped.
pub fn resume(globals: Globals, arguments: &ResumeArgs) -> Result<(), Stop> {
    let mut recorded = Recorded::find(globals, &arguments.file, &arguments.run)?;
    let keeping = Keeping::open(&arguments.file.path()?).map_err(unusable)?;
    // From here on it is ours, and stands as it does now.
    let hold = keeping.hold(&recorded.run.id)?;
    recorded.run = find(&recorded.store, &recorded.run.id)?;
    if recorded.run.exit_code == Some(0) {
        return recorded.print_what_it_gave();
    }
    let decisions = recorded.decisions(arguments)?;
    recorded.unchanged()?;
    let mut made = recorded.made()?;
    if recorded.run.exit_code.is_some() {
        recorded.store.rewind(&recorded.run).map_err(unusable)?;
    }
    made.run = recorded.run.id.as_str().into();
    made.seed = Some(recorded.run.seed);
    let again = Store::open(&arguments.file.path()?).map_err(unusable)?;
    let recorder = Recorder::resume(keeping.writer(), (again, &recorded.run), decisions, made.tape.clone());
    let kept = keeping.go_on((recorder.map_err(unusable)?, hold), &mut made);
    recorded.go_on(kept, made)
}

/// Leaves a run at a step, as a new run.
pub fn fork(globals: Globals, arguments: &ForkArgs) -> Result<(), Stop> {
    let mut recorded = Recorded::find(globals, &arguments.file, &arguments.run)?;
    let cell = recorded.step(path(&arguments.at))?;
    let changes = recorded.changes(&cell, &arguments.inputs)?;
    let keeping = Keeping::open(&arguments.file.path()?).map_err(unusable)?;
    let mut made = recorded.made()?;
    // What is taken from the recording was made with its randomness.
    made.seed = Some(recorded.run.seed);
    let (shown, writer) = (made.tape.clone(), keeping.writer());
    let what = (Command::Run, &recorded.program);
    let from = (&recorded.globals, Some((Origin::new(&recorded.run, &cell), changes)));
    let mut kept = keeping.begin(what, &recorded.inputs, from, &mut made)?;
    kept.recorder.pause().map_err(Stop::Host)?;
    // From here on it is a run that was stopped before the step.
    recorded.run = find(&recorded.store, kept.recorder.id())?;
    let store = Store::open(&arguments.file.path()?).map_err(unusable)?;
    let recorder = Recorder::resume(writer, (store, &recorded.run), Decisions::default(), shown);
    kept.recorder = Arc::new(recorder.map_err(unusable)?);
    recorded.go_on(kept, made)
}

/// Runs a run again from its recording, and says whether all of it is the same.
pub fn replay(globals: Globals, arguments: &ReplayArgs) -> Result<(), Stop> {
    let recorded = Recorded::find(globals, &arguments.file, &arguments.run)?;
    if recorded.store.state(&recorded.run) == State::Running {
        return Err(Stop::Usage(format!("the run {} isn't over", recorded.run.id)));
    }
    let mut made = recorded.made()?;
    made.seed = Some(recorded.run.seed);
    let store = Store::open(&arguments.file.path()?).map_err(unusable)?;
    let replay = Replay::of(store, &recorded.run, made.tape.clone());
    let replay = Arc::new(replay.map_err(unusable)?);
    made.tape = replay.clone();
    made.is_patient = true;
    let (_, outcome) = run::to_its_end(recorded.program, made, recorded.inputs)?;
    said(&recorded.globals, &recorded.run, &replay, &outcome)
}

fn said(globals: &Globals, run: &Run, replay: &Replay, outcome: &Outcome) -> Result<(), Stop> {
    let (made, answered) = replay.calls();
    let difference = replay.difference();
    if outcome.failure.as_ref().is_some_and(|failure| failure.code == Code::Interrupted) {
        render::error("interrupted");
        return Err(Stop::Said(outcome.exit_code()));
    }
    // A run that was over has all of its steps, unless time stopped it.
    let was_late = run.failure.as_ref().is_some_and(|failure| failure.code == Code::Time);
    let was_stopped = was_late || run.exit_code.is_none_or(|code| code == 130);
    let end = replay.end().filter(|_| difference.is_none() && was_stopped);
    let is_unfit = |failure: &&Failure| failure.code == Code::Tape && end.is_none();
    let unfit = outcome.failure.as_ref().filter(is_unfit);
    let same = difference.is_none() && unfit.is_none();
    if globals.json {
        let difference = difference.as_ref().map(|difference| {
            let Difference { path, what, recorded, now } = difference;
            json!({ "path": path, "what": what, "recorded": recorded, "now": now })
        });
        terminal::print_json(&json!({
            "run": run.id, "same": same, "made": made, "answered": answered, "difference": difference,
            "ends_before": end, "failure": unfit.map(|failure| &failure.message),
        }))?;
    } else if let Some(difference) = &difference {
        let path = shown(&difference.path);
        render::error(&format!(
            "{path} went otherwise: {}\n  recorded: {}\n  now:      {}",
            difference.what, difference.recorded, difference.now
        ));
    } else if let Some(failure) = unfit {
        render::error(&failure.message);
        failure.help.iter().for_each(|help| render::note(help));
    } else {
        let answers = match answered {
            0 => String::new(),
            calls => format!(", {calls} answered from the recording"),
        };
        let as_far = end.map(|end| format!(" as far as it goes, which is up to {}", shown(&end))).unwrap_or_default();
        let made = calls_of(made);
        terminal::print_line(&format!("the same to the byte{as_far}: {made} made again{answers}"))?;
    }
    if same { Ok(()) } else { Err(Stop::Said(1)) }
}

fn calls_of(calls: u64) -> String {
    counted(usize::try_from(calls).unwrap_or(usize::MAX), "call")
}

/// A run that was kept, and what it takes to run it.
struct Recorded {
    globals: Globals,
    store: Store,
    run: Run,
    library: Library,
    program: Program,
    manifest: Arc<Manifest>,
    inputs: Vec<(String, Value)>,
}

impl Recorded {
    /// The run that `name` names, with its agents as they are now.
    fn find(globals: Globals, file: &StoreFile, name: &str) -> Result<Self, Stop> {
        let store = file.open()?;
        let run = find(&store, name)?;
        if run.command == Command::Batch {
            let message = "it is a batch: `turingbox batch` goes on with `--resume`, and its items are on the tape";
            return Err(Stop::Usage(format!("the run {} can't be run again as one: {message}", run.id)));
        }
        let globals = as_it_was(globals, &run);
        let library = setup::library(&globals)?;
        let manifest = super::named::manifest(&library, &run.agent)?;
        let (program, _) = Program::load(&library, &run.agent)?;
        let inputs = store.inputs(&run).map_err(unusable)?;
        Ok(Self { globals, store, run, library, program, manifest, inputs })
    }

    /// Whether the agents are what they were.
    fn unchanged(&self) -> Result<(), Stop> {
        let now = keeping::digests(&self.program);
        let is_other = |(name, digest): &(&String, &String)| now.get(*name).is_none_or(|now| now != *digest);
        let changed: Vec<_> = self.run.setting.digests.iter().filter(is_other).map(|(name, _)| name.as_str()).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let id = &self.run.id;
        Err(Stop::Usage(format!(
            "these agents aren't what they were when the run {id} began: {}\n\nput them back; or leave the run at a \
             step, with the agents as they are: `turingbox fork {id} --at PATH`",
            changed.join(", ")
        )))
    }

    /// The cell at a path.
    fn cell(&self, path: &str) -> Result<Option<StoredCell>, Stop> {
        let mut cells = self.store.cells(&self.run);
        let cell = cells.find(|cell| cell.as_ref().map_or(true, |cell| cell.path == path));
        cell.transpose().map_err(unusable)
    }

    /// What the run is made with.
    fn made(&self) -> Result<Setup, Stop> {
        let secrets = Secrets::from_environment();
        for (name, value) in &self.inputs {
            if let Value::Secret(secret) = value
                && secrets.get(secret.name()).is_none()
            {
                return Err(Stop::Usage(format!(
                    "the input `{name}` is a secret, and secrets aren't kept: give it to this command as the variable \
                     `{}`",
                    secret.name()
                )));
            }
        }
        let policy = setup::policy(&self.globals)?;
        let made =
            setup::made(&self.globals, (self.library.clone(), &self.program), policy, (&Recording::default(), LIVE))?;
        Ok(Setup { secrets, tape: Arc::new(Trace::new(&self.globals)) as Arc<dyn Tape>, ..made })
    }

    /// Runs what is left, and keeps it.
    fn go_on(self, kept: Kept, mut made: Setup) -> Result<(), Stop> {
        made.tape = kept.recorder.clone();
        let (_, outcome) = run::to_its_end(self.program, made, self.inputs)?;
        let asks = outcome.failure.as_ref().is_some_and(|failure| failure.code == Code::Tape);
        let written = match (asks, self.run.exit_code) {
            // It stays as it was.
            (true, Some(code)) => kept.recorder.finish(code, self.run.failure),
            _ => kept.finish(&outcome),
        };
        let said = run::report(&self.manifest, &outcome, (None, None), Some(kept.recorder.id()), &self.globals);
        written.map_err(Stop::Host)?;
        said
    }

    /// Says again what a run gave that is over.
    fn print_what_it_gave(&self) -> Result<(), Stop> {
        let outcome = match self.cell("")? {
            Some(cell) => cell.outcome(&self.store).map_err(unusable)?,
            None => None,
        };
        render::note(&format!("the run {} is over: this is what it gave", self.run.id));
        run::report(&self.manifest, &outcome.unwrap_or_default(), (None, None), Some(&self.run.id), &self.globals)
    }

    /// The step of a workflow at a path, or the run itself.
    fn step(&self, at: &str) -> Result<StoredCell, Stop> {
        let id = &self.run.id;
        let Some(cell) = self.cell(at)? else {
            return Err(Stop::Usage(format!("no step of the run {id} is `{at}`: `turingbox tape {id}` shows them")));
        };
        let calls = |caller: &StoredCell| caller.purity.is_some() && is_below(at, &caller.path);
        let mut cells = self.store.cells(&self.run);
        let caller = cells.find(|caller| caller.as_ref().map_or(true, calls)).transpose().map_err(unusable)?;
        match caller {
            Some(caller) => Err(Stop::Usage(format!(
                "`{at}` is a call that `{}` made: a run is left at a step of a workflow, so at `{}`",
                caller.agent,
                if caller.path.is_empty() { "." } else { &caller.path }
            ))),
            None => Ok(cell),
        }
    }

    /// What steps of the new run are given otherwise: what was so before the step, and the step itself.
    fn changes(&self, at: &StoredCell, set: &[String]) -> Result<Vec<Change>, Stop> {
        let Some(Entry::Valid(manifest)) = self.library.get(&at.agent) else {
            return Err(Stop::Usage(format!("there is no agent `{}` any more", at.agent)));
        };
        let inputs = set.iter().map(|set| changed_input(manifest, set)).collect::<Result<Vec<_>, _>>()?;
        let mut changes = Vec::new();
        for change in &self.run.setting.changes {
            if self.cell(change.at())?.is_some_and(|cell| cell.number < at.number) {
                changes.push(change.clone());
            }
        }
        changes.push(Change::new(&at.path, &inputs));
        Ok(changes)
    }
}

fn changed_input(manifest: &Manifest, set: &str) -> Result<(String, Value), Stop> {
    let Some((name, text)) = set.split_once('=') else {
        return Err(Stop::Usage(format!("`--set {set}` is not INPUT=VALUE")));
    };
    let Some(input) = manifest.input(name) else {
        let hint = crate::diagnostic::suggestion(name, manifest.inputs.iter().map(|input| input.name.as_str()));
        let hint = hint.map(|hint| format!(": {hint}")).unwrap_or_default();
        return Err(Stop::Usage(format!("`{}` has no input `{name}`{hint}", manifest.name)));
    };
    if input.hint == Hint::Secret {
        return Err(Stop::Usage(format!("`{name}` is a secret, and what a step is given otherwise is written down")));
    }
    let bytes = match text.strip_prefix('@') {
        Some(path) => inputs::read_file(Path::new(path))
            .map_err(|error| Stop::Usage(format!("`{path}` can't be read: {error}")))?,
        None => text.as_bytes().to_vec(),
    };
    let value = input.hint.read(bytes).map_err(|expected| Stop::Usage(format!("--set {name}: {expected}")))?;
    Ok((name.to_owned(), value))
}

/// What the command line leaves open is as it was.
fn as_it_was(mut globals: Globals, run: &Run) -> Globals {
    if globals.agents.is_empty() {
        globals.agents.clone_from(&run.setting.agents);
    }
    globals.policy = globals.policy.or_else(|| run.setting.policy.clone());
    globals.wall = globals.wall.or(run.setting.wall.then_some(WallChoice::Process));
    if globals.verbose {
        render::note(&described(run));
    }
    globals
}

/// `.` is the run itself, whose path is empty.
fn path(written: &str) -> &str {
    if written == "." { "" } else { written }
}
