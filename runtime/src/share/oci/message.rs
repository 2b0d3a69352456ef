//! What goes between us and the process that asks a registry.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A name and a password. They are never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Password {
    /// Who asks.
    pub user: String,
    /// What only they know.
    pub password: String,
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The first message: which pack of which registry everything else is about.
#[derive(Serialize, Deserialize)]
pub struct Opening {
    /// The registry, with its port.
    pub host: String,
    /// Whether it is on this machine, where nothing has to be encrypted.
    pub is_here: bool,
    /// The repository in it.
    pub name: String,
    /// The tag or the digest.
    pub wanted: String,
    /// Who asks.
    pub login: Option<Password>,
    /// Whether something is put there.
    pub pushes: bool,
}

/// What a registry is asked, one after the other. The bytes to put there follow.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ask {
    /// For the manifest, of at most `most` bytes.
    Manifest { most: u64 },
    /// For a blob of at most `most` bytes.
    Blob { digest: String, most: u64 },
    /// To take a blob.
    PutBlob { digest: String, length: u64 },
    /// To take the manifest.
    PutManifest { kind: String, length: u64 },
}

/// What comes of it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// It was done; so many bytes follow.
    Done { length: u64 },
    /// It was not.
    Failed(Trouble),
}

/// Why something could not be done.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trouble {
    /// The registry answered with this status.
    Status(u16),
    /// The registry, or who makes its tokens, leads to where nothing is encrypted.
    Clear,
    /// There is no token to be had, for this reason.
    Token(String),
    /// What came has another digest than that which was asked for.
    Digest { found: String, wanted: String },
    /// More came than `most` bytes.
    TooLarge,
    /// Anything else, as a sentence.
    Other(String),
}
