//! What the lock file says of agents that others made.

use std::path::Path;

use serde::Deserialize;

use crate::{
    agent::{Folder, Manifest},
    diagnostic::Diagnostic,
    document::{list, quoted},
    share::{Key, Pack, Signature},
};

use super::LOCK;

/// An agent that was added: what it has to be, to the byte, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// Where it came from.
    pub source: String,
    /// The digest of its folder, packed: `sha256:…`.
    pub digest: String,
    /// The key that its signature was checked with, if it was.
    #[serde(default)]
    pub key: Option<String>,
    /// The lines of its signature, if it has one.
    #[serde(default)]
    pub signature: Vec<String>,
}

impl Added {
    /// The signature, if there is one that can be read.
    pub fn signature(&self) -> Option<Signature> {
        Signature::parse(&(self.signature.join("\n") + "\n")).ok()
    }

    /// Its lines in the lock file.
    pub(super) fn lines(&self) -> String {
        let mut text = format!("source = {}\ndigest = {}\n", quoted(&self.source), quoted(&self.digest));
        if let Some(key) = &self.key {
            text.push_str(&format!("key = {}\n", quoted(key)));
        }
        if !self.signature.is_empty() {
            text.push_str(&format!("signature = {}\n", list(&self.signature)));
        }
        text
    }

    /// What is not as this says of the agent at `path` in its library.
    pub(super) fn differs(&self, path: &str, manifest: &Manifest) -> Option<Diagnostic> {
        let otherwise =
            |what: String| Some(Diagnostic::error("locked-otherwise", format!("`{path}` {what}, says {LOCK}")));
        let pack = match pack(manifest) {
            Ok(pack) => pack,
            Err(why) => return otherwise(format!("is to be the pack {}, and is none: {why}", self.digest)),
        };
        if pack.digest() != self.digest {
            return otherwise(format!("is to be the pack {}, not {}", self.digest, pack.digest()));
        }
        let text = self.key.as_deref()?;
        let signed =
            Key::parse(text).ok().zip(self.signature()).is_some_and(|(key, made)| key.signed(pack.bytes(), &made));
        let message = format!("{LOCK} has a signature of `{path}` that is not by the key {text}");
        (!signed).then(|| Diagnostic::error("bad-signature", message).help("`turingbox add` it again, with that key"))
    }
}

/// An agent's folder, packed.
///
/// # Errors
///
/// Why it can't be packed, as a sentence.
pub(crate) fn pack(manifest: &Manifest) -> Result<Pack, String> {
    match &manifest.folder {
        Folder::Disk { root, below, path } => {
            let folder = root.open_dir(below).map_err(|error| format!("`{path}` can't be opened: {error}"))?;
            Pack::of_folder(&manifest.name, &folder)
        }
        Folder::Packed { pack, .. } => Ok(Pack::clone(pack)),
        Folder::Builtin(_) | Folder::Memory { .. } => Err(format!("`{}` is in no folder", manifest.name)),
    }
}

/// The path of an agent's folder in its library, as the lock file writes it.
pub(super) fn path_of(below: &Path) -> Option<String> {
    let parts = below.components().filter(|part| !matches!(part, std::path::Component::CurDir));
    let parts: Option<Vec<_>> = parts.map(|part| part.as_os_str().to_str()).collect();
    parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join("/"))
}
