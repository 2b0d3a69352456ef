//! Whether somebody vouches for an agent that is about to run, as its policy asks.

use cap_std::fs::Dir;

use crate::{
    agent::{Agent, Folder, Manifest},
    build::{Lock, pack_of},
    policy::{Authority, Decision, Denial, Proof},
};

/// Why the agent may not run under `authority`, if its policy asks for a signature and there is none.
///
/// What counts is what was loaded, not only what is on disk now: whoever exchanges a file meanwhile changes
/// nothing.
pub fn denied(agent: &Agent, authority: &Authority) -> Option<Denial> {
    denied_as(&agent.manifest, authority, |pack| {
        agent.files().into_iter().all(|(name, bytes)| pack.file(name) == Some(bytes))
    })
}

/// The same of an agent that isn't loaded, as its folder is now.
pub fn denied_unloaded(manifest: &Manifest, authority: &Authority) -> Option<Denial> {
    denied_as(manifest, authority, |_| true)
}

fn denied_as(manifest: &Manifest, authority: &Authority, holds: impl Fn(&super::Pack) -> bool) -> Option<Denial> {
    let signed_by = authority.signed_by.as_ref()?;
    let decide = |proof| match signed_by.decide(&manifest.path, proof) {
        Decision::Allowed(_) => None,
        Decision::Denied(denial) => Some(denial),
    };
    let (root, below) = match &manifest.folder {
        Folder::Builtin(_) => return decide(Proof::BuiltIn),
        Folder::Memory { .. } | Folder::Packed { .. } => return decide(Proof::Unsigned),
        Folder::Disk { root, below, .. } => (root, below),
    };
    let Some((digest, signature)) = pinned(root, below) else { return decide(Proof::Unsigned) };
    match pack_of(manifest) {
        Ok(pack) if pack.digest() == digest && holds(&pack) => {
            decide(Proof::Signed { pack: pack.bytes(), signature: &signature })
        }
        _ => decide(Proof::Changed),
    }
}

/// The digest and the signature that the library's lock file has of an agent. A lock file that can't be read
/// vouches for nobody.
fn pinned(root: &Dir, below: &std::path::Path) -> Option<(String, super::Signature)> {
    let lock = Lock::read_in(root).ok()?;
    let added = lock.added_at(below)?;
    Some((added.digest.clone(), added.signature()?))
}
