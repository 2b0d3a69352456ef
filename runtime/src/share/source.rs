//! Where a pack comes from: a folder, a file, a web server or a registry.

use std::{
    io,
    path::{Path, PathBuf},
};

use cap_std::{ambient_authority, fs::Dir};

use super::{MAX_PACK, MAX_SIGNATURE, Pack, Signature, fetch::Client, oci};
use crate::{
    agent::{Folder, Manifest},
    build::{MANIFEST, pack_of},
    diagnostic::{Diagnostic, Report},
    policy::Url,
    source,
};

/// What is behind the name of a pack in that of its signature.
const SIGNED: &str = ".minisig";

/// Where a pack is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// An agent's folder, or a file, on this machine.
    Path(PathBuf),
    /// A file on a web server.
    Web(Url),
    /// In a registry.
    Registry(oci::Reference),
}

/// A pack that was got from somewhere.
#[derive(Debug)]
pub struct Fetched {
    /// The pack.
    pub pack: Pack,
    /// Its signature, if there is one. Nobody has checked it.
    pub signature: Option<Signature>,
    /// Where it is, said so that it can be got again.
    pub source: String,
}

impl Location {
    /// Reads what a person wrote.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once("://") {
            Some(("oci", _)) => oci::Reference::parse(text).map(Self::Registry),
            Some(("http" | "https", _)) => Url::parse(text).map(Self::Web).map_err(Into::into),
            Some((scheme, _)) => Err(format!("`{}` is none of `https`, `http` and `oci`", scheme.escape_debug())),
            None => Ok(Self::Path(text.into())),
        }
    }

    /// Gets the pack, and the signature beside it.
    ///
    /// # Ambient Authority
    ///
    /// Reads the file, or asks the server, that the operator named.
    ///
    /// # Errors
    ///
    /// A finding that says why there is none, or none that can be used.
    pub async fn fetch(&self, client: &Client) -> Result<Fetched, Report> {
        match self {
            Self::Path(path) => on_disk(path),
            Self::Web(url) => on_the_web(client, url).await.map_err(unfetched),
            Self::Registry(reference) => oci::pull(client, reference).await.map_err(unfetched),
        }
    }
}

/// The manifest of the agent in `folder`.
///
/// # Errors
///
/// Every mistake in it, or why it can't be read.
pub fn manifest_in(folder: &Path) -> Result<Manifest, Report> {
    let path = folder.display().to_string();
    let unread =
        |error: io::Error| Report::from(Diagnostic::error("unreadable", format!("`{path}` can't be read: {error}")));
    let name = folder.canonicalize().map_err(unread)?;
    let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let root = Dir::open_ambient_dir(folder, ambient_authority()).map_err(unread)?;
    let held = Folder::Disk { root: root.into(), below: ".".into(), path: path.clone() };
    let source = held.source(MANIFEST).map_err(|error| {
        let none = Diagnostic::error("no-agent", format!("`{path}` is no agent's folder: {MANIFEST}: {error}"));
        Report::from(none)
    })?;
    Manifest::read(&source, held, &name)
}

/// The pack in a file or of an agent's folder, and the signature beside that.
fn on_disk(path: &Path) -> Result<Fetched, Report> {
    let wrong = |why: String| bad_pack(&format!("`{}`", path.display()), &why);
    let shown = path.display().to_string();
    let pack = if path.is_dir() {
        pack_of(&manifest_in(path)?).map_err(wrong)?
    } else {
        let bytes = source::read(path, MAX_PACK as u64).map_err(|error| {
            Report::from(Diagnostic::error("unreadable", format!("`{shown}` can't be read: {error}")))
        })?;
        Pack::read(bytes).map_err(wrong)?
    };
    let beside = PathBuf::from(format!("{}{SIGNED}", shown.trim_end_matches('/')));
    let signature = match source::read(&beside, MAX_SIGNATURE as u64) {
        Ok(bytes) => Some(signature(&bytes).map_err(|why| bad_signature(&beside.display().to_string(), why))?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(bad_signature(&beside.display().to_string(), &error.to_string())),
    };
    Ok(Fetched { pack, signature, source: shown })
}

async fn on_the_web(client: &Client, url: &Url) -> Result<Fetched, Diagnostic> {
    let found = client.get(url, MAX_PACK).await?;
    if found.status != 200 {
        return Err(found.unexpected(url));
    }
    let pack = Pack::read(found.body).map_err(|why| bad_pack_in(url, &why))?;
    let (path, query) = url.target().split_at(url.path().len());
    let beside = url.clone().with_target(&format!("{path}{SIGNED}{query}"));
    let beside = beside.map_err(|why| Diagnostic::error("bad-url", why))?;
    let found = client.get(&beside, MAX_SIGNATURE).await?;
    let signature = match found.status {
        200 => {
            let read = signature(&found.body);
            Some(read.map_err(|why| Diagnostic::error("bad-signature", format!("{beside}: {why}")))?)
        }
        403 | 404 | 410 => None,
        _ => return Err(found.unexpected(&beside)),
    };
    // Without the query, which may be somebody's pass.
    Ok(Fetched { pack, signature, source: url.to_string() })
}

pub(super) fn signature(bytes: &[u8]) -> Result<Signature, &'static str> {
    std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8").and_then(Signature::parse)
}

/// The finding that something is no pack.
pub(super) fn bad_pack_in(place: impl std::fmt::Display, why: &str) -> Diagnostic {
    Diagnostic::error("bad-pack", format!("{place} is no pack that can be used: {why}"))
}

fn bad_pack(place: &str, why: &str) -> Report {
    bad_pack_in(place, why).into()
}

fn bad_signature(place: &str, why: &str) -> Report {
    Diagnostic::error("bad-signature", format!("`{place}`: {why}")).into()
}

fn unfetched(wrong: Diagnostic) -> Report {
    wrong.into()
}
