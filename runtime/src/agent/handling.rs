//! How a step is run, beside what it runs: again where it failed, no longer than so, one of few at a time,
//! for each item of a list.

use std::{sync::Arc, time::Duration};

use crate::{
    agent::{name::text_name, wire::Wire, workflow::OnFail},
    diagnostic::{Diagnostic, Report},
    document::{Item, Table},
    policy::{TIMES, quantity},
    retry::{MAX_BACKOFF, MAX_RETRIES, Retry},
    source::Place,
};

/// The longest wait between two attempts that a step can ask for, in milliseconds: an hour. What takes
/// longer is better left to whoever runs the workflow.
const MAX_STEP_BACKOFF: u64 = 3_600_000;

/// The longest `timeout`, in milliseconds: 30 days, as for the `time` of a policy.
const MAX_TIMEOUT: u64 = 30 * 24 * 3_600_000;

/// The most items that run at one time in one run, whatever is in what: each may have an instance with its own
/// memory, and `limits.memory` of a policy is about one.
pub const MAX_PARALLEL: u64 = 16;

/// How a step is run.
#[derive(Clone, Debug, Default)]
pub struct Handling {
    /// Whether it is tried again.
    pub retry: Option<RetrySpec>,
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// The id of the step that runs next where this one has failed.
    pub on_error: Option<(String, Place)>,
    /// The semaphore that it needs a place of.
    pub semaphore: Option<(String, Place)>,
    /// The list that it runs for.
    pub each: Option<EachSpec>,
}

/// When a step is tried again.
#[derive(Clone, Debug)]
pub struct RetrySpec {
    /// How often, and for which failures.
    pub retry: Arc<Retry>,
    /// Where `retry` is written.
    pub key: Place,
    /// Where its `when` is written.
    pub when: Option<Place>,
}

/// A step that runs for each item of a list.
#[derive(Clone, Debug)]
pub struct EachSpec {
    /// Where the list comes from.
    pub items: Wire,
    /// Where that is written.
    pub place: Place,
    /// How many items run at one time.
    pub parallel: usize,
    /// What an item that fails means for the others.
    pub on_fail: OnFail,
}

/// Reads those keys of a step.
pub(super) fn read_handling(step: &mut Table<'_>, report: &mut Report) -> Handling {
    let named = |what: &'static str| move |item: Item<'_>| Ok((text_name(item.clone(), what)?, item.place()));
    let retry = step.get("retry").and_then(|item| read_retry(item, report));
    let timeout = step.take("timeout", report, |item| millis(&item, MAX_TIMEOUT));
    let on_error = step.take("on_error", report, named("a step"));
    let semaphore = step.take("semaphore", report, named("a semaphore"));
    let each = read_each(step, report);
    Handling { retry, timeout, on_error, semaphore, each }
}

fn read_retry(item: Item<'_>, report: &mut Report) -> Option<RetrySpec> {
    let key = item.key_place();
    let mut table = item.table().map_err(|wrong| report.push(wrong)).ok()?;
    let attempts = table.need("attempts", report, |item| quantity(&item, &[], u64::from(MAX_RETRIES)));
    let backoff = table.take("backoff", report, |item| millis(&item, MAX_STEP_BACKOFF));
    let max_backoff = table.take("max_backoff", report, |item| Ok((millis(&item, MAX_STEP_BACKOFF)?, item.place())));
    let when = table.take("when", report, |item| Ok((Wire::expression(&item)?, item.place())));
    table.finish(report);
    let (when, place) = when.unzip();
    let backoff = backoff.unwrap_or(Duration::from_secs(1));
    let longest = match max_backoff {
        Some((longest, place)) if longest < backoff => {
            let message = "`max_backoff` is less than the first wait, `backoff`";
            report.push(Diagnostic::error("bad-limit", message).at_place(&place).help("leave it out, or raise it"));
            longest
        }
        Some((longest, _)) => longest,
        None => MAX_BACKOFF.max(backoff),
    };
    let retries = u32::try_from(attempts?).unwrap_or(MAX_RETRIES).saturating_sub(1);
    Some(RetrySpec { retry: Arc::new(Retry::new(retries, backoff, when).waiting_at_most(longest)), key, when: place })
}

fn read_each(step: &mut Table<'_>, report: &mut Report) -> Option<EachSpec> {
    let mut warnings = Vec::new();
    let items = step.take("for_each", report, |item| {
        let (wire, more) = Wire::read(&item)?;
        warnings.extend(more);
        Ok((wire, Wire::place(&item)))
    });
    report.0.extend(warnings);
    if step.get("for_each").is_none() {
        for (key, item) in ["parallel", "on_fail"].into_iter().filter_map(|key| Some((key, step.get(key)?))) {
            let message = format!("`{key}` of a step means nothing without `for_each`");
            let unused = Diagnostic::error("unused-key", message).at_place(&item.key_place());
            report.push(unused.help("add `for_each = \"$list\"`"));
        }
    }
    let parallel = step.take("parallel", report, |item| quantity(&item, &[], MAX_PARALLEL));
    let on_fail = step.take("on_fail", report, |item| item.choice(&OnFail::WORDS));
    let (items, place) = items?;
    let parallel = usize::try_from(parallel.unwrap_or(1)).unwrap_or(1);
    Some(EachSpec { items, place, parallel, on_fail: on_fail.unwrap_or_default() })
}

fn millis(item: &Item<'_>, most: u64) -> Result<Duration, Diagnostic> {
    quantity(item, TIMES, most).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        agent::{Folder, Manifest, Spec},
        source::Source,
    };

    fn handling(lines: &str) -> Result<Handling, Vec<String>> {
        let text = format!("kind = \"workflow\"\n[[steps]]\nagent = \"halt\"\n{lines}\n");
        let found = Manifest::read(&Source::new("agent.toml", &*text), Folder::Builtin("a"), "a");
        let at = |finding: &Diagnostic| {
            let place = finding.place.as_ref().map(|place| place.source.text[place.span.clone()].to_owned());
            format!("{} {}", finding.code, place.unwrap_or_default())
        };
        match found.map_err(|report| report.0.iter().map(at).collect::<Vec<_>>())?.spec {
            Spec::Workflow(spec) => Ok(spec.steps[0].handling.clone()),
            _ => panic!("no workflow"),
        }
    }

    #[test]
    fn what_is_said_is_what_is_done() {
        let retry =
            handling("retry = { attempts = 4, backoff = \"2s\", max_backoff = \"5m\" }").unwrap().retry.unwrap();
        assert_eq!(
            (retry.retry.retries, retry.retry.backoff.as_secs(), retry.retry.max_backoff.as_secs()),
            (3, 2, 300)
        );
        let retry = handling("retry = { attempts = 2 }").unwrap().retry.unwrap().retry;
        assert_eq!((retry.retries, retry.backoff.as_secs(), retry.max_backoff), (1, 1, MAX_BACKOFF));
        let long = handling("retry = { attempts = 2, backoff = \"1h\" }").unwrap().retry.unwrap().retry;
        assert_eq!((long.backoff.as_secs(), long.max_backoff.as_secs()), (3600, 3600));
        assert_eq!(handling("timeout = \"1500ms\"").unwrap().timeout, Some(Duration::from_millis(1500)));
        let each = handling("for_each = \"$list\"\nparallel = 3\non_fail = \"continue\"").unwrap().each.unwrap();
        assert_eq!((each.parallel, each.on_fail), (3, OnFail::Continue));
    }

    #[test]
    fn what_means_nothing_is_pointed_at() {
        assert_eq!(handling("parallel = 2").unwrap_err(), ["unused-key parallel"]);
        assert_eq!(handling("on_fail = \"stop\"").unwrap_err(), ["unused-key on_fail"]);
        let shorter = handling("retry = { attempts = 2, backoff = \"2s\", max_backoff = \"1s\" }").unwrap_err();
        assert_eq!(shorter, ["bad-limit \"1s\""]);
        for wrong in
            ["attempts = 0", "attempts = 1002", "attempts = 2, backoff = \"0s\"", "attempts = 2, backoff = \"2h\""]
        {
            assert!(handling(&format!("retry = {{ {wrong} }}")).is_err(), "{wrong}");
        }
    }
}
