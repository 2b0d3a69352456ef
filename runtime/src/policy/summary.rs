//! What an agent holds, in words.

use crate::policy::{Authority, FileGrant, Key, Named, Policy};

impl Policy {
    /// What an agent holds, a row for each grant: the capability's word, and what is granted by which
    /// line. Folders are those that its callers' ceilings leave; for the rest, the ceilings follow.
    pub fn summary<'p>(&'p self, agent: Named<'_>, authority: &Authority) -> Vec<(&'p str, String)> {
        let folder = |grant: &FileGrant| {
            let (access, mount, host) = (grant.access.word(), &grant.mount, grant.folder().display());
            ("files", format!("{access} {mount} ({host}), says {}", grant.place.line()))
        };
        let said = self.said(agent);
        let granting = |key: &&Key| key.name != "files" && !key.name.starts_with("limits.");
        let others = said.iter().map(|said| said.key).filter(granting).flat_map(|key| {
            key.rows()
                .map(|(text, place)| (key.name.as_str(), format!("{text}, says {}", place.line())))
                .collect::<Vec<_>>()
        });
        let ceilings =
            authority.ceilings.iter().map(|ceiling| ("ceiling", format!("within, says {}", ceiling.place.line())));
        authority.files().iter().map(folder).chain(others).chain(ceilings).collect()
    }
}
