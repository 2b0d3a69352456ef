//! The variables that one call holds: in its environment, and as inputs that were wired to
//! `$env.NAME`. A value that may reach one host alone never comes here: the guest gets a
//! placeholder, and the value takes its place on the way to that host.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use crate::{
    capability::gate::Gate,
    failure::{Code, Failure},
    policy::{Authority, Decision, EnvGrant, Host, HostPattern, Request},
    secret::{MIN_SECRET, Scrubber, Secrets},
};

/// The variables of one call.
#[derive(Default)]
pub struct Env {
    held: Vec<Held>,
    scrubber: Arc<Scrubber>,
    scrubber_of_held: Arc<Scrubber>,
}

struct Held {
    name: String,
    value: Arc<str>,
    bound: Option<Bound>,
}

/// A value that may reach one host alone.
struct Bound {
    only_to: HostPattern,
    placeholder: String,
}

/// What would be too long with the values in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl Env {
    /// Looks up what `authority` grants. A variable that isn't set is not held.
    ///
    /// # Errors
    ///
    /// When a value is too short to be kept secret.
    pub fn open(authority: &Authority, secrets: &Secrets) -> Result<Self, Failure> {
        let (mut held, mut scrubber, mut of_held) = (Vec::new(), Scrubber::default(), Scrubber::default());
        for (grant, value) in granted(authority, secrets) {
            if grant.secret && value.len() < MIN_SECRET {
                return Err(too_short(&grant.name));
            }
            if grant.secret {
                scrubber.add(&grant.name, &value);
            }
            if grant.secret && grant.only_to.is_none() {
                of_held.add(&grant.name, &value);
            }
            let bound = grant.only_to.clone().map(|only_to| Bound { only_to, placeholder: placeholder() });
            held.push(Held { name: grant.name.clone(), value, bound });
        }
        Ok(Self { held, scrubber: Arc::new(scrubber), scrubber_of_held: Arc::new(of_held) })
    }

    /// What keeps the values out of what comes from their hosts, and out of what people alone read.
    pub fn scrubber(&self) -> &Arc<Scrubber> {
        &self.scrubber
    }

    /// What keeps the values out of what other agents get: those that the guest itself holds. One that it has a
    /// placeholder for it could guess, and whoever saw which of its guesses was taken out would know the value.
    pub fn scrubber_of_held(&self) -> &Arc<Scrubber> {
        &self.scrubber_of_held
    }

    /// The guest's environment. What it holds counts as asked for.
    pub fn variables<'a>(&'a self, gate: &'a Gate) -> impl Iterator<Item = (&'a str, &'a str)> {
        let granted = |held: &&Held| gate.allows(&Request::Env { name: held.name.as_str().into() });
        self.held.iter().filter(granted).map(|held| (held.name.as_str(), held.shown()))
    }

    /// What the guest gets for an input that is wired to `$env.NAME`.
    ///
    /// # Errors
    ///
    /// When the policy doesn't grant it, or it isn't set.
    pub fn input(&self, name: &str, gate: &Gate) -> Result<&str, Failure> {
        if !gate.allows(&Request::Env { name: name.into() }) {
            let message = format!("the policy doesn't grant `{name}` to this agent");
            return Err(Failure::new(Code::Denied, message));
        }
        let held = self.held.iter().find(|held| held.name == name);
        held.map(Held::shown).ok_or_else(|| {
            Failure::new(Code::Input, format!("the variable `{name}` is not set")).help(format!("export {name}=…"))
        })
    }

    /// `text` with the names of variables in place of their placeholders.
    pub(crate) fn named(&self, text: &str) -> String {
        let bound = self.held.iter().filter_map(|held| Some((&held.bound.as_ref()?.placeholder, &held.name)));
        bound.fold(text.to_owned(), |text, (placeholder, name)| text.replace(placeholder, &format!("[{name}]")))
    }

    /// Whether a placeholder stands for a value on the way to `host`.
    pub fn binds(&self, host: &Host) -> bool {
        self.bound_to(host).next().is_some()
    }

    /// `bytes` on the way to `host`: with the values in place of their placeholders, where there are any.
    ///
    /// # Errors
    ///
    /// When that would be more than `most` bytes: a value may be longer than its placeholder, and the guest
    /// chooses how often it stands there.
    pub fn reveal(&self, host: &Host, bytes: &[u8], most: usize) -> Result<Option<Vec<u8>>, TooLong> {
        let mut revealed: Option<Vec<u8>> = None;
        for (placeholder, value) in self.bound_to(host) {
            let (from, form) = (revealed.as_deref().unwrap_or(bytes), placeholder.as_bytes());
            let more = value.len().saturating_sub(form.len());
            let room = most.saturating_sub(from.len());
            if memchr::memmem::find_iter(from, form).count().saturating_mul(more) > room {
                return Err(TooLong);
            }
            revealed = crate::secret::replace(from, form, value.as_bytes()).or(revealed);
        }
        Ok(revealed)
    }

    fn bound_to<'a>(&'a self, host: &'a Host) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.held.iter().filter_map(|held| {
            let bound = held.bound.as_ref().filter(|bound| bound.only_to.matches(host))?;
            Some((bound.placeholder.as_str(), held.value.as_ref()))
        })
    }
}

/// The variables that `authority` grants and that are set.
pub(crate) fn granted<'a>(
    authority: &'a Authority,
    secrets: &'a Secrets,
) -> impl Iterator<Item = (&'a EnvGrant, Arc<str>)> {
    let grants = authority.grants.env.iter().flat_map(|grants| grants.iter());
    grants.filter_map(|grant| match authority.decide(&Request::Env { name: grant.name.as_str().into() }) {
        Decision::Allowed(_) => Some((grant, secrets.get(&grant.name)?)),
        Decision::Denied(_) => None,
    })
}

impl Held {
    /// What the guest sees.
    fn shown(&self) -> &str {
        self.bound.as_ref().map_or(&self.value, |bound| &bound.placeholder)
    }
}

fn too_short(name: &str) -> Failure {
    let message = format!(
        "the value of `{name}` is shorter than {MIN_SECRET} bytes, so it can't be kept out of what a run writes"
    );
    Failure::new(Code::Input, message)
        .help(format!("if it is no secret: env = [{{ name = \"{name}\", secret = false }}]"))
}

/// A text that nobody can guess: who could would have the value sent in a text of their own.
fn placeholder() -> String {
    let random = RandomState::new();
    format!("tbx{:016x}{:016x}", random.hash_one(0), random.hash_one(1))
}
