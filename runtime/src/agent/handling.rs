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
    let (has_items, path) = (step.get("for_each").is_some(), step.place());
    let parallel = step.take("parallel", report, |item| quantity(&item, &[], MAX_PARALLEL));
    let on_fail = step.take("on_fail", report, |item| item.choice(&OnFail::WORDS));
    for (key, _) in [("parallel", parallel.is_some()), ("on_fail", on_fail.is_some())].iter().filter(|(_, said)| *said)
    {
        if !has_items {
            let message = format!("`{key}` of a step means nothing without `for_each`");
            report.push(Diagnostic::error("unused-key", message).at_place(&path).help("add `for_each = \"$list\"`"));
        }
    }
    let (items, place) = items?;
    let parallel = usize::try_from(parallel.unwrap_or(1)).unwrap_or(1);
    Some(EachSpec { items, place, parallel, on_fail: on_fail.unwrap_or_default() })
}

fn millis(item: &Item<'_>, most: u64) -> Result<Duration, Diagnostic> {
    quantity(item, TIMES, most).map(Duration::from_millis)
}
