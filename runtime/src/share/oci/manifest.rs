//! The manifest of a pack: what a registry keeps for a tag.

use serde::{Deserialize, Serialize};

use super::reference::is_digest;
use crate::share::{Pack, Signature, pack::digest};

/// The manifest's own type.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// What it is the manifest of.
const AGENT: &str = "application/vnd.turingbox.agent.v1";

/// The types of what it names.
const PACK: &str = "application/vnd.turingbox.agent.v1.tar";
const SIGNATURE: &str = "application/vnd.turingbox.agent.v1.minisig";

/// What other clients call a file by that they get.
const TITLE: &str = "org.opencontainers.image.title";

/// The manifest.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    schema_version: u32,
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    artifact_type: String,
    config: Descriptor,
    layers: Vec<Descriptor>,
}

/// What names a blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    media_type: String,
    /// Its digest.
    pub digest: String,
    /// How many bytes it has.
    pub size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none", skip_deserializing)]
    annotations: Option<serde_json::Value>,
}

impl Descriptor {
    /// The configuration of what has none.
    pub fn empty() -> Self {
        Self::of("application/vnd.oci.empty.v1+json", b"{}", None)
    }

    fn of(media_type: &str, bytes: &[u8], title: Option<String>) -> Self {
        let annotations = title.map(|title| serde_json::json!({ TITLE: title }));
        Self { media_type: media_type.to_owned(), digest: digest(bytes), size: bytes.len() as u64, annotations }
    }
}

impl Manifest {
    /// The manifest of a pack.
    pub fn of(config: Descriptor, pack: &Pack, signature: Option<&Signature>) -> Self {
        let file = format!("{}.tar", pack.name());
        let signed = signature
            .map(|signature| Descriptor::of(SIGNATURE, signature.text().as_bytes(), Some(format!("{file}.minisig"))));
        let layers = [Descriptor::of(PACK, pack.bytes(), Some(file))].into_iter().chain(signed).collect();
        Self { schema_version: 2, media_type: MANIFEST.into(), artifact_type: AGENT.into(), config, layers }
    }

    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|_| "the registry's manifest of it is none of one thing")?;
        if manifest.media_type != MANIFEST {
            return Err("the registry's manifest of it is of another type");
        }
        Ok(manifest)
    }

    /// The manifest, as it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The pack and its signature, if there is one.
    ///
    /// # Errors
    ///
    /// Why there is no pack.
    pub fn layers(&self) -> Result<(&Descriptor, Option<&Descriptor>), &'static str> {
        if self.artifact_type != AGENT {
            return Err("it is something else, such as the image of a container");
        }
        let mut packs = self.layers.iter().filter(|layer| layer.media_type == PACK);
        let mut signatures = self.layers.iter().filter(|layer| layer.media_type == SIGNATURE);
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
