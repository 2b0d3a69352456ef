//! Folders that an attack may do its worst in.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    Policy,
    attack::Victim,
    policy::{Access, FileGrant},
};

/// What is in every scratch folder, and beside them.
const CANARY: &str = "canary.txt";
const TEXT: &str = "nobody writes here";

/// A folder for each that the victim may reach, and one around them that it may not.
pub struct Scratch {
    root: tempfile::TempDir,
    policy: Policy,
    grants: Vec<FileGrant>,
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
        let policy = policy.clone().with_folders(&|host| moved.get(host).cloned());
        let grants = policy.authority(&victim.name, &victim.path).files().to_vec();
        Ok(Self { root, policy, grants })
    }

    /// The policy, with the scratch folders in place of the operator's.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Where the victim sees its first folder.
    pub fn mount(&self) -> Option<&str> {
        self.grants.first().map(|grant| grant.mount.as_str())
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
        let ours = name == CANARY || name == "agents" || (0..grants).any(|index| *name == *index.to_string());
        if !ours {
            return Ok(true);
        }
    }
    Ok(false)
}
