//! The report as a page: one file, without a script, and with nothing from elsewhere.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use minijinja::{AutoEscape, Environment, Value, context};
use sha2::{Digest, Sha256};

use super::{Over, grouped};
use crate::{Failure, batch::Histogram};

const TEMPLATE: &str = include_str!("report.html");

const STYLE: &str = include_str!("report.css");

/// The bars of a plot, and where they are drawn: the template's picture is so wide and so high.
const BARS: usize = 40;
const WIDTH: f64 = 480.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 160.0;

/// The width of the strip of outcomes.
const STRIP: f64 = 1000.0;

/// The page. `agents` is what was denied to whom: code, agent, and how often.
///
/// # Errors
///
/// When the template can't be rendered, which is ours.
pub fn page(over: &Over<'_>, agents: &[(String, String, u64)]) -> Result<String, Failure> {
    let mut environment = Environment::new();
    // Whatever a value holds, it is text of the page and no part of it.
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let tally = over.tally;
    let shown = over.gathered.failed.len() as u64;
    let cards = [
        (tally.duplicates, "duplicates"),
        (tally.before, "done before"),
        (tally.failed_before, "failed before"),
        (tally.retries, "retries"),
        (tally.denials, "denials"),
        (tally.fuel, "fuel"),
    ];
    let cards = cards.into_iter().filter(|(count, _)| *count > 0);
    let values = context! {
        style => STYLE,
        style_digest => STANDARD.encode(Sha256::digest(STYLE)),
        agent => over.agent,
        items => over.items,
        ended => over.ended,
        seconds => shown_time(Duration::from_secs_f64(over.seconds.max(0.0))),
        rate => format!("{:.0}", tally.seen() as f64 / over.seconds.max(0.001)),
        seen => spaced(tally.seen()),
        done => spaced(tally.done),
        failed_count => spaced(tally.failed),
        cards => cards.map(|(count, what)| context! { count => spaced(count), what }).collect::<Vec<_>>(),
        parts => parts(over),
        codes => tally.codes.iter().map(|(code, count)| context! { code => *code, count => spaced(*count) }).collect::<Vec<_>>(),
        failed => failed(over),
        more_failed => (tally.failed > shown).then(|| spaced(tally.failed - shown)),
        agents => agents.iter().map(|(code, agent, count)| context! { code, agent, count => spaced(*count) }).collect::<Vec<_>>(),
        denied => denied(over),
        more_denied => (over.gathered.more_denied > 0).then(|| spaced(over.gathered.more_denied)),
        times => plot(&tally.times, |micros| shown_time(Duration::from_micros(micros))),
        fuels => plot(&tally.fuels, spaced),
        slowest => slowest(over),
    };
    let page = environment.template_from_str(TEMPLATE).and_then(|template| template.render(values));
    page.map_err(|error| Failure::host(format!("the report can't be rendered: {error:#}")))
}

/// The shares of the outcomes, side by side.
fn parts(over: &Over<'_>) -> Vec<Value> {
    let tally = over.tally;
    let mut x = 0.0;
    let counts = [("failed", tally.failed), ("done", tally.done), ("duplicate", tally.duplicates)];
    let part = |(what, count): (&str, u64)| {
        let width = STRIP * count as f64 / tally.seen().max(1) as f64;
        let part = context! { what, count => spaced(count), x => format!("{x:.2}"), width => format!("{width:.2}") };
        x += width;
        part
    };
    counts.into_iter().filter(|(_, count)| *count > 0).map(part).collect()
}

fn failed(over: &Over<'_>) -> Vec<Value> {
    let row = |kept: &super::Kept| {
        context! {
            label => kept.label.as_str(), code => kept.code, text => kept.text.as_str(), attempts => kept.attempts,
            time => shown_time(kept.time),
        }
    };
    over.gathered.failed.iter().map(row).collect()
}

fn denied(over: &Over<'_>) -> Vec<Value> {
    let row = |denied: &super::Denied| {
        let line = denied.denial.place.as_ref().map_or_else(|| "no line grants it".into(), |place| place.line());
        context! {
            code => denied.denial.code, request => denied.denial.request.as_str(), line, items => spaced(denied.items),
        }
    };
    over.gathered.denied().map(row).collect()
}

fn slowest(over: &Over<'_>) -> Vec<Value> {
    let row = |(time, label): (Duration, &str)| context! { label, time => shown_time(time) };
    over.gathered.slowest().into_iter().map(row).collect()
}

/// A histogram, as bars with their places.
fn plot(histogram: &Histogram, shown: impl Fn(u64) -> String) -> Value {
    let bars = histogram.bars(BARS);
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let step = WIDTH / bars.len().max(1) as f64;
    let bar = |(at, (last, count)): (usize, &(u64, u64))| {
        // What is there is seen, however little it is beside the rest.
        let height = if *count == 0 { 0.0 } else { ((BOTTOM - TOP) * *count as f64 / most as f64).max(1.0) };
        context! {
            x => format!("{:.2}", at as f64 * step), y => format!("{:.2}", BOTTOM - height),
            width => format!("{:.2}", (step - 1.0).max(0.5)), height => format!("{height:.2}"),
            last => shown(*last), count => spaced(*count),
        }
    };
    let spread = histogram.spread().map(|(name, number)| format!("{name} {}", shown(number)));
    context! {
        bars => bars.iter().enumerate().map(bar).collect::<Vec<_>>(),
        spread => spread.join(" · "), max => shown(histogram.max()),
        first => bars.first().map(|(last, _)| shown(*last)), most => spaced(most),
    }
}

fn shown_time(time: Duration) -> String {
    format!("{time:.1?}")
}

/// A number in groups of three digits, with narrow spaces.
fn spaced(number: u64) -> String {
    grouped(number).replace('_', "\u{202f}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Code,
        batch::{
            Ended, Tally, Used,
            report::{Entry, Gathered},
        },
        policy::Denial,
    };

    #[test]
    fn a_page_shows_all_and_no_guest_writes_it() {
        let evil = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>\" style='x' {{ 7 * 7 }}";
        let (mut tally, mut gathered) = (Tally::default(), Gathered::default());
        let failure = Failure::new(Code::Failed, evil);
        let denials = [Denial::of("http.not-granted", evil)];
        for number in 1..=300 {
            let failure = (number % 2 == 0).then_some(&failure);
            let used =
                Used { attempts: 1, fuel: number * 1000, time: Duration::from_micros(number * number), denials: 1 };
            gathered.add(&Entry {
                number,
                name: Some(evil),
                key: None,
                failure,
                denials: &denials,
                duplicate_of: None,
                used,
            });
            tally.add(if failure.is_some() { Ended::Failed(Code::Failed) } else { Ended::Done }, used);
        }
        let over =
            Over { agent: evil, items: evil, tally: &tally, ended: Some(evil), seconds: 2.0, gathered: &gathered };
        let page = page(&over, &[("http.not-granted".into(), evil.into(), 300)]).unwrap();
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("'x'"), "{page}");
        assert!(page.contains("<p>p50 ") && page.contains(" · max 90.0ms</p>"), "{page}");
        assert!(page.contains("{{ 7 * 7 }}") && !page.contains("src=\"http"), "{page}");
        assert_eq!(page.matches("<pre>").count(), 150);
        for shown in ["<b>300</b>", "<b>150</b>", "http.not-granted", "agent.failed", "Slowest items", "class=\"bar\""]
        {
            assert!(page.contains(shown), "{shown}");
        }
    }

    #[test]
    fn a_page_of_nothing_says_so() {
        let (tally, gathered) = (Tally::default(), Gathered::default());
        let over = Over { agent: "it", items: "-", tally: &tally, ended: None, seconds: 0.0, gathered: &gathered };
        let page = page(&over, &[]).unwrap();
        assert!(page.contains("Nothing ran.") && !page.contains("NaN") && !page.contains("Failed items"), "{page}");
    }
}
