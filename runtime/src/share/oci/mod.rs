//! Packs in registries of the Open Container Initiative, the ones that hold container images: a manifest
//! that names the pack, and its signature where there is one.

mod login;
mod manifest;
mod reference;
mod registry;

use http::Method;

use super::{
    MAX_PACK, MAX_SIGNATURE, Pack, Signature,
    fetch::Client,
    pack::digest,
    source::{Fetched, bad_pack_in, signature},
};
use crate::diagnostic::Diagnostic;
use manifest::{Descriptor, Manifest};
use registry::Registry;

pub use reference::Reference;
pub(crate) use reference::is_digest;

/// Gets a pack and its signature. Each is what the manifest says, and the manifest what the reference says.
pub async fn pull(client: &Client, reference: &Reference) -> Result<Fetched, Diagnostic> {
    let mut registry = Registry::new(client, reference, "pull");
    let (bytes, named) = registry.manifest().await?;
    let manifest = Manifest::read(&bytes).map_err(|why| bad_pack_in(reference, why))?;
    let (packed, signed) = manifest.layers().map_err(|why| bad_pack_in(reference, why))?;
    let pack = Pack::read(registry.blob(packed, MAX_PACK).await?).map_err(|why| bad_pack_in(reference, &why))?;
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
    let mut registry = Registry::new(client, reference, "pull,push");
    let config = Descriptor::empty();
    registry.upload(&config.digest, b"{}").await?;
    registry.upload(&pack.digest(), pack.bytes()).await?;
    if let Some(signature) = signature {
        registry.upload(&digest(signature.text().as_bytes()), signature.text().as_bytes()).await?;
    }
    let manifest = Manifest::of(config, pack, signature).bytes();
    registry.put_manifest(&manifest).await?;
    Ok(digest(&manifest))
}

/// The finding that a registry doesn't do what was hoped for.
fn refused(reference: &Reference, method: &Method, why: &str) -> Diagnostic {
    let what = if *method == Method::GET { "fetched" } else { "pushed" };
    Diagnostic::error(
        if what == "fetched" { "not-fetched" } else { "not-pushed" },
        format!("{reference} can't be {what}: {why}"),
    )
}
