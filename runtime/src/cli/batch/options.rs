//! What a batch is told.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    str::FromStr,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};

use crate::{
    agent::Manifest,
    batch::{Done, MAX_JOBS, MAX_RETRIES, MaxFailures, Options, Retry, Shard, Source, Tally, TapeOf},
    cli::{Stop, batch::reports::ReportOptions},
    expression::Expression,
    policy::duration,
    sandbox::{LIVE, MAX_LIVE},
};

// (No doc comment: clap would show it as the command's help.)
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Items")]
pub struct BatchOptions {
    /// The items: lines of JSON, a table (.csv, .tsv), a folder whose files are items, or `-` for stdin
    #[arg(long, value_name = "FILE")]
    pub items: PathBuf,
    /// How the items are written, where the file's name doesn't say it
    #[arg(long, value_name = "FORMAT")]
    items_format: Option<ItemsFormat>,
    /// The field with each item's key: of several items with one key, the first is run
    #[arg(long, value_name = "FIELD")]
    pub key: Option<String>,
    /// Leave out fields that are no inputs; else they are mistakes
    #[arg(long)]
    pub ignore_extra: bool,
    /// Run one part of the items only, `2/8` the second of eight: the same item is always in the same part
    #[arg(long, value_name = "PART")]
    shard: Option<Shard>,
    /// Write the results, a line of JSON for each item, to a new FILE instead of stdout
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub out: Option<PathBuf>,
    /// Write over FILE
    #[arg(long, requires = "out", help_heading = "Results")]
    pub force: bool,
    /// Go on where FILE ends: items that have a result there are left out
    #[arg(long, requires = "out", conflicts_with = "force", help_heading = "Results")]
    pub resume: bool,
    /// Write results as they come, not in the order of their items
    #[arg(long, help_heading = "Results")]
    unordered: bool,
    /// How many items run at one time [default: one for each core]
    #[arg(long, value_name = "N", help_heading = "How to run them")]
    jobs: Option<NonZeroUsize>,
    /// Try failed items again, up to N times
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, help_heading = "How to run them",
        value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_RETRIES)))]
    retry: u32,
    /// About how long to wait before that, e.g. 500ms; it doubles each time, up to a minute
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration, help_heading = "How to run them")]
    backoff: Duration,
    /// Which failures are tried again: an expression over $code, $message, $attempt and the outputs
    /// [default: what the agent failed with itself, and limit.time]
    #[arg(long, value_name = "EXPRESSION", requires = "retry", help_heading = "How to run them")]
    retry_if: Option<String>,
    /// Stop at the first item that fails
    #[arg(long, conflicts_with = "max_failures", help_heading = "How to run them")]
    fail_fast: bool,
    /// Stop when more than so many items fail, `10` or `5%`; so many are no failure of the batch
    #[arg(long, value_name = "N", help_heading = "How to run them")]
    max_failures: Option<MaxFailures>,
    /// What all items may use together: fuel=N,time=TIME. An item that has begun may use what was left then
    #[arg(long, value_name = "BUDGET", help_heading = "How to run them")]
    budget: Option<SharedBudget>,
    /// What is written beside the results
    #[command(flatten)]
    pub reports: ReportOptions,
}

/// How items are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ItemsFormat {
    Jsonl,
    Csv,
    Tsv,
}

/// What all items may use together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct SharedBudget {
    fuel: Option<u64>,
    time: Option<Duration>,
}

impl FromStr for SharedBudget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut budget = Self::default();
        for part in text.split(',') {
            match part.split_once('=') {
                Some(("fuel", _)) if budget.fuel.is_some() => return Err("fuel is said twice".into()),
                Some(("time", _)) if budget.time.is_some() => return Err("time is said twice".into()),
                Some(("fuel", fuel)) => match fuel.replace('_', "").parse() {
                    Ok(fuel) => budget.fuel = Some(fuel),
                    Err(_) => return Err("fuel is a whole number: fuel=1_000_000_000".into()),
                },
                Some(("time", time)) => {
                    budget.time = Some(duration(time).map_err(|wanted| format!("time is {wanted}"))?)
                }
                _ => return Err("it is written fuel=N, time=30s, or both with a comma between".into()),
            }
        }
        Ok(budget)
    }
}

impl BatchOptions {
    /// Whether each item is a file.
    pub fn is_folder(&self) -> bool {
        matches!(self.source(), Source::Folder(_))
    }

    /// Whether items come from stdin.
    pub fn is_stdin(&self) -> bool {
        self.items == Path::new("-")
    }

    /// Where items come from.
    pub fn source(&self) -> Source {
        let path = self.items.clone();
        match self.items_format {
            None => Source::of(&path),
            Some(ItemsFormat::Jsonl) => Source::Lines(path),
            Some(ItemsFormat::Csv) => Source::Table(path, b','),
            Some(ItemsFormat::Tsv) => Source::Table(path, b'\t'),
        }
    }

    /// What is tried again.
    pub fn retry(&self, manifest: &Manifest) -> Result<Retry, Stop> {
        let wrong = |why: &dyn std::fmt::Display| Stop::Usage(format!("--retry-if: {why}"));
        let only_if = self.retry_if.as_deref().map(Expression::parse).transpose().map_err(|error| wrong(&error))?;
        let retry = Retry::new(self.retry, self.backoff, only_if);
        let outputs: Vec<_> = manifest.outputs.iter().map(|output| output.name.as_str()).collect();
        match retry.unknown(&outputs).filter(|_| !manifest.open_outputs) {
            Some(name) => Err(wrong(&format!(
                "`${name}` is neither $code, $message, $attempt nor an output of `{}`",
                manifest.name
            ))),
            None => Ok(retry),
        }
    }

    /// How many may fail before no more items are begun.
    fn most_failures(&self) -> Option<MaxFailures> {
        if self.fail_fast { Some(MaxFailures::Count(0)) } else { self.max_failures }
    }

    /// Whether more failed than somebody said may.
    pub fn is_passed(&self, tally: &Tally) -> bool {
        self.most_failures().is_some_and(|most| most.is_passed(tally.all_failed(), tally.seen() + tally.before, true))
    }

    /// Whether a batch that ran all items is a good one.
    pub fn are_met(&self, tally: &Tally) -> bool {
        tally.all_failed() == 0 || (self.max_failures.is_some() && !self.is_passed(tally))
    }

    fn jobs(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        self.jobs.map_or(cores, usize::from)
    }

    /// How many instances live at once: one for each item, and as many as usual for what agents call in them.
    pub fn live(&self) -> u32 {
        u32::try_from(self.jobs()).unwrap_or(MAX_LIVE).saturating_add(LIVE)
    }

    /// How the batch is run.
    pub fn run(&self, retry: Retry, done: Done, tape: Option<TapeOf>) -> Result<Options, Stop> {
        let (jobs, budget) = (self.jobs(), self.budget.unwrap_or_default());
        if jobs > MAX_JOBS {
            return Err(Stop::Usage(format!("--jobs: at most {MAX_JOBS} items run at one time")));
        }
        Ok(Options {
            jobs,
            shard: self.shard,
            done,
            retry,
            max_failures: self.most_failures(),
            fuel: budget.fuel,
            deadline: budget.time.map(|time| Instant::now() + time),
            in_order: !self.unordered,
            tape,
        })
    }
}
