//! Which agents a proc may call.

use std::fmt;

use crate::{
    diagnostic::{Diagnostic, Report},
    document::Item,
    policy::{
        Asked, Authority, ByName, Decision, Denial, Grants, Listed, Pattern, Request,
        advice::{Advise, Find, Least, MAX_NAMED, Wide, quoted},
        pieces,
    },
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

impl ByName for CallGrant {
    fn pattern(&self) -> &str {
        self.pattern.as_str()
    }
}

/// As a policy writes it.
impl fmt::Display for CallGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(self.pattern.as_str()))
    }
}

/// Decides about the agent called `name`, at `path` in its library.
pub(super) fn decide(grants: &Listed<CallGrant>, name: &str, path: &str) -> Decision {
    // A pattern with a slash is about paths, any other about names.
    let is_path = |place: &usize| grants[*place].pattern.as_str().contains('/');
    let by_name = grants.candidates(name).filter(|place| !is_path(place));
    let candidates = by_name.chain(grants.candidates(path).filter(is_path));
    // What comes after one that fits needn't be compared.
    let first = |first: usize, place: usize| {
        if place < first && grants[place].pattern.matches(name, path) { place } else { first }
    };
    match candidates.fold(usize::MAX, first) {
        place if place < grants.len() => Decision::Allowed(Some(grants[place].place.clone())),
        _ => {
            let request = Request::Calls { agent: name.into(), path: path.into() };
            let denial = Denial::new("calls.not-granted", &request);
            // A pattern without a slash is about names.
            let written = if path.contains('/') { path } else { name };
            Decision::Denied(match is_name(written) {
                true => denial.help(format!("calls = [{}]", quoted(written))),
                false => denial,
            })
        }
    }
}

/// Reads `calls = ["name", "folder/*"]`.
pub(super) fn read(item: Item<'_>, report: &mut Report) -> Listed<CallGrant> {
    let items = item.array().map_err(|wrong| report.push(wrong)).unwrap_or_default();
    let grants = items.into_iter().filter_map(|item| {
        let place = item.place();
        let pattern = pattern(item).map_err(|wrong| report.push(wrong)).ok()?;
        Some(CallGrant { pattern, place })
    });
    let grants: Listed<CallGrant> = grants.collect();
    if let Some(crowded) = grants.crowded() {
        report.push(pieces::too_many_alike(&crowded.place));
    }
    grants
}

/// Whether a grant can name the agent at `path`, and no other.
fn is_name(path: &str) -> bool {
    !path.is_empty() && !path.contains(['*', '\0'])
}

fn pattern(item: Item<'_>) -> Result<Pattern, Diagnostic> {
    match item.clone().text()? {
        text if text.is_empty() || text.contains('\0') => Err(item.wrong("bad-name", "this names no agent")),
        text => Ok(Pattern::new(text)),
    }
}

/// What `calls` knows about policies.
pub(super) struct Calls;

impl Advise for Calls {
    fn word(&self) -> &'static str {
        "calls"
    }

    fn least(&self, asked: &[Asked<'_>], _: &Authority) -> Vec<Least> {
        Least::each(asked.iter().enumerate().filter_map(|(of, one)| {
            // A pattern would grant more than the one.
            Some((of, quoted(called(&one.request).filter(|path| is_name(path))?)))
        }))
    }

    /// A name is the agent's that is called so; a pattern is met by one that holds all of it.
    fn met(&self, wanted: &str, held: &Grants, find: &Find<'_>) -> Result<bool, &'static str> {
        let Some(grants) = held.calls.as_ref() else { return Ok(false) };
        let pattern = Pattern::new(wanted);
        let covered = grants.iter().any(|grant| grant.pattern.covers(&pattern));
        let known =
            || find(wanted).is_some_and(|(name, path)| matches!(decide(grants, &name, &path), Decision::Allowed(_)));
        Ok(covered || known())
    }

    fn covered(&self, grants: &Grants) -> Vec<(Place, Place)> {
        let Some(grants) = grants.calls.as_deref() else { return Vec::new() };
        let covering = |(index, narrow): (usize, &CallGrant)| {
            // Of two alike, the later is too much.
            let covers = |(at, wide): &(usize, &CallGrant)| {
                *at != index
                    && wide.pattern.covers(&narrow.pattern)
                    && (*at < index || !narrow.pattern.covers(&wide.pattern))
            };
            let (_, wide) = grants.iter().enumerate().find(covers)?;
            Some((narrow.place.clone(), wide.place.clone()))
        };
        grants.iter().enumerate().filter_map(covering).collect()
    }

    fn wide(&self, held: &Authority, place: &Place, used: &[Request<'_>]) -> Option<Wide> {
        let grants = held.grants.calls.as_deref()?;
        let grant = grants.iter().find(|grant| grant.place == *place && grant.pattern.is_glob())?;
        let mut agents: Vec<_> = used.iter().filter_map(called).map(quoted).collect();
        agents.sort();
        agents.dedup();
        (agents.len() <= MAX_NAMED).then(|| Wide {
            message: format!("`{}` allows any agent that fits, and {} called", grant.pattern, were(agents.len())),
            help: agents.join(", "),
        })
    }
}

fn were(agents: usize) -> String {
    if agents == 1 { "one was".into() } else { format!("{agents} were") }
}

fn called<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    match request {
        Request::Calls { path, .. } => Some(path),
        _ => None,
    }
}
