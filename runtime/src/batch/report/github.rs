//! What GitHub Actions reads: workflow commands for annotations, and Markdown for a step's summary.

use std::time::Duration;

use super::{Over, grouped, short};
use crate::diagnostic::counted;

/// The most annotations: GitHub shows ten errors of a step.
pub const MAX_ANNOTATIONS: usize = 10;

/// The failed items of a summary, which may have 1 MiB.
const MAX_ROWS: usize = 50;

/// The longest text in an annotation or a cell, in bytes.
const MAX_CELL: usize = 300;

/// The workflow commands that show the first failed items, each at its line of the items' file or at the
/// file that it is. `is_folder` is whether items are files.
pub fn annotations(over: &Over<'_>, is_folder: bool) -> Vec<String> {
    let failed = &over.gathered.failed;
    let rest = over.tally.failed.saturating_sub(MAX_ANNOTATIONS as u64);
    // The last one says that there are more.
    let shown = if rest > 0 { MAX_ANNOTATIONS - 1 } else { MAX_ANNOTATIONS };
    let mut commands: Vec<_> = failed
        .iter()
        .take(shown)
        .map(|kept| {
            let place = match (&kept.name, is_folder) {
                (Some(name), true) => format!("file={},", property(&format!("{}/{name}", over.items))),
                _ if over.items == "-" => String::new(),
                _ => format!("file={},line={},", property(over.items), kept.number),
            };
            let title = format!("{} failed: {}", kept.label, kept.code);
            format!("::error {place}title={}::{}", property(&title), data(&short(&kept.text, MAX_CELL)))
        })
        .collect();
    if rest > 0 {
        let more = over.tally.failed - commands.len() as u64;
        commands.push(format!("::error title={}::{more} more items failed", property(over.agent)));
    }
    commands
}

/// The summary of a step.
pub fn step_summary(over: &Over<'_>) -> String {
    let tally = over.tally;
    let mark = if tally.all_failed() == 0 && over.ended.is_none() { "✅" } else { "❌" };
    let mut text = format!("### {mark} `{}` on {}\n\n", over.agent.replace('`', ""), cell(over.items));
    if let Some(ended) = over.ended {
        text.push_str(&format!("**{}**\n\n", cell(ended)));
    }
    if tally.failed_before > 0 {
        text.push_str(&format!("{} failed before this run\n\n", counted(tally.failed_before, "item")));
    }
    text.push_str("| items | done | failed | duplicates | retries | denials | time |\n|---|---|---|---|---|---|---|\n");
    let numbers = [tally.seen(), tally.done, tally.failed, tally.duplicates, tally.retries, tally.denials];
    let numbers: Vec<_> = numbers.iter().map(u64::to_string).collect();
    text.push_str(&format!("| {} | {:.1} s |\n\n", numbers.join(" | "), over.seconds));
    let time = |micros| format!("{:.1?}", Duration::from_micros(micros));
    let (times, fuels) = (tally.times.spread(), tally.fuels.spread());
    text.push_str(&format!("| | {} |\n|---|---|---|---|---|\n", times.map(|(name, _)| name).join(" | ")));
    let row =
        |spread: [(&str, u64); 4], shown: &dyn Fn(u64) -> String| spread.map(|(_, number)| shown(number)).join(" | ");
    text.push_str(&format!("| time of an item | {} |\n", row(times, &time)));
    text.push_str(&format!("| fuel of an item | {} |\n", row(fuels, &|fuel| grouped(fuel).replace('_', " "))));
    if !over.gathered.failed.is_empty() {
        text.push_str("\n| failed | code | message |\n|---|---|---|\n");
    }
    for kept in over.gathered.failed.iter().take(MAX_ROWS) {
        text.push_str(&format!("| {} | {} | {} |\n", cell(&kept.label), kept.code, cell(&kept.text)));
    }
    let shown = over.gathered.failed.len().min(MAX_ROWS) as u64;
    if tally.failed > shown {
        text.push_str(&format!("\nand {} more\n", tally.failed - shown));
    }
    text.push('\n');
    text
}

/// Text as the message of a workflow command.
fn data(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => safe.push_str("%25"),
            '\r' => safe.push_str("%0D"),
            '\n' => safe.push_str("%0A"),
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// Text as a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Text as a cell of a Markdown table: on one line, and none of it Markdown, HTML or a mention.
fn cell(text: &str) -> String {
    let mut safe = String::new();
    for c in short(text, MAX_CELL).chars() {
        match c {
            '\n' => safe.push(' '),
            c if c.is_control() => safe.push('\u{fffd}'),
            c if c.is_ascii_punctuation() => safe.push_str(&format!("&#{};", u32::from(c))),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Code, Failure,
        batch::{
            Ended, Tally, Used,
            report::{Entry, Gathered},
        },
    };

    fn batch(failed: u64) -> (Tally, Gathered) {
        let (mut tally, mut gathered) = (Tally::default(), Gathered::default());
        let failure = Failure::new(Code::Failed, "100%\r\n::set-output name=x::<img>|`@all`");
        for number in 1..=failed {
            let (failure, denials, used) = (Some(&failure), [].as_slice(), Used::default());
            gathered.add(&Entry { number, name: None, key: Some("a:b,c"), failure, denials, duplicate_of: None, used });
            tally.add(Ended::Failed(Code::Failed), used);
        }
        (tally, gathered)
    }

    fn over<'a>(tally: &'a Tally, gathered: &'a Gathered) -> Over<'a> {
        Over { agent: "it", items: "a:b.jsonl", tally, ended: None, seconds: 1.0, gathered }
    }

    #[test]
    fn annotations_are_few_and_are_one_command_each() {
        let (tally, gathered) = batch(3);
        let commands = annotations(&over(&tally, &gathered), false);
        assert_eq!(
            commands[0],
            "::error file=a%3Ab.jsonl,line=1,title=item 1 (a%3Ab%2Cc) failed%3A agent.failed::\
             100%25%0D%0A::set-output name=x::<img>|`@all`"
        );
        assert_eq!(commands.len(), 3);
        let (tally, gathered) = batch(11);
        let commands = annotations(&over(&tally, &gathered), false);
        assert_eq!((commands.len(), commands[9].as_str()), (10, "::error title=it::2 more items failed"));
        assert_eq!(
            annotations(&Over { items: "-", ..over(&tally, &gathered) }, false)[0][..20],
            *"::error title=item 1"
        );
    }

    #[test]
    fn a_summary_has_no_markup_of_a_guests() {
        let (mut tally, gathered) = batch(300);
        tally.failed_before = 1;
        let text = step_summary(&over(&tally, &gathered));
        assert!(text.contains("1 item failed before"), "{text}");
        assert!(text.contains("\n| | p50 | p90 | p99 | max |\n"), "{text}");
        assert_eq!(text.lines().find(|line| line.starts_with("| fuel")), Some("| fuel of an item | 0 | 0 | 0 | 0 |"));
        assert!(!text.contains('<') && !text.contains('@') && text.contains("and 250 more"), "{text}");
        assert!(text.contains("| item 1 &#40;a&#58;b&#44;c&#41; | agent.failed | 100&#37;\u{fffd} "), "{text}");
    }
}
