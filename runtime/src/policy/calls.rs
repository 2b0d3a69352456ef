//! Which agents a proc may call.

use crate::{
    diagnostic::{Diagnostic, Report},
    document::Item,
    policy::{Decision, Denial, Pattern, Request},
    source::Place,
};

/// One entry of `calls`.
#[derive(Clone, Debug, PartialEq)]
pub struct CallGrant {
    /// Which agents.
    pub pattern: Pattern,
    /// The policy line.
    pub place: Place,
}

/// Decides about the agent called `name`, at `path` in its library.
pub(super) fn decide(grants: &[CallGrant], name: &str, path: &str) -> Decision {
    match grants.iter().find(|grant| grant.pattern.matches(name, path)) {
        Some(grant) => Decision::Allowed(Some(grant.place.clone())),
        None => {
            let request = Request::Calls { agent: name.into(), path: path.into() };
            Decision::Denied(Denial::new("calls.not-granted", &request).help(format!("calls = [\"{path}\"]")))
        }
    }
}

/// Reads `calls = ["name", "folder/*"]`.
pub(super) fn read(item: Item<'_>, report: &mut Report) -> Vec<CallGrant> {
    let Ok(items) = item.array().map_err(|wrong| report.push(wrong)) else { return Vec::new() };
    let grants = items.into_iter().filter_map(|item| {
        let place = item.place();
        let pattern = pattern(item).map_err(|wrong| report.push(wrong)).ok()?;
        Some(CallGrant { pattern, place })
    });
    grants.collect()
}

fn pattern(item: Item<'_>) -> Result<Pattern, Diagnostic> {
    match item.clone().text()? {
        text if text.is_empty() || text.contains('\0') => Err(item.wrong("bad-name", "this names no agent")),
        text => Ok(Pattern::new(text)),
    }
}
