//! Folders that an attack may do its worst in.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    Policy,
    attack::Victim,
    policy::{Access, Authority, FileGrant, HostPattern, HttpGrant, Scheme},
};

/// What is in every scratch folder, and beside them.
const CANARY: &str = "canary.txt";
const TEXT: &str = "nobody writes here";

/// The file that stands for every database. It has no tables: what a statement may do is decided before a
/// database hears of it.
const DATABASE: &str = "database";

/// A folder for each that the victim may reach, one around them that it may not, and a database.
pub struct Scratch {
    root: tempfile::TempDir,
    policy: Policy,
    grants: Vec<FileGrant>,
    targets: Targets,
}

/// What of the victim's an attack goes for, each the first of its kind that the policy grants.
pub struct Targets {
    /// Where a folder is mounted.
    pub mount: String,
    /// What a database is called.
    pub database: String,
    /// A server, as a URL begins that names it.
    pub server: String,
}

impl Targets {
    /// What `victim` is granted. What it isn't is attacked all the same, by a name that nobody has.
    fn of(victim: &Authority) -> Self {
        let mount = victim.files().first().map_or("/data", |grant| &grant.mount);
        let plain = |name: &&String| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        let database = victim.databases().first().map(|grant| &grant.name).filter(plain);
        let server = victim.grants.http.iter().flat_map(|grants| grants.iter()).next();
        Self {
            mount: mount.to_owned(),
            database: database.map_or("shop", String::as_str).to_owned(),
            server: server.map_or_else(|| "http://server.invalid:80".into(), server_of),
        }
    }
}

fn server_of(grant: &HttpGrant) -> String {
    let host = match &grant.host {
        HostPattern::Exact(host) => host.to_string(),
        HostPattern::Below(name) => format!("attack.{name}"),
    };
    let scheme = grant.schemes.first().copied().unwrap_or(Scheme::Https);
    let port = grant.ports.as_ref().and_then(|ports| ports.first().copied()).unwrap_or(scheme.port());
    format!("{}://{host}:{port}", scheme.word())
}

impl Scratch {
    /// Makes the folders, and the same policy for them.
    pub fn new(policy: &Policy, victim: &Victim) -> io::Result<Self> {
        let root = tempfile::tempdir()?;
        let granted = policy.authority(&victim.name, &victim.path);
        let mut moved = BTreeMap::new();
        for (index, grant) in granted.files().iter().enumerate() {
            let folder = root.path().join(index.to_string());
            fs::create_dir(&folder)?;
            fs::write(folder.join(CANARY), TEXT)?;
            moved.insert(grant.host.clone(), folder);
        }
        fs::write(root.path().join(CANARY), TEXT)?;
        fs::create_dir(root.path().join("agents"))?;
        let database = root.path().join(DATABASE);
        fs::write(&database, "")?;
        let policy = policy.clone().with_folders(&|host| moved.get(host).cloned()).with_databases_in(&database);
        let authority = policy.authority(&victim.name, &victim.path);
        let (grants, targets) = (authority.files().to_vec(), Targets::of(&authority));
        Ok(Self { root, policy, grants, targets })
    }

    /// The policy, with the scratch folders in place of the operator's.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What to go for.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// Where agents go.
    pub fn agents(&self) -> PathBuf {
        self.root.path().join("agents")
    }

    /// What was changed though nothing allows it.
    pub fn damage(&self) -> io::Result<Option<String>> {
        let mut kept: Vec<_> =
            self.grants.iter().filter(|grant| grant.access == Access::Read).map(|grant| grant.host.as_path()).collect();
        kept.push(self.root.path());
        for folder in kept {
            if fs::read_to_string(folder.join(CANARY)).is_ok_and(|text| text == TEXT)
                && !has_more(folder, self.grants.len())?
            {
                continue;
            }
            return Ok(Some("it changed a folder that it may not write".into()));
        }
        Ok(None)
    }
}

/// Whether a folder has more in it than was put there.
fn has_more(folder: &Path, grants: usize) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        // SQLite puts its journal beside a database.
        let database = name.to_str().is_some_and(|name| name.starts_with(DATABASE));
        let ours =
            name == CANARY || name == "agents" || database || (0..grants).any(|index| *name == *index.to_string());
        if !ours {
            return Ok(true);
        }
    }
    Ok(false)
}
