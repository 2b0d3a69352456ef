//! What of the machine an agent's grants need: all that the kernel leaves to its worker.

use std::path::PathBuf;

use crate::{
    capability::{files::Mounts, sql::Databases},
    policy::{Access, Authority},
};

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
    /// Whether local sockets may be connected to: a database server may listen on one.
    pub local: bool,
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
    /// The folders that are open: all that there is to reach where effects are only planned.
    pub(crate) fn of_folders(mounts: &Mounts) -> Self {
        Self {
            folders: mounts.opened().map(|(folder, access)| (folder.to_path_buf(), access)).collect(),
            ..Self::default()
        }
    }

    /// What `authority`, `mounts` and `databases` need.
    pub(crate) fn of(authority: &Authority, mounts: &Mounts, databases: &Databases) -> Self {
        let mut reach = Self::of_folders(mounts);
        let mut ports: Vec<u16> = Vec::new();
        for grant in authority.grants.http.iter().flat_map(|grants| grants.iter()) {
            match &grant.ports {
                Some(named) => ports.extend(named),
                None => ports.extend(grant.schemes.iter().map(|scheme| scheme.port())),
            }
        }
        ports.extend(authority.grants.tcp.iter().flat_map(|grants| grants.iter()).flat_map(|grant| &grant.ports));
        databases.reach(authority, &mut reach, &mut ports);
        ports.sort_unstable();
        ports.dedup();
        reach.network = (!ports.is_empty()).then_some(Ports::Only(ports));
        reach
    }
}
