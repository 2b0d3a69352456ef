//! Warnings that an author has looked at, and that are of no account in an agent.

use std::sync::Arc;

use crate::{
    diagnostic::{Diagnostic, Found, Report, Severity, WARNINGS, suggestion, warning},
    document::{Item, Table},
    source::Place,
};

/// One kind of warning that is silenced in an agent, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The warning's code.
    pub code: &'static str,
    /// Why it is of no account.
    pub reason: Arc<String>,
    /// Where the manifest says so.
    pub place: Place,
}

/// Reads `[allow]`.
pub(super) fn read_allowed(top: &mut Table<'_>, report: &mut Report) -> Vec<Allowed> {
    let Some(table) = top.take("allow", report, Item::table) else { return Vec::new() };
    let read = |item| read_one(item).map_err(|wrong| report.push(wrong)).ok();
    table.entries().into_iter().filter_map(read).collect()
}

fn read_one(item: Item<'_>) -> Result<Allowed, Diagnostic> {
    let place = item.key_place();
    let silenceable = |code: &str| warning(code).filter(|warned| warned.found != Found::Elsewhere);
    let Some(warned) = silenceable(item.key) else {
        let codes = WARNINGS.iter().map(|warned| warned.code).filter(|code| silenceable(code).is_some());
        let shown = item.key.escape_debug();
        return Err(Diagnostic::error("unknown-code", format!("`{shown}` is not a warning that an agent can silence"))
            .at_place(&place)
            .maybe_help(suggestion(item.key, codes)));
    };
    let reason = item.clone().text()?.trim().to_owned();
    if reason.is_empty() {
        return Err(item
            .wrong("no-reason", format!("`{}` is silenced without a reason", warned.code))
            .help("say in a few words why the warning is of no account here"));
    }
    Ok(Allowed { code: warned.code, reason: Arc::new(reason), place })
}

/// Marks those of an agent's findings that it has silenced. Errors can't be.
pub(super) fn silence(allowed: &[Allowed], findings: &mut [Diagnostic]) {
    for finding in findings.iter_mut().filter(|finding| finding.severity == Severity::Warning) {
        let allowed = allowed.iter().find(|allowed| allowed.code == finding.code);
        finding.silenced = finding.silenced.take().or_else(|| allowed.map(|allowed| allowed.reason.clone()));
    }
}

/// Warns of what an agent silences though none of its `findings` is that. What only a policy brings
/// up may be left over where there is none.
pub(super) fn unused(allowed: &[Allowed], findings: &[Diagnostic], policy: bool) -> Vec<Diagnostic> {
    let expected = |code: &str| policy || warning(code).is_none_or(|warned| warned.found != Found::AgentUnderPolicy);
    let unused = allowed.iter().filter(|allowed| expected(allowed.code));
    unused
        .filter(|allowed| !findings.iter().any(|finding| finding.code == allowed.code && finding.silenced.is_some()))
        .map(|allowed| {
            Diagnostic::warning("unused-allow", format!("there is no `{}` here to silence", allowed.code))
                .at_place(&allowed.place)
                .help("take the line out")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document, source::Source};

    fn read(text: &str) -> Result<Vec<Allowed>, Report> {
        document::read(&Source::new("agent.toml", text), |top, report| Some(read_allowed(top, report)))
            .map(|(allowed, _)| allowed)
    }

    #[test]
    fn what_is_allowed_has_a_code_and_a_reason() {
        for (text, code) in [
            ("[allow]\ndead-stepp = \"x\"", "unknown-code"),
            ("[allow]\nwide-grant = \"x\"", "unknown-code"),
            ("[allow]\ndead-step = \" \"", "no-reason"),
            ("[allow]\ndead-step = true", "wrong-type"),
        ] {
            assert_eq!(read(text).unwrap_err().0[0].code, code, "{text}");
        }
    }

    #[test]
    fn warnings_are_silenced_and_errors_are_not() {
        let allowed = read("[allow]\ndead-step = \"kept for later\"\ndynamic-import = \"its own\"").unwrap();
        let mut found = [Diagnostic::warning("dead-step", ""), Diagnostic::error("dead-step", "")];
        silence(&allowed, &mut found);
        assert_eq!(found[0].silenced.as_ref().unwrap().as_str(), "kept for later");
        assert_eq!(found[1].silenced, None);
        assert_eq!(unused(&allowed, &found, false), []);
        let unused = unused(&allowed, &found, true);
        assert_eq!(unused.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["unused-allow"]);
    }
}
