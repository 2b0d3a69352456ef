//! A policy with something else in the place of what its files name: so that it can be tried out where
//! nothing of the operator's is touched.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use crate::policy::{Ceiling, DatabaseGrant, DatabaseUrl, FileGrant, Listed, Policy, limits::LimitKeys};

/// What is put in whose place. Made again from its files and this, a policy is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Altered {
    /// Other folders for these.
    pub folders: BTreeMap<PathBuf, PathBuf>,
    /// The SQLite file that stands for every database.
    pub databases: Option<PathBuf>,
    /// Whether nothing is said about imports.
    pub any_import: bool,
    /// Whether nothing is said about limits.
    pub any_limit: bool,
    /// Whether nothing is said about who vouches for whom.
    pub any_signer: bool,
}

impl Policy {
    /// The same policy, with something else in the place of what it names.
    #[must_use]
    pub fn altered(mut self, altered: Altered) -> Self {
        if altered.any_limit {
            self.limits = LimitKeys::default();
        }
        for section in &mut self.sections {
            if altered.any_limit {
                section.limits = LimitKeys::default();
            }
            if altered.any_signer {
                section.signed_by = None;
            }
            let grants = &mut section.grants;
            if let Some(files) = &grants.files {
                grants.files = Some(files.iter().map(|grant| altered.files(grant)).collect());
            }
            if let (Some(databases), Some(host)) = (&grants.databases, &altered.databases) {
                let moved: Listed<_> = databases.iter().map(|grant| database(grant, host)).collect();
                grants.databases = Some(moved.into());
            }
            if altered.any_import {
                grants.imports = None;
            }
            if let Some(within) = &section.within {
                section.within = Some(Arc::new(altered.ceiling(within)));
            }
        }
        self.altered = altered;
        self
    }

    /// What was put in the place of what its files say.
    pub fn alterations(&self) -> &Altered {
        &self.altered
    }
}

impl Altered {
    fn files(&self, grant: &FileGrant) -> FileGrant {
        let host = self.folders.get(&grant.host).unwrap_or(&grant.host).clone();
        FileGrant { host, ..grant.clone() }
    }

    /// A ceiling that leaves of the other folders what it leaves of those that they stand for.
    fn ceiling(&self, ceiling: &Ceiling) -> Ceiling {
        let mut grants = ceiling.grants.clone();
        if let Some(files) = &grants.files {
            grants.files = Some(files.iter().flat_map(|grant| self.left(grant)).collect());
        }
        if self.any_import {
            grants.imports = None;
        }
        Ceiling { grants, place: ceiling.place.clone() }
    }

    /// What a folder of a ceiling is now: part of one that was moved, or some that were, whole.
    fn left(&self, grant: &FileGrant) -> Vec<FileGrant> {
        let moved = self.folders.iter().filter_map(|(from, to)| match grant.host.strip_prefix(from) {
            Ok(below) => Some(to.join(below)),
            Err(_) => from.starts_with(&grant.host).then(|| to.clone()),
        });
        let hosts: Vec<_> = moved.collect();
        let hosts = if hosts.is_empty() { vec![grant.host.clone()] } else { hosts };
        hosts.into_iter().map(|host| FileGrant { host, ..grant.clone() }).collect()
    }
}

fn database(grant: &DatabaseGrant, host: &Path) -> DatabaseGrant {
    let url = DatabaseUrl::File { host: host.to_path_buf(), written: host.display().to_string() };
    DatabaseGrant { url: Some(url), role: None, ..grant.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Access, Decision, Request};

    #[test]
    fn a_ceiling_goes_where_its_folders_go() {
        let text = "version = 1\n[agents.caller.within]\nfiles = [{ path = \"/srv/in/open\", access = \"read\" }]\n\
                    imports = { deny = [\"os\"] }\n[agents.a]\nimports = { allow = [\"re\"] }\nlimits = { memory = \"1KiB\" }\n\
                    files = [{ path = \"/srv/in\", mount = \"/in\", access = \"write\" }]\n";
        let folders = BTreeMap::from([("/srv/in".into(), "/scratch/0".into())]);
        let policy = Policy::parse("p", text).unwrap_or_else(|report| panic!("{report}"));
        let policy = policy.altered(Altered { folders, any_import: true, any_limit: true, ..Altered::default() });
        let alone = policy.authority("a", "a");
        assert_eq!(alone.files()[0].host, Path::new("/scratch/0"));
        assert_eq!(alone.limits, policy.authority("other", "other").limits);
        let below = policy.authority_below(&[("caller", "caller")], ("a", "a"));
        assert_eq!(below.files()[0].host, Path::new("/scratch/0/open"));
        let decided = |access, path: &str| match below.decide(&Request::Files { access, path: path.into() }) {
            Decision::Allowed(_) => "",
            Decision::Denied(denial) => denial.code,
        };
        assert_eq!(decided(Access::Read, "/in/open/x"), "");
        assert_eq!(decided(Access::Write, "/in/open/x"), "files.ceiling");
        assert_eq!(decided(Access::Read, "/in/x"), "files.ceiling");
        assert!(!below.guards_imports());
    }
}
