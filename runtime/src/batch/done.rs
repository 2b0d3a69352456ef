//! What an earlier run has done, read from its results.

use std::{
    collections::BTreeSet,
    io::{BufRead, Read},
};

use serde::{Deserialize, de::IgnoredAny};

use crate::{
    Code, Failure,
    batch::{Digest, item::wrong},
};

/// The longest line of results, in bytes: what an agent may give, and room for the rest of it.
const MAX_RESULT: u64 = 1 << 30;

/// What every result begins with.
const BEGINS: &[u8] = b"{\"item\":";

/// The items that have results.
#[derive(Debug, Default)]
pub struct Done {
    /// Sorted by number: 16 bytes an item.
    items: Vec<(u64, Digest)>,
    length: u64,
    failed: u64,
    exit_codes: BTreeSet<u8>,
}

/// What of a result says which item it is of, and how that ended.
#[derive(Deserialize)]
struct Known<'l> {
    item: u64,
    #[serde(borrow)]
    digest: &'l str,
    #[serde(borrow)]
    failure: Option<KnownFailure<'l>>,
    #[serde(default)]
    denials: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct KnownFailure<'l> {
    code: &'l str,
}

impl Known<'_> {
    /// The exit code of a run of it that failed so.
    fn exit_code(&self) -> Option<u8> {
        let code = Code::named(self.failure.as_ref()?.code);
        // One that a later version has is a failure all the same.
        Some(code.unwrap_or(Code::Failed).exit_code(!self.denials.is_empty()))
    }
}

impl Done {
    /// Reads results. A kill may leave part of a line at their end, which doesn't count.
    ///
    /// # Errors
    ///
    /// When a line is no result, what is left at the end is no part of one, or two are of one item: what
    /// isn't known to be results is not to be cut or added to.
    pub fn read(mut results: impl BufRead) -> Result<Self, Failure> {
        let mut done = Self::default();
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            let no_result = || {
                wrong(format!("line {number} is no result of a batch")).help("name a file that --resume can go on with")
            };
            // What doesn't begin like one isn't read to its end.
            if !BEGINS.starts_with(next(&mut results, BEGINS.len() as u64, &mut line)?) {
                return Err(no_result());
            }
            if next(&mut results, MAX_RESULT, &mut line)?.last() != Some(&b'\n') {
                if line.len() as u64 >= MAX_RESULT {
                    return Err(no_result());
                }
                break;
            }
            done.add(&line).ok_or_else(no_result)?;
            done.length += line.len() as u64;
        }
        done.items.sort_unstable_by_key(|(item, _)| *item);
        match done.items.array_windows().find(|[one, next]| one.0 == next.0) {
            Some([(item, _), _]) => Err(wrong(format!("item {item} has two results"))),
            None => Ok(done),
        }
    }

    /// Takes one result, if it is one.
    fn add(&mut self, line: &[u8]) -> Option<()> {
        let known = serde_json::from_slice::<Known<'_>>(line).ok()?;
        self.items.push((known.item, Digest::parse(known.digest)?));
        let failed = known.exit_code();
        self.failed += u64::from(failed.is_some());
        self.exit_codes.extend(failed);
        Some(())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.items.len()
    }

    /// How many of them are of items that failed.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// The exit codes that runs of the failed items would end with.
    pub fn exit_codes(&self) -> &BTreeSet<u8> {
        &self.exit_codes
    }

    /// How long the results are, up to the end of the last whole line, in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether the item that stands at `number` has a result.
    ///
    /// # Errors
    ///
    /// When another item stood there: then the results are of other items.
    pub fn holds(&self, number: u64, digest: Digest) -> Result<bool, Failure> {
        match self.items.binary_search_by_key(&number, |(item, _)| *item) {
            Err(_) => Ok(false),
            Ok(at) if self.items[at].1 == digest => Ok(true),
            Ok(_) => Err(other(format!("item {number} is another one than the results have"))),
        }
    }

    /// Makes sure that there are all items that have results, of which `found` are there.
    ///
    /// # Errors
    ///
    /// When there are fewer: then the results are of other items.
    pub fn are(&self, found: usize) -> Result<(), Failure> {
        match self.count().saturating_sub(found) {
            0 => Ok(()),
            gone => Err(other(format!("{gone} of the results are of items that aren't there any more"))),
        }
    }
}

/// The failure of a batch whose items have no results, since others have.
fn other(message: String) -> Failure {
    let help = "go on with the same items, agent and inputs that all have, or begin anew with --force";
    wrong(message).help(help)
}

/// Adds the bytes up to the end of the line to `line`, so many at most. Gives all that is in it.
fn next<'l>(results: &mut impl BufRead, most: u64, line: &'l mut Vec<u8>) -> Result<&'l [u8], Failure> {
    let read = results.take(most).read_until(b'\n', line);
    read.map_err(|error| wrong(format!("the results can't be read: {error}")))?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_say_what_is_done() {
        let digest = Digest::of(b"x");
        let text = format!(
            "{{\"item\":7,\"digest\":\"{digest}\",\"outputs\":{{}}}}\n{{\"item\":2,\"digest\":\"{digest}\"}}\n"
        );
        let done = Done::read(format!("{text}{{\"item\":9,\"dig").as_bytes()).unwrap();
        assert_eq!((done.count(), done.length()), (2, text.len() as u64));
        assert_eq!(Done::read(&b"{\"it"[..]).map(|done| done.length()), Ok(0));
        assert_eq!(done.holds(7, digest), Ok(true));
        assert_eq!(done.holds(9, digest), Ok(false));
        assert!(done.holds(2, Digest::of(b"y")).unwrap_err().message.contains("another one"));
    }

    #[test]
    fn results_say_what_failed() {
        let digest = Digest::of(b"x");
        let line = |item: u32, rest: &str| format!("{{\"item\":{item},\"digest\":\"{digest}\"{rest}}}\n");
        let text = [
            line(1, ",\"outputs\":{\"failure\":{\"code\":\"host\"}}"),
            line(2, ",\"failure\":{\"code\":\"limit.fuel\",\"message\":\"a \\\" and a line end\\n\"}"),
            line(3, ",\"failure\":{\"code\":\"agent.failed\"},\"denials\":[{\"code\":\"env.not-granted\"}]"),
            line(4, ",\"failure\":{\"code\":\"of.tomorrow\"}"),
            line(5, ",\"outputs\":{},\"denials\":[{}]"),
            line(6, ",\"duplicate_of\":1"),
        ];
        let done = Done::read(text.concat().as_bytes()).unwrap();
        assert_eq!((done.count(), done.failed(), done.exit_codes()), (6, 3, &[4, 3, 1].into()));
    }

    #[test]
    fn what_does_not_begin_like_a_result_is_not_read() {
        let mut zeros = std::io::BufReader::with_capacity(8, std::io::repeat(0).take(1 << 40));
        assert!(Done::read(&mut zeros).unwrap_err().message.contains("line 1"));
        assert!(zeros.into_inner().limit() > (1 << 40) - 100);
    }

    #[test]
    fn what_is_no_result_is_refused() {
        let digest = Digest::of(b"x");
        let twice = format!("{{\"item\":7,\"digest\":\"{digest}\"}}\n").repeat(2);
        let notes = "my only notes, without a line end";
        for (text, why) in [
            ("{}\n", "line 1"),
            ("\n", "line 1"),
            (twice.as_str(), "two results"),
            (notes, "line 1"),
            ("{\"it's", "line 1"),
        ] {
            assert!(Done::read(text.as_bytes()).unwrap_err().message.contains(why), "{text}");
        }
    }
}
