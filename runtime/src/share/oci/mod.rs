//! Packs in registries of the Open Container Initiative, the ones that hold container images: a manifest
//! that names the pack, and its signature where there is one.

mod client;
mod login;
mod manifest;
mod message;
mod reference;
mod registry;

use super::{
    MAX_PACK, MAX_SIGNATURE, Pack, Signature,
    fetch::Client,
    pack::digest,
    source::{Fetched, bad_pack_in, signature},
};
use crate::diagnostic::Diagnostic;
use manifest::Manifest;
use registry::{Aim, Registry};

pub use client::main as client_main;
pub use reference::Reference;
pub(crate) use reference::is_digest;

/// Gets a pack and its signature. Each is what the manifest says, and the manifest what the reference says.
pub async fn pull(client: &Client, reference: &Reference) -> Result<Fetched, Diagnostic> {
    let mut registry = Registry::open(client, reference, Aim::Pull).await?;
    let (bytes, named) = registry.manifest().await?;
    let bad = |why: &str| bad_pack_in(reference, why);
    let manifest = Manifest::read(&bytes).map_err(bad)?;
    let (packed, signed) = manifest.layers().map_err(bad)?;
    let pack = registry.blob(packed, MAX_PACK).await?;
    let pack = Pack::read(pack).map_err(|why| bad(&why))?;
    let signature = match signed {
        None => None,
        Some(layer) => {
            let read = signature(&registry.blob(layer, MAX_SIGNATURE).await?);
            Some(read.map_err(|why| Diagnostic::error("bad-signature", format!("{reference}: its signature: {why}")))?)
        }
    };
    Ok(Fetched { pack, signature, source: reference.with_digest(named).to_string() })
}

/// Puts a pack and its signature into a registry. Gives the digest of the manifest, by which it can be got
/// again, whatever becomes of the tag.
///
/// # Errors
///
/// What the registry refuses.
pub async fn push(
    client: &Client,
    reference: &Reference,
    pack: &Pack,
    signature: Option<&Signature>,
) -> Result<String, Diagnostic> {
    let mut registry = Registry::open(client, reference, Aim::Push).await?;
    let manifest = Manifest::of(pack, signature);
    let signature = signature.map(|signature| signature.text().as_bytes());
    for blob in [manifest::CONFIG, pack.bytes()].into_iter().chain(signature) {
        registry.put_blob(&digest(blob), blob).await?;
    }
    let manifest = manifest.bytes();
    registry.put_manifest(&manifest).await?;
    Ok(digest(&manifest))
}
