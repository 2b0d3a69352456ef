//! What is decided about steps of which nobody knows how they went.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Value,
    cli::{
        Stop,
        again::{Recorded, ResumeArgs, path},
        named,
    },
    policy::Purity,
    store::{Decisions, StoredCell},
};

impl Recorded {
    /// What was decided about steps of which nobody knows how they went. A decision about another step is a
    /// mistake.
    pub(super) fn decisions(&self, arguments: &ResumeArgs) -> Result<Decisions, Stop> {
        let again: BTreeSet<_> = arguments.again.iter().map(|again| path(again).to_owned()).collect();
        let mut done = BTreeMap::new();
        for decided in &arguments.done {
            let (place, outputs) = counted_as_done(decided)?;
            if again.contains(&place) || done.insert(place.clone(), outputs).is_some() {
                let place = written(&place);
                return Err(Stop::Usage(format!("`{place}` is decided twice: say either `--again` or `--done`, once")));
            }
        }
        for decided in again.iter().chain(done.keys()) {
            let cell = self.cell(decided)?;
            if !cell.as_ref().is_some_and(|cell| self.is_open(cell)) {
                let (place, id) = (written(decided), &self.run.id);
                return Err(Stop::Usage(format!(
                    "there is nothing to decide about `{place}`: `turingbox resume {id}` says where there is, \
                     `turingbox tape {id}` shows all steps"
                )));
            }
            let outputs = done.get(decided).into_iter().flatten();
            let agent = cell.map(|cell| cell.agent).unwrap_or_default();
            let manifest = named::manifest(&self.library, &agent)?;
            for (output, _) in outputs {
                if manifest.output(output).is_none() && !manifest.open_outputs {
                    return Err(Stop::Usage(format!("--done {decided}: `{agent}` has no output `{output}`")));
                }
            }
        }
        Ok(Decisions { again, done })
    }

    /// Whether a step may have had an effect of which nobody knows: it had begun, or the run failed with it.
    fn is_open(&self, cell: &StoredCell) -> bool {
        let failed_with = self.run.failure.as_ref().is_some_and(|failure| failure.step == cell.path);
        cell.purity == Some(Purity::Effects) && (!cell.is_over() || failed_with)
    }
}

/// `PATH`, or `PATH={"output": value}`.
fn counted_as_done(done: &str) -> Result<(String, Vec<(String, Value)>), Stop> {
    let Some((place, outputs)) = done.split_once('=') else { return Ok((path(done).to_owned(), Vec::new())) };
    let outputs: serde_json::Map<String, serde_json::Value> = serde_json::from_str(outputs)
        .map_err(|error| Stop::Usage(format!("`--done {place}=…` takes an object of outputs: {error}")))?;
    let value = |value| match value {
        serde_json::Value::String(text) => Value::text(text),
        value => Value::Json(value.into()),
    };
    Ok((path(place).to_owned(), outputs.into_iter().map(|(name, output)| (name, value(output))).collect()))
}

/// A path as it is written: that of the run itself is `.`.
fn written(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}
