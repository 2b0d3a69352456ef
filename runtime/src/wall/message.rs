//! What a worker and its parent say to each other.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    agent::{self, Manifest},
    audit::Record,
    capability::{
        call::{Answer, Left, Refusal},
        env,
        files::{Copied, Copies, Protected},
        log::Level,
    },
    failure::Failure,
    plan::Entry,
    policy::{Altered, Authority, DatabaseUrl, Policy},
    sandbox::{
        Cache, Moment, Usage,
        bindings::{Field, Owned},
        handed,
    },
    secret::Secrets,
    source::{Place, Source},
    wire::{WireDenials, WireFailure, WireValue, decode, values},
};

/// The longest message of a worker whose agent may return `output` bytes: what its guest hands over,
/// where each byte of text takes at most six in JSON.
pub fn longest(output: u64) -> u64 {
    handed(output).saturating_mul(6).min(u64::from(u32::MAX))
}

/// What a worker is wanted for.
pub struct Order<'a> {
    pub manifest: &'a Manifest,
    pub code: &'a agent::Code,
    /// The code, compiled, where it isn't in the cache.
    pub compiled: Option<&'a [u8]>,
    pub policy: &'a Policy,
    pub authority: &'a Arc<Authority>,
    pub protected: &'a Protected,
    pub cache: Option<&'a Cache>,
    pub secrets: &'a Secrets,
    pub audited: bool,
    /// Where changes of files go, if effects are only planned.
    pub copies: Option<&'a Copies>,
    /// Whether there is a network.
    pub network: bool,
    /// Told what holds the worker.
    pub told: &'a (dyn Fn(&str) + Sync),
}

impl Order<'_> {
    /// The message that opens a worker, which may write temporary files in `scratch`.
    ///
    /// # Errors
    ///
    /// When a path is not text.
    pub fn open(&self, scratch: Option<&Path>) -> Result<Open, Failure> {
        let text = |source: &Arc<Source>| Text { path: source.path.clone(), text: source.text.clone() };
        let at = |place: &Place| (place.source.path.clone(), place.span.start);
        let paths = self.protected.hidden.iter().chain(&self.protected.fixed).chain(&self.protected.within);
        if let Some(path) = paths.into_iter().find(|path| path.to_str().is_none()) {
            return Err(Failure::host(format_args!("the path `{}` is not UTF-8", path.display())));
        }
        Ok(Open {
            policy: self.policy.sources().iter().map(text).collect(),
            altered: self.policy.alterations().clone(),
            ceilings: self.authority.ceilings.iter().map(|ceiling| at(&ceiling.place)).collect(),
            path: self.manifest.path.clone(),
            manifest: text(&self.manifest.source),
            code: match self.code {
                agent::Code::Python { file, source, function, packages, .. } => WireCode::Python {
                    file: file.clone(),
                    source: text(source),
                    function: function.clone(),
                    packages: packages.as_ref().map(|packages| crate::value::base64(packages.bytes())),
                },
                agent::Code::Component { bytes, .. } => WireCode::Component { bytes: crate::value::base64(bytes) },
                agent::Code::Command { bytes, .. } => WireCode::Command { bytes: crate::value::base64(bytes) },
            },
            compiled: self.compiled.map(crate::value::base64),
            protected: self.protected.clone(),
            cache: self.cache.cloned(),
            values: self.values(),
            audited: self.audited,
            copied: self.copies.map(Copies::copied),
            network: self.network,
            scratch: scratch.map(Path::to_path_buf),
            memory: self.authority.limits.memory,
            output: self.authority.limits.output,
        })
    }
}

impl Order<'_> {
    /// The variables that the agent is granted, and those that its databases are in.
    fn values(&self) -> Vec<(String, String)> {
        let granted =
            env::granted(self.authority, self.secrets).map(|(grant, value)| (grant.name.clone(), value.to_string()));
        let databases = self.authority.databases().iter().filter_map(|grant| match &grant.url {
            Some(DatabaseUrl::Env(name)) => Some((name.clone(), self.secrets.get(name)?.to_string())),
            _ => None,
        });
        granted.chain(databases).collect()
    }
}

/// The first message to a worker: all that its calls have in common.
#[derive(Serialize, Deserialize)]
pub struct Open {
    /// The policy's files, in the order in which they are read.
    pub policy: Vec<Text>,
    /// What is in the place of what they name.
    pub altered: Altered,
    /// The callers' ceilings, the outermost first: the file, and where in it.
    pub ceilings: Vec<(String, usize)>,
    /// The agent's path in its library.
    pub path: String,
    pub manifest: Text,
    pub code: WireCode,
    /// The code, compiled, in base64, where it isn't in the cache.
    pub compiled: Option<String>,
    pub protected: Protected,
    pub cache: Option<Cache>,
    /// The variables that the agent is granted, and no other.
    pub values: Vec<(String, String)>,
    pub audited: bool,
    /// Where changes of files go; there if effects are only planned.
    pub copied: Option<Copied>,
    /// Whether there is a network.
    pub network: bool,
    /// Where a database may keep temporary files, and programs have their folders.
    pub scratch: Option<PathBuf>,
    /// What one call may take of linear memory, in bytes.
    pub memory: u64,
    /// What one call may return, in bytes.
    pub output: u64,
}

#[derive(Serialize, Deserialize)]
pub struct Text {
    pub path: String,
    pub text: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WireCode {
    Python { file: String, source: Text, function: String, packages: Option<String> },
    Component { bytes: String },
    Command { bytes: String },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToWorker {
    /// Call the agent.
    Call { inputs: Vec<(String, WireValue)>, limits: WireLimits, moment: Option<Moment> },
    /// The path of the agent that was asked for.
    Path(Option<String>),
    /// The record is written down.
    Recorded,
    /// How the call of another agent went.
    Answer { result: Result<Vec<(String, WireValue)>, WireRefusal>, denials: WireDenials, usage: Usage },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FromWorker {
    /// Confined; no guest has run yet.
    Ready {
        in_force: String,
    },
    /// It can't serve the agent.
    Refused {
        failure: WireFailure,
    },
    Log(Level, String),
    /// Waits until it is written down.
    Record(Record),
    /// An effect that is only planned.
    Planned(Entry),
    /// How many more there are.
    LeftOut(u64),
    /// Asks for the path of an agent.
    Path(String),
    /// Asks to call an agent.
    Run {
        agent: String,
        inputs: Vec<(String, WireValue)>,
        left: Left,
    },
    /// The call is over.
    Done {
        result: Result<Vec<(String, WireValue)>, WireFailure>,
        denials: WireDenials,
        usage: Usage,
    },
}

/// [`crate::sandbox::CallLimits`], with the time that is left: two processes may read two clocks.
#[derive(Serialize, Deserialize)]
pub struct WireLimits {
    pub memory: u64,
    pub fuel: u64,
    pub time: Duration,
    pub output: u64,
    pub bytes: u64,
    pub calls: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WireRefusal {
    Invalid(String),
    Limit(String),
    Failed(WireFailure),
}

impl From<Refusal> for WireRefusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(message) => Self::Invalid(message),
            Refusal::Limit(message) => Self::Limit(message),
            Refusal::Failed(failure) => Self::Failed(failure.into()),
        }
    }
}

impl From<WireRefusal> for Refusal {
    fn from(refusal: WireRefusal) -> Self {
        match refusal {
            WireRefusal::Invalid(message) => Self::Invalid(message),
            WireRefusal::Limit(message) => Self::Limit(message),
            WireRefusal::Failed(failure) => Self::Failed(failure.into()),
        }
    }
}

/// The parent's answer about another agent.
pub fn answer(answer: Answer) -> ToWorker {
    ToWorker::Answer {
        result: answer.result.map(|outputs| values(&outputs)).map_err(WireRefusal::from),
        denials: answer.denials.into(),
        usage: answer.usage,
    }
}

impl WireValue {
    /// The value as one that a guest gave. A guest has no secrets to give.
    pub fn into_field(self, name: String) -> Result<Field, String> {
        let value = match self {
            Self::Text(text) => Owned::Text(text),
            Self::Data(data) => Owned::Data(decode(&data)?),
            Self::Json(text) => Owned::Json(text),
            Self::Secret(_) => return Err("a guest gave a secret by its name".into()),
        };
        Ok(Field { name, value })
    }
}
