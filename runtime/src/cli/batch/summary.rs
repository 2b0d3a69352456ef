//! What is said when a batch is over.

use std::{path::Path, time::Duration};

use serde_json::json;

use crate::{
    Code,
    batch::{
        Histogram, Tally, Why,
        report::{Over, grouped},
    },
    cli::{
        Globals, Stop,
        batch::{options::BatchOptions, results::Watched},
        render, terminal,
    },
    diagnostic::counted,
};

/// How many bars a histogram has at most.
const BARS: usize = 8;

/// How wide the longest bar is.
const WIDTH: u64 = 40;

impl Watched {
    /// Says how it went: as JSON on stdout, where that was asked for and nothing else goes there. Writes the
    /// reports.
    pub fn conclude(
        mut self,
        tally: &Tally,
        why: &Why,
        (options, again): (&BatchOptions, &str),
        globals: &Globals,
    ) -> Result<(), Stop> {
        let (elapsed, agent) = (self.elapsed(), self.agent().to_owned());
        if globals.json && options.out.is_some() {
            terminal::print_json(&object(tally, (why, options.is_passed(tally)), elapsed))?;
        } else {
            self.say(tally, (options, again), why);
        }
        let (items, ended) = (options.items.display().to_string(), ended(why, options.is_passed(tally)));
        let gathered = std::mem::take(&mut self.reports.gathered);
        let over = Over {
            agent: &agent,
            items: &items,
            tally,
            ended: ended.as_deref(),
            seconds: elapsed.as_secs_f64(),
            gathered: &gathered,
        };
        self.reports.conclude(&over, options.is_folder())
    }

    fn say(&self, tally: &Tally, (options, again): (&BatchOptions, &str), why: &Why) {
        for failed in &self.failed {
            render::error(failed);
        }
        if tally.failed > self.failed.len() as u64 {
            let more = usize::try_from(tally.failed).unwrap_or(usize::MAX) - self.failed.len();
            let which = if more == 1 { "one more item" } else { &format!("{more} more items") };
            render::note(&format!("{which} failed: the results have each"));
        }
        if tally.seen() + tally.before == 0 && *why == Why::Over {
            render::warning(&format!("there are no items in `{}`", options.items.display()));
        }
        render::note(&sentence(tally, self.elapsed()));
        for (code, count) in &tally.codes {
            render::plain(&format!("  {code:<20} {count}"));
        }
        picture("time", &tally.times, |micros| format!("{:.1?}", Duration::from_micros(micros)));
        picture("fuel", &tally.fuels, grouped);
        match (ended(why, options.is_passed(tally)), why) {
            (None, _) => return,
            (Some(ended), Why::Over) => return render::error(&ended),
            (Some(ended), Why::Stopped) => render::note(&ended),
            (Some(ended), _) => render::error(&ended),
        }
        // What is wrong with the items is wrong the next time, too.
        let mendable = !matches!(why, Why::Broken(failure) if failure.code == Code::Input);
        if options.out.as_deref().is_some_and(Path::is_file) && mendable {
            render::note(&format!("go on with: {again}"));
        }
    }
}

/// What is wrong with a batch as a whole, if anything is. `passed` is whether more items failed than may.
fn ended(why: &Why, passed: bool) -> Option<String> {
    match why {
        Why::Over => passed.then(|| "too many items failed".into()),
        Why::Failures => Some("too many items failed, so the batch was stopped".into()),
        Why::Budget => Some("the budget is used up, so the batch was stopped".into()),
        Why::Stopped => Some("stopped before the last item".into()),
        Why::Broken(failure) => Some(match &failure.help {
            Some(help) => format!("{}\n\n{help}", failure.message),
            None => failure.message.clone(),
        }),
    }
}

fn sentence(tally: &Tally, elapsed: Duration) -> String {
    let rate = tally.seen() as f64 / elapsed.as_secs_f64().max(0.001);
    let mut parts = vec![format!("{} done", tally.done), format!("{} failed", tally.failed)];
    let retries = if tally.retries == 1 { "retry" } else { "retries" };
    let more = [
        (tally.duplicates, counted(tally.duplicates, "duplicate")),
        (tally.before, format!("{} done before", tally.before)),
        (tally.failed_before, format!("{} of these failed", tally.failed_before)),
        (tally.retries, format!("{} {retries}", tally.retries)),
        (tally.denials, counted(tally.denials, "denial")),
    ];
    parts.extend(more.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text));
    let items = counted(tally.seen(), "item");
    format!("{items}: {}; {elapsed:.1?}, {rate:.0} a second", parts.join(", "))
}

/// The same for machines.
fn object(tally: &Tally, (why, passed): (&Why, bool), elapsed: Duration) -> serde_json::Value {
    let spread = |histogram: &Histogram| {
        let numbers = histogram.spread().map(|(name, number)| (name.to_owned(), number.into()));
        serde_json::Value::Object(numbers.into_iter().collect())
    };
    json!({
        "ended": match why {
            Why::Over => "over",
            Why::Failures => "failures",
            Why::Budget => "budget",
            Why::Stopped => "interrupted",
            Why::Broken(_) => "broken",
        },
        "why": ended(why, passed),
        "items": tally.seen(),
        "done": tally.done,
        "failed": tally.failed,
        "duplicates": tally.duplicates,
        "done_before": tally.before,
        "failed_before": tally.failed_before,
        "retries": tally.retries,
        "denials": tally.denials,
        "failures": tally.codes,
        "fuel": tally.fuel,
        "seconds": elapsed.as_secs_f64(),
        "microseconds_an_item": spread(&tally.times),
        "fuel_an_item": spread(&tally.fuels),
    })
}

/// How numbers are spread: quantiles, and bars.
fn picture(what: &str, histogram: &Histogram, shown: impl Fn(u64) -> String) {
    if histogram.max() == 0 {
        // Templates burn none.
        return;
    }
    let bars = histogram.bars(BARS);
    let Some(most) = bars.iter().map(|(_, count)| *count).max() else { return };
    let spread = histogram.spread().map(|(name, number)| format!("{name} {}", shown(number)));
    render::plain(&format!("  {what} of an item: {}", spread.join(", ")));
    for (last, count) in bars {
        let length = usize::try_from((count * WIDTH).div_ceil(most)).unwrap_or_default();
        render::plain(format!("    up to {:>14} {:<40} {count}", shown(last), "█".repeat(length)).trim_end());
    }
}
