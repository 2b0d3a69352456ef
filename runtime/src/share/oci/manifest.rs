//! The manifest of a pack: what a registry keeps for a tag.

use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest};

use super::reference::is_digest;
use crate::share::{Pack, Signature, pack::digest};

/// What names a blob.
pub type Descriptor = OciDescriptor;

/// The manifest's own type.
pub const MANIFEST: &str = OCI_IMAGE_MEDIA_TYPE;

/// The configuration of what has none.
pub const CONFIG: &[u8] = b"{}";

/// The configuration's type.
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// What it is the manifest of.
const AGENT: &str = "application/vnd.turingbox.agent.v1";

/// The types of what it names.
const PACK: &str = "application/vnd.turingbox.agent.v1.tar";
const SIGNATURE: &str = "application/vnd.turingbox.agent.v1.minisig";

/// What other clients call a file by that they get.
const TITLE: &str = "org.opencontainers.image.title";

/// The manifest.
#[derive(Debug)]
pub struct Manifest(OciImageManifest);

impl Manifest {
    /// The manifest of a pack.
    pub fn of(pack: &Pack, signature: Option<&Signature>) -> Self {
        let file = format!("{}.tar", pack.name());
        let signed = signature
            .map(|signature| descriptor(SIGNATURE, signature.text().as_bytes(), Some(format!("{file}.minisig"))));
        Self(OciImageManifest {
            media_type: Some(MANIFEST.to_owned()),
            artifact_type: Some(AGENT.to_owned()),
            config: descriptor(EMPTY, CONFIG, None),
            layers: [descriptor(PACK, pack.bytes(), Some(file))].into_iter().chain(signed).collect(),
            ..OciImageManifest::default()
        })
    }

    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let manifest: OciImageManifest =
            serde_json::from_slice(bytes).map_err(|_| "the registry's manifest of it is none of one thing")?;
        match manifest.media_type.as_deref() {
            Some(MANIFEST) => Ok(Self(manifest)),
            _ => Err("the registry's manifest of it is of another type"),
        }
    }

    /// The manifest, as it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    /// The pack and its signature, if there is one.
    ///
    /// # Errors
    ///
    /// Why there is no pack.
    pub fn layers(&self) -> Result<(&Descriptor, Option<&Descriptor>), &'static str> {
        if self.0.artifact_type.as_deref() != Some(AGENT) {
            return Err("it is something else, such as the image of a container");
        }
        let mut packs = self.0.layers.iter().filter(|layer| layer.media_type == PACK);
        let mut signatures = self.0.layers.iter().filter(|layer| layer.media_type == SIGNATURE);
        let (Some(pack), None) = (packs.next(), packs.next()) else { return Err("it has not one pack in it") };
        let (signature, None) = (signatures.next(), signatures.next()) else {
            return Err("it has more than one signature");
        };
        match [pack].into_iter().chain(signature).all(|layer| is_digest(&layer.digest)) {
            true => Ok((pack, signature)),
            false => Err("its manifest names a digest that is not SHA-256"),
        }
    }
}

/// How many bytes a blob has, as its manifest says.
pub fn size_of(blob: &Descriptor) -> Option<u64> {
    u64::try_from(blob.size).ok()
}

fn descriptor(media_type: &str, bytes: &[u8], title: Option<String>) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest: digest(bytes),
        size: bytes.len().try_into().unwrap_or(i64::MAX),
        annotations: title.map(|title| [(TITLE.to_owned(), title)].into()),
        ..Descriptor::default()
    }
}
