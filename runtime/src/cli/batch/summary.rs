//! What is said when a batch is over.

use std::{ffi::OsString, time::Duration};

use serde_json::json;

use crate::{
    batch::{Histogram, Tally, Why},
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
    /// Says how it went: as JSON on stdout, where that was asked for and nothing else goes there.
    pub fn conclude(
        &self,
        tally: &Tally,
        why: Why,
        (options, before): (&BatchOptions, usize),
        globals: &Globals,
    ) -> Result<(), Stop> {
        if globals.json && options.out.is_some() {
            return terminal::print_json(&self.object(tally, why, before));
        }
        for failed in &self.failed {
            render::error(failed);
        }
        if tally.failed > self.failed.len() as u64 {
            render::note(&format!(
                "{} more items failed: the results have each",
                tally.failed - self.failed.len() as u64
            ));
        }
        if tally.seen() == 0 && before == 0 && why == Why::Over {
            render::warning(&format!("there are no items in `{}`", options.items.display()));
        }
        render::note(&self.sentence(tally));
        for (code, count) in &tally.codes {
            render::plain(&format!("  {code:<20} {count}"));
        }
        picture("time", &tally.times, |micros| format!("{:.1?}", Duration::from_micros(micros)));
        picture("fuel", &tally.fuels, grouped);
        match why {
            Why::Over => {}
            Why::Failures => render::error("too many items failed, so the batch was stopped"),
            Why::Budget => render::error("the budget is used up, so the batch was stopped"),
            Why::Stopped => render::note("stopped before the last item"),
        }
        if why != Why::Over && options.out.is_some() {
            render::note(&format!("go on with: {}", again()));
        }
        Ok(())
    }

    fn sentence(&self, tally: &Tally) -> String {
        let elapsed = self.elapsed();
        let rate = tally.seen() as f64 / elapsed.as_secs_f64().max(0.001);
        let mut parts = vec![format!("{} done", tally.done), format!("{} failed", tally.failed)];
        let more = [
            (tally.duplicates, "duplicates"),
            (tally.before, "done before"),
            (tally.retries, "retries"),
            (tally.denials, "denials"),
        ];
        parts.extend(more.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
        let items = counted(usize::try_from(tally.seen()).unwrap_or(usize::MAX), "item");
        format!("{items}: {}; {elapsed:.1?}, {rate:.0} a second", parts.join(", "))
    }

    fn object(&self, tally: &Tally, why: Why, before: usize) -> serde_json::Value {
        let spread = |histogram: &Histogram| {
            json!({
                "p50": histogram.quantile(0.5), "p90": histogram.quantile(0.9),
                "p99": histogram.quantile(0.99), "max": histogram.max(),
            })
        };
        json!({
            "ended": match why {
                Why::Over => "over",
                Why::Failures => "failures",
                Why::Budget => "budget",
                Why::Stopped => "interrupted",
            },
            "items": tally.seen(),
            "done": tally.done,
            "failed": tally.failed,
            "duplicates": tally.duplicates,
            "done_before": before,
            "retries": tally.retries,
            "denials": tally.denials,
            "failures": tally.codes,
            "fuel": tally.fuel,
            "seconds": self.elapsed().as_secs_f64(),
            "microseconds_an_item": spread(&tally.times),
            "fuel_an_item": spread(&tally.fuels),
        })
    }
}

/// How numbers are spread: quantiles, and bars.
fn picture(what: &str, histogram: &Histogram, shown: impl Fn(u64) -> String) {
    let bars = histogram.bars(BARS);
    let Some(most) = bars.iter().map(|(_, count)| *count).max() else { return };
    let quantile = |share| shown(histogram.quantile(share));
    render::plain(&format!(
        "  {what} of an item: p50 {}, p90 {}, p99 {}, most {}",
        quantile(0.5),
        quantile(0.9),
        quantile(0.99),
        shown(histogram.max())
    ));
    for (last, count) in bars {
        let length = usize::try_from((count * WIDTH).div_ceil(most)).unwrap_or_default();
        render::plain(format!("    up to {:>14} {:<40} {count}", shown(last), "█".repeat(length)).trim_end());
    }
}

/// A number in groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join("_")
}

/// The command line that goes on with this one.
fn again() -> String {
    let quoted = |argument: OsString| {
        let text = argument.to_string_lossy().into_owned();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:%@+".contains(c);
        if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
    };
    let mut words: Vec<_> =
        std::env::args_os().map(quoted).filter(|word| word != "--force" && word != "--resume").collect();
    if let Some(program) = words.first_mut() {
        *program = "turingbox".into();
    }
    words.push("--resume".into());
    words.join(" ")
}
