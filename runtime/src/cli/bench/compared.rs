//! Costs, held to a baseline.

use std::{collections::BTreeSet, path::PathBuf};

use crate::{
    Diagnostic,
    cli::{
        bench::{
            GIVEN, Measured, Scope,
            baseline::{Baseline, Known},
            figures::Cost,
            options::Tolerance,
            shown::{grouped, kibibytes, title},
        },
        render,
    },
    diagnostic::counted,
};

/// How much more an agent may take, in percent. A compiled one burns the same each time, but for the seeds of hash
/// tables where it can reach outside. The Python guest isn't the same to the byte from one build to the next:
/// between three builds, cases differed by up to 0.9 %, and one that takes all memory there is by 3.3 %.
pub const MORE_COMPILED: f64 = 1.0;
const MORE_PYTHON: f64 = 5.0;

/// By how much memory has to grow to be more: allocators take it in steps, so a small agent takes some percent more
/// for one byte too many.
const MEMORY_STEP: u64 = 1 << 20;

/// The most cases that are named in one line.
const MAX_NAMED: usize = 5;

/// Holds costs to a baseline.
pub struct Comparison {
    path: PathBuf,
    baseline: Baseline,
    tolerance: Option<Tolerance>,
    /// What was measured, or would have been, had its case passed.
    seen: BTreeSet<(String, String)>,
    cheaper: Vec<String>,
    found: usize,
}

/// What came of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It takes no more.
    Ok,
    /// It takes more.
    More,
    /// It takes less.
    Less,
    /// The baseline doesn't know it.
    New,
    /// There is nothing to compare.
    Nothing,
}

impl Verdict {
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Ok => Some("ok"),
            Self::More => Some("more"),
            Self::Less => Some("less"),
            Self::New => Some("new"),
            Self::Nothing => None,
        }
    }
}

impl Comparison {
    pub fn new(path: PathBuf, baseline: Baseline, tolerance: Option<Tolerance>) -> Self {
        Self { path, baseline, tolerance, seen: BTreeSet::new(), cheaper: Vec::new(), found: 0 }
    }

    /// A case that has no cost now, since it failed: that is said already.
    pub fn failed(&mut self, agent: &str, case: &str) {
        self.seen.insert((agent.into(), case.into()));
    }

    /// Holds one case to the baseline, and says what is wrong with it.
    pub fn compare(&mut self, measured: &Measured) -> Verdict {
        let Some(now) = measured.figures.cost else { return Verdict::Nothing };
        let (agent, case) = (measured.agent.as_str(), measured.case.as_str());
        self.seen.insert((agent.into(), case.into()));
        let Some((known, before, span)) = self.baseline.get(agent, case) else {
            let message = format!("`{}` is not in the baseline `{}`", title(agent, case), self.path.display());
            self.say(Diagnostic::error("not-in-baseline", message).help(self.would_save(agent, case, "adds it")));
            return Verdict::New;
        };
        let percent = match self.tolerance {
            Some(Tolerance(percent)) => percent,
            None if measured.has_python => MORE_PYTHON,
            None => MORE_COMPILED,
        };
        let why = match known.digest == measured.digest {
            true => "its own files are as they were: its case, what it calls, or Turingbox changed",
            false => "its files changed since",
        };
        let help = format!("{why}; if it has to be, {}", self.would_save(agent, case, "writes it down"));
        let grown = grown(&title(agent, case), before, now, percent);
        let is_less = is_more(now.fuel, before.fuel, percent);
        for message in &grown {
            let wrong = Diagnostic::error("costs-more", message).at(&self.baseline.source, span.clone());
            self.say(wrong.label(format!("up to {percent} % more is allowed")).help(&*help));
        }
        match () {
            () if !grown.is_empty() => Verdict::More,
            () if is_less => {
                self.cheaper.push(title(agent, case));
                Verdict::Less
            }
            () => Verdict::Ok,
        }
    }

    /// Says what the baseline has that was not measured, and how it went. Whether all is well.
    pub fn conclude(&mut self, scope: &Scope, measured: usize) -> bool {
        self.say_what_is_gone(scope);
        let path = self.path.display().to_string();
        if !self.cheaper.is_empty() {
            let named = self.cheaper.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
            let more = if self.cheaper.len() > MAX_NAMED { ", …" } else { "" };
            let cheaper = match self.cheaper.len() {
                1 => "1 case burns less".to_owned(),
                many => format!("{many} cases burn less"),
            };
            render::note(&format!("{cheaper}: {named}{more}; `--save {path}` holds agents to it"));
        }
        let (held, found) = (counted(measured, "case"), counted(self.found, "error"));
        render::note(&format!("held {held} to `{path}`: {found}"));
        self.found == 0
    }

    fn say_what_is_gone(&mut self, scope: &Scope) {
        let cases = |(agent, known): (&String, &Known)| -> Vec<_> {
            known.cases.iter().map(|(case, (_, span))| (agent.clone(), case.clone(), span.clone())).collect()
        };
        let mut gone: Vec<_> = self.baseline.agents.iter().flat_map(cases).collect();
        gone.retain(|(agent, case, _)| scope.has(agent, case) && !self.seen.contains(&(agent.clone(), case.clone())));
        for (agent, case, span) in gone {
            let message = format!("there is no cost of `{}` any more", title(&agent, &case));
            let help = match scope.names(&agent) {
                true => self.would_save(&agent, &case, "takes it out"),
                false => format!("`turingbox bench --save {}` takes it out", self.path.display()),
            };
            let wrong = Diagnostic::error("nothing-measured", message).at(&self.baseline.source, span);
            self.say(wrong.label("there is no such agent or case, or it takes as long as it may").help(help));
        }
    }

    fn say(&mut self, wrong: Diagnostic) {
        self.found += 1;
        render::report(&wrong.into());
    }

    fn would_save(&self, agent: &str, case: &str, does: &str) -> String {
        let path = self.path.display();
        match case {
            GIVEN => format!("the same inputs with `--save {path}` {does}"),
            _ => format!("`turingbox bench {agent} --save {path}` {does}"),
        }
    }
}

/// What grew, each in one sentence.
fn grown(name: &str, before: Cost, now: Cost, percent: f64) -> Vec<String> {
    let mut grown = Vec::new();
    if is_more(before.fuel, now.fuel, percent) {
        let (fuel, known) = (grouped(now.fuel), grouped(before.fuel));
        grown.push(format!("`{name}` burns {fuel} fuel, {} the {known} that it burnt", by(before.fuel, now.fuel)));
    }
    if is_more(before.memory, now.memory, percent) && now.memory - before.memory >= MEMORY_STEP {
        let (memory, known) = (kibibytes(now.memory), kibibytes(before.memory));
        grown.push(format!(
            "`{name}` takes {memory} of memory, {} the {known} that it took",
            by(before.memory, now.memory)
        ));
    }
    grown
}

/// Whether `now` is more than `before` and `percent` of it.
pub fn is_more(before: u64, now: u64, percent: f64) -> bool {
    now > before && (now - before) as f64 > before as f64 * percent / 100.0
}

fn by(before: u64, now: u64) -> String {
    match before {
        0 => "and not".into(),
        _ => format!("{:.2} % more than", (now - before) as f64 / before as f64 * 100.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_more_is_no_more() {
        for (before, now, percent, expected) in [
            (100, 101, 1.0, false),
            (100, 102, 1.0, true),
            (100, 100, 0.0, false),
            (100, 101, 0.0, true),
            (100, 1, 1.0, false),
            (0, 0, 5.0, false),
            (0, 1, 5.0, true),
            (u64::MAX, u64::MAX, 0.0, false),
        ] {
            assert_eq!(is_more(before, now, percent), expected, "{before} {now} {percent}");
        }
    }

    #[test]
    fn memory_grows_by_steps() {
        let cost = |fuel, memory| Cost { fuel, memory };
        let grown = |before, now| grown("a/b", before, now, 1.0);
        assert!(grown(cost(1000, 1 << 20), cost(1010, (2 << 20) - 1)).is_empty());
        assert_eq!(
            grown(cost(1000, 1 << 20), cost(1100, 2 << 20)),
            [
                "`a/b` burns 1,100 fuel, 10.00 % more than the 1,000 that it burnt",
                "`a/b` takes 2,048 KiB of memory, 100.00 % more than the 1,024 KiB that it took",
            ]
        );
        assert!(grown(cost(1, 1 << 30), cost(1, (1 << 30) + (1 << 20))).is_empty());
        assert_eq!(grown(cost(0, 0), cost(5, 0)), ["`a/b` burns 5 fuel, and not the 0 that it burnt"]);
    }
}
