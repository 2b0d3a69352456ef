//! `turingbox runs`: the runs that were kept.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::{
    Failure,
    cli::{
        Globals, Stop,
        keeping::{StoreFile, unusable},
        render, terminal,
    },
    diagnostic::counted,
    policy,
    sandbox::Moment,
    store::{Hold, Run, Store, StoreError},
};

/// How many are listed, where nobody says otherwise.
const LISTED: u32 = 20;

/// The most runs that are looked through.
const MOST: u32 = 100_000;

#[derive(Args)]
pub struct RunsArgs {
    /// Only runs that have this in their name, their agent's or their failure
    #[arg(value_name = "TEXT")]
    text: Option<String>,
    /// Only runs that are `running`, `done`, `failed` or `stopped`
    #[arg(long, value_name = "STATE", value_parser = ["running", "done", "failed", "stopped"])]
    state: Option<String>,
    /// Only runs that began longer ago than TIME, like `30d`
    #[arg(long, value_name = "TIME")]
    older_than: Option<String>,
    /// At most N of them, the last ones [default: 20 to list, all to forget]
    #[arg(long, value_name = "N")]
    last: Option<u32>,
    /// Forget all of these runs, with everything that is kept of them
    #[arg(long)]
    forget: bool,
    #[command(flatten)]
    file: StoreFile,
}

/// Lists runs, or forgets them.
pub fn runs(globals: &Globals, arguments: &RunsArgs) -> Result<(), Stop> {
    let mut store = arguments.file.open()?;
    let age = arguments.older_than.as_deref().map(age).transpose()?;
    let most = arguments.last.unwrap_or(if arguments.forget { MOST } else { LISTED });
    let whole = |run: Result<Run, StoreError>| run.map_err(|error| render::warning(&error.to_string())).ok();
    let runs = store.runs(MOST).map_err(unusable)?.into_iter().filter_map(whole);
    let fits = |run: &Run| is_wanted(&store, run, arguments, age);
    let runs: Vec<_> = runs.filter(fits).take(most as usize).collect();
    if arguments.forget {
        return forget(&mut store, runs, arguments);
    }
    if globals.json {
        let objects: Vec<_> = runs.iter().map(|run| object(&store, run)).collect();
        return terminal::print_json(&objects);
    }
    if runs.is_empty() {
        render::note("no run fits");
    }
    runs.iter().try_for_each(|run| terminal::print_line(&terminal::escape(&line(&store, run))))
}

fn is_wanted(store: &Store, run: &Run, arguments: &RunsArgs, age: Option<Duration>) -> bool {
    let text = arguments.text.as_deref().unwrap_or_default();
    let failure = run.failure.as_ref().map_or("", |failure| failure.message.as_str());
    let fits = [run.id.as_str(), &run.agent, failure].iter().any(|field| field.contains(text));
    let old = age.is_none_or(|age| since(run.began) >= age);
    fits && old && arguments.state.as_ref().is_none_or(|state| store.state(run).word() == state)
}

fn since(began: i64) -> Duration {
    Duration::from_nanos(Moment::now().saturating_sub(u64::try_from(began).unwrap_or_default()))
}

/// A time as a policy has them, or a number of days.
fn age(text: &str) -> Result<Duration, Stop> {
    const DAY: u64 = 24 * 60 * 60;
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok());
    let days = days.and_then(|days| days.checked_mul(DAY)).map(Duration::from_secs);
    match days {
        Some(days) => Ok(days),
        None => policy::duration(text)
            .map_err(|expected| Stop::Usage(format!("--older-than {text}: {expected}; or days, like `30d`"))),
    }
}

/// A run that is worked on isn't forgotten; and without a filter, none is.
fn forget(store: &mut Store, runs: Vec<Run>, arguments: &RunsArgs) -> Result<(), Stop> {
    if arguments.text.is_none() && arguments.state.is_none() && arguments.older_than.is_none() {
        return Err(Stop::Usage("which runs? `--forget` with TEXT, `--state` or `--older-than`".into()));
    }
    let mut forgotten = 0;
    for run in runs {
        // Nobody goes on with it meanwhile.
        let hold = Hold::take(store.path(), &run.id).map_err(|error| Stop::Host(Failure::host(error)))?;
        let Some(_hold) = hold else {
            render::note(&format!("the run {} isn't over, and stays", run.id));
            continue;
        };
        store.forget(&run).map_err(unusable)?;
        forgotten += 1;
    }
    store.shrink().map_err(unusable)?;
    render::note(&format!("{} forgotten", counted(forgotten, "run")));
    Ok(())
}

/// The run that `name` names.
pub fn find(store: &Store, name: &str) -> Result<Run, Stop> {
    let mut found = store.named(name).map_err(unusable)?.into_iter();
    match (found.next(), found.next()) {
        (Some(run), None) => Ok(run),
        (Some(_), Some(_)) => Err(Stop::Usage(format!("more than one run's name begins with `{name}`"))),
        (None, _) => Err(Stop::Usage(format!("there is no run `{name}`: `turingbox runs` lists them"))),
    }
}

/// A run in one line.
pub fn line(store: &Store, run: &Run) -> String {
    let failure = run.failure.as_ref().map(|failure| format!("  {failure}")).unwrap_or_default();
    let first = failure.lines().next().unwrap_or_default();
    format!("{}  {:<7}  {}  {:<9} {}{first}", run.id, store.state(run).word(), run.date, took(run), run.agent)
}

/// A run as an object.
pub fn object(store: &Store, run: &Run) -> serde_json::Value {
    json!({
        "run": run.id, "command": run.command, "agent": run.agent, "state": store.state(run).word(),
        "began": run.date, "seconds": lasted(run).map(|lasted| lasted.as_secs_f64()), "exit_code": run.exit_code,
        "failure": run.failure.as_ref().map(|failure| json!({
            "code": failure.code.name(), "message": failure.message, "step": failure.step,
        })),
        "forked_from": run.origin,
    })
}

/// What a run was, for who goes on with it.
pub fn described(run: &Run) -> String {
    format!("the run {} of `{}` began at {}", run.id, run.agent, run.date)
}

fn lasted(run: &Run) -> Option<Duration> {
    u64::try_from(run.ended?.saturating_sub(run.began)).ok().map(Duration::from_nanos)
}

fn took(run: &Run) -> String {
    lasted(run).map_or_else(|| "-".into(), |lasted| format!("{lasted:.1?}"))
}
