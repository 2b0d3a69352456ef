//! What of the machine an agent's grants need: all that the kernel leaves to its worker.

use std::path::PathBuf;

use crate::policy::{Access, Authority};

/// What a worker reaches. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Folders, with all that is below them.
    pub folders: Vec<(PathBuf, Access)>,
    /// Database files. The folder of each is reached as well: a database keeps its journal there.
    pub databases: Vec<(PathBuf, Access)>,
    /// The TCP ports that may be connected to; none where there is no network at all. With a network
    /// come look-ups of names, and the files that they read.
    pub network: Option<Ports>,
}

/// TCP ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// These, and that of name servers.
    Only(Vec<u16>),
    /// Every port.
    Any,
}

impl Reach {
    /// What `authority` needs.
    pub fn of(authority: &Authority) -> Self {
        let folders = authority.files().iter().map(|grant| (grant.folder().to_path_buf(), grant.access));
        Self { folders: folders.collect(), databases: Vec::new(), network: None }
    }
}
