//! What `files` knows about policies: the fewest folders that a run needs.

use std::{fmt, path::Path};

use crate::{
    policy::{
        Access, Asked, Authority, Ceiling, Decision, Denial, FileGrant, Grants, Request,
        advice::{Advise, Find, Least, Wide, Wider, quoted},
        files::{find, is_below, missing, mountable, order},
        grants::Role,
    },
    source::Place,
};

/// The most folders that are suggested side by side; of more, their common folder is.
const MAX_FOLDERS: usize = 16;

/// The advice of `files`.
pub(in crate::policy) struct Files;

impl Advise for Files {
    fn word(&self) -> &'static str {
        "files"
    }

    fn beyond(&self) -> &'static [&'static str] {
        &["files.outside", "files.special"]
    }

    fn least(&self, asked: &[Asked<'_>], held: &Authority) -> Vec<Least> {
        let grants = held.files();
        let mut folders: Vec<_> =
            asked.iter().enumerate().filter_map(|(of, one)| Needed::new(of, one, asked, grants)).collect();
        folders = merged(folders);
        while folders.len() > MAX_FOLDERS {
            let widened = folders.iter_mut().filter_map(|folder| folder.widen(grants).then_some(())).count();
            if widened == 0 {
                break;
            }
            folders = merged(folders);
        }
        folders.into_iter().map(|needed| needed.grant(grants)).collect()
    }

    fn widen(&self, held: &Grants, _: Role, request: &Request<'_>, _: &Denial) -> Option<Wider> {
        let Request::Files { access, path } = request else { return None };
        let grants = held.files.as_deref().unwrap_or_default();
        let Decision::Denied(denial) = super::decide(grants, path, *access) else { return None };
        let mut wider = Wider::of_help(self, &denial)?;
        let inside = missing(grants, path).filter(|_| find(grants, path).is_none()).map(|(_, inside)| inside);
        if let Some(inside) = inside.filter(|inside| !inside.is_empty()) {
            wider.instead.extend(inside.iter().map(|grant| grant.place.clone()));
            wider.note = "no mount may lie in another, so what was mounted in this one has to be in its folder";
        }
        Some(wider)
    }

    fn wide(&self, held: &Authority, place: &Place, used: &[Request<'_>]) -> Option<Wide> {
        let grant = held.files().iter().find(|grant| grant.place == *place && grant.access == Access::Write)?;
        let reads = |request: &Request<'_>| matches!(request, Request::Files { access: Access::Read, .. });
        used.iter().all(reads).then(|| Wide {
            message: format!("`{}` may be written, and was only read", grant.mount),
            help: FileGrant { access: Access::Read, ..grant.clone() }.to_string(),
        })
    }

    fn met(&self, wanted: &str, held: &Grants, _: &Find<'_>) -> Result<bool, &'static str> {
        let (word, path) = wanted.split_once(' ').map_or((wanted, None), |(word, path)| (word, Some(path)));
        let access = [Access::Read, Access::Write].into_iter().find(|access| access.word() == word);
        let access = access.filter(|_| path.is_none_or(|path| path.starts_with('/')));
        let access = access.ok_or("it is `read` or `write`, and perhaps a path: `read /data`")?;
        let grants = held.files.as_deref().unwrap_or_default();
        Ok(match path {
            Some(path) => matches!(super::decide(grants, path, access), Decision::Allowed(_)),
            None => grants.iter().any(|grant| grant.access >= access),
        })
    }
}

/// A folder that is needed, as the guest sees it.
struct Needed {
    folder: String,
    access: Access,
    of: Vec<usize>,
    /// Folders of another access that are inside it.
    mixed: bool,
}

impl Needed {
    /// The folder that `one` needs: where what was asked for lies; the path itself where others show
    /// that it is a folder. None where no mount can have that name.
    fn new(of: usize, one: &Asked<'_>, all: &[Asked<'_>], grants: &[FileGrant]) -> Option<Self> {
        let Request::Files { access, path } = &one.request else { return None };
        let has_more = all.iter().any(|other| match &other.request {
            Request::Files { path: other, .. } => other.len() > path.len() && is_below(other, path),
            _ => false,
        });
        let is_mount = find(grants, path).is_some_and(|grant| grant.mount == **path);
        let parent = path.rfind('/').map_or("", |at| &path[..at]);
        let folder = if has_more || is_mount || parent.is_empty() { path } else { parent };
        Some(Self { folder: mountable(folder)?.to_owned(), access: *access, of: vec![of], mixed: false })
    }

    /// Takes the folder around it instead, unless that is the root, or outside of what was granted.
    fn widen(&mut self, grants: &[FileGrant]) -> bool {
        let is_mount = find(grants, &self.folder).is_some_and(|grant| grant.mount == self.folder);
        let at = self.folder.rfind('/').filter(|at| *at > 0 && !is_mount);
        self.folder.truncate(at.unwrap_or(self.folder.len()));
        at.is_some()
    }

    fn grant(self, grants: &[FileGrant]) -> Least {
        let known = find(grants, &self.folder);
        let path = known.and_then(|grant| {
            let rest = self.folder.strip_prefix(&grant.mount)?.trim_start_matches('/');
            let host = if rest.is_empty() { grant.host.clone() } else { grant.host.join(rest) };
            Some(host.to_str()?.to_owned())
        });
        let mut notes = Vec::new();
        if path.is_none() {
            notes.push("write the folder's place on this machine for `…`");
        }
        if self.mixed {
            notes.push("a folder in it is written, and folders of one agent can't lie in each other");
        }
        let toml = written(path.as_deref().unwrap_or("…"), &self.folder, self.access);
        Least { toml, of: self.of, note: notes.join("; ") }
    }
}

/// The folders without those that lie in another of them.
fn merged(mut folders: Vec<Needed>) -> Vec<Needed> {
    folders.sort_by(|one, other| order(&one.folder, &other.folder));
    let mut merged: Vec<Needed> = Vec::new();
    for folder in folders {
        match merged.last_mut() {
            Some(outer) if is_below(&folder.folder, &outer.folder) => {
                outer.mixed |= folder.access > outer.access && folder.folder != outer.folder;
                outer.access = outer.access.max(folder.access);
                outer.of.extend(folder.of);
            }
            _ => merged.push(folder),
        }
    }
    merged
}

/// What `most` would have to say to leave a folder of `own` to the agent: of both, the path is one of the
/// guest's. None where the agent itself has no such folder.
pub(in crate::policy) fn leave(own: &[FileGrant], ceiling: &Ceiling, path: &str, access: Access) -> Option<Wider> {
    let grant = find(own, path)?;
    let most = ceiling.grants.files.as_deref().unwrap_or_default();
    // A folder that has it already, with less access; else those that lie in it, which then overlap.
    let around = most.iter().find(|most| grant.host.starts_with(&most.host));
    let inside: Vec<_> = most.iter().filter(|most| most.host.starts_with(&grant.host)).collect();
    let wider = match around {
        Some(around) => FileGrant { access, ..around.clone() },
        None => {
            let access = inside.iter().map(|most| most.access).fold(access, Access::max);
            let file = Path::new(&ceiling.place.source.path);
            let base = file.parent().unwrap_or(Path::new(""));
            let grant = if grant.place.is_in(base) { grant.clone() } else { grant.seen_from(base) };
            FileGrant { access, mount: String::new(), ..grant }
        }
    };
    let instead = around.into_iter().chain(inside).map(|grant| grant.place.clone()).collect();
    Some(Wider { toml: wider.to_string(), instead, note: "" })
}

/// As a policy writes it.
impl fmt::Display for FileGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(&self.written, &self.mount, self.access))
    }
}

/// A grant in TOML; a ceiling mounts nothing.
pub(in crate::policy) fn written(path: &str, mount: &str, access: Access) -> String {
    let mount = if mount.is_empty() { String::new() } else { format!(", mount = {}", quoted(mount)) };
    format!("{{ path = {}{mount}, access = \"{}\" }}", quoted(path), access.word())
}
