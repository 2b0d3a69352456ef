//! Folders that an attack may do its worst in.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    Policy,
    attack::Victim,
    policy::{Access, Altered, Authority, Ceilings, HostPattern, HttpGrant, Scheme},
    secret::Secrets,
};

/// What is in every scratch folder, and beside them.
const CANARY: &str = "canary.txt";
const TEXT: &str = "nobody writes here";

/// The file that stands for every database. It has no tables: what a statement may do is decided before a
/// database hears of it.
const DATABASE: &str = "database";

/// Variables that every process has, and one as secrets are called; and what they hold.
const NAMES: [&str; 4] = ["PATH", "HOME", "USER", "API_KEY"];
const VALUE: &str = "made up for an attack";

/// A folder for each that the victim may reach, one around them that it may not, and a database.
pub struct Scratch {
    root: tempfile::TempDir,
    policy: Policy,
    kept: Vec<Kept>,
    targets: Targets,
    ceilings: Ceilings,
    secrets: Secrets,
}

/// A folder that may not be changed, and what is in it.
struct Kept {
    folder: PathBuf,
    names: BTreeSet<OsString>,
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
    /// Makes the folders, and the same policy for them. About what is beside the point of the attack, it
    /// says nothing: about imports, and about limits.
    pub fn new(policy: &Policy, victim: &Victim, (any_import, any_limit): (bool, bool)) -> io::Result<Self> {
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
        let folders: Vec<_> = moved.values().cloned().collect();
        // What breaks in does so in an agent that somebody vouched for.
        let any_signer = true;
        let altered = Altered { folders: moved, databases: Some(database), any_import, any_limit, any_signer };
        let policy = policy.clone().altered(altered);
        let callers: Vec<_> = victim.callers.iter().map(|(name, path)| (name.as_str(), path.as_str())).collect();
        let authority = policy.authority_below(&callers, (&victim.name, &victim.path));
        for left in authority.files().iter() {
            fs::create_dir_all(&left.host)?;
        }
        let is_written = |folder: &PathBuf| {
            let mut writable = authority.files().iter().filter(|grant| grant.access == Access::Write);
            writable.any(|grant| folder.starts_with(&grant.host))
        };
        let mut kept: Vec<_> = folders.into_iter().filter(|folder| !is_written(folder)).collect();
        kept.push(root.path().to_path_buf());
        let kept = kept.into_iter().map(Kept::new).collect::<io::Result<_>>()?;
        let targets = Targets::of(&authority);
        Ok(Self { root, policy, kept, targets, ceilings: authority.ceilings.clone(), secrets: secrets(&authority) })
    }

    /// The policy, with the scratch folders in place of the operator's.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What the callers leave.
    pub fn ceilings(&self) -> Ceilings {
        self.ceilings.clone()
    }

    /// Made-up values for the variables that the victim is granted, and for some that it isn't.
    pub fn secrets(&self) -> Secrets {
        self.secrets.clone()
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
        for kept in &self.kept {
            if !kept.is_whole()? {
                return Ok(Some("it changed a folder that it may not write".into()));
            }
        }
        Ok(None)
    }
}

impl Kept {
    fn new(folder: PathBuf) -> io::Result<Self> {
        Ok(Self { names: names(&folder)?, folder })
    }

    fn is_whole(&self) -> io::Result<bool> {
        let text = fs::read_to_string(self.folder.join(CANARY));
        Ok(text.is_ok_and(|text| text == TEXT) && names(&self.folder)? == self.names)
    }
}

/// What is in a folder. SQLite puts its journal beside a database.
fn names(folder: &Path) -> io::Result<BTreeSet<OsString>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
    let names = names.collect::<io::Result<BTreeSet<_>>>()?;
    let journal = |name: &OsString| name.to_str().is_some_and(|name| name != DATABASE && name.starts_with(DATABASE));
    Ok(names.into_iter().filter(|name| !journal(name)).collect())
}

fn secrets(victim: &Authority) -> Secrets {
    let granted = victim.grants.env.iter().flat_map(|grants| grants.iter()).map(|grant| grant.name.as_str());
    let names = granted.chain(NAMES);
    names.fold(Secrets::default(), |secrets, name| secrets.with(name, VALUE))
}
