//! Whether somebody vouches for an agent that is about to run, as its policy asks.

use std::path::Path;

use cap_std::fs::Dir;

use super::{Pack, Signature};
use crate::{
    agent::{Agent, Folder, Manifest, without_mark},
    build::{Lock, pack_of},
    policy::{Authority, Decision, Denial, Proof},
};

/// Whether the agent may run under `authority`: none, where its policy asks for no signature, or where it is
/// built in, and so comes with the program.
///
/// What counts is what was loaded, not only what is on disk now: whoever exchanges a file meanwhile changes
/// nothing. Texts are loaded without a byte order mark.
pub fn vouched(agent: &Agent, authority: &Authority) -> Option<Decision> {
    let is_packed = |pack: &Pack, name: &str, loaded: &[u8]| {
        pack.file(name).is_some_and(|packed| packed == loaded || without_mark(packed) == loaded)
    };
    decide(&agent.manifest, authority, |pack| agent.loaded().all(|(name, bytes)| is_packed(pack, name, bytes)))
}

/// Why the agent may not run, if nobody vouches for it who has to, as its folder is now.
pub fn unvouched(manifest: &Manifest, authority: &Authority) -> Option<Denial> {
    match decide(manifest, authority, |_| true)? {
        Decision::Allowed(_) => None,
        Decision::Denied(denial) => Some(denial),
    }
}

fn decide(manifest: &Manifest, authority: &Authority, holds: impl Fn(&Pack) -> bool) -> Option<Decision> {
    let signed_by = authority.signed_by.as_ref()?;
    let decide = |proof| Some(signed_by.decide(&manifest.path, proof));
    let (root, below) = match &manifest.folder {
        Folder::Builtin(_) => return None,
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
fn pinned(root: &Dir, below: &Path) -> Option<(String, Signature)> {
    let lock = Lock::read_in(root).ok()?;
    let added = lock.added_at(below)?;
    Some((added.digest.clone(), added.signature()?))
}
