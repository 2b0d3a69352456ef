//! What each agent of a program holds, looked up once: its authority under its callers' ceilings,
//! and the folders, held open.

use std::{
    collections::BTreeMap,
    iter,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use crate::{
    agent::{AgentId, Body, Manifest, Program},
    capability::{
        files::{Copies, MOUNT, MountError, Mounts},
        sql::Databases,
    },
    engine::{Budget, Setup},
    failure::{Code, Failure},
    policy::{Authority, Ceilings, Decision, FileGrant, Isolation, Policy, Purity, is_below},
    sandbox::{Kept, Ready},
    share,
};

/// What one agent holds when it is called under certain ceilings.
pub(super) struct Held {
    /// Its authority.
    pub authority: Arc<Authority>,
    /// Its folders.
    pub mounts: Arc<Mounts>,
    /// Its databases.
    pub databases: Arc<Databases>,
    /// How far it can reach.
    pub purity: Purity,
    /// Its guest.
    pub ready: Ready,
    /// Where its instance waits between calls, if one instance serves the run.
    pub kept: Option<Arc<Kept>>,
    /// The ceilings of those that it calls.
    pub below: Ceilings,
    /// Whether somebody vouches for it, where somebody has to.
    pub vouched: Option<Decision>,
    told: AtomicBool,
}

impl Held {
    /// Tells the tape what the agent at `path` holds, once: its limits and grants, and what is left of the
    /// budget that it is called with.
    pub(super) fn tell(&self, path: &str, manifest: &Manifest, (budget, now): (&Budget, Instant), setup: &Setup) {
        if setup.tape.wants_holdings() && !self.told.swap(true, Ordering::Relaxed) {
            let mut rows = vec![("limits", budget.left(&self.authority.limits, now))];
            rows.extend(self.authority.summary());
            setup.tape.holds(path, &manifest.name, &rows);
        }
    }
}

/// An agent, and its ceilings' place in memory: they are kept with what it holds, so no others can be
/// there.
type Key = (AgentId, usize);

/// What the agents of one program hold.
#[derive(Default)]
pub(super) struct Holdings {
    held: Mutex<BTreeMap<Key, (Ceilings, Arc<Held>)>>,
    opened: Mutex<Vec<(Ceilings, Arc<Mounts>)>>,
}

impl Holdings {
    /// Whether there are agents whose instances are kept between calls.
    pub(super) fn keep_instances(&self) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.values().any(|(_, held)| held.kept.is_some())
    }

    /// What `agent` holds under `ceilings`.
    ///
    /// # Errors
    ///
    /// When a granted folder can't be opened, or copied where there are copies.
    pub(super) fn get(
        &self,
        program: &Program,
        agent: AgentId,
        ceilings: &Ceilings,
        (setup, copies): (&Setup, Option<&Arc<Copies>>),
    ) -> Result<Arc<Held>, MountError> {
        let key = (agent, Arc::as_ptr(ceilings).cast::<()>() as usize);
        let known = || self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, held)) = known().get(&key) {
            return Ok(held.clone());
        }
        let body = &program[agent].body;
        let manifest = &program[agent].manifest;
        let authority = setup.policy.authority(&manifest.name, &manifest.path).under(ceilings);
        // Only code reaches folders.
        let files = if matches!(body, Body::Proc(_)) { &authority.files()[..] } else { &[] };
        if let Some(grant) = files.iter().filter(|_| manifest.has_own_folder()).find(|grant| in_the_way(&grant.mount)) {
            let message = format!("`{MOUNT}` is where the program `{}` has a folder of its own", manifest.name);
            return Err(MountError { code: "mount", place: Some(grant.place.clone()), message });
        }
        let mounts = self.mounts((files, ceilings), || Mounts::open(files, ceilings, &setup.protected, copies))?;
        let databases = match body {
            Body::Proc(_) => Databases::open(&authority, files, &setup.protected, &variable(setup))?,
            _ => Databases::default(),
        };
        let below = authority.ceilings_below();
        let vouched = share::vouched(&program[agent], &authority);
        let kept = (authority.isolation == Isolation::Run).then(Arc::default);
        let held = Arc::new(Held {
            purity: authority.purity(),
            authority: Arc::new(authority),
            mounts,
            databases: Arc::new(databases),
            ready: Ready::default(),
            kept,
            below,
            vouched,
            told: AtomicBool::new(false),
        });
        known().insert(key, (ceilings.clone(), held.clone()));
        Ok(held)
    }

    /// The folders of `grants`, opened. Agents with the same grants under the same ceilings share them: whether a
    /// ceiling leaves a folder is only known when it is opened.
    fn mounts(
        &self,
        (grants, ceilings): (&[FileGrant], &Ceilings),
        open: impl FnOnce() -> Result<Mounts, MountError>,
    ) -> Result<Arc<Mounts>, MountError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |(under, mounts): &&(Ceilings, Arc<Mounts>)| {
            mounts.grants() == grants
                && under.len() == ceilings.len()
                && iter::zip(&**under, &**ceilings).all(|(one, other)| Arc::ptr_eq(one, other))
        };
        if let Some((_, mounts)) = opened.iter().find(same) {
            return Ok(mounts.clone());
        }
        let mounts = Arc::new(open()?);
        opened.push((ceilings.clone(), mounts.clone()));
        Ok(mounts)
    }
}

/// Whether a mount and a program's own folder can't be told apart.
fn in_the_way(mount: &str) -> bool {
    is_below(mount, MOUNT) || is_below(MOUNT, mount)
}

/// Reads the host's variables.
pub(super) fn variable(setup: &Setup) -> impl Fn(&str) -> Option<String> {
    |name| setup.secrets.get(name).map(|value| value.to_string())
}

/// Where changes go in a dry run.
pub(super) fn copies(policy: &Policy) -> Result<Arc<Copies>, MountError> {
    let unmade = |error| MountError {
        code: "mount",
        place: None,
        message: format!("a dry run works on copies of folders, and there is no place for them: {error}"),
    };
    Copies::new(policy.folders()).map(Arc::new).map_err(unmade)
}

/// A folder that can't be opened in the middle of a run.
pub(super) fn unmounted(error: &MountError) -> Failure {
    let line = error.place.as_ref().map(|place| format!("{}: ", place.line())).unwrap_or_default();
    Failure::new(Code::Host, format!("{line}{}", error.message))
}
