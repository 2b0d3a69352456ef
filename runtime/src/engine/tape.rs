//! The record of a run: a cell per executed step, appended and never changed.

use std::{io, sync::Arc};

use crate::{
    Json, Value,
    agent::Agent,
    audit::{Audit, Record},
    capability::log::Level,
    engine::Outcome,
    failure::{Code, Failure},
    policy::{Authority, Purity},
    sandbox::Moment,
};

/// Where the cells of a run go. The engine itself keeps none, so that a run of a million steps
/// takes no more memory than one of ten.
pub trait Tape: Send + Sync + 'static {
    /// Says what becomes of a call that is about to be made: it is made, or it was made before.
    ///
    /// # Errors
    ///
    /// When it may not be made, whatever its workflow does about failures.
    fn begins(&self, _: &Beginning<'_>) -> Result<Turn, Failure> {
        Ok(Turn::make())
    }

    /// Whether the attempt at `path` was made, of what was done before; nothing where nobody knows, and it is to be
    /// decided now.
    fn was_tried(&self, _: &str) -> Option<bool> {
        None
    }

    /// Takes the cell of a step that was just executed.
    fn append(&self, cell: &Cell<'_>);

    /// Takes how the run itself went, with no path, when it is over.
    fn ends(&self, _: &Cell<'_>) {}

    /// Whether what it took could be kept.
    ///
    /// # Errors
    ///
    /// When something couldn't be: then no call is made any more.
    fn works(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// The tape that takes what this one has no use for, if there is one.
    fn next(&self) -> Option<&dyn Tape> {
        None
    }

    /// Whether [`Tape::holds`] is of any use: it takes a while to say where there are many grants.
    fn wants_holdings(&self) -> bool {
        self.next().is_some_and(Tape::wants_holdings)
    }

    /// Takes what an agent holds, when it is first called under certain ceilings: its limits, what is left
    /// of them, and a row for each grant, as [`Authority::summary`](crate::policy::Authority::summary)
    /// gives them.
    fn holds(&self, path: &str, agent: &str, rows: &[(&str, String)]) {
        self.next().into_iter().for_each(|next| next.holds(path, agent, rows));
    }

    /// Whether [`Tape::decided`] is of any use.
    fn keeps_decisions(&self) -> bool {
        self.next().is_some_and(Tape::keeps_decisions)
    }

    /// Takes what the policy said to a call that isn't over, of agents that can reach outside. The record's step is
    /// the path.
    fn decided(&self, record: &Record) {
        self.next().into_iter().for_each(|next| next.decided(record));
    }

    /// Takes a line that the step at `path` logged. Guest text: escape it before a terminal sees it.
    fn log(&self, path: &str, agent: &str, level: Level, line: &str) {
        self.next().into_iter().for_each(|next| next.log(path, agent, level, line));
    }
}

/// A call that is about to be made.
pub struct Beginning<'a> {
    /// Where, as its cell will have it; empty for the run itself.
    pub path: &'a str,
    /// What is called.
    pub agent: &'a Agent,
    /// How far it can reach. A workflow's steps are calls of their own.
    pub purity: Option<Purity>,
    /// What it may do, under the ceilings of its callers.
    pub authority: &'a Authority,
    /// Whether instances may have served other calls before: its own, or those of a workflow's steps.
    pub kept: bool,
    /// What it is given.
    pub inputs: &'a [(String, Value)],
}

/// What becomes of a call.
pub enum Turn {
    /// It is made.
    Make {
        /// When, in nanoseconds since 1970 (UTC).
        at: u64,
        /// What it is given in the place of what it would be given.
        inputs: Vec<(String, Value)>,
    },
    /// It was made before, and went like this.
    Made(Box<Outcome>),
}

impl Turn {
    /// It is made now.
    pub fn make() -> Self {
        Self::Make { at: Moment::now(), inputs: Vec::new() }
    }
}

/// One executed step.
#[derive(Debug)]
pub struct Cell<'a> {
    /// Where: `3.parse[2].0` is step 0 of the third visit to step 3, whose id is `parse`, and `3.parse[2]~1`
    /// the second attempt of that visit. A step that runs for each item of a list visits itself for each.
    pub path: &'a str,
    /// The agent's name.
    pub agent: &'a str,
    /// What it is made of; see [`Agent::digest`].
    pub digest: &'a str,
    /// What it was given.
    pub inputs: &'a [(String, Value)],
    /// How it went.
    pub outcome: &'a Outcome,
}

/// How a step went, as `$status` says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// 0 is success.
    pub value: i64,
    /// Why it is not.
    pub reason: String,
    /// What kind of failure it is: a whole number or a text that the agent says, or else the failure's code.
    /// Null for a success of which nothing is said.
    pub code: serde_json::Value,
}

/// The longest code that an agent can say, in bytes: it is a name, and no second reason.
const MAX_CODE: usize = 100;

impl Status {
    /// How a step went that failed so.
    pub(super) fn of(failure: &Failure) -> Self {
        Self { value: 1, reason: failure.message.clone(), code: failure.code.name().into() }
    }

    /// The status that a value says: an object with a whole number `value` and a text `reason`, and perhaps
    /// a `code`.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let Value::Json(json) = value else { return None };
        let tree = json.to_value();
        let reason = tree.get("reason").map_or(Some(""), |reason| reason.as_str())?;
        let value = tree.get("value")?.as_i64()?;
        let code = match tree.get("code") {
            None | Some(serde_json::Value::Null) if value == 0 => serde_json::Value::Null,
            None | Some(serde_json::Value::Null) => Code::Status.name().into(),
            Some(code) if code.is_i64() || code.as_str().is_some_and(|text| text.len() <= MAX_CODE) => code.clone(),
            Some(_) => return None,
        };
        Some(Self { value, reason: reason.to_owned(), code })
    }

    /// The status in words.
    pub(super) fn message(&self) -> String {
        if self.reason.is_empty() { format!("the agent's status is {}", self.value) } else { self.reason.clone() }
    }

    /// The status as a value, for workflows that know no code.
    pub(super) fn without_code(&self) -> Value {
        Value::Json(Json::from(serde_json::json!({ "value": self.value, "reason": self.reason })))
    }

    /// The status as a value.
    pub fn to_value(&self) -> Value {
        Value::Json(Json::from(serde_json::json!({ "value": self.value, "reason": self.reason, "code": self.code })))
    }
}

/// A tape that nobody reads.
pub struct Silent;

impl Tape for Silent {
    fn append(&self, _: &Cell<'_>) {}
}

/// Decisions that go on the tape as well.
struct Taped {
    tape: Arc<dyn Tape>,
    log: Option<Arc<dyn Audit>>,
}

impl Audit for Taped {
    fn record(&self, record: &Record) -> io::Result<()> {
        self.tape.decided(record);
        self.log.as_ref().map_or(Ok(()), |log| log.record(record))
    }
}

/// Where the decisions go of a run with this tape and this audit log.
pub(super) fn audit(tape: &Arc<dyn Tape>, log: &Option<Arc<dyn Audit>>) -> Option<Arc<dyn Audit>> {
    match tape.keeps_decisions() {
        true => Some(Arc::new(Taped { tape: tape.clone(), log: log.clone() })),
        false => log.clone(),
    }
}
