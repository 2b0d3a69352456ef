//! A JUnit report: a test case for each item.
//!
//! There is no standard, only what CI systems read: `testsuites`, `testsuite`, `testcase`, and in it a
//! `failure`, an `error` (ours) or `skipped`. The suite's head has counts that are known at the end, so cases
//! are written aside first, and memory holds none of them.

use std::io::{self, Read, Write};

use super::{Entry, Over, short, told};
use crate::{Blame, batch::MAX_ITEM};

/// Names are shown in lists; a key may be as long as an item.
const MAX_NAME: usize = 200;
const _: () = assert!(MAX_NAME < MAX_ITEM);

/// Writes test cases.
pub struct Junit<W> {
    cases: W,
    errors: u64,
}

impl<W: Write> Junit<W> {
    /// Cases go to `cases`.
    pub fn new(cases: W) -> Self {
        Self { cases, errors: 0 }
    }

    /// Writes the case of one item of `agent`.
    ///
    /// # Errors
    ///
    /// When it can't be written.
    pub fn add(&mut self, agent: &str, entry: &Entry<'_>) -> io::Result<()> {
        let out = &mut self.cases;
        let name = safe(&short(&entry.label(), MAX_NAME));
        let seconds = entry.used.time.as_secs_f64();
        write!(out, "<testcase classname=\"{}\" name=\"{name}\" time=\"{seconds:.6}\"", safe(agent))?;
        match (entry.failure, entry.duplicate_of) {
            (Some(failure), _) => {
                let ours = failure.code.blame() == Blame::Host;
                self.errors += u64::from(ours);
                let element = if ours { "error" } else { "failure" };
                let (code, message) = (failure.code.name(), safe(&short(&failure.message, MAX_NAME)));
                writeln!(out, "><{element} type=\"{code}\" message=\"{message}\">{}", safe(&told(failure)))?;
                for denial in entry.denials {
                    writeln!(out, "denied[{}]: {}", denial.code, safe(&denial.request))?;
                }
                writeln!(out, "</{element}></testcase>")
            }
            (None, Some(first)) => {
                writeln!(out, "><skipped message=\"it has the key of item {first}\"/></testcase>")
            }
            (None, None) => writeln!(out, "/>"),
        }
    }

    /// Where the cases went.
    pub fn cases(&mut self) -> &mut W {
        &mut self.cases
    }

    /// Writes the whole report, with the `cases` that were written before.
    ///
    /// # Errors
    ///
    /// When it can't be written, or the cases can't be read.
    pub fn conclude(&self, over: &Over<'_>, mut cases: impl Read, mut out: impl Write) -> io::Result<()> {
        let tally = over.tally;
        let counts = format!(
            "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.6}\"",
            tally.seen(),
            tally.failed.saturating_sub(self.errors),
            self.errors,
            tally.duplicates,
            over.seconds
        );
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        let (agent, items) = (safe(over.agent), safe(&short(over.items, MAX_NAME)));
        writeln!(out, "<testsuites name=\"turingbox batch\" {counts}>")?;
        writeln!(out, "<testsuite name=\"{agent} on {items}\" {counts}>")?;
        io::copy(&mut cases, &mut out)?;
        if let Some(ended) = over.ended {
            writeln!(out, "<system-err>{}</system-err>", safe(ended))?;
        }
        writeln!(out, "</testsuite>")?;
        writeln!(out, "</testsuites>")?;
        out.flush()
    }
}

/// `text` as XML 1.0, in an element or in an attribute. What no XML can hold is shown as U+FFFD.
fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // In an attribute a reader would make a space of them, or a line end of a carriage return.
            '\t' => safe.push_str("&#9;"),
            '\n' => safe.push_str("&#10;"),
            '\r' => safe.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
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
        batch::{Ended, Tally, Used, report::Gathered},
        policy::Denial,
    };

    #[test]
    fn each_item_is_a_case_and_no_text_is_markup() {
        let mut junit = Junit::new(Vec::new());
        let mut tally = Tally::default();
        let plain = Entry {
            number: 1,
            name: None,
            key: None,
            failure: None,
            denials: &[],
            duplicate_of: None,
            used: Used::default(),
        };
        let failure = Failure::new(Code::Failed, "]]></failure>&\u{0}\u{1b}\u{ffff}\"'\r\n");
        let host = Failure::host("gone");
        let denials = [Denial::of("env.not-granted", "<A>")];
        for (ended, entry) in [
            (Ended::Done, plain.clone()),
            (
                Ended::Failed(Code::Failed),
                Entry { number: 2, key: Some("<k>"), failure: Some(&failure), denials: &denials, ..plain.clone() },
            ),
            (Ended::Failed(Code::Host), Entry { number: 3, failure: Some(&host), ..plain.clone() }),
            (Ended::Duplicate, Entry { number: 4, duplicate_of: Some(1), ..plain.clone() }),
        ] {
            junit.add("it", &entry).unwrap();
            tally.add(ended, Used::default());
        }
        let cases = std::mem::take(junit.cases());
        let gathered = Gathered::default();
        let over = Over { agent: "it", items: "a&b", tally: &tally, ended: None, seconds: 1.5, gathered: &gathered };
        let mut out = Vec::new();
        junit.conclude(&over, cases.as_slice(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" time=\"1.500000\""), "{text}");
        assert!(text.contains("name=\"item 2 (&lt;k&gt;)\"") && text.contains("name=\"it on a&amp;b\""), "{text}");
        assert!(text.contains("]]&gt;&lt;/failure&gt;&amp;\u{fffd}\u{fffd}\u{fffd}&quot;&#39;&#13;&#10;"), "{text}");
        assert!(text.contains("denied[env.not-granted]: &lt;A&gt;"), "{text}");
        assert_eq!(text.matches("<testcase").count(), 4);
    }
}
